//! neon.rs: the register of 64-bit ARM (see `quads`), which has a fused instruction. Every such processor that
//! runs an ordinary operating system has it, so the choice is made at compile time.

use core::arch::aarch64::*;

use super::quads::{Register, operations};

/// The register as integers.
#[inline(always)]
fn bits(register: float32x4_t) -> uint32x4_t {
    // SAFETY: NEON is among the target's features.
    unsafe { vreinterpretq_u32_f32(register) }
}

/// Integers as the register.
#[inline(always)]
fn numbers(bits: uint32x4_t) -> float32x4_t {
    // SAFETY: NEON is among the target's features.
    unsafe { vreinterpretq_f32_u32(bits) }
}

impl Register for float32x4_t {
    // 24 accumulators, four registers for the right operand, one for the left: 29 of 32.
    const TILE: (usize, usize) = (6, 1);

    operations! {
        add(self, other) vaddq_f32(self, other);
        sub(self, other) vsubq_f32(self, other);
        mul(self, other) vmulq_f32(self, other);
        div(self, other) vdivq_f32(self, other);
        sqrt(self) vsqrtq_f32(self);
        fused(self, factor, addend) vfmaq_f32(addend, self, factor);
        // The instruction for the maximum treats NaN and zeros of different sign otherwise.
        max(self, other) vbslq_f32(vcgtq_f32(self, other), self, other);
        less(self, other) numbers(vcltq_f32(self, other));
        select(mask, yes, no) vbslq_f32(bits(mask), yes, no);
        add_bits(self, other) numbers(vaddq_u32(bits(self), bits(other)));
        and_bits(self, other) numbers(vandq_u32(bits(self), bits(other)));
        or_bits(self, other) numbers(vorrq_u32(bits(self), bits(other)));
        xor_bits(self, other) numbers(veorq_u32(bits(self), bits(other)));
        to_exponent(self) numbers(vshlq_n_u32::<23>(bits(self)));
        exponent_bits(self) numbers(vshrq_n_u32::<23>(bits(self)));
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: NEON is among the target's features.
        unsafe { vdupq_n_f32(value) }
    }

    #[inline(always)]
    fn load(from: &[f32; 4]) -> Self {
        // SAFETY: as above, and four numbers can be read.
        unsafe { vld1q_f32(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; 4]) {
        // SAFETY: as above, and four numbers can be written.
        unsafe { vst1q_f32(to.as_mut_ptr(), self) }
    }
}
