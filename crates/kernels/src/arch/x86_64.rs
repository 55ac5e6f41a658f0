//! x86_64.rs: the instances for AVX2 with FMA (a logical vector is two registers) and for
//! AVX-512F (it is one).

use core::arch::x86_64::*;
use core::ops::{Add, Div, Mul, Neg, Sub};

use crate::vector::{Float, Kernel, LANES, Vector};

/// Whether this processor can run the AVX2 instance.
pub(crate) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

/// Whether this processor can run the AVX-512 instance.
pub(crate) fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
}

/// Runs a kernel with AVX2 and FMA.
///
/// # Safety
/// The processor must have AVX2 and FMA ([`has_avx2`]).
#[target_feature(enable = "avx2,fma")]
pub(crate) unsafe fn run_avx2<const FUSED: bool>(kernel: impl Kernel) {
    kernel.run(Avx2::<FUSED>([_mm256_setzero_ps(); 2]));
}

/// Runs a kernel with AVX-512F.
///
/// # Safety
/// The processor must have AVX-512F ([`has_avx512`]).
#[target_feature(enable = "avx512f")]
pub(crate) unsafe fn run_avx512<const FUSED: bool>(kernel: impl Kernel) {
    kernel.run(Avx512::<FUSED>(_mm512_setzero_ps()));
}

/// Sixteen numbers in two registers of eight. The existence of a value proves that AVX2 and FMA are available.
#[derive(Clone, Copy)]
struct Avx2<const FUSED: bool>([__m256; 2]);

/// Sixteen numbers in one register. The existence of a value proves that AVX-512F is available.
#[derive(Clone, Copy)]
struct Avx512<const FUSED: bool>(__m512);

/// `half!(a, b => f(a, b))`: evaluates an expression for each of the two registers of AVX2 vectors.
macro_rules! halves {
    ($($name:ident = $register:expr),+ => $result:expr) => {{
        let half = |i: usize| {
            $(let $name = $register[i];)+
            // SAFETY: a value of the type exists, so AVX2 and FMA do (see `vector`).
            unsafe { $result }
        };
        [half(0), half(1)]
    }};
}

macro_rules! operators {
    ($($trait:ident $method:ident $half:ident $whole:ident;)*) => {$(
        impl<const FUSED: bool> $trait for Avx2<FUSED> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Avx2(halves!(a = self.0, b = other.0 => $half(a, b)))
            }
        }

        impl<const FUSED: bool> $trait for Avx512<FUSED> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: a value of the type exists, so AVX-512F does (see `vector`).
                Avx512(unsafe { $whole(self.0, other.0) })
            }
        }
    )*};
}

operators! {
    Add add _mm256_add_ps _mm512_add_ps;
    Sub sub _mm256_sub_ps _mm512_sub_ps;
    Mul mul _mm256_mul_ps _mm512_mul_ps;
    Div div _mm256_div_ps _mm512_div_ps;
}

impl<const FUSED: bool> Neg for Avx2<FUSED> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Avx2(halves!(a = self.0 => _mm256_xor_ps(a, _mm256_set1_ps(-0.0))))
    }
}

impl<const FUSED: bool> Neg for Avx512<FUSED> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        // SAFETY: a value of the type exists, so AVX-512F does.
        Avx512(unsafe {
            let sign = _mm512_set1_epi32(i32::MIN);
            _mm512_castsi512_ps(_mm512_xor_si512(_mm512_castps_si512(self.0), sign))
        })
    }
}

impl<const FUSED: bool> Float for Avx2<FUSED> {
    type Mask = [__m256; 2];

    #[inline(always)]
    fn like(self, value: f32) -> Self {
        // SAFETY: `self` exists, so AVX2 does.
        Avx2([unsafe { _mm256_set1_ps(value) }; 2])
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        if FUSED {
            Avx2(halves!(a = self.0, b = factor.0, c = addend.0 => _mm256_fmadd_ps(a, b, c)))
        } else {
            self * factor + addend
        }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Avx2(halves!(a = self.0 => _mm256_sqrt_ps(a)))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Avx2(halves!(a = self.0, b = other.0 => _mm256_max_ps(a, b)))
    }

    #[inline(always)]
    fn less(self, other: Self) -> [__m256; 2] {
        halves!(a = self.0, b = other.0 => _mm256_cmp_ps::<_CMP_LT_OQ>(a, b))
    }

    #[inline(always)]
    fn select(mask: [__m256; 2], yes: Self, no: Self) -> Self {
        Avx2(halves!(m = mask, y = yes.0, n = no.0 => _mm256_blendv_ps(n, y, m)))
    }

    #[inline(always)]
    fn add_bits(self, other: Self) -> Self {
        Avx2(halves!(a = self.0, b = other.0 => _mm256_castsi256_ps(
            _mm256_add_epi32(_mm256_castps_si256(a), _mm256_castps_si256(b)))))
    }

    #[inline(always)]
    fn and_bits(self, other: Self) -> Self {
        Avx2(halves!(a = self.0, b = other.0 => _mm256_and_ps(a, b)))
    }

    #[inline(always)]
    fn or_bits(self, other: Self) -> Self {
        Avx2(halves!(a = self.0, b = other.0 => _mm256_or_ps(a, b)))
    }

    #[inline(always)]
    fn to_exponent(self) -> Self {
        Avx2(halves!(a = self.0 =>
            _mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_castps_si256(a)))))
    }

    #[inline(always)]
    fn exponent_bits(self) -> Self {
        Avx2(halves!(a = self.0 =>
            _mm256_castsi256_ps(_mm256_srli_epi32::<23>(_mm256_castps_si256(a)))))
    }
}

impl<const FUSED: bool> Float for Avx512<FUSED> {
    type Mask = __mmask16;

    #[inline(always)]
    fn like(self, value: f32) -> Self {
        // SAFETY: `self` exists, so AVX-512F does; so in every method below.
        Avx512(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        if FUSED {
            // SAFETY: as above.
            Avx512(unsafe { _mm512_fmadd_ps(self.0, factor.0, addend.0) })
        } else {
            self * factor + addend
        }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        // SAFETY: as above.
        Avx512(unsafe { _mm512_sqrt_ps(self.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // SAFETY: as above.
        Avx512(unsafe { _mm512_max_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn less(self, other: Self) -> __mmask16 {
        // SAFETY: as above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(self.0, other.0) }
    }

    #[inline(always)]
    fn select(mask: __mmask16, yes: Self, no: Self) -> Self {
        // SAFETY: as above.
        Avx512(unsafe { _mm512_mask_blend_ps(mask, no.0, yes.0) })
    }

    #[inline(always)]
    fn add_bits(self, other: Self) -> Self {
        self.integers(other, |a, b| {
            // SAFETY: as above.
            unsafe { _mm512_add_epi32(a, b) }
        })
    }

    #[inline(always)]
    fn and_bits(self, other: Self) -> Self {
        self.integers(other, |a, b| {
            // SAFETY: as above.
            unsafe { _mm512_and_si512(a, b) }
        })
    }

    #[inline(always)]
    fn or_bits(self, other: Self) -> Self {
        self.integers(other, |a, b| {
            // SAFETY: as above.
            unsafe { _mm512_or_si512(a, b) }
        })
    }

    #[inline(always)]
    fn to_exponent(self) -> Self {
        self.integers(self, |a, _| {
            // SAFETY: as above.
            unsafe { _mm512_slli_epi32::<23>(a) }
        })
    }

    #[inline(always)]
    fn exponent_bits(self) -> Self {
        self.integers(self, |a, _| {
            // SAFETY: as above.
            unsafe { _mm512_srli_epi32::<23>(a) }
        })
    }
}

impl<const FUSED: bool> Avx512<FUSED> {
    /// Applies an operation to the bits of both values.
    #[inline(always)]
    fn integers(self, other: Self, operation: impl Fn(__m512i, __m512i) -> __m512i) -> Self {
        // SAFETY: `self` exists, so AVX-512F does.
        unsafe {
            let bits = operation(_mm512_castps_si512(self.0), _mm512_castps_si512(other.0));
            Avx512(_mm512_castsi512_ps(bits))
        }
    }

    /// Lanes 0 to 7 and lanes 8 to 15.
    #[inline(always)]
    fn split(self) -> (__m256, __m256) {
        // SAFETY: `self` exists, so AVX-512F does, and AVX as well.
        unsafe {
            let upper = _mm512_extractf64x4_pd::<1>(_mm512_castps_pd(self.0));
            (_mm512_castps512_ps256(self.0), _mm256_castpd_ps(upper))
        }
    }
}

/// Lanes 0 to 3 of eight, lanes 4 to 7.
///
/// # Safety
/// AVX must exist.
#[inline(always)]
unsafe fn quarters(eight: __m256) -> (__m128, __m128) {
    // SAFETY: guaranteed by the caller.
    unsafe {
        (
            _mm256_castps256_ps128(eight),
            _mm256_extractf128_ps::<1>(eight),
        )
    }
}

/// The last two steps of the tree: lanes i and i+2 added, then the two sums.
///
/// # Safety
/// None: SSE is part of the architecture; the function is unsafe because the intrinsics are.
#[inline(always)]
unsafe fn add_four(four: __m128) -> f32 {
    // SAFETY: SSE is always there on x86-64.
    unsafe {
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
    }
}

/// The last two steps of the tree for the maximum.
///
/// # Safety
/// None: SSE is part of the architecture; the function is unsafe because the intrinsics are.
#[inline(always)]
unsafe fn max_four(four: __m128) -> f32 {
    // SAFETY: SSE is always there on x86-64.
    unsafe {
        let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps::<1>(two, two)))
    }
}

impl<const FUSED: bool> Vector for Avx2<FUSED> {
    // Twelve accumulators, two registers for the right operand, one for the left: 15 of 16.
    const TILE: (usize, usize) = (6, 1);

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self {
        // SAFETY: AVX exists, and sixteen numbers can be read.
        Avx2(unsafe {
            [
                _mm256_loadu_ps(from.as_ptr()),
                _mm256_loadu_ps(from.as_ptr().add(8)),
            ]
        })
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        // SAFETY: AVX exists, and sixteen numbers can be written.
        unsafe {
            _mm256_storeu_ps(to.as_mut_ptr(), self.0[0]);
            _mm256_storeu_ps(to.as_mut_ptr().add(8), self.0[1]);
        }
    }

    #[inline(always)]
    fn reduce_add(self) -> f32 {
        // SAFETY: `self` exists, so AVX2 does.
        unsafe {
            let (low, high) = quarters(_mm256_add_ps(self.0[0], self.0[1]));
            add_four(_mm_add_ps(low, high))
        }
    }

    #[inline(always)]
    fn reduce_max(self) -> f32 {
        // SAFETY: `self` exists, so AVX2 does.
        unsafe {
            let (low, high) = quarters(_mm256_max_ps(self.0[0], self.0[1]));
            max_four(_mm_max_ps(low, high))
        }
    }
}

impl<const FUSED: bool> Vector for Avx512<FUSED> {
    // 24 accumulators, two registers for the right operand, one for the left: 27 of 32.
    const TILE: (usize, usize) = (8, 2);

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self {
        // SAFETY: AVX-512F exists, and sixteen numbers can be read.
        Avx512(unsafe { _mm512_loadu_ps(from.as_ptr()) })
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        // SAFETY: AVX-512F exists, and sixteen numbers can be written.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), self.0) }
    }

    #[inline(always)]
    fn reduce_add(self) -> f32 {
        let (low, high) = self.split();
        // SAFETY: `self` exists, so AVX-512F does, and AVX as well.
        unsafe {
            let (low, high) = quarters(_mm256_add_ps(low, high));
            add_four(_mm_add_ps(low, high))
        }
    }

    #[inline(always)]
    fn reduce_max(self) -> f32 {
        let (low, high) = self.split();
        // SAFETY: `self` exists, so AVX-512F does, and AVX as well.
        unsafe {
            let (low, high) = quarters(_mm256_max_ps(low, high));
            max_four(_mm_max_ps(low, high))
        }
    }
}
