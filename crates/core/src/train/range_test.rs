//! A learning rate from a few steps: the search of the lecture, a learning-rate range test (Smith 2017).

use crate::data::CountedWindows;
use crate::error::Error;
use crate::model::ModelConfig;
use crate::train::engine::Engine;
use crate::train::trainer::{TrainConfig, Trainer};

/// The first and the last rate that are tried.
const RATES: (f64, f64) = (1e-4, 10.0);
/// Number of steps.
const STEPS: u32 = 300;
/// Decay of the running mean of the batch losses.
const SMOOTHING: f64 = 0.9;
/// The test ends once the smoothed loss exceeds its minimum by this factor.
const RISEN: f64 = 1.5;
/// At the minimum of the loss the rate is about to become too large; a full run needs this share of it.
const SHARE: f64 = 0.125;

/// A learning rate for a run: over 300 steps the rate grows exponentially, and the result is an eighth of the rate at
/// which the smoothed batch loss was lowest. The trained parameters are discarded.
///
/// # Errors
/// As [`Trainer::new`].
pub fn find_learning_rate(
    model: &ModelConfig,
    config: &TrainConfig,
    table: &CountedWindows,
    engine: &Engine<'_>,
) -> Result<f64, Error> {
    let mut trainer = Trainer::new(model, config, table, engine)?;
    let (low, high) = RATES;
    let (mut mean, mut best) = (0.0, (f64::INFINITY, low));
    for step in 0..STEPS {
        let rate = low * libm::pow(high / low, f64::from(step) / f64::from(STEPS - 1));
        let loss = trainer.step_at(rate);
        mean = SMOOTHING * mean + (1.0 - SMOOTHING) * loss;
        // The mean starts at 0, so early on it is too small by this factor.
        let smoothed = mean / (1.0 - libm::pow(SMOOTHING, f64::from(step) + 1.0));
        if smoothed < best.0 {
            best = (smoothed, rate);
        }
        if !loss.is_finite() || smoothed > RISEN * best.0 {
            break;
        }
    }
    Ok(SHARE * best.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::CountedWindows;
    use crate::executor::Serial;
    use crate::model::{Activation, Init};
    use crate::rng::Seed;
    use crate::text::Token;
    use crate::train::{BatchKind, Optimizer, Schedule};

    /// A run with the suggested rate reaches a lower loss than runs with a thirtieth and thirty times of it.
    #[test]
    fn the_rate_has_the_right_magnitude() {
        let names: Vec<Vec<Token>> = (0..300u32)
            .map(|i| {
                (0..3 + i % 4)
                    .map(|j| (1 + (i * i + 3 * j + i * j) % 9) as Token)
                    .collect()
            })
            .collect();
        let names = names.iter().map(|name| (name.as_slice(), 1));
        let table = CountedWindows::from_names(names, 10, 3).unwrap();
        let model = ModelConfig {
            vocab_size: 10,
            context_length: 3,
            embedding_dim: 4,
            hidden_sizes: vec![32],
            activation: Activation::Tanh,
            residual: false,
            labels: 0,
        };
        let adamw = Optimizer::adamw(0.01);
        for optimizer in [Optimizer::Sgd, adamw] {
            let config = TrainConfig {
                init: Init::Kaiming,
                optimizer,
                learning_rate: 1.0,
                schedule: Schedule::Constant,
                batch: BatchKind::Windows(32),
                steps: 400,
                evaluate_every: 400,
                patience: None,
                target_loss: None,
                portable: false,
                dropout: 0.0,
                batch_norm: false,
                averaging: 0.0,
                seed: Seed::from(3),
            };
            let engine = Engine::new(&Serial);
            let rate = find_learning_rate(&model, &config, &table, &engine).unwrap();
            let last = |rate: f64| {
                let mut trainer = Trainer::new(&model, &config, &table, &engine).unwrap();
                let losses: Vec<f64> = (0..400).map(|_| trainer.step_at(rate)).collect();
                losses[350..].iter().sum::<f64>() / 50.0
            };
            let found = last(rate);
            assert!(
                found < last(rate / 30.0),
                "{optimizer:?}: {rate} is too large"
            );
            let large = last(rate * 30.0);
            assert!(
                large.is_nan() || large > found,
                "{optimizer:?}: {rate} is too small"
            );
        }
    }
}
