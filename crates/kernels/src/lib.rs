//! Nextchar's arithmetic: matrix products, table sums, activations, softmax and optimiser steps in
//! f32 that give **the same bits for every instruction set and any number of threads**.
//!
//! [`Kernels`] is a chosen instance: an [`InstructionSet`] (found at run time) and an
//! [`Arithmetic`] (whether a multiply-add rounds once or twice). Only the second changes results.
//! All methods are plain functions on slices: no threads, no allocation, no state.
//!
//! ```
//! use nextchar_kernels::{Arithmetic, Kernels, MatmulShape, Rows, RowsMut, Start, Strided};
//!
//! let kernels = Kernels::best(Arithmetic::Fused);
//! let left = [1.0, 2.0]; // 1×2
//! let right = [[1.0; 16], [10.0; 16]].concat(); // 2×16
//! let mut out = [0.0; 16]; // 1×16
//! kernels.matmul(
//!     MatmulShape { rows: 1, inner: 2, columns: 16 },
//!     Strided { data: &left, row_stride: 2, column_stride: 1 },
//!     Rows { data: &right, stride: 16 },
//!     Start::Zero,
//!     RowsMut { data: &mut out, stride: 16 },
//! );
//! assert_eq!(out, [21.0; 16]);
//! ```
//!
//! # How the bits stay the same
//!
//! - Every algorithm is written once for a logical vector of [`LANES`] = 16 lanes; an instance only
//!   defines how these lanes are added, multiplied and loaded.
//! - Different lanes hold different outputs, and sums are computed in index order. The only sum across lanes
//!   (softmax's) consists of sixteen partial sums and one fixed tree.
//! - exp, ln, tanh and erf are this crate's own; +, ×, ÷ and √ follow IEEE 754.
//! - Which bits a NaN has is unspecified; that it is a NaN is not.
//!
//! # What is checked, and where
//!
//! Every length is asserted before `unsafe` code is entered; a wrong one panics. The portable instance
//! runs under Miri (`cargo miri test -p nextchar-kernels`, a nightly component), where feature detection
//! finds no vector instructions. The instances with vector instructions do not run there, but they share every
//! algorithm, and so every index, with the portable one. `./test --arm` runs NEON's in an emulator.

mod arch;
mod generic;
mod instruction_set;
mod kernels;
mod shapes;
mod vector;

pub use generic::chains::{AliasTables, Chains, Steps, TOO_LONG};
pub use generic::optimizer::AdamW;
pub use instruction_set::{Arithmetic, InstructionSet, ParseInstructionSetError};
pub use kernels::Kernels;
pub use shapes::{Contexts, MatmulShape, Rows, RowsMut, Start, Strided};
pub use vector::LANES;

use arch::portable::Scalar;
use generic::functions;

/// `width` rounded up to a multiple of [`LANES`].
pub fn padded(width: usize) -> usize {
    width.next_multiple_of(LANES)
}

/// eˣ within 2 units in the last place; bit-equal to the kernels' unfused arithmetic.
///
/// Results below the smallest normal number are 0. NaN gives NaN.
pub fn exp(x: f32) -> f32 {
    functions::exp(Scalar::<false>(x)).0
}

/// ln x within 2 units in the last place; bit-equal to the kernels' unfused arithmetic.
///
/// −∞ at 0, NaN below. NaN gives NaN.
pub fn ln(x: f32) -> f32 {
    functions::ln(Scalar::<false>(x)).0
}

/// tanh x within 8 units in the last place; bit-equal to the kernels' unfused arithmetic.
pub fn tanh(x: f32) -> f32 {
    functions::tanh(Scalar::<false>(x)).0
}

/// erf x within 2e-7; bit-equal to the kernels' unfused arithmetic.
pub fn erf(x: f32) -> f32 {
    functions::erf(Scalar::<false>(x)).0
}
