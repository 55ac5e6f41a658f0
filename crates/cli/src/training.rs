//! A training's configuration: the options, else the preset's; and how many steps fit a time.

use std::time::{Duration, Instant};

use nextchar::data::CountedWindows;
use nextchar::language_model::loss;
use nextchar::model::ModelConfig;
use nextchar::optim::{BatchKind, Engine, Optimizer, Tables, TrainConfig, Trainer};
use nextchar_parallel::Threads;

use crate::args::{BatchSize, DrawName, LearningRate, TrainArgs};
use crate::failure::Failure;
use crate::presets::{OptimizerName, Preset};

/// Looks at val in a run.
const EVALUATIONS: u64 = 50;

/// The network's shape: the options, else the preset's.
pub fn model_config(args: &TrainArgs, preset: &Preset, vocab_size: usize) -> ModelConfig {
    let hidden = args.hidden.as_ref().map(|hidden| hidden.0.clone());
    ModelConfig {
        vocab_size,
        context_length: args.context.unwrap_or(preset.context),
        embedding_dim: args.embedding.unwrap_or(preset.embedding),
        hidden_sizes: hidden.unwrap_or_else(|| preset.hidden.to_vec()),
        activation: args.activation.map_or(preset.activation, Into::into),
        residual: args.residual || preset.residual,
    }
}

/// How it is trained: the options, else the preset's.
pub fn train_config(
    args: &TrainArgs,
    preset: &Preset,
    table: &CountedWindows,
) -> Result<TrainConfig, Failure> {
    let draw = args.draw.unwrap_or(match preset.batch {
        BatchKind::Windows(_) => DrawName::Windows,
        BatchKind::Passes(_) => DrawName::Passes,
        BatchKind::Full | BatchKind::Contexts(_) => DrawName::Contexts,
    });
    let size = args.batch.unwrap_or(match preset.batch {
        BatchKind::Full => BatchSize::Full,
        BatchKind::Contexts(rows) | BatchKind::Windows(rows) | BatchKind::Passes(rows) => {
            BatchSize::Rows(rows)
        }
    });
    let batch = match (size, draw) {
        (BatchSize::Full, _) => BatchKind::Full,
        (BatchSize::Rows(rows), DrawName::Contexts) => BatchKind::Contexts(rows),
        (BatchSize::Rows(rows), DrawName::Windows) => BatchKind::Windows(rows),
        (BatchSize::Rows(rows), DrawName::Passes) => BatchKind::Passes(rows),
    };
    let optimizer = match args.optimizer.unwrap_or(preset.optimizer) {
        OptimizerName::Sgd if args.weight_decay.is_some() => {
            return Err(Failure::misuse("--weight-decay needs --optimizer adamw"));
        }
        OptimizerName::Sgd => Optimizer::Sgd,
        OptimizerName::Adamw => Optimizer::AdamW {
            beta1: 0.9,
            beta2: 0.99,
            epsilon: 1e-8,
            weight_decay: args.weight_decay.unwrap_or(preset.weight_decay),
        },
    };
    let epochs = args
        .epochs
        .map(|epochs| (epochs as f64 * batch.steps_per_epoch(table)).ceil() as u64);
    let steps = args.steps.or(epochs).unwrap_or(preset.steps);
    let config = TrainConfig {
        init: args.init.map_or(preset.init, Into::into),
        optimizer,
        learning_rate: match args.learning_rate {
            Some(LearningRate::Fixed(rate)) => rate,
            // A beginning, until the rate is found.
            Some(LearningRate::Auto) | None => preset.learning_rate,
        },
        schedule: args.schedule.map_or(preset.schedule, Into::into),
        batch,
        steps,
        evaluate_every: args.evaluate_every.unwrap_or((steps / EVALUATIONS).max(1)),
        patience: args.patience,
        target_loss: args.target_loss,
        portable: args.portable,
        dropout: args.dropout.unwrap_or(preset.dropout),
        batch_norm: args.batch_norm,
        averaging: args.averaging.unwrap_or(preset.averaging),
        seed: args.seed.clone(),
    };
    config.validate()?;
    Ok(config)
}

/// How many steps of one network fit a time, judged by the first of them; at least one.
pub fn steps_within(
    time: Duration,
    model: &ModelConfig,
    config: &TrainConfig,
    tables: Tables<'_>,
    engine: &Engine<'_, Threads>,
) -> Result<u64, Failure> {
    /// The share of the time that goes into judging.
    const TRIAL: f64 = 0.05;
    let mut trainer = Trainer::new(model, config, tables.train, engine)?;
    let (started, mut steps) = (Instant::now(), 0u64);
    while steps == 0 || started.elapsed().as_secs_f64() < TRIAL * time.as_secs_f64() {
        trainer.step();
        steps += 1;
    }
    let step = started.elapsed().as_secs_f64() / steps as f64;
    let looking = Instant::now();
    if let Some(val) = tables.val {
        loss(&trainer.network()?, val, engine.executor);
    }
    let looks = EVALUATIONS as f64 * looking.elapsed().as_secs_f64();
    // Some is left over, so that the schedule comes to its end.
    const RESERVE: f64 = 0.1;
    let left = (1.0 - TRIAL - RESERVE) * time.as_secs_f64() - looks;
    Ok((left / step).max(1.0) as u64)
}
