//! Every instance gives the same bits as the portable one, for random shapes and numbers; and the results are correct,
//! compared with sums in f64 and with the platform's functions.

use nextchar_kernels::{
    AdamW, AliasTables, Arithmetic, Chains, Contexts, InstructionSet, Kernels, LANES, MatmulShape,
    Rows, RowsMut, Start, Steps, Strided, TOO_LONG,
};
use proptest::prelude::*;

const ARITHMETICS: [Arithmetic; 2] = [Arithmetic::Fused, Arithmetic::Unfused];

/// Runs `compute` with every instance; all results must be bit-identical to the portable one's.
fn same_bits(compute: impl Fn(Kernels) -> Vec<f32>) -> Vec<f32> {
    let mut unfused = Vec::new();
    for arithmetic in ARITHMETICS {
        let portable = Kernels::new(InstructionSet::Portable, arithmetic).unwrap();
        let expected = compute(portable);
        for set in Kernels::available() {
            let found = compute(Kernels::new(set, arithmetic).unwrap());
            assert_eq!(found.len(), expected.len());
            for (index, (a, b)) in found.iter().zip(&expected).enumerate() {
                assert!(
                    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
                    "{set}, {arithmetic:?}, element {index}: {a:e} instead of {b:e}"
                );
            }
        }
        unfused = expected;
    }
    unfused
}

/// Numbers of both signs around 1, from a seed (an xorshift generator).
fn numbers(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| next()).collect()
}

/// The bits of results that consist of several slices.
fn joined(slices: &[&[f32]]) -> Vec<f32> {
    slices.concat()
}

/// An early step, where the corrections are large.
const STEP: AdamW = AdamW {
    learning_rate: 0.01,
    beta1: 0.9,
    beta2: 0.99,
    epsilon: 1e-8,
    weight_decay: 0.1,
    first_correction: 10.0,
    second_correction: 100.0,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn matrix_products(
        rows in 0usize..40, inner in 0usize..30, vectors in 0usize..6,
        transposed: bool, start in 0..3, seed: u64,
    ) {
        let columns = vectors * LANES;
        let (left, right) = (numbers(seed, rows * inner), numbers(seed + 1, inner * columns));
        let (bias, before) = (numbers(seed + 2, columns), numbers(seed + 3, rows * columns));
        let (row_stride, column_stride) = if transposed { (1, rows) } else { (inner, 1) };
        let out = same_bits(|kernels| {
            let mut out = before.clone();
            kernels.matmul(
                MatmulShape { rows, inner, columns },
                Strided { data: &left, row_stride, column_stride },
                Rows { data: &right, stride: columns },
                match start {
                    0 => Start::Zero,
                    1 => Start::Bias(&bias),
                    _ => Start::Accumulate,
                },
                RowsMut { data: &mut out, stride: columns },
            );
            out
        });
        for i in 0..rows {
            for j in 0..columns {
                let first = match start {
                    0 => 0.0,
                    1 => f64::from(bias[j]),
                    _ => f64::from(before[i * columns + j]),
                };
                let exact = first + (0..inner)
                    .map(|k| f64::from(left[i * row_stride + k * column_stride])
                        * f64::from(right[k * columns + j]))
                    .sum::<f64>();
                prop_assert!((f64::from(out[i * columns + j]) - exact).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn tables_and_their_gradient(
        rows in 0usize..20, context_length in 1usize..5, vectors in 1usize..7, seed: u64,
    ) {
        let (vocab_size, width) = (27, vectors * LANES);
        let contexts: Vec<u16> = numbers(seed, rows * context_length)
            .iter()
            .map(|x| ((x + 1.0) * 13.4) as u16)
            .collect();
        let tables = numbers(seed + 1, context_length * vocab_size * width);
        let bias = numbers(seed + 2, width);
        let whole = Contexts { tokens: &contexts, length: context_length, vocab_size };
        let sums = same_bits(|kernels| {
            let mut out = vec![0.0; rows * width];
            kernels.sum_rows(whole, &tables, &bias, width, &mut out);
            out
        });
        for (row, context) in contexts.chunks_exact(context_length).enumerate() {
            for column in 0..width {
                let exact = f64::from(bias[column]) + context.iter().enumerate()
                    .map(|(j, &c)| f64::from(tables[(j * 27 + usize::from(c)) * width + column]))
                    .sum::<f64>();
                prop_assert!((f64::from(sums[row * width + column]) - exact).abs() < 1e-5);
            }
        }
        let grads = same_bits(|kernels| {
            let (mut grads, mut bias_grad) = (vec![0.0; tables.len()], vec![0.0; width]);
            kernels.scatter_rows(whole, &sums, width, &mut grads, &mut bias_grad);
            joined(&[&grads, &bias_grad])
        });
        let mut total = vec![0.0; width];
        Kernels::best(Arithmetic::Unfused).sum_columns(&sums, width, &mut total);
        prop_assert_eq!(&grads[tables.len()..], &total[..]);
        // Each row's delta is added once for every position of its context.
        for column in 0..width {
            let added: f64 = (0..context_length * vocab_size)
                .map(|row| f64::from(grads[row * width + column]))
                .sum();
            let expected = context_length as f64 * f64::from(total[column]);
            prop_assert!((added - expected).abs() < 1e-3);
        }
    }

    #[test]
    fn elementwise_kernels_of_any_length(length in 0usize..70, seed: u64) {
        let (x, y) = (numbers(seed, length), numbers(seed + 1, length));
        same_bits(|kernels| {
            let (mut tanh, mut relu, mut gelu) = (x.clone(), x.clone(), x.clone());
            let mut slopes = y.clone();
            kernels.tanh(&mut tanh);
            kernels.relu(&mut relu);
            kernels.gelu(&mut gelu, &mut slopes);
            let mut values = x.clone();
            kernels.gelu_value(&mut values);
            assert!(values.iter().zip(&gelu).all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan()));
            let (mut through_tanh, mut through_relu, mut product) = (y.clone(), y.clone(), y.clone());
            kernels.tanh_backward(&tanh, &mut through_tanh);
            kernels.relu_backward(&relu, &mut through_relu);
            kernels.multiply(&x, &mut product);
            joined(&[&tanh, &relu, &gelu, &slopes, &through_tanh, &through_relu, &product])
        });
    }

    #[test]
    fn optimiser_steps(length in 0usize..70, seed: u64) {
        let (start, grads) = (numbers(seed, length), numbers(seed + 1, length));
        let after = same_bits(|kernels| {
            let mut params = start.clone();
            let (mut first, mut second) = (vec![0.0; length], vec![0.0; length]);
            kernels.adamw(STEP, &mut params, &grads, &mut first, &mut second);
            params
        });
        // The first step of Adam has the size of the learning rate and the opposite sign of the gradient.
        for i in 0..length {
            let exact = f64::from(start[i]) * (1.0 - 0.001)
                - 0.01 * f64::from(grads[i]) / (f64::from(grads[i]).abs() + 1e-8);
            prop_assert!((f64::from(after[i]) - exact).abs() < 1e-5);
        }
    }

    #[test]
    fn softmax_is_a_distribution(rows in 0usize..40, vocab_size in 1usize..60, seed: u64) {
        let stride = vocab_size.next_multiple_of(LANES);
        let logits: Vec<f32> = numbers(seed, rows * stride).iter().map(|x| x * 20.0).collect();
        let weights: Vec<f32> = numbers(seed + 1, rows).iter().map(|x| x + 1.5).collect();
        let result = same_bits(|kernels| {
            let mut probabilities = logits.clone();
            let mut log_sums = vec![0.0; rows];
            kernels.softmax(&mut probabilities, stride, vocab_size, &weights, &mut log_sums);
            joined(&[&probabilities, &log_sums])
        });
        let (probabilities, log_sums) = result.split_at(rows * stride);
        for row in 0..rows {
            let logits = &logits[row * stride..][..vocab_size];
            let exact = logits.iter().map(|&x| f64::from(x).exp()).sum::<f64>().ln();
            prop_assert!((f64::from(log_sums[row]) - exact).abs() < 1e-5);
            let row_of = &probabilities[row * stride..][..stride];
            for (column, &p) in row_of.iter().enumerate() {
                let expected = match logits.get(column) {
                    Some(&x) => f64::from(weights[row]) * (f64::from(x) - exact).exp(),
                    None => 0.0,
                };
                prop_assert!((f64::from(p) - expected).abs() < 1e-5);
            }
        }
    }
}

/// The distance between `found` and `exact`, in units in the last place of `exact`.
fn ulps(found: f32, exact: f64) -> f64 {
    let size = (exact as f32).abs().max(f32::MIN_POSITIVE);
    let unit = f64::from(f32::from_bits(size.to_bits() + 1)) - f64::from(size);
    (f64::from(found) - exact).abs() / unit
}

/// Every 61st number of the f32 range, with both signs: 61 is coprime to powers of two, so all mantissa bits vary.
fn sweep() -> impl Iterator<Item = f32> {
    (0..=u32::MAX).step_by(61).map(f32::from_bits)
}

#[test]
fn exp_is_within_its_bound() {
    let worst = sweep()
        .filter(|x| (-87.3..88.7).contains(x))
        .map(|x| ulps(nextchar_kernels::exp(x), f64::from(x).exp()))
        .fold(0.0, f64::max);
    assert!(worst <= 2.0, "{worst} units in the last place");
}

#[test]
fn ln_is_within_its_bound() {
    let worst = sweep()
        .filter(|x| (f32::MIN_POSITIVE..f32::INFINITY).contains(x))
        .map(|x| ulps(nextchar_kernels::ln(x), f64::from(x).ln()))
        .fold(0.0, f64::max);
    assert!(worst <= 2.0, "{worst} units in the last place");
}

#[test]
fn tanh_is_within_its_bound() {
    let worst = sweep()
        .filter(|x| x.is_finite() && x.abs() > 1e-30)
        .map(|x| ulps(nextchar_kernels::tanh(x), f64::from(x).tanh()))
        .fold(0.0, f64::max);
    assert!(worst <= 8.0, "{worst} units in the last place");
}

#[test]
fn infinities_and_nan() {
    assert_eq!(nextchar_kernels::exp(f32::INFINITY), f32::INFINITY);
    assert_eq!(nextchar_kernels::exp(f32::NEG_INFINITY), 0.0);
    assert_eq!(nextchar_kernels::ln(0.0), f32::NEG_INFINITY);
    assert!(nextchar_kernels::ln(-1.0).is_nan());
    assert_eq!(nextchar_kernels::tanh(f32::INFINITY), 1.0);
    assert_eq!(nextchar_kernels::tanh(f32::NEG_INFINITY), -1.0);
    for f in [
        nextchar_kernels::exp,
        nextchar_kernels::ln,
        nextchar_kernels::tanh,
        nextchar_kernels::erf,
    ] {
        assert!(f(f32::NAN).is_nan());
    }
}

/// Integers, from a seed.
fn words(seed: u64, count: usize) -> Vec<u32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u32
    };
    (0..count).map(|_| next()).collect()
}

/// One chain, token by token.
fn naive_walk(
    tables: AliasTables<'_>,
    longest: usize,
    words: impl Iterator<Item = u32>,
) -> Vec<u16> {
    let AliasTables { entries, bits } = tables;
    let (mut context, mut length) = (0usize, 0);
    let draw = |word: u32| {
        let slot = word >> (32 - bits);
        let entry = entries[(context << bits) + slot as usize];
        let own = (word << bits >> bits) < entry >> bits;
        let token = if own { slot } else { entry % (1 << bits) };
        length += 1;
        let written = match token {
            0 => 0,
            _ if length > longest => TOO_LONG,
            token => token as u16,
        };
        context = (context << bits | token as usize) % (entries.len() >> bits);
        if written == 0 || written == TOO_LONG {
            (context, length) = (0, 0);
        }
        written
    };
    words.map(draw).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// All instances draw the same as a plain loop, in one call and in two.
    #[test]
    fn chains_walk_through_tables(
        bits in 1u32..7, context_length in 0u32..3, longest in 0usize..9, steps in 0usize..40, seed: u64,
    ) {
        let entries = words(seed, 1 << (bits * (context_length + 1)));
        let tables = AliasTables { entries: &entries, bits };
        let words = [1, 2].map(|more| words(seed ^ more, steps * LANES));
        let expected = words.each_ref().map(|words| {
            let lane = |lane| naive_walk(tables, longest, words.iter().copied().skip(lane).step_by(LANES));
            (0..LANES).map(lane).collect::<Vec<_>>()
        });
        for set in Kernels::available() {
            let kernels = Kernels::new(set, Arithmetic::Unfused).unwrap();
            let mut chains = [Chains::default(); 2];
            let mut tokens = [1, 2].map(|_| vec![[7; LANES]; steps]);
            for part in [0..steps / 3, steps / 3..steps] {
                let [first, second] = &mut chains;
                let [one, two] = &mut tokens;
                let rows = |which: usize| &words[which].as_chunks().0[part.clone()];
                let pair = [
                    Steps { chains: first, words: rows(0), tokens: &mut one[part.clone()] },
                    Steps { chains: second, words: rows(1), tokens: &mut two[part.clone()] },
                ];
                kernels.walk(tables, longest as u32, pair);
            }
            for (found, expected) in tokens.iter().zip(&expected) {
                for (lane, expected) in expected.iter().enumerate() {
                    let found: Vec<u16> = found.iter().map(|row| row[lane]).collect();
                    prop_assert_eq!(&found, expected, "{} chain {}", set, lane);
                }
            }
        }
    }
}

/// Every exponent with both signs, the boundaries of libm's branches, infinities and NaN.
#[test]
fn exp_and_ln_of_f64_have_the_bits_of_libm() {
    let boundaries = [
        0.0,
        0.346_573_590_279_972_6,
        1.039_720_770_839_917_9,
        708.396_418_532_264_1,
        708.39,
        709.782_712_893_384,
        745.133_219_101_941_1,
        745.2,
        3.725_290_298_461_914e-9,
        f64::INFINITY,
        f64::NAN,
    ];
    let near = boundaries.into_iter().flat_map(|x: f64| {
        (-40i64..40).map(move |ulps| f64::from_bits(x.to_bits().wrapping_add_signed(ulps)))
    });
    // The high halves of the bits select the branch, so their neighbours are included.
    let halves = (0..1u64 << 21)
        .map(|high| f64::from_bits(high << 43 | high.wrapping_mul(0x9e37_79b9) & ((1 << 43) - 1)));
    let steps = (0..400_000).map(|step| f64::from(step) * 0.001_9);
    let sizes: Vec<f64> = near.chain(boundaries).chain(halves).chain(steps).collect();
    let asked: Vec<f64> = sizes
        .iter()
        .flat_map(|&x| [x, -x])
        .chain([1.0; 3])
        .collect();
    for set in Kernels::available() {
        let kernels = Kernels::new(set, Arithmetic::Unfused).unwrap();
        let (mut exps, mut logs) = (asked.clone(), asked.clone());
        kernels.exp_f64(&mut exps);
        kernels.log_f64(&mut logs);
        for ((&x, exp), log) in asked.iter().zip(exps).zip(logs) {
            for (found, expected) in [(exp, libm::exp(x)), (log, libm::log(x))] {
                let same =
                    found.to_bits() == expected.to_bits() || (found.is_nan() && expected.is_nan());
                assert!(
                    same,
                    "{set}: of {x:e} it is {found:e} instead of {expected:e}"
                );
            }
        }
    }
}

/// A number for the bits of results (FNV-1a); all NaN count as one.
fn fingerprint(results: impl IntoIterator<Item = u64>) -> u64 {
    results
        .into_iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, bits| {
            (hash ^ bits).wrapping_mul(0x0100_0000_01b3)
        })
}

/// The other tests compare the instances of one processor; these numbers are the same on all of them. If they change,
/// so does every model.
#[test]
fn the_bits_are_these_on_every_processor() {
    let steps = (0..=u32::MAX).step_by(65_521).map(f32::from_bits);
    let sweep: Vec<f32> = steps.chain([-0.0]).collect();
    let (left, right) = (numbers(1, 37 * 29), numbers(2, 29 * 48));
    let compute = |kernels: Kernels| {
        let (mut tanh, mut relu) = (sweep.clone(), sweep.clone());
        kernels.tanh(&mut tanh);
        kernels.relu(&mut relu);
        let (mut gelu, mut slopes) = (sweep.clone(), sweep.clone());
        kernels.gelu(&mut gelu, &mut slopes);
        let (mut params, mut first, mut second) = (sweep.clone(), slopes.clone(), relu.clone());
        kernels.adamw(STEP, &mut params, &tanh, &mut first, &mut second);
        let mut product = vec![0.0; 37 * 48];
        kernels.matmul(
            MatmulShape {
                rows: 37,
                inner: 29,
                columns: 48,
            },
            Strided {
                data: &left,
                row_stride: 1,
                column_stride: 37,
            },
            Rows {
                data: &right,
                stride: 48,
            },
            Start::Zero,
            RowsMut {
                data: &mut product,
                stride: 48,
            },
        );
        let (mut probabilities, mut log_sums) = (product.clone(), vec![0.0; 37]);
        kernels.softmax(&mut probabilities, 48, 41, &numbers(3, 37), &mut log_sums);
        let mut powers: Vec<f64> = product.iter().map(|&x| f64::from(x) * 90.0).collect();
        kernels.exp_f64(&mut powers);
        let singles = joined(&[
            &tanh,
            &relu,
            &gelu,
            &slopes,
            &params,
            &product,
            &probabilities,
            &log_sums,
        ]);
        let bits = |x: f32| if x.is_nan() { f32::NAN } else { x }.to_bits();
        let singles = singles.into_iter().map(|x| u64::from(bits(x)));
        fingerprint(singles.chain(powers.into_iter().map(f64::to_bits)))
    };
    for (arithmetic, expected) in [
        (Arithmetic::Fused, 0x5748_d3ec_e1d2_32ff),
        (Arithmetic::Unfused, 0x5ba3_c581_5429_7745),
    ] {
        for set in Kernels::available() {
            let found = compute(Kernels::new(set, arithmetic).unwrap());
            assert_eq!(found, expected, "{set}, {arithmetic:?}: {found:#018x}");
        }
    }
}
