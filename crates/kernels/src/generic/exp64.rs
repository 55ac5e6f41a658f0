//! exp64.rs: exp of f64 numbers, many at a time, bit-identical to libm's.
//!
//! The method and its constants are FreeBSD's e_exp.c: x = k·ln 2 + r with |r| ≤ ln 2 / 2, a rational
//! function of r, and 2ᵏ. Written without branches, with additions and products only, so that every
//! instance can vectorise it, and all give the same bits as `libm::exp`.

use crate::generic::doubles::{Function, LN2_HIGH, LN2_LOW, each, select};
use crate::vector::{Kernel, Vector};

/// See `Kernels::exp_f64`.
pub(crate) struct Exp64<'a> {
    pub(crate) values: &'a mut [f64],
}

impl Kernel for Exp64<'_> {
    #[inline(always)]
    fn run<V: Vector>(self, _zero: V) {
        each::<Self>(self.values);
    }
}

const INVERSE_LN2: f64 = f64::from_bits(0x3ff7_1547_652b_82fe);
/// Of r², the lowest power first.
const RATIONAL: [f64; 5] = [
    f64::from_bits(0x3fc5_5555_5555_553e),
    f64::from_bits(0xbf66_c16c_16be_bd93),
    f64::from_bits(0x3f11_566a_af25_de2c),
    f64::from_bits(0xbebb_bd41_c5d2_6bf1),
    f64::from_bits(0x3e66_3769_72be_a4d0),
];
/// From these magnitudes on, k is ±1, and then rounded; libm compares the high halves of the bits.
const HALF_LN2: f64 = f64::from_bits(0x3fd6_2e43 << 32);
const THREE_HALVES_LN2: f64 = f64::from_bits(0x3ff0_a2b2 << 32);
/// Below this magnitude, exp x is 1 + x.
const TINY: f64 = f64::from_bits(0x3e30_0001 << 32);
const OVERFLOW: f64 = 709.782_712_893_384;
const UNDERFLOW: f64 = -745.133_219_101_941_1;
/// Added to a small number, it leaves that number's integer in the low bits.
const TO_INTEGER: f64 = 6_755_399_441_055_744.0; // 1.5 · 2⁵²

impl Function for Exp64<'_> {
    const NEUTRAL: f64 = 0.0;

    #[inline(always)]
    fn of(x: f64) -> f64 {
        let (size, one) = (x.abs(), 1f64.copysign(x));
        // Rounded towards zero, like a conversion to an integer.
        let scaled = INVERSE_LN2 * x + 0.5 * one;
        let nearest = (scaled + TO_INTEGER) - TO_INTEGER;
        let rounded = select(nearest.abs() > scaled.abs(), nearest - one, nearest);
        let k = select(size >= THREE_HALVES_LN2, rounded, one);
        let k = select(size >= HALF_LN2, k, 0.0);
        let (high, low) = (x - k * LN2_HIGH, k * LN2_LOW);
        let r = high - low;
        let square = r * r;
        let [p1, p2, p3, p4, p5] = RATIONAL;
        let c = r - square * (p1 + square * (p2 + square * (p3 + square * (p4 + square * p5))));
        let power = 1.0 + (r * c / (2.0 - c) - low + high);
        let power = select(size < TINY, 1.0 + x, power);
        // In two steps, of which at most the second rounds: 2ᵏ may be out of range even if the result is not.
        let half = (0.5 * k + TO_INTEGER) - TO_INTEGER;
        let power = power * exponent(half) * exponent(k - half);
        let power = select(x > OVERFLOW, f64::INFINITY, power);
        let power = select(x < UNDERFLOW, 0.0, power);
        select(x.is_nan(), x, power)
    }
}

/// 2ᵏ for an integer k from −1022 to 1023.
#[inline(always)]
fn exponent(k: f64) -> f64 {
    f64::from_bits((k + (TO_INTEGER + 1023.0)).to_bits() << 52)
}
