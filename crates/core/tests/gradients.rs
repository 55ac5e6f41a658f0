//! Gradients: the reference path against finite differences, the engine against the reference.

use nextchar_core::data::CountedWindows;
use nextchar_core::executor::Serial;
use nextchar_core::model::{
    Activation, Backprop, Batch, Dropout, Init, ModelConfig, Params, reference,
};
use nextchar_core::rng::{Purpose, Seed};
use nextchar_core::text::Token;
use nextchar_kernels::{Arithmetic, Kernels};
use proptest::prelude::*;

fn random_table(
    vocab_size: usize,
    context_length: usize,
    names: usize,
    seed: u64,
) -> CountedWindows {
    let mut rng = Seed::from(seed).stream(Purpose::Batch, 9);
    let names: Vec<(Vec<Token>, u64)> = (0..names)
        .map(|_| {
            let length = rng.below(6) as usize;
            let name = (0..length)
                .map(|_| 1 + rng.below(vocab_size as u64 - 1) as Token)
                .collect();
            (name, 1 + rng.below(5))
        })
        .collect();
    let names = names.iter().map(|(name, count)| (name.as_slice(), *count));
    CountedWindows::from_names(names, vocab_size, context_length).unwrap()
}

/// Parameters far enough from zero that every path carries a gradient.
fn random_params(config: &ModelConfig, seed: u64) -> Params {
    let mut params = Params::init(config, Init::Kaiming, &Seed::from(seed));
    let mut rng = Seed::from(seed).stream(Purpose::Init, 1);
    for tensor in params.tensors_mut() {
        for value in tensor {
            *value += (0.3 * rng.normal()) as f32;
        }
    }
    params
}

fn config(
    vocab_size: usize,
    context_length: usize,
    embedding_dim: usize,
    hidden_sizes: &[usize],
    activation: Activation,
) -> ModelConfig {
    ModelConfig {
        vocab_size,
        context_length,
        embedding_dim,
        hidden_sizes: hidden_sizes.to_vec(),
        activation,
        residual: false,
        labels: 0,
    }
}

/// (f(x + h) − f(x − h)) / 2h for every single parameter.
fn check_finite_differences(config: &ModelConfig) {
    let table = random_table(config.vocab_size, config.context_length, 12, 5);
    let params = random_params(config, 6).to_f64();
    let (_, grads) = reference::loss_and_gradients(config, &params, &table);
    let step = 1e-5;
    for (index, tensor) in grads.tensors().into_iter().enumerate() {
        for (place, &grad) in tensor.iter().enumerate() {
            let at = |shift: f64| {
                let mut moved = params.clone();
                moved.tensors_mut()[index][place] += shift;
                reference::loss(config, &moved, &table)
            };
            let difference = (at(step) - at(-step)) / (2.0 * step);
            assert!(
                (difference - grad).abs() < 1e-8 + 1e-6 * grad.abs(),
                "{config:?}: tensor {index}, place {place}: {grad} but {difference}"
            );
        }
    }
}

#[test]
fn reference_gradients_are_finite_differences() {
    for activation in [Activation::Tanh, Activation::Gelu] {
        check_finite_differences(&config(5, 2, 3, &[7], activation));
        check_finite_differences(&config(4, 3, 2, &[5, 6], activation));
        check_finite_differences(&config(6, 1, 4, &[3, 4, 5], activation));
        let residual = ModelConfig {
            residual: true,
            labels: 0,
            ..config(4, 2, 3, &[5, 5, 6, 6], activation)
        };
        check_finite_differences(&residual);
    }
    check_finite_differences(&config(5, 2, 3, &[], Activation::Tanh));
    // ReLU has a kink: no preactivation of this seed is within a step of it.
    check_finite_differences(&config(5, 2, 3, &[7], Activation::Relu));
}

#[test]
fn the_first_loss_is_near_ln_v() {
    for (hidden, activation) in [
        (vec![200], Activation::Tanh),
        (vec![], Activation::Tanh),
        (vec![256, 128, 64], Activation::Relu),
        (vec![128, 128], Activation::Gelu),
    ] {
        let config = config(27, 3, 10, &hidden, activation);
        let table = random_table(27, 3, 500, 1);
        for seed in 0..4 {
            let params = Params::init(&config, Init::Kaiming, &Seed::from(seed)).to_f64();
            let loss = reference::loss(&config, &params, &table);
            assert!(
                (loss - 27f64.ln()).abs() < 0.02,
                "{config:?} seed {seed}: {loss}"
            );
        }
    }
}

#[test]
fn the_lectures_initialisation_begins_confidently_wrong() {
    let config = config(27, 3, 10, &[200], Activation::Tanh);
    let table = random_table(27, 3, 500, 1);
    let params = Params::init(&config, Init::Lecture, &Seed::from(42)).to_f64();
    let loss = reference::loss(&config, &params, &table);
    assert!((20.0..35.0).contains(&loss), "{loss}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The engine's f32 gradient is the reference's f64 gradient within 2e-5 of the largest
    /// gradient of the same tensor, for any shape. A gradient adds up terms whose weights add up to
    /// 1: where they cancel, one or two roundings of 1 (6e-8) are left.
    #[test]
    fn engine_equals_reference(
        vocab_size in 2usize..40,
        context_length in 1usize..6,
        embedding_dim in 1usize..20,
        hidden in prop::collection::vec(1usize..40, 0..4),
        activation in prop::sample::select(vec![Activation::Tanh, Activation::Relu, Activation::Gelu]),
        residual in any::<bool>(),
        names in 1usize..400,
        seed in 0u64..1000,
    ) {
        let mut config = config(vocab_size, context_length, embedding_dim, &hidden, activation);
        if residual && hidden.len() > 1 {
            config.residual = true;
            config.hidden_sizes[1] = hidden[0];
        }
        let table = random_table(vocab_size, context_length, names, seed);
        let params = random_params(&config, seed);
        let (loss, expected) = reference::loss_and_gradients(&config, &params.to_f64(), &table);
        for arithmetic in [Arithmetic::Fused, Arithmetic::Unfused] {
            let mut engine = Backprop::new(&config, Kernels::best(arithmetic));
            let layout = engine.layout().clone();
            let mut grads = vec![f32::NAN; layout.len];
            let found = engine.loss_and_gradients(
                &layout.pack(&params), &Batch::full(&table), Dropout::default(), &mut grads, &Serial);
            prop_assert!((found - loss).abs() < 1e-5 * loss.max(1.0), "{found} {loss}");
            let found = layout.unpack(&config, &grads);
            for (found, expected) in found.tensors().into_iter().zip(expected.tensors()) {
                let largest = expected.iter().fold(0f64, |m, g| m.max(g.abs()));
                for (&found, &expected) in found.iter().zip(expected) {
                    prop_assert!((f64::from(found) - expected).abs() < 1e-7 + 2e-5 * largest,
                        "{config:?}: {found} but {expected}");
                }
            }
        }
    }
}

/// With units left out, the gradient is that of the loss with the same units left out.
#[test]
fn dropout_is_the_same_forward_and_backward() {
    for (activation, residual) in [
        (Activation::Tanh, false),
        (Activation::Relu, true),
        (Activation::Gelu, true),
    ] {
        let config = ModelConfig {
            residual,
            ..config(9, 3, 4, &[24, 24, 24], activation)
        };
        let table = random_table(9, 3, 60, 3);
        let mut engine = Backprop::new(&config, Kernels::best(Arithmetic::Fused));
        let layout = engine.layout().clone();
        let flat = layout.pack(&random_params(&config, 4));
        let batch = Batch::full(&table);
        let mut loss_at = |flat: &[f32], rate: f32, grads: &mut [f32]| {
            let dropout = Dropout { rate, key: 17 };
            engine.loss_and_gradients(flat, &batch, dropout, grads, &Serial)
        };
        let mut grads = vec![0.0; layout.len];
        let with_all = loss_at(&flat, 0.0, &mut grads);
        let loss = loss_at(&flat, 0.4, &mut grads);
        assert!((loss - with_all).abs() > 1e-3, "nothing was left out");
        // Along the gradient the loss must rise by |gradient|² a unit.
        let norm: f64 = grads.iter().map(|&g| f64::from(g) * f64::from(g)).sum();
        let step = 1e-2 / norm.sqrt();
        let mut scratch = vec![0.0; layout.len];
        let mut moved = |sign: f64| {
            let along = flat.iter().zip(&grads);
            let flat: Vec<f32> = along
                .map(|(x, &g)| (f64::from(*x) + sign * step * f64::from(g)) as f32)
                .collect();
            loss_at(&flat, 0.4, &mut scratch)
        };
        let slope = (moved(1.0) - moved(-1.0)) / (2.0 * step);
        assert!(
            (slope / norm - 1.0).abs() < 0.01,
            "{activation:?}: {slope} but {norm}"
        );
    }
}

/// The loss of one block with batch normalisation, by the definition: γ and β of every hidden layer.
fn normalized_loss(
    config: &ModelConfig,
    params: &Params<f64>,
    norms: &[(Vec<f64>, Vec<f64>)],
    table: &CountedWindows,
) -> f64 {
    let weights: Vec<f64> = table.totals().iter().map(|&total| total as f64).collect();
    let mut values: Vec<Vec<f64>> = table
        .rows()
        .map(|row| reference::embed(&params.embedding, config.embedding_dim, row.context).concat())
        .collect();
    for (index, (layer, (scales, shifts))) in params.hidden.iter().zip(norms).enumerate() {
        let mut rows: Vec<Vec<f64>> = values.iter().map(|x| reference::linear(layer, x)).collect();
        for unit in 0..layer.outputs {
            let mut column: Vec<f64> = rows.iter().map(|row| row[unit]).collect();
            reference::batch_norm(&mut column, &weights, scales[unit], shifts[unit], 1e-5);
            for (row, z) in rows.iter_mut().zip(column) {
                row[unit] = z;
            }
        }
        for (value, row) in values.iter_mut().zip(&rows) {
            let mut out = reference::activate(config.activation, row);
            if config.is_residual(index) {
                out.iter_mut().zip(&*value).for_each(|(out, x)| *out += x);
            }
            *value = out;
        }
    }
    let nll = |(value, row): (&Vec<f64>, nextchar_core::data::CountedRow<'_>)| {
        let log_probs = reference::log_softmax(&reference::linear(&params.output, value));
        reference::cross_entropy(&log_probs, row.targets, row.counts)
    };
    let total: f64 = values.iter().zip(table.rows()).map(nll).sum();
    total / table.examples() as f64
}

/// Gradients of every parameter, γ and β included, are finite differences of that loss; and the
/// network with the statistics folded in has the same loss.
#[test]
fn batch_norm_is_its_definition() {
    for (hidden, activation, residual) in [
        (vec![6], Activation::Tanh, false),
        (vec![5, 5, 7], Activation::Gelu, true),
    ] {
        let config = ModelConfig {
            residual,
            ..config(5, 2, 3, &hidden, activation)
        };
        let table = random_table(5, 2, 20, 8);
        assert!((10..=64).contains(&table.len()), "one block");
        let params = random_params(&config, 9);
        let mut engine = Backprop::new(&config, Kernels::best(Arithmetic::Fused)).with_batch_norm();
        let layout = engine.layout().clone();
        let norm = engine.batch_norm().unwrap().clone();
        let mut flat = layout.pack(&params);
        norm.begin(&mut flat);
        let mut rng = Seed::from(7).stream(Purpose::Init, 2);
        let mut norms = Vec::new();
        for (index, &width) in hidden.iter().enumerate() {
            let place = norm.layer(index).unwrap();
            let mut draw = |place: std::ops::Range<usize>| -> Vec<f64> {
                let values = &mut flat[place][..width];
                values
                    .iter_mut()
                    .for_each(|x| *x += (0.3 * rng.normal()) as f32);
                values.iter().map(|&x| f64::from(x)).collect()
            };
            norms.push((draw(place.scale.clone()), draw(place.shift.clone())));
        }
        let mut grads = vec![f32::NAN; norm.len];
        let batch = Batch::full(&table);
        let found =
            engine.loss_and_gradients(&flat, &batch, Dropout::default(), &mut grads, &Serial);
        let exact = params.to_f64();
        let expected = normalized_loss(&config, &exact, &norms, &table);
        assert!((found - expected).abs() < 1e-5, "{found} but {expected}");

        let step = 1e-5;
        let check = |found: f32, up: f64, down: f64, what: &str| {
            let difference = (up - down) / (2.0 * step);
            assert!(
                (f64::from(found) - difference).abs() < 2e-5,
                "{what}: {found} but {difference}"
            );
        };
        let unpacked = layout.unpack(&config, &grads);
        for (index, tensor) in unpacked.tensors().into_iter().enumerate() {
            for (place, &grad) in tensor.iter().enumerate() {
                let at = |shift: f64| {
                    let mut moved = exact.clone();
                    moved.tensors_mut()[index][place] += shift;
                    normalized_loss(&config, &moved, &norms, &table)
                };
                check(
                    grad,
                    at(step),
                    at(-step),
                    &format!("tensor {index}, place {place}"),
                );
            }
        }
        for (index, &width) in hidden.iter().enumerate() {
            let place = norm.layer(index).unwrap();
            for unit in 0..width {
                let at = |scale: f64, shift: f64| {
                    let mut moved = norms.clone();
                    moved[index].0[unit] += scale;
                    moved[index].1[unit] += shift;
                    normalized_loss(&config, &exact, &moved, &table)
                };
                let scale = grads[place.scale.start + unit];
                check(scale, at(step, 0.0), at(-step, 0.0), "γ");
                let shift = grads[place.shift.start + unit];
                check(shift, at(0.0, step), at(0.0, -step), "β");
            }
        }

        let folded = norm.fold(&config, params, &flat, &table, &Serial).unwrap();
        let plain = reference::loss(&config, &folded.to_f64(), &table);
        assert!((plain - expected).abs() < 1e-5, "{plain} but {expected}");
    }
}
