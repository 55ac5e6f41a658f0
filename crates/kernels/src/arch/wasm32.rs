//! wasm32.rs: WebAssembly's SIMD128 register (see `quads`). A module either has these instructions
//! or cannot be loaded, so the choice is made at compile time.

use core::arch::wasm32::*;

use super::quads::Register;

impl Register for v128 {
    // As for `sse2`: the engine that compiles the module may have no more than 16 registers.
    const TILE: (usize, usize) = (2, 1);

    #[inline(always)]
    fn splat(value: f32) -> Self {
        f32x4_splat(value)
    }

    #[inline(always)]
    fn load(from: &[f32; 4]) -> Self {
        // SAFETY: four numbers can be read; the instruction requires no alignment.
        unsafe { v128_load(from.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; 4]) {
        // SAFETY: four numbers can be written; the instruction requires no alignment.
        unsafe { v128_store(to.as_mut_ptr().cast(), self) }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        f32x4_add(self, other)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        f32x4_sub(self, other)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        f32x4_mul(self, other)
    }

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        f32x4_div(self, other)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        f32x4_sqrt(self)
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // pmax(a, b) is b where a < b, else a.
        f32x4_pmax(other, self)
    }

    #[inline(always)]
    fn less(self, other: Self) -> Self {
        f32x4_lt(self, other)
    }

    #[inline(always)]
    fn select(mask: Self, yes: Self, no: Self) -> Self {
        v128_bitselect(yes, no, mask)
    }

    #[inline(always)]
    fn add_bits(self, other: Self) -> Self {
        i32x4_add(self, other)
    }

    #[inline(always)]
    fn and_bits(self, other: Self) -> Self {
        v128_and(self, other)
    }

    #[inline(always)]
    fn or_bits(self, other: Self) -> Self {
        v128_or(self, other)
    }

    #[inline(always)]
    fn xor_bits(self, other: Self) -> Self {
        v128_xor(self, other)
    }

    #[inline(always)]
    fn to_exponent(self) -> Self {
        i32x4_shl(self, 23)
    }

    #[inline(always)]
    fn exponent_bits(self) -> Self {
        u32x4_shr(self, 23)
    }
}
