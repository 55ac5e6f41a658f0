//! Gradients: the reference path against finite differences, the engine against the reference.

use nextchar::data::{CountedWindows, Token};
use nextchar::executor::Serial;
use nextchar::model::{Activation, Backprop, Batch, Dropout, Init, ModelConfig, Params, reference};
use nextchar::rng::{Purpose, Seed};
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
