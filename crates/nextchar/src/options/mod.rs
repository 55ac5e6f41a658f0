//! The options of training and generation: defined once, for the library, files, command lines and pages.
//!
//! Options that are given take precedence over those of the [`Preset`]: [`TrainOptions::resolved`] is the only
//! place that decides this.

mod arguments;
mod generate;
mod preset;
mod validate;
mod values;

use nextchar_core::model::{Activation, Init};
use nextchar_core::rng::Seed;
use nextchar_core::train::Schedule;
use serde::{Deserialize, Serialize};

pub use arguments::arguments_of;
pub use generate::{GenerateOptions, Usual};
pub use preset::Preset;
pub use values::{
    BadValue, BatchSize, Choice, Draw, Family, LearningRate, OptimizerName, Tokens, UnknownChoice,
    Widths,
};

/// How a model is made, apart from how the names are read and split. `None` and `false` leave an option to the
/// preset.
///
/// ```
/// use nextchar::{Family, Preset, TrainOptions};
///
/// let options = TrainOptions {
///     family: Some(Family::Network),
///     hidden: Some([64].into()),
///     seed: 7.into(),
///     ..TrainOptions::preset(Preset::Kaiming)
/// };
/// let json = serde_json::to_string(&options).unwrap();
/// assert_eq!(serde_json::from_str::<TrainOptions>(&json).unwrap(), options);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainOptions {
    /// The kind of model: a network, counts alone, or a mixture of both.
    pub family: Option<Family>,
    /// Context length of the counts, in characters; `None` chooses the best on the validation names, at
    /// most 6.
    pub counts_context: Option<usize>,
    /// Number of networks to average, each with its own seed.
    pub networks: Option<u32>,
    /// Whether whole names of the list are repeated as often as its duplicates suggest (Good–Turing).
    pub good_turing: bool,
    /// Whether one network is trained on the combined predictions of the networks and the counts.
    pub distill: bool,
    /// The source of the options that are not given.
    pub preset: Preset,
    /// Context length of the networks, in characters.
    pub context: Option<usize>,
    /// Width of a character's embedding.
    pub embedding: Option<usize>,
    /// Widths of the hidden layers.
    pub hidden: Option<Widths>,
    /// Nonlinearity of the hidden layers.
    pub activation: Option<Activation>,
    /// Whether a hidden layer's input is added to its output if both have the same width.
    pub residual: bool,
    /// How the parameters are initialised.
    pub init: Option<Init>,
    /// How a gradient becomes a step.
    pub optimizer: Option<OptimizerName>,
    /// Learning rate, before the schedule is applied.
    pub learning_rate: Option<LearningRate>,
    /// How the learning rate changes during training.
    pub schedule: Option<Schedule>,
    /// Rows per step.
    pub batch: Option<BatchSize>,
    /// What the rows of a batch are.
    pub draw: Option<Draw>,
    /// Number of steps.
    pub steps: Option<u64>,
    /// Number of passes over the contexts (or windows), if no number of steps is given.
    pub epochs: Option<u64>,
    /// Decoupled weight decay, which only AdamW has.
    pub weight_decay: Option<f64>,
    /// Probability that a step drops a hidden unit.
    pub dropout: Option<f64>,
    /// Whether the hidden layers' preactivations are normalised during training; the resulting network is a plain
    /// one.
    pub batch_norm: bool,
    /// Share of every label that is spread evenly over all characters, such as 0.05.
    pub label_smoothing: Option<f64>,
    /// Decay of the running average of the weights that is saved, such as 0.99; 0 saves the weights themselves.
    pub averaging: Option<f64>,
    /// Number of validation passes without an improvement after which a run stops.
    pub patience: Option<u64>,
    /// The loss on the validation names, in nats per predicted character, at which a run stops.
    pub target_loss: Option<f64>,
    /// Steps between two validation passes; `None` for fifty passes in a run.
    pub evaluate_every: Option<u64>,
    /// Whether multiplications and additions are rounded separately, as in a browser: the same bits there and here,
    /// a little slower.
    pub portable: bool,
    /// The seed of initialisation, batches and calibration.
    pub seed: Seed,
    /// Whether the names are not saved in the model; then it cannot tell new names from known ones.
    pub no_names: bool,
    /// Whether the saved model is the one whose losses are reported, instead of one that has learnt the held-out names,
    /// too. The presets that repeat the lecture, separate held-out names, distillation and teachers imply it.
    pub no_refit: bool,
}

impl Default for TrainOptions {
    /// The preset `fast`, seed 42.
    fn default() -> Self {
        TrainOptions {
            family: None,
            counts_context: None,
            networks: None,
            good_turing: false,
            distill: false,
            preset: Preset::default(),
            context: None,
            embedding: None,
            hidden: None,
            activation: None,
            residual: false,
            init: None,
            optimizer: None,
            learning_rate: None,
            schedule: None,
            batch: None,
            draw: None,
            steps: None,
            epochs: None,
            weight_decay: None,
            dropout: None,
            batch_norm: false,
            label_smoothing: None,
            averaging: None,
            patience: None,
            target_loss: None,
            evaluate_every: None,
            portable: false,
            seed: Seed::from(42),
            no_names: false,
            no_refit: false,
        }
    }
}

impl TrainOptions {
    /// The options of a preset, without any others.
    pub fn preset(preset: Preset) -> Self {
        TrainOptions {
            preset,
            ..TrainOptions::default()
        }
    }

    /// Whether a model of a list is fitted again on all of its names.
    pub fn refits(&self) -> bool {
        let resolved = self.resolved();
        !resolved.no_refit && !resolved.distill
    }

    /// These options, completed by those of the preset.
    pub fn resolved(&self) -> TrainOptions {
        let given = self.clone();
        let preset = self.preset.options();
        TrainOptions {
            family: given.family.or(preset.family),
            counts_context: given.counts_context.or(preset.counts_context),
            networks: given.networks.or(preset.networks),
            good_turing: given.good_turing || preset.good_turing,
            distill: given.distill || preset.distill,
            preset: given.preset,
            context: given.context.or(preset.context),
            embedding: given.embedding.or(preset.embedding),
            hidden: given.hidden.or(preset.hidden),
            activation: given.activation.or(preset.activation),
            residual: given.residual || preset.residual,
            init: given.init.or(preset.init),
            optimizer: given.optimizer.or(preset.optimizer),
            learning_rate: given.learning_rate.or(preset.learning_rate),
            schedule: given.schedule.or(preset.schedule),
            batch: given.batch.or(preset.batch),
            draw: given.draw.or(preset.draw),
            // Passes determine the number of steps, so they replace the preset's.
            steps: match given.epochs {
                Some(_) => given.steps,
                None => given.steps.or(preset.steps),
            },
            epochs: given.epochs,
            weight_decay: given.weight_decay.or(preset.weight_decay),
            dropout: given.dropout.or(preset.dropout),
            batch_norm: given.batch_norm || preset.batch_norm,
            label_smoothing: given.label_smoothing.or(preset.label_smoothing),
            averaging: given.averaging.or(preset.averaging),
            patience: given.patience.or(preset.patience),
            target_loss: given.target_loss.or(preset.target_loss),
            evaluate_every: given.evaluate_every.or(preset.evaluate_every),
            portable: given.portable || preset.portable,
            seed: given.seed,
            no_names: given.no_names || preset.no_names,
            no_refit: given.no_refit || preset.no_refit,
        }
    }
}
