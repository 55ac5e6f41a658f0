//! A training planned: the options, else the preset's; and the model that its networks become.

use nextchar_core::combine::mixture::{Mixture, Weights};
use nextchar_core::counts::KneserNey;
use nextchar_core::data::CountedWindows;
use nextchar_core::error::NoRepeats;
use nextchar_core::model::{ModelConfig, Network};
use nextchar_core::rng::Seed;
use nextchar_core::score::Rivals;
use nextchar_core::train::{BatchKind, Optimizer, TrainConfig};
use nextchar_core::{Error, Executor, LanguageModel};

use crate::corpus::Corpus;
use crate::counted::Part;
use crate::options::{BatchSize, Draw, Family, OptimizerName, TrainOptions};
use crate::presets::{PRESETS, Preset};

/// Looks at val in a run.
pub const EVALUATIONS: u64 = 50;

/// Everything that a model is made from, beside the list.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The options that it was made from.
    pub options: TrainOptions,
    /// The networks' shape.
    pub shape: ModelConfig,
    /// How the first of them is trained.
    pub config: TrainConfig,
    /// What kind of model.
    pub family: Family,
    /// How many networks, of different seeds.
    pub networks: usize,
    /// Whether one more learns what they and the counts predict.
    pub distill: bool,
}

/// Checks the options, fills in the preset's, and counts the windows of the training names.
///
/// # Errors
/// [`Error::OutOfRange`], [`Error::Unused`] and others for options that cannot be; those of
/// [`Corpus::windows`].
pub fn plan(options: &TrainOptions, corpus: &Corpus) -> Result<(Plan, CountedWindows), Error> {
    let preset = options.validate()?;
    let shape = shape(options, &preset, corpus.vocab.len());
    shape.validate()?;
    let table = corpus.listed(shape.context_length)?;
    let epochs = options.epochs.map(|epochs| {
        let batch = batch(options, &preset);
        (epochs as f64 * batch.steps_per_epoch(&table)).ceil() as u64
    });
    let config = config(options, &preset, epochs)?;
    if options.good_turing {
        check_returning(options, corpus)?;
    }
    let plan = Plan {
        shape,
        config,
        family: options.family.unwrap_or(preset.family),
        networks: options
            .networks
            .map_or(preset.networks, |number| number as usize),
        distill: options.distill || preset.distill,
        options: options.clone(),
    };
    Ok((plan, table))
}

impl TrainOptions {
    /// Checks all that can be checked without a list, and gives the preset.
    ///
    /// # Errors
    /// [`Error::NoPreset`], [`Error::OutOfRange`], [`Error::Unused`] and others for options that cannot be.
    pub fn validate(&self) -> Result<Preset, Error> {
        /// What a network has at least; the list's own number is checked with the list.
        const FEWEST_CLASSES: usize = 2;
        let preset = Preset::find(&self.preset).ok_or_else(|| Error::NoPreset {
            wanted: self.preset.clone(),
            known: PRESETS.map(|preset| preset.name).into(),
        })?;
        let family = self.family.unwrap_or(preset.family);
        self.check(family, self.distill || preset.distill)?;
        match shape(self, &preset, FEWEST_CLASSES).validate() {
            Err(Error::ContextTooLong { .. }) => {} // said with the list's own number
            checked => checked?,
        }
        config(self, &preset, self.epochs)?;
        Ok(preset)
    }
}

/// Refuses to estimate how often names return from what does not tell it.
fn check_returning(options: &TrainOptions, corpus: &Corpus) -> Result<(), Error> {
    let why = if corpus.counted.is_some() {
        NoRepeats::Counts
    } else if options.no_names {
        NoRepeats::NamesNotSaved
    } else if corpus.parts.train.names().all(|name| name.count == 1) {
        NoRepeats::NoDuplicates
    } else {
        return Ok(());
    };
    Err(Error::NoRepeats(why))
}

/// The network's shape: the options, else the preset's.
fn shape(options: &TrainOptions, preset: &Preset, vocab_size: usize) -> ModelConfig {
    let hidden = options.hidden.clone();
    ModelConfig {
        vocab_size,
        context_length: options.context.unwrap_or(preset.context),
        embedding_dim: options.embedding.unwrap_or(preset.embedding),
        hidden_sizes: hidden.unwrap_or_else(|| preset.hidden.to_vec()),
        activation: options.activation.unwrap_or(preset.activation),
        residual: options.residual || preset.residual,
    }
}

/// The rows of a step: the options, else the preset's.
fn batch(options: &TrainOptions, preset: &Preset) -> BatchKind {
    let (size, draw) = preset.rows();
    match (options.batch.unwrap_or(size), options.draw.unwrap_or(draw)) {
        (BatchSize::Full(_), _) => BatchKind::Full,
        (BatchSize::Rows(rows), Draw::Contexts) => BatchKind::Contexts(rows),
        (BatchSize::Rows(rows), Draw::Windows) => BatchKind::Windows(rows),
        (BatchSize::Rows(rows), Draw::Passes) => BatchKind::Passes(rows),
    }
}

/// How it is trained: the options, else the preset's. `epochs` are the steps that the epochs have.
fn config(
    options: &TrainOptions,
    preset: &Preset,
    epochs: Option<u64>,
) -> Result<TrainConfig, Error> {
    let batch = batch(options, preset);
    let optimizer = match options.optimizer.unwrap_or(preset.optimizer) {
        OptimizerName::Sgd if options.weight_decay.is_some() => {
            return Err(Error::DecayWithSgd);
        }
        OptimizerName::Sgd => Optimizer::Sgd,
        OptimizerName::Adamw => {
            Optimizer::adamw(options.weight_decay.unwrap_or(preset.weight_decay))
        }
    };
    let steps = options.steps.or(epochs).unwrap_or(preset.steps);
    let config = TrainConfig {
        init: options.init.unwrap_or(preset.init),
        optimizer,
        learning_rate: options.learning_rate.unwrap_or(preset.learning_rate),
        schedule: options.schedule.unwrap_or(preset.schedule),
        batch,
        steps,
        evaluate_every: options
            .evaluate_every
            .unwrap_or((steps / EVALUATIONS).max(1)),
        patience: options.patience,
        target_loss: options.target_loss,
        portable: options.portable,
        dropout: options.dropout.unwrap_or(preset.dropout),
        batch_norm: options.batch_norm,
        averaging: options.averaging.unwrap_or(preset.averaging),
        seed: seed(&options.seed),
    };
    config.validate()?;
    Ok(config)
}

/// A seed from its text.
fn seed(text: &str) -> Seed {
    text.parse().unwrap_or_else(|never| match never {})
}

impl Plan {
    /// How the network of this place in the order is trained; all but the first have seeds of their own.
    pub fn member(&self, index: usize) -> TrainConfig {
        let mut config = self.config.clone();
        if index > 0 {
            config.seed = seed(&format!("{}/{index}", config.seed));
        }
        config
    }

    /// The windows as they are learnt: their targets smoothed, where that is asked for.
    pub fn smoothed(&self, table: CountedWindows) -> CountedWindows {
        match self.options.label_smoothing {
            Some(share) => table.smoothed(share),
            None => table,
        }
    }

    /// Whether networks are trained at all.
    pub fn trains(&self) -> bool {
        self.family != Family::KneserNey
    }

    /// The model that trained networks become: alone, or mixed with counts by weights that are chosen on
    /// val; without networks, the counts alone.
    ///
    /// # Errors
    /// [`Error::EmptyMixture`] where there is nothing to mix; those of [`Corpus::windows`].
    pub fn model(
        &self,
        corpus: &Corpus,
        networks: Vec<Network>,
        rivals: &Rivals,
        executor: &dyn Executor,
    ) -> Result<Mixture, Error> {
        let mut model = match self.family {
            Family::Network => Mixture::new(networks, None, Weights::default())?,
            Family::KneserNey => self.counts(corpus, rivals, executor)?.into(),
            Family::Mixture => {
                let counts = self.counts(corpus, rivals, executor)?;
                mixed(corpus, networks, counts, executor)?
            }
        };
        self.finish(&mut model, corpus, executor)?;
        Ok(model)
    }

    /// What comes last: whole names return as often as the list says, where that is asked for.
    ///
    /// # Errors
    /// Those of [`Mixture::fit_returning`].
    pub fn finish(
        &self,
        model: &mut Mixture,
        corpus: &Corpus,
        executor: &dyn Executor,
    ) -> Result<(), Error> {
        match self.options.good_turing {
            true => model.fit_returning(&corpus.parts.train, &corpus.vocab, executor),
            false => Ok(()),
        }
    }

    /// The counts of the model: of the context that was asked for, else the best on val.
    ///
    /// # Errors
    /// Those of [`Corpus::windows`].
    pub fn counts(
        &self,
        corpus: &Corpus,
        rivals: &Rivals,
        executor: &dyn Executor,
    ) -> Result<KneserNey, Error> {
        match self.options.counts_context {
            Some(length) => corpus.kneser_ney(length, executor),
            None => {
                let best = rivals.best_kneser_ney.as_ref();
                let counts = best.or(rivals.kneser_ney.as_ref());
                Ok(counts.expect("Kneser–Ney is always counted").clone())
            }
        }
    }
}

/// Networks with counts; the weights are chosen on val where there is one.
///
/// # Errors
/// [`Error::EmptyMixture`] where there is nothing to mix; those of [`Corpus::windows`].
pub fn mixed(
    corpus: &Corpus,
    networks: Vec<Network>,
    counts: KneserNey,
    executor: &dyn Executor,
) -> Result<Mixture, Error> {
    /// What val mostly chooses.
    const USUAL: Weights = Weights {
        networks: 0.6,
        counts: 0.4,
    };
    let mut mixture = Mixture::new(networks, Some(counts), USUAL)?;
    let length = mixture.context_length();
    if let Some(val) = corpus.windows(Part::Val, length)? {
        mixture.fit_weights(&val, executor);
    }
    Ok(mixture)
}
