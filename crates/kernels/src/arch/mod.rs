//! arch: the instances of the vector trait, one file per architecture.
//!
//! To add one, add a file with a vector type and its entry point (if a register holds four numbers, only the register
//! type), a variant of `InstructionSet`, and an arm in `Kernels::run`.

pub(crate) mod portable;

#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon"),
    all(target_arch = "wasm32", target_feature = "simd128")
))]
pub(crate) mod quads;

#[cfg(target_arch = "x86_64")]
pub(crate) mod sse2;

#[cfg(target_arch = "x86_64")]
pub(crate) mod x86_64;

#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
pub(crate) mod neon;

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(crate) mod wasm32;
