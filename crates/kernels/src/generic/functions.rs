//! functions.rs: exp, ln, tanh and erf, lane by lane, from additions, products and bit operations only. They use no
//! platform functions, so the bits are the same on every machine.

use crate::vector::Float;

/// Adding this to a number with magnitude below 2²² rounds it to an integer, which is then in the low bits.
const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³

/// ln 2 in two parts; the product of the first with an integer below 2⁹ is exact (Cody and Waite).
const LN_2_HIGH: f32 = 0.693_359_4;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// Evaluates a polynomial, highest coefficient first.
#[inline(always)]
fn polynomial<F: Float, const N: usize>(x: F, coefficients: [f32; N]) -> F {
    let mut sum = x.like(coefficients[0]);
    for &coefficient in &coefficients[1..] {
        sum = sum.mul_add(x, x.like(coefficient));
    }
    sum
}

/// eˣ. Results below the smallest normal number are 0; +∞ above ln(f32::MAX); NaN stays NaN.
///
/// x = n·ln 2 + r with |r| ≤ ln 2 / 2; eʳ is a polynomial (Cephes' expf), 2ⁿ is added to its exponent.
#[inline(always)]
pub(crate) fn exp<F: Float>(x: F) -> F {
    let shifted = x.mul_add(x.like(core::f32::consts::LOG2_E), x.like(ROUND));
    let n = shifted - x.like(ROUND);
    let r = n.mul_add(x.like(-LN_2_HIGH), x);
    let r = n.mul_add(x.like(-LN_2_LOW), r);
    let tail = polynomial(
        r,
        [
            1.987_569_1e-4,
            1.398_2e-3,
            8.333_452e-3,
            4.166_579_6e-2,
            1.666_666_5e-1,
            0.5,
        ],
    );
    let power = (r * r).mul_add(tail, r) + x.like(1.0);
    let result = power.add_bits(shifted.to_exponent());
    // The comparisons are false for NaN, so neither bound replaces it.
    let result = F::select(x.less(x.like(88.722_84)), result, x * x.like(f32::INFINITY));
    F::select(x.less(x.like(-87.336)), x.like(0.0), result)
}

/// The natural logarithm. −∞ at ±0, NaN below, +∞ at +∞; NaN stays NaN.
///
/// x = 2ᵏ·(1 + f) with √½ ≤ 1 + f < √2; ln(1 + f) is a polynomial (Cephes' logf).
#[inline(always)]
pub(crate) fn ln<F: Float>(x: F) -> F {
    let tiny = x.less(x.like(f32::MIN_POSITIVE));
    let scaled = F::select(tiny, x * x.like(8_388_608.0), x);
    // The exponent field is relative to √½ instead of 1.
    let offset = 0x3f80_0000 - 0x3f35_04f3;
    let moved = scaled.add_bits(x.like_bits(offset));
    // k + 127 is an integer in the low bits; with the exponent of 2²³ above it, it becomes a number.
    let k = moved.exponent_bits().or_bits(x.like(8_388_608.0)) - x.like(8_388_608.0 + 127.0);
    let k = F::select(tiny, k - x.like(23.0), k);
    let mantissa = moved
        .and_bits(x.like_bits(0x007f_ffff))
        .add_bits(x.like_bits(0x3f35_04f3));
    let f = mantissa - x.like(1.0);
    let square = f * f;
    let tail = polynomial(
        f,
        [
            7.037_683_6e-2,
            -1.151_461e-1,
            1.167_699_9e-1,
            -1.242_014_1e-1,
            1.424_932_3e-1,
            -1.666_805_8e-1,
            2.000_071_5e-1,
            -2.499_999_4e-1,
            3.333_333e-1,
        ],
    );
    let low = k.mul_add(x.like(LN_2_LOW), tail * f * square);
    let low = square.mul_add(x.like(-0.5), low);
    let result = k.mul_add(x.like(LN_2_HIGH), f + low);
    let infinity = x.like(f32::INFINITY);
    // ∞ and NaN stay as they are; x·∞ is −∞ or NaN below 0, and at 0 the answer is −∞.
    let result = F::select(x.less(infinity), result, x);
    let result = F::select(x.less(x.like(0.0)), x.like(f32::NAN), result);
    F::select(x.abs().less(x.like_bits(1)), -infinity, result)
}

/// tanh x: a rational function of odd numerator (degree 13 over 6), ±1 from about 8 on.
#[inline(always)]
pub(crate) fn tanh<F: Float>(x: F) -> F {
    let limit = x.like(7.905_311);
    let size = x.abs();
    let small = F::select(limit.less(size), limit, size).with_sign_of(x);
    let square = small * small;
    let top = polynomial(
        square,
        [
            -2.760_768_5e-16,
            2.000_188e-13,
            -8.604_672e-11,
            5.122_297e-8,
            1.485_722_4e-5,
            6.372_619_3e-4,
            4.893_524_6e-3,
        ],
    );
    let bottom = polynomial(
        square,
        [1.198_258_4e-6, 1.185_347_1e-4, 2.268_434_6e-3, 4.893_525e-3],
    );
    let result = small * top / bottom;
    F::select(size.less(x.like(4e-4)), x, result)
}

/// erf x: a polynomial near 0, 1 − e to a polynomial beyond (after N. Juffa).
#[inline(always)]
pub(crate) fn erf<F: Float>(x: F) -> F {
    let t = x.abs();
    let square = x * x;
    let far = polynomial(
        t,
        [
            -1.728_534_7e-5,
            3.831_971_3e-4,
            -3.883_964_4e-3,
            2.425_462_2e-2,
            -1.067_778_8e-1,
            -6.348_467e-1,
            -1.287_175_1e-1,
        ],
    );
    let far = (x.like(1.0) - exp(far.mul_add(t, -t))).with_sign_of(x);
    let near = polynomial(
        square,
        [
            -5.967_617e-4,
            4.991_194e-3,
            -2.676_813_5e-2,
            1.128_199_25e-1,
            -3.761_253_4e-1,
            1.283_791_7e-1,
        ],
    )
    .mul_add(x, x);
    let result = F::select(t.less(x.like(0.927_734_4)), near, far);
    // Beyond 4 the polynomials overflow, but the result is ±1. Comparisons with NaN are false.
    F::select(x.like(4.0).less(t), x.like(1.0).with_sign_of(x), result)
}

/// GELU x·Φ(x) and its derivative Φ(x) + x·φ(x), Φ and φ the normal distribution's.
#[inline(always)]
pub(crate) fn gelu<F: Float>(x: F) -> (F, F) {
    let half = x.like(0.5);
    let below = half.mul_add(erf(x * x.like(core::f32::consts::FRAC_1_SQRT_2)), half);
    let density = exp(x * x * x.like(-0.5)) * x.like(0.398_942_3);
    (x * below, x.mul_add(density, below))
}

#[cfg(test)]
mod tests {
    use std::ops::RangeInclusive;

    use super::{exp, ln, tanh};
    use crate::generic::elementwise::{Elementwise, Over};
    use crate::vector::Vector;
    use crate::{Arithmetic, Kernels};

    #[derive(Clone, Copy)]
    struct Exp;
    #[derive(Clone, Copy)]
    struct Ln;
    #[derive(Clone, Copy)]
    struct Tanh;

    macro_rules! elementwise {
        ($($name:ident $function:ident),*) => {$(
            impl Elementwise<0, 1> for $name {
                #[inline(always)]
                fn apply<V: Vector>(&self, _: [V; 0], [x]: [V; 1]) -> [V; 1] {
                    [$function(x)]
                }
            }
        )*};
    }
    elementwise!(Exp exp, Ln ln, Tanh tanh);

    /// |found − exact| in units in the last place of `exact` as f32.
    fn ulps(found: f32, exact: f64) -> f64 {
        let exponent = ((exact.to_bits() >> 52) & 0x7ff) as i32 - 1023;
        (f64::from(found) - exact).abs() * f64::from(23 - exponent.max(-126)).exp2()
    }

    /// The largest error over all f32 between two bit patterns, fused and unfused, with the fastest instance of this
    /// machine.
    fn worst<E: Elementwise<0, 1> + Copy + Send>(
        operation: E,
        bits: RangeInclusive<u32>,
        exact: fn(f64) -> f64,
    ) -> f64 {
        const CHUNK: usize = 1 << 16;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let part = move |thread: usize| {
            let starts = bits.clone().step_by(CHUNK).skip(thread).step_by(threads);
            let mut worst = 0.0f64;
            for start in starts {
                let end = (*bits.end()).min(start + (CHUNK as u32 - 1));
                let inputs: Vec<f32> = (start..=end).map(f32::from_bits).collect();
                let [fused, unfused] = [Arithmetic::Fused, Arithmetic::Unfused].map(|arithmetic| {
                    let mut values = inputs.clone();
                    Kernels::best(arithmetic).run(Over {
                        operation,
                        read: [],
                        write: [&mut values],
                    });
                    values
                });
                for ((&x, fused), unfused) in inputs.iter().zip(fused).zip(unfused) {
                    let exact = exact(f64::from(x));
                    worst = worst.max(ulps(fused, exact)).max(ulps(unfused, exact));
                }
            }
            worst
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..threads)
                .map(|thread| {
                    let part = part.clone();
                    scope.spawn(move || part(thread))
                })
                .collect();
            let worst = threads.into_iter().map(|thread| thread.join().unwrap());
            worst.fold(0.0, f64::max)
        })
    }

    /// Softmax subtracts the largest logit, so only −87.3 … 0 matters; nearer to 0 than 2⁻²⁵, every result is 1.
    #[test]
    fn exp_of_every_number_that_softmax_can_meet() {
        let worst = worst(
            Exp,
            (-(2f32.powi(-25))).to_bits()..=(-87.3f32).to_bits(),
            f64::exp,
        );
        assert!(worst <= 2.0, "{worst} units in the last place");
    }

    /// The sum of a softmax is 1 … V.
    #[test]
    fn ln_of_every_sum_of_a_softmax() {
        let worst = worst(Ln, 1.001f32.to_bits()..=65_536f32.to_bits(), f64::ln);
        assert!(worst <= 2.0, "{worst} units in the last place");
    }

    /// tanh is odd, equals x below 2⁻¹³ and 1 beyond 10 (`same_bits.rs` tests these).
    #[test]
    fn tanh_of_every_number_where_it_bends() {
        let worst = worst(Tanh, 2f32.powi(-13).to_bits()..=10f32.to_bits(), f64::tanh);
        assert!(worst <= 8.0, "{worst} units in the last place");
    }
}
