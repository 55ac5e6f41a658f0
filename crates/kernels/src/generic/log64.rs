//! log64.rs: the natural logarithm of f64 numbers, many at a time, bit-identical to libm's.
//!
//! The method and its constants are FreeBSD's e_log.c: x = 2ᵏ·(1 + f) with √½ < 1 + f < √2, and a polynomial of
//! f / (2 + f). Written without branches, with additions, products and one division only, so that every instance can
//! vectorise it, and all give the same bits as `libm::log`.

use crate::generic::doubles::{Function, LN2_HIGH, LN2_LOW, each, select};
use crate::vector::{Kernel, Vector};

/// See `Kernels::log_f64`.
pub(crate) struct Log64<'a> {
    pub(crate) values: &'a mut [f64],
}

impl Kernel for Log64<'_> {
    #[inline(always)]
    fn run<V: Vector>(self, _zero: V) {
        each::<Self>(self.values);
    }
}

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

impl Function for Log64<'_> {
    const NEUTRAL: f64 = 1.0;

    #[inline(always)]
    fn of(x: f64) -> f64 {
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
}
