//! x86_64.rs: the instances for AVX2 with FMA and for AVX-512F.

use crate::vector::Kernel;

pub(crate) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}
pub(crate) fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
}
/// # Safety
/// AVX2 and FMA must exist.
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn run_avx2<const FUSED: bool>(kernel: impl Kernel) {
    crate::arch::portable::run::<FUSED>(kernel)
}
/// # Safety
/// AVX-512F must exist.
#[target_feature(enable = "avx512f")]
pub(crate) unsafe fn run_avx512<const FUSED: bool>(kernel: impl Kernel) {
    crate::arch::portable::run::<FUSED>(kernel)
}
