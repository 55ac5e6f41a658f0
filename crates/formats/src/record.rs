//! What was done to make a model: kept in the file, shown by `inspect`.

use std::collections::BTreeMap;

use nextchar_core::combine::mixture::Weights;
use nextchar_core::combine::repeats::Factors;
use nextchar_core::data::{MAX_NAME_LENGTH, SplitOptions};
use nextchar_core::model::ModelConfig;
use nextchar_core::score::Plausibility;
use nextchar_core::text::Vocab;
use serde::{Deserialize, Serialize};

use crate::error::{FormatError, MetadataFault};

/// How a model was made. No times, paths or thread counts: equal results are equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// SHA-256 of the training names and counts.
    pub data_hash: String,
    /// How the list was split; `None` where val and test were lists of their own.
    pub split: Option<SplitOptions>,
    /// Length of the longest name of the whole list, in characters.
    pub longest_name: usize,
    /// The options that change the result, by name.
    pub options: BTreeMap<String, serde_json::Value>,
    /// The context length with which Kneser–Ney was best on val.
    pub best_counts: Option<usize>,
    /// Number of training windows N.
    pub examples: u64,
    /// Number of unique training contexts.
    pub contexts: u64,
    /// Training steps done.
    pub steps: u64,
    /// The step that the parameters are of.
    pub best_step: u64,
    /// Losses of these parameters, nats per predicted character.
    pub losses: Losses,
    /// The looks at val while the last network was trained.
    #[serde(default)]
    pub curve: Vec<CurvePoint>,
    /// What tells names of this kind from other words, learnt from val.
    pub plausibility: Option<Plausibility>,
}

/// One look at a run: a point of its loss curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Steps done.
    pub step: u64,
    /// Mean loss of the batches since the last look, nats per predicted character.
    pub train_loss: f64,
    /// Loss on val, where there is one.
    pub val_loss: Option<f64>,
}

/// Losses by part of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Losses {
    /// On what was learnt from.
    pub train: f64,
    /// On what choices were made on.
    pub val: Option<f64>,
    /// On what claims are made on.
    pub test: Option<f64>,
}

/// All of the metadata, as it stands in the file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) format_version: u64,
    pub(crate) vocab: Vocab,
    /// The shapes of the networks, none for counts alone.
    pub(crate) networks: Vec<ModelConfig>,
    /// How networks and counts are mixed.
    pub(crate) weights: Weights,
    /// Context length of the Kneser–Ney counts, where there are some.
    pub(crate) kneser_ney: Option<usize>,
    /// By what Good and Turing change the probability of whole names, where they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) returning: Option<Factors>,
    pub(crate) record: Record,
}

/// Refuses a longest name that no list has: generation takes memory for it.
pub(crate) fn check_longest_name(length: usize) -> Result<(), FormatError> {
    let most = MAX_NAME_LENGTH;
    if length > most {
        return Err(MetadataFault::LongestName { length, most }.into());
    }
    Ok(())
}
