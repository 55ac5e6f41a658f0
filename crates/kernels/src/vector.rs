//! vector.rs: the operations in which every algorithm of this crate is written, once.
//!
//! [`Float`] is arithmetic on one or more numbers side by side; [`Vector`] adds memory and the
//! fixed width of [`LANES`] = 16 numbers. An instance whose register holds fewer keeps several
//! registers: the *logical* width is 16 everywhere, so a sum across lanes is always the same
//! sixteen partial sums reduced by the same tree, and the result has the same bits.
//!
//! # Why the methods are safe
//!
//! An instance's operations may only run where its instructions exist. A value of a vector type is
//! therefore also the proof that they do: the only way to make the first one is `unsafe` (see
//! `arch`), and every further one comes from an existing one ([`Float::like`] instead of a
//! constructor).

use core::ops::{Add, Div, Mul, Neg, Sub};

/// How many f32 numbers a logical vector holds, under every instruction set.
pub const LANES: usize = 16;

/// Arithmetic on one number (`arch::portable::Scalar`) or sixteen, lane by lane.
///
/// Everything here is specified exactly by IEEE 754 or operates on bits, so all instances agree to the
/// last bit (except for the bits of a NaN). The one choice is [`Float::mul_add`].
pub(crate) trait Float:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// One truth value per lane.
    type Mask: Copy;

    /// `value` in every lane.
    fn like(self, value: f32) -> Self;

    /// `self · factor + addend`: rounded once in fused instances, twice in unfused ones.
    fn mul_add(self, factor: Self, addend: Self) -> Self;

    /// The square root.
    fn sqrt(self) -> Self;

    /// `self` where `self > other`, else `other` (so a NaN in `other` is propagated).
    fn max(self, other: Self) -> Self;

    /// `self < other`; false where either is NaN.
    fn less(self, other: Self) -> Self::Mask;

    /// `yes` where `mask` holds, else `no`.
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;

    /// The bits of both added as integers, wrapping.
    fn add_bits(self, other: Self) -> Self;

    /// The bits common to both.
    fn and_bits(self, other: Self) -> Self;

    /// The bits of either.
    fn or_bits(self, other: Self) -> Self;

    /// Moves the bits from the position of an integer to that of the exponent: `bits << 23`.
    fn to_exponent(self) -> Self;

    /// Moves sign and exponent to the position of an integer: `bits >> 23`.
    fn exponent_bits(self) -> Self;

    /// The same bits in every lane.
    #[inline(always)]
    fn like_bits(self, bits: u32) -> Self {
        self.like(f32::from_bits(bits))
    }

    /// The absolute value.
    #[inline(always)]
    fn abs(self) -> Self {
        self.and_bits(self.like_bits(0x7fff_ffff))
    }

    /// The magnitude of `self` (which must not be negative) with the sign of `sign`.
    #[inline(always)]
    fn with_sign_of(self, sign: Self) -> Self {
        self.or_bits(sign.and_bits(sign.like_bits(0x8000_0000)))
    }
}

/// Sixteen lanes that can be read from and written to memory.
pub(crate) trait Vector: Float {
    /// The rows of the matrix product's full tile, and the vectors in each row: what fits into the registers.
    const TILE: (usize, usize);

    /// Reads sixteen numbers.
    fn load(self, from: &[f32; LANES]) -> Self;

    /// Writes sixteen numbers.
    fn store(self, to: &mut [f32; LANES]);

    /// The sum of the lanes: i and i+8 added, then i and i+4, i and i+2, and the last two.
    fn reduce_add(self) -> f32;

    /// The largest lane, by the tree of [`Vector::reduce_add`].
    fn reduce_max(self) -> f32;
}

/// A computation that is generic over the instance; `Kernels` chooses the instance and runs it.
pub(crate) trait Kernel {
    /// Runs it; `zero` is the zero vector and the proof that the instructions exist.
    fn run<V: Vector>(self, zero: V);
}
