//! The options of a training, spelled as on the command line; what is left out is the preset's.

use std::fmt;

use nextchar_core::Error;
use nextchar_core::model::{Activation, Init};
use nextchar_core::setting::{Allowed, Setting};
use nextchar_core::train::Schedule;
use serde::{Deserialize, Serialize};

/// A model file holds no more networks.
const MOST_NETWORKS: f64 = 100.0;

/// What kind of model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// The lecture's, of any depth.
    Network,
    /// Interpolated modified Kneser–Ney: counting alone.
    KneserNey,
    /// Networks and counts, weighted on val.
    Mixture,
}

/// How a gradient becomes a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerName {
    /// Plain stochastic gradient descent.
    Sgd,
    /// Adam with decoupled weight decay.
    Adamw,
}

/// What the rows of a batch are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Draw {
    /// Contexts with all their counts, drawn in proportion to them.
    Contexts,
    /// Single windows, drawn uniformly.
    Windows,
    /// Contexts in shuffled passes through all of them, frequent ones split up.
    Passes,
}

/// Rows in a step: `full` or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum BatchSize {
    /// This many.
    Rows(usize),
    /// All.
    Full(Full),
}

/// The word `full`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Full {
    /// All rows.
    Full,
}

impl fmt::Display for BatchSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BatchSize::Rows(rows) => rows.fmt(f),
            BatchSize::Full(_) => f.write_str("full"),
        }
    }
}

/// The options of `train` that decide its result, beside those that say how the list is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "they are the command line's, documented there")]
pub struct TrainOptions {
    pub preset: String,
    pub family: Option<Family>,
    pub counts_context: Option<usize>,
    pub networks: Option<u32>,
    pub distill: bool,
    pub good_turing: bool,
    pub context: Option<usize>,
    pub embedding: Option<usize>,
    pub hidden: Option<Vec<usize>>,
    pub activation: Option<Activation>,
    pub residual: bool,
    pub init: Option<Init>,
    pub optimizer: Option<OptimizerName>,
    pub learning_rate: Option<f64>,
    pub schedule: Option<Schedule>,
    pub batch: Option<BatchSize>,
    pub draw: Option<Draw>,
    pub steps: Option<u64>,
    pub epochs: Option<u64>,
    pub weight_decay: Option<f64>,
    pub dropout: Option<f64>,
    pub batch_norm: bool,
    pub label_smoothing: Option<f64>,
    pub averaging: Option<f64>,
    pub patience: Option<u64>,
    pub target_loss: Option<f64>,
    pub evaluate_every: Option<u64>,
    pub portable: bool,
    pub seed: String,
    pub no_names: bool,
}

impl Default for TrainOptions {
    fn default() -> Self {
        TrainOptions {
            preset: "fast".into(),
            family: None,
            counts_context: None,
            networks: None,
            distill: false,
            good_turing: false,
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
            seed: "42".into(),
            no_names: false,
        }
    }
}

impl TrainOptions {
    /// Checks what is not part of a shape or a training, and refuses options without an effect.
    /// `distills` says whether a network learns from the others and the counts.
    pub(crate) fn check(&self, family: Family, distills: bool) -> Result<(), Error> {
        if let Some((setting, beside)) = self.unused(family, distills) {
            return Err(Error::Unused { setting, beside });
        }
        if let Some(number) = self.networks {
            Setting::Networks.check(f64::from(number), Allowed::Within(1.0, MOST_NETWORKS))?;
        }
        if let Some(epochs) = self.epochs {
            Setting::Epochs.check(epochs as f64, Allowed::AtLeast(1.0))?;
        }
        if let Some(share) = self.label_smoothing {
            Setting::LabelSmoothing.check(share, Allowed::Below(0.0, 1.0))?;
        }
        Ok(())
    }

    /// The first option that is given and has no effect, and why.
    fn unused(&self, family: Family, distills: bool) -> Option<(Setting, &'static str)> {
        const COUNTS: &str = "in a model that only counts";
        const NETWORK: &str = "in a model without counts";
        const FULL: &str = "with full batches";
        if family == Family::KneserNey {
            return Some((self.of_networks()?, COUNTS));
        }
        let counts = family == Family::Mixture || distills;
        if self.counts_context.is_some() && !counts {
            return Some((Setting::CountsContext, NETWORK));
        }
        let full = matches!(self.batch, Some(BatchSize::Full(_)));
        let draws_rows = matches!(self.draw, Some(Draw::Windows | Draw::Passes));
        (full && draws_rows).then_some((Setting::Draw, FULL))
    }

    /// The first option that is given and says how networks are made or trained.
    fn of_networks(&self) -> Option<Setting> {
        let given = [
            (self.networks.is_some(), Setting::Networks),
            (self.distill, Setting::Distill),
            (self.embedding.is_some(), Setting::EmbeddingDim),
            (self.hidden.is_some(), Setting::HiddenSize),
            (self.activation.is_some(), Setting::Activation),
            (self.residual, Setting::Residual),
            (self.init.is_some(), Setting::Init),
            (self.optimizer.is_some(), Setting::Optimizer),
            (self.learning_rate.is_some(), Setting::LearningRate),
            (self.schedule.is_some(), Setting::Schedule),
            (self.batch.is_some(), Setting::BatchSize),
            (self.draw.is_some(), Setting::Draw),
            (self.steps.is_some(), Setting::Steps),
            (self.epochs.is_some(), Setting::Epochs),
            (self.weight_decay.is_some(), Setting::WeightDecay),
            (self.dropout.is_some(), Setting::Dropout),
            (self.batch_norm, Setting::BatchNorm),
            (self.label_smoothing.is_some(), Setting::LabelSmoothing),
            (self.averaging.is_some(), Setting::Averaging),
            (self.patience.is_some(), Setting::Patience),
            (self.target_loss.is_some(), Setting::TargetLoss),
            (self.evaluate_every.is_some(), Setting::EvaluateEvery),
        ];
        given
            .into_iter()
            .find(|(given, _)| *given)
            .map(|(_, setting)| setting)
    }
}
