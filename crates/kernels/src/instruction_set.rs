//! instruction_set.rs: which instructions an instance uses, and how it rounds.

use core::fmt;
use core::str::FromStr;

/// The instructions that an instance uses. All variants exist on all targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InstructionSet {
    /// Plain Rust, vectorised by the compiler: available everywhere.
    Portable,
    /// x86-64 with the instructions that every such processor has.
    Sse2,
    /// 64-bit ARM.
    Neon,
    /// WebAssembly with 128-bit vectors.
    Simd128,
    /// x86-64 with AVX2 and FMA.
    Avx2,
    /// x86-64 with AVX-512F.
    Avx512,
}

impl fmt::Display for InstructionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            InstructionSet::Portable => "portable",
            InstructionSet::Sse2 => "sse2",
            InstructionSet::Neon => "neon",
            InstructionSet::Simd128 => "simd128",
            InstructionSet::Avx2 => "avx2",
            InstructionSet::Avx512 => "avx512",
        })
    }
}

impl FromStr for InstructionSet {
    type Err = ParseInstructionSetError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "portable" => Ok(InstructionSet::Portable),
            "sse2" => Ok(InstructionSet::Sse2),
            "neon" => Ok(InstructionSet::Neon),
            "simd128" => Ok(InstructionSet::Simd128),
            "avx2" => Ok(InstructionSet::Avx2),
            "avx512" => Ok(InstructionSet::Avx512),
            _ => Err(ParseInstructionSetError),
        }
    }
}

/// The name is not that of an instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseInstructionSetError;

impl fmt::Display for ParseInstructionSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown instruction set: choose portable, sse2, avx2, avx512, neon or simd128")
    }
}

impl core::error::Error for ParseInstructionSetError {}

/// Whether a·b + c is rounded once or twice. The only choice that changes results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arithmetic {
    /// Rounded once: the fast form on machines with FMA; emulated, correctly and slowly, elsewhere.
    Fused,
    /// The product is rounded, then the sum: possible on every machine, and in WebAssembly.
    Unfused,
}
