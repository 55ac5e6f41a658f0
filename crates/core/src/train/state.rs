//! The state of a run between two steps. Together with the options and tables it determines the rest of the run, so
//! a run that is resumed from a saved state ends with the same bits. Saving it is up to the caller.

use serde::{Deserialize, Serialize};

use crate::model::Params;

/// The state of a run between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainState {
    /// Everything that is not a tensor.
    pub progress: Progress,
    /// The parameters.
    pub params: Params,
    /// Their running average, if one is configured.
    pub average: Option<Params>,
    /// First and second moments of the gradients, if the optimiser has them.
    pub moments: Option<[Params; 2]>,
    /// γ and β of batch normalisation for the parameters, the average and the moments, in this order; empty without
    /// batch normalisation.
    pub norms: Vec<f32>,
    /// The parameters with the best validation loss.
    pub best: Params,
    /// The rows of the current pass, in their order; empty for batches without passes.
    pub pass: Vec<u32>,
}

/// How far a run has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub steps_done: u64,
    /// Random numbers drawn for batches.
    pub batch_draws: u64,
    /// Random numbers drawn for dropout.
    pub dropout_draws: u64,
    /// Rows of the current pass that are done.
    pub pass_done: usize,
    /// Loss before the first step, in nats.
    pub first_loss: f64,
    /// Sum of the batch losses since the last evaluation, in nats.
    pub loss_sum: f64,
    /// Number of those batches.
    pub loss_count: u64,
    /// The step with the best validation loss.
    pub best_step: u64,
    /// That validation loss, if there is a validation table.
    pub best_val_loss: Option<f64>,
    /// Number of evaluations since then.
    #[serde(rename = "looks_since_best")]
    pub evaluations_since_best: u64,
    /// All evaluations so far.
    pub evaluations: Vec<Evaluation>,
}

/// One evaluation of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Steps done.
    pub step: u64,
    /// Total number of steps of the run.
    pub steps: u64,
    /// Passes through the table done (or through the corpus, for windows).
    pub epoch: f64,
    /// Mean batch loss since the last evaluation, in nats per predicted character.
    pub train_loss: f64,
    /// Validation loss in the same unit; `None` without a validation table.
    pub val_loss: Option<f64>,
    /// The current learning rate.
    pub learning_rate: f64,
    /// Whether this is the best evaluation so far, whose parameters are kept.
    pub best: bool,
}
