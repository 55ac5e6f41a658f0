//! Rejects invalid options, and given options that have no effect.

use nextchar_core::Error;
use nextchar_core::setting::{Allowed, Setting};

use super::{BatchSize, Draw, Family, TrainOptions};

/// The largest number of networks in a model file.
const MOST_NETWORKS: f64 = 100.0;

impl TrainOptions {
    /// Checks the options that are not part of a shape or a training, and rejects options without an effect.
    /// `distills` is whether a network learns from the others and the counts.
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

    /// The first given option that has no effect, and the reason.
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
        let full = matches!(self.batch, Some(BatchSize::Full));
        let draws_rows = matches!(self.draw, Some(Draw::Windows | Draw::Passes));
        (full && draws_rows).then_some((Setting::Draw, FULL))
    }

    /// The first given option that concerns how networks are made or trained.
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
