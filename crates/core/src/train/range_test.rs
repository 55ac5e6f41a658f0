//! A learning rate from the first steps alone: the lecture's search, and Smith's range test (2017).

use crate::data::CountedWindows;
use crate::error::Error;
use crate::model::ModelConfig;
use crate::train::engine::Engine;
use crate::train::trainer::{TrainConfig, Trainer};

/// The rates that are tried: from the first to the second.
const RATES: (f64, f64) = (1e-4, 10.0);
/// Steps on the way.
const STEPS: u32 = 300;
/// Kept share of the running mean of the batches' losses.
const SMOOTHING: f64 = 0.9;
/// The run is over once the smoothed loss has risen by this factor above its best.
const RISEN: f64 = 1.5;
/// Where the loss is least the rate is already about to be too large: a whole run wants this share.
const SHARE: f64 = 0.125;

/// A learning rate for a run: the rate grows with every step, and an eighth of the one at which the
/// smoothed loss of the batches was least is taken. 300 steps, whose parameters are thrown away.
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
        // The mean begins at 0: early on it is too small by this factor.
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

    /// A run at the rate that is found ends lower than one at a thirtieth of it, and than one at
    /// thirty times it.
    #[test]
    fn the_rate_is_of_the_right_size() {
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
