//! The plan of a training: every number that determines the model, from the options and the windows.

use std::borrow::Cow;

use nextchar_core::Error;
use nextchar_core::data::CountedWindows;
use nextchar_core::error::NoRepeats;
use nextchar_core::model::ModelConfig;
use nextchar_core::rng::Seed;
use nextchar_core::train::{BatchKind, Optimizer, TrainConfig};

use crate::corpus::Corpus;
use crate::options::{BatchSize, Draw, Family, LearningRate, OptimizerName, TrainOptions};

/// The default number of validation passes in a run.
pub const EVALUATIONS: u64 = 50;

/// Steps of a student per step of a network: it has more contexts to learn.
const STUDENT_STEPS: u64 = 4;

/// Everything that determines a model besides the list.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The options that it was made from, as they were given.
    pub options: TrainOptions,
    /// The networks' shape.
    pub shape: ModelConfig,
    /// How the first of them is trained.
    pub config: TrainConfig,
    /// The kind of model.
    pub family: Family,
    /// Number of networks, with different seeds.
    pub networks: usize,
    /// Whether one more network learns the predictions of these and the counts.
    pub distill: bool,
}

impl Plan {
    /// Checks the options and completes them with the preset's. If the learning rate is to be found, the preset's
    /// is used until then.
    ///
    /// # Errors
    /// Those of [`TrainOptions::validate`] and [`Corpus::windows`].
    pub fn new(options: &TrainOptions, corpus: &Corpus) -> Result<Self, Error> {
        options.validate()?;
        let resolved = options.resolved();
        let shape = shape(
            &resolved,
            corpus.vocab().len(),
            corpus.vocab().labels().len(),
        );
        shape.validate()?;
        let table = corpus.training_windows(shape.context_length)?;
        let in_epochs = |epochs| (epochs as f64 * batch(&resolved).steps_per_epoch(&table)).ceil();
        let steps = resolved.epochs.map(|epochs| in_epochs(epochs) as u64);
        let config = config(options, &resolved, steps)?;
        if resolved.good_turing {
            check_repeats(&resolved, corpus)?;
        }
        Ok(Plan {
            shape,
            config,
            family: set(resolved.family),
            networks: set(resolved.networks) as usize,
            distill: resolved.distill,
            options: options.clone(),
        })
    }

    /// How the network at this index is trained; all but the first have their own seeds.
    pub fn member(&self, place: usize) -> TrainConfig {
        let mut config = self.config.clone();
        if place > 0 {
            config.seed = seed_of(&config.seed, place);
        }
        config
    }

    /// How a student is trained: for longer, and without dropout, as its targets are soft.
    pub fn student(&self, place: usize) -> TrainConfig {
        TrainConfig {
            dropout: 0.0,
            steps: STUDENT_STEPS * self.config.steps,
            evaluate_every: STUDENT_STEPS * self.config.evaluate_every,
            seed: self.member(self.networks + place).seed,
            ..self.config.clone()
        }
    }

    /// The windows to learn from: with smoothed targets, if the options request it.
    pub fn smoothed<'t>(&self, table: &'t CountedWindows) -> Cow<'t, CountedWindows> {
        match self.options.label_smoothing {
            Some(share) => Cow::Owned(table.smoothed(share)),
            None => Cow::Borrowed(table),
        }
    }

    /// Whether any networks are trained.
    pub fn trains(&self) -> bool {
        self.family != Family::KneserNey
    }
}

/// The seed of another network.
fn seed_of(seed: &Seed, place: usize) -> Seed {
    let text = format!("{seed}/{place}");
    text.parse().unwrap_or_else(|never| match never {})
}

/// An option that every preset sets.
fn set<T>(value: Option<T>) -> T {
    value.expect("every preset sets it")
}

impl TrainOptions {
    /// Checks everything that can be checked without a list.
    ///
    /// # Errors
    /// [`Error::OutOfRange`], [`Error::Unused`] and others for invalid options.
    pub fn validate(&self) -> Result<(), Error> {
        /// The minimum of any network; the actual number is checked with the list.
        const FEWEST_CLASSES: usize = 2;
        let resolved = self.resolved();
        self.check(set(resolved.family), resolved.distill)?;
        match shape(&resolved, FEWEST_CLASSES, 0).validate() {
            Err(Error::ContextTooLong { .. }) => {} // reported later, with the list's classes
            checked => checked?,
        }
        config(self, &resolved, self.epochs)?;
        Ok(())
    }
}

/// Rejects data from which it cannot be estimated how often names repeat.
fn check_repeats(options: &TrainOptions, corpus: &Corpus) -> Result<(), Error> {
    let why = if corpus.given_counts().is_some() {
        NoRepeats::Counts
    } else if options.no_names {
        NoRepeats::NamesNotSaved
    } else if corpus.parts().train.names().all(|name| name.count == 1) {
        NoRepeats::NoDuplicates
    } else {
        return Ok(());
    };
    Err(Error::NoRepeats(why))
}

fn shape(resolved: &TrainOptions, vocab_size: usize, labels: usize) -> ModelConfig {
    ModelConfig {
        vocab_size,
        context_length: set(resolved.context),
        embedding_dim: set(resolved.embedding),
        hidden_sizes: set(resolved.hidden.clone()).0,
        activation: set(resolved.activation),
        residual: resolved.residual,
        labels,
    }
}

fn batch(resolved: &TrainOptions) -> BatchKind {
    match (set(resolved.batch), set(resolved.draw)) {
        (BatchSize::Full, _) => BatchKind::Full,
        (BatchSize::Rows(rows), Draw::Contexts) => BatchKind::Contexts(rows),
        (BatchSize::Rows(rows), Draw::Windows) => BatchKind::Windows(rows),
        (BatchSize::Rows(rows), Draw::Passes) => BatchKind::Passes(rows),
    }
}

/// How the first network is trained. `in_epochs` is the number of steps in the epochs.
fn config(
    given: &TrainOptions,
    resolved: &TrainOptions,
    in_epochs: Option<u64>,
) -> Result<TrainConfig, Error> {
    let optimizer = match set(resolved.optimizer) {
        OptimizerName::Sgd if given.weight_decay.is_some() => return Err(Error::DecayWithSgd),
        OptimizerName::Sgd => Optimizer::Sgd,
        OptimizerName::Adamw => Optimizer::adamw(set(resolved.weight_decay)),
    };
    let steps = set(resolved.steps.or(in_epochs));
    let config = TrainConfig {
        init: set(resolved.init),
        optimizer,
        learning_rate: learning_rate(resolved),
        schedule: set(resolved.schedule),
        batch: batch(resolved),
        steps,
        evaluate_every: resolved
            .evaluate_every
            .unwrap_or((steps / EVALUATIONS).max(1)),
        patience: resolved.patience,
        target_loss: resolved.target_loss,
        portable: resolved.portable,
        dropout: set(resolved.dropout),
        batch_norm: resolved.batch_norm,
        averaging: set(resolved.averaging),
        seed: resolved.seed.clone(),
    };
    config.validate()?;
    Ok(config)
}

fn learning_rate(resolved: &TrainOptions) -> f64 {
    match set(resolved.learning_rate) {
        LearningRate::Fixed(rate) => rate,
        LearningRate::Auto => learning_rate(&resolved.preset.options()),
    }
}
