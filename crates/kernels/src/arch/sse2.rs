//! sse2.rs: the register that every x86-64 processor has, for processors without AVX2; it is the native
//! counterpart of WebAssembly's (see `quads`).

use core::arch::x86_64::*;

use super::quads::{Register, operations};

impl Register for __m128 {
    // Eight accumulators, four registers for the right operand, one for the left: 13 of 16.
    const TILE: (usize, usize) = (2, 1);

    operations! {
        add(self, other) _mm_add_ps(self, other);
        sub(self, other) _mm_sub_ps(self, other);
        mul(self, other) _mm_mul_ps(self, other);
        div(self, other) _mm_div_ps(self, other);
        sqrt(self) _mm_sqrt_ps(self);
        max(self, other) _mm_max_ps(self, other);
        less(self, other) _mm_cmplt_ps(self, other);
        select(mask, yes, no) _mm_or_ps(_mm_and_ps(mask, yes), _mm_andnot_ps(mask, no));
        add_bits(self, other) _mm_castsi128_ps(
            _mm_add_epi32(_mm_castps_si128(self), _mm_castps_si128(other)));
        and_bits(self, other) _mm_and_ps(self, other);
        or_bits(self, other) _mm_or_ps(self, other);
        xor_bits(self, other) _mm_xor_ps(self, other);
        to_exponent(self) _mm_castsi128_ps(_mm_slli_epi32::<23>(_mm_castps_si128(self)));
        exponent_bits(self) _mm_castsi128_ps(_mm_srli_epi32::<23>(_mm_castps_si128(self)));
    }

    #[inline(always)]
    fn splat(value: f32) -> Self {
        // SAFETY: SSE is part of the x86-64 architecture.
        unsafe { _mm_set1_ps(value) }
    }

    #[inline(always)]
    fn load(from: &[f32; 4]) -> Self {
        // SAFETY: as above, and four numbers can be read.
        unsafe { _mm_loadu_ps(from.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, to: &mut [f32; 4]) {
        // SAFETY: as above, and four numbers can be written.
        unsafe { _mm_storeu_ps(to.as_mut_ptr(), self) }
    }
}
