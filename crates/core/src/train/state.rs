//! What the rest of a run depends on, beside its options and tables: kept elsewhere, training goes on
//! from it and ends in the same bits. Where and how it is kept is the caller's business.

use serde::{Deserialize, Serialize};

use crate::model::Params;

/// A run between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainState {
    /// Every number that is no tensor.
    pub progress: Progress,
    /// The parameters.
    pub params: Params,
    /// Their running average, where it is asked for.
    pub average: Option<Params>,
    /// First and second moment of the gradients, where the optimiser has them.
    pub moments: Option<[Params; 2]>,
    /// γ and β of batch normalisation that belong to the parameters, the average and the moments, one
    /// after the other; empty without it.
    pub norms: Vec<f32>,
    /// The parameters of the best look at val.
    pub best: Params,
    /// The rows of the pass under way, in its order; empty for batches that have no passes.
    pub pass: Vec<u32>,
}

/// How far a run is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub steps_done: u64,
    /// Random numbers taken from the stream of batches.
    pub batch_draws: u64,
    /// Random numbers taken from the stream of dropout.
    pub dropout_draws: u64,
    /// Rows of the pass that were seen.
    pub pass_done: usize,
    /// Loss before the first step, in nats.
    pub first_loss: f64,
    /// Losses of the batches since the last look at val, added up, in nats.
    pub loss_sum: f64,
    /// How many they are.
    pub loss_count: u64,
    /// The step of the best look.
    pub best_step: u64,
    /// Its loss on val, where there is one.
    pub best_val_loss: Option<f64>,
    /// Looks at val since then.
    pub looks_since_best: u64,
    /// Every look at val so far.
    pub evaluations: Vec<Evaluation>,
}

/// One look at the state of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Steps done.
    pub step: u64,
    /// Steps that there will be.
    pub steps: u64,
    /// Passes through the table (or the corpus, for windows) done.
    pub epoch: f64,
    /// Mean loss of the batches since the last look, nats per predicted character.
    pub train_loss: f64,
    /// Loss on val, the same unit; `None` where there is no val.
    pub val_loss: Option<f64>,
    /// The learning rate now.
    pub learning_rate: f64,
    /// Whether this is the best so far, which is what is kept.
    pub best: bool,
}
