//! log64.rs: the natural logarithm of f64 numbers, many at a time, bit-identical to libm's.
//!
//! The method and its constants are FreeBSD's e_log.c: x = 2ᵏ·(1 + f) with √½ < 1 + f < √2, and a polynomial of
//! f / (2 + f). Written without branches, with additions, products and one division only, so that every instance can
//! vectorise it, and all give the same bits as `libm::log`.

use crate::vector::{Kernel, Vector};

/// See `Kernels::log_f64`.
pub(crate) struct Log64<'a> {
    pub(crate) values: &'a mut [f64],
}

/// The numbers processed side by side: registers of any width hold a part of them.
const WIDTH: usize = 8;

impl Kernel for Log64<'_> {
    #[inline(always)]
    fn run<V: Vector>(self, _zero: V) {
        let (chunks, rest) = self.values.as_chunks_mut::<WIDTH>();
        for chunk in chunks {
            each(chunk);
        }
        if !rest.is_empty() {
            let mut last = [1.0; WIDTH];
            last[..rest.len()].copy_from_slice(rest);
            each(&mut last);
            rest.copy_from_slice(&last[..rest.len()]);
        }
    }
}

/// Not `map`: that would be compiled as a separate function, without the instructions of the instance.
#[inline(always)]
fn each(values: &mut [f64; WIDTH]) {
    for value in values {
        *value = log(*value);
    }
}

const LN2_HIGH: f64 = f64::from_bits(0x3fe6_2e42_fee0_0000);
const LN2_LOW: f64 = f64::from_bits(0x3dea_39ef_3579_3c76);
/// Of the square of f / (2 + f), the lowest power first.
const POLYNOMIAL: [f64; 7] = [
    f64::from_bits(0x3fe5_5555_5555_5593),
    f64::from_bits(0x3fd9_9999_9997_fa04),
    f64::from_bits(0x3fd2_4924_9422_9359),
    f64::from_bits(0x3fcc_71c5_1d8e_78af),
    f64::from_bits(0x3fc7_4664_96cb_03de),
    f64::from_bits(0x3fc3_9a09_d078_c69f),
    f64::from_bits(0x3fc2_f112_df3e_5244),
];
/// The high halves of the bits of 1 and of √½.
const ONE: u64 = 0x3ff0_0000 << 32;
const ROOT_HALF: u64 = 0x3fe6_a09e << 32;
const MANTISSA: u64 = (1 << 52) - 1;
/// 2⁵⁴ makes subnormal numbers normal.
const SCALE: f64 = f64::from_bits(0x4350 << 48);
/// 2⁵²: with its bits above, an integer of up to 52 bits is a number.
const TO_NUMBER: f64 = f64::from_bits(0x4330 << 48);

#[inline(always)]
fn log(x: f64) -> f64 {
    let is_subnormal = x < f64::MIN_POSITIVE;
    let scaled = select(is_subnormal, x * SCALE, x);
    let shifted = scaled.to_bits().wrapping_add(ONE - ROOT_HALF);
    let exponent = f64::from_bits((shifted >> 52) | TO_NUMBER.to_bits());
    let k = exponent - (TO_NUMBER + select(is_subnormal, 1077.0, 1023.0));
    let f = f64::from_bits((shifted & MANTISSA) + ROOT_HALF) - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let [p1, p2, p3, p4, p5, p6, p7] = POLYNOMIAL;
    let even = w * (p2 + w * (p4 + w * p6));
    let odd = z * (p1 + w * (p3 + w * (p5 + w * p7)));
    let log = s * (half_square + (odd + even)) + k * LN2_LOW - half_square + f + k * LN2_HIGH;
    let log = select(x == 0.0, f64::NEG_INFINITY, log);
    let log = select(x < 0.0, f64::NAN, log);
    // Infinity and NaN are their own logarithms.
    select(x < f64::INFINITY, log, x)
}

#[inline(always)]
fn select(condition: bool, yes: f64, no: f64) -> f64 {
    if condition { yes } else { no }
}
