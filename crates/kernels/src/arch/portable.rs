//! portable.rs: the instance in plain Rust, which the compiler vectorises for its target. Every other instance
//! must give the same results; this one runs under Miri.

use core::array::from_fn;
use core::ops::{Add, Div, Mul, Neg, Sub};

use crate::vector::{Float, Kernel, LANES, Vector};

/// One number, for the scalar versions of the functions.
#[derive(Clone, Copy)]
pub(crate) struct Scalar<const FUSED: bool>(pub(crate) f32);

/// Sixteen numbers in an array.
#[derive(Clone, Copy)]
pub(crate) struct Portable<const FUSED: bool>([f32; LANES]);

/// Runs a kernel with the portable instance.
pub(crate) fn run<const FUSED: bool>(kernel: impl Kernel) {
    kernel.run(Portable::<FUSED>([0.0; LANES]));
}

/// `a · b + c`, rounded once or twice.
#[inline(always)]
fn mul_add<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

macro_rules! operators {
    ($($trait:ident $method:ident $operator:tt;)*) => {$(
        impl<const FUSED: bool> $trait for Scalar<FUSED> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Scalar(self.0 $operator other.0)
            }
        }

        impl<const FUSED: bool> $trait for Portable<FUSED> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Portable(from_fn(|i| self.0[i] $operator other.0[i]))
            }
        }
    )*};
}

operators! {
    Add add +;
    Sub sub -;
    Mul mul *;
    Div div /;
}

impl<const FUSED: bool> Neg for Scalar<FUSED> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Scalar(-self.0)
    }
}

impl<const FUSED: bool> Neg for Portable<FUSED> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Portable(self.0.map(|x| -x))
    }
}

impl<const FUSED: bool> Float for Scalar<FUSED> {
    type Mask = bool;

    #[inline(always)]
    fn like(self, value: f32) -> Self {
        Scalar(value)
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        Scalar(mul_add::<FUSED>(self.0, factor.0, addend.0))
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Scalar(self.0.sqrt())
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        if self.0 > other.0 { self } else { other }
    }

    #[inline(always)]
    fn less(self, other: Self) -> bool {
        self.0 < other.0
    }

    #[inline(always)]
    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }

    #[inline(always)]
    fn add_bits(self, other: Self) -> Self {
        Scalar(f32::from_bits(
            self.0.to_bits().wrapping_add(other.0.to_bits()),
        ))
    }

    #[inline(always)]
    fn and_bits(self, other: Self) -> Self {
        Scalar(f32::from_bits(self.0.to_bits() & other.0.to_bits()))
    }

    #[inline(always)]
    fn or_bits(self, other: Self) -> Self {
        Scalar(f32::from_bits(self.0.to_bits() | other.0.to_bits()))
    }

    #[inline(always)]
    fn to_exponent(self) -> Self {
        Scalar(f32::from_bits(self.0.to_bits() << 23))
    }

    #[inline(always)]
    fn exponent_bits(self) -> Self {
        Scalar(f32::from_bits(self.0.to_bits() >> 23))
    }
}

/// Applies a scalar method lane by lane.
macro_rules! lanes {
    ($fused:ident, $method:ident, $($operand:expr),+) => {
        Portable(from_fn(|i| Float::$method($(Scalar::<$fused>($operand.0[i])),+).0))
    };
}

impl<const FUSED: bool> Float for Portable<FUSED> {
    type Mask = [bool; LANES];

    #[inline(always)]
    fn like(self, value: f32) -> Self {
        Portable([value; LANES])
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        lanes!(FUSED, mul_add, self, factor, addend)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        lanes!(FUSED, sqrt, self)
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        lanes!(FUSED, max, self, other)
    }

    #[inline(always)]
    fn less(self, other: Self) -> [bool; LANES] {
        from_fn(|i| self.0[i] < other.0[i])
    }

    #[inline(always)]
    fn select(mask: [bool; LANES], yes: Self, no: Self) -> Self {
        Portable(from_fn(|i| if mask[i] { yes.0[i] } else { no.0[i] }))
    }

    #[inline(always)]
    fn add_bits(self, other: Self) -> Self {
        lanes!(FUSED, add_bits, self, other)
    }

    #[inline(always)]
    fn and_bits(self, other: Self) -> Self {
        lanes!(FUSED, and_bits, self, other)
    }

    #[inline(always)]
    fn or_bits(self, other: Self) -> Self {
        lanes!(FUSED, or_bits, self, other)
    }

    #[inline(always)]
    fn to_exponent(self) -> Self {
        lanes!(FUSED, to_exponent, self)
    }

    #[inline(always)]
    fn exponent_bits(self) -> Self {
        lanes!(FUSED, exponent_bits, self)
    }
}

impl<const FUSED: bool> Vector for Portable<FUSED> {
    const TILE: (usize, usize) = (2, 1);

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self {
        Portable(*from)
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        *to = self.0;
    }

    #[inline(always)]
    fn reduce_add(self) -> f32 {
        let x = self.0;
        let eight: [f32; 8] = from_fn(|i| x[i] + x[i + 8]);
        let four: [f32; 4] = from_fn(|i| eight[i] + eight[i + 4]);
        (four[0] + four[2]) + (four[1] + four[3])
    }

    #[inline(always)]
    fn reduce_max(self) -> f32 {
        let max = |a: f32, b: f32| if a > b { a } else { b };
        let x = self.0;
        let eight: [f32; 8] = from_fn(|i| max(x[i], x[i + 8]));
        let four: [f32; 4] = from_fn(|i| max(eight[i], eight[i + 4]));
        max(max(four[0], four[2]), max(four[1], four[3]))
    }
}
