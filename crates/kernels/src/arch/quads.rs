//! quads.rs: instances whose registers hold four numbers; a logical vector is four registers. The register's
//! operations are in the file of its architecture (`super::sse2`, `super::neon`, `super::wasm32`).

use core::array::from_fn;
use core::ops::{Add, Div, Mul, Neg, Sub};

use crate::vector::{Float, Kernel, LANES, Vector};

/// Four numbers in a register that the target always has, which makes every operation safe.
pub(crate) trait Register: Copy {
    /// As [`Vector::TILE`].
    const TILE: (usize, usize);

    fn splat(value: f32) -> Self;
    fn load(from: &[f32; 4]) -> Self;
    fn store(self, to: &mut [f32; 4]);
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn sqrt(self) -> Self;
    /// `self · factor + addend`, rounded once: in software, if no instruction replaces this.
    #[cold]
    fn fused(self, factor: Self, addend: Self) -> Self {
        let [a, b, c] = [self, factor, addend].map(|register| {
            let mut four = [0.0f32; 4];
            register.store(&mut four);
            four
        });
        Self::load(&from_fn(|i| a[i].mul_add(b[i], c[i])))
    }
    /// As [`Float::max`].
    fn max(self, other: Self) -> Self;
    /// All bits of a lane set where `self < other`.
    fn less(self, other: Self) -> Self;
    /// Selects by the bits of `mask`.
    fn select(mask: Self, yes: Self, no: Self) -> Self;
    fn add_bits(self, other: Self) -> Self;
    fn and_bits(self, other: Self) -> Self;
    fn or_bits(self, other: Self) -> Self;
    fn xor_bits(self, other: Self) -> Self;
    fn to_exponent(self) -> Self;
    fn exponent_bits(self) -> Self;
}

/// Sixteen numbers in four registers.
#[derive(Clone, Copy)]
pub(crate) struct Quads<R, const FUSED: bool>([R; 4]);

/// Runs a kernel with registers of four.
pub(crate) fn run<R: Register, const FUSED: bool>(kernel: impl Kernel) {
    kernel.run(Quads::<R, FUSED>([R::splat(0.0); 4]));
}

/// Wraps intrinsics of one to three registers.
#[cfg(not(target_arch = "wasm32"))]
macro_rules! operations {
    ($($name:ident($($operand:ident),+) $result:expr;)*) => {$(
        #[inline(always)]
        fn $name($($operand: Self),+) -> Self {
            // SAFETY: every processor of the target has the register's instructions.
            unsafe { $result }
        }
    )*};
}
#[cfg(not(target_arch = "wasm32"))]
pub(crate) use operations;

macro_rules! operators {
    ($($trait:ident $method:ident;)*) => {$(
        impl<R: Register, const FUSED: bool> $trait for Quads<R, FUSED> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                self.zip(other, R::$method)
            }
        }
    )*};
}

operators! {
    Add add;
    Sub sub;
    Mul mul;
    Div div;
}

impl<R: Register, const FUSED: bool> Neg for Quads<R, FUSED> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.map(|a| a.xor_bits(R::splat(-0.0)))
    }
}

impl<R: Register, const FUSED: bool> Quads<R, FUSED> {
    #[inline(always)]
    fn map(self, operation: impl Fn(R) -> R) -> Self {
        let [a, b, c, d] = self.0;
        Quads([operation(a), operation(b), operation(c), operation(d)])
    }

    #[inline(always)]
    fn zip(self, other: Self, operation: impl Fn(R, R) -> R) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Quads([
            operation(a, e),
            operation(b, f),
            operation(c, g),
            operation(d, h),
        ])
    }

    /// The tree of [`Vector::reduce_add`], for any operation.
    #[inline(always)]
    fn reduce(self, registers: impl Fn(R, R) -> R, numbers: impl Fn(f32, f32) -> f32) -> f32 {
        let [a, b, c, d] = self.0;
        let mut four = [0.0; 4];
        registers(registers(a, c), registers(b, d)).store(&mut four);
        numbers(numbers(four[0], four[2]), numbers(four[1], four[3]))
    }
}

impl<R: Register, const FUSED: bool> Float for Quads<R, FUSED> {
    type Mask = [R; 4];

    #[inline(always)]
    fn like(self, value: f32) -> Self {
        Quads([R::splat(value); 4])
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        if FUSED {
            Quads(from_fn(|i| self.0[i].fused(factor.0[i], addend.0[i])))
        } else {
            self * factor + addend
        }
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.map(R::sqrt)
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, R::max)
    }

    #[inline(always)]
    fn less(self, other: Self) -> [R; 4] {
        self.zip(other, R::less).0
    }

    #[inline(always)]
    fn select(mask: [R; 4], yes: Self, no: Self) -> Self {
        Quads([
            R::select(mask[0], yes.0[0], no.0[0]),
            R::select(mask[1], yes.0[1], no.0[1]),
            R::select(mask[2], yes.0[2], no.0[2]),
            R::select(mask[3], yes.0[3], no.0[3]),
        ])
    }

    #[inline(always)]
    fn add_bits(self, other: Self) -> Self {
        self.zip(other, R::add_bits)
    }

    #[inline(always)]
    fn and_bits(self, other: Self) -> Self {
        self.zip(other, R::and_bits)
    }

    #[inline(always)]
    fn or_bits(self, other: Self) -> Self {
        self.zip(other, R::or_bits)
    }

    #[inline(always)]
    fn to_exponent(self) -> Self {
        self.map(R::to_exponent)
    }

    #[inline(always)]
    fn exponent_bits(self) -> Self {
        self.map(R::exponent_bits)
    }
}

impl<R: Register, const FUSED: bool> Vector for Quads<R, FUSED> {
    const TILE: (usize, usize) = R::TILE;

    #[inline(always)]
    fn load(self, from: &[f32; LANES]) -> Self {
        let quads = from.as_chunks::<4>().0;
        Quads([
            R::load(&quads[0]),
            R::load(&quads[1]),
            R::load(&quads[2]),
            R::load(&quads[3]),
        ])
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; LANES]) {
        for (register, to) in self.0.into_iter().zip(to.as_chunks_mut::<4>().0) {
            register.store(to);
        }
    }

    #[inline(always)]
    fn reduce_add(self) -> f32 {
        self.reduce(R::add, |a, b| a + b)
    }

    #[inline(always)]
    fn reduce_max(self) -> f32 {
        self.reduce(R::max, |a, b| if a > b { a } else { b })
    }
}
