//! arch: the instances of the vector trait, one file per architecture.
//!
//! A further one (wasm32, aarch64) is one more file with a vector type and its entry point, a
//! variant of `InstructionSet`, and an arm in `Kernels::run`.

pub(crate) mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) mod x86_64;
