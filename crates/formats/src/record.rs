//! How a model was made: stored in the file, and shown by `inspect`.

use std::collections::BTreeMap;

use nextchar_core::combine::mixture::Weights;
use nextchar_core::combine::repeats::Factors;
use nextchar_core::data::{MAX_NAME_LENGTH, SplitOptions};
use nextchar_core::model::ModelConfig;
use nextchar_core::score::Plausibility;
use nextchar_core::text::VocabRecord;
use serde::{Deserialize, Serialize};

use crate::error::{FormatError, MetadataFault};

/// How a model was made. Without times, paths or thread counts, so that equal results give equal bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// SHA-256 of the training names and counts.
    pub data_hash: String,
    /// How the list was split; `None` if validation or test names came from separate lists.
    pub split: Option<SplitOptions>,
    /// Length of the shortest name of the whole list, in characters; 0 if it is not known.
    #[serde(default)]
    pub shortest_name: usize,
    /// Length of the longest name of the whole list, in characters.
    pub longest_name: usize,
    /// How names are drawn unless a request says otherwise.
    #[serde(default, skip_serializing_if = "Sampling::is_plain")]
    pub sampling: Sampling,
    /// The options that affect the result, by name.
    pub options: BTreeMap<String, serde_json::Value>,
    /// The context length with which Kneser–Ney was best on the validation names.
    pub best_counts: Option<usize>,
    /// Number of training windows N.
    pub examples: u64,
    /// Number of unique training contexts.
    pub contexts: u64,
    /// The number of training steps done.
    pub steps: u64,
    /// The step whose parameters were kept.
    pub best_step: u64,
    /// The losses of these parameters, in nats per predicted character.
    pub losses: Losses,
    /// Whether the saved parameters have learnt the validation and test names, too. The losses, the steps and the
    /// calibration are those of the model before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refitted: bool,
    /// The validation passes during the training of the last network.
    #[serde(default)]
    pub curve: Vec<CurvePoint>,
    /// The calibration of the verdict, computed from the validation names.
    pub plausibility: Option<Plausibility>,
}

/// Temperature and top-p, chosen so that new names read as well as those of the list.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// Values below 1 make likely characters likelier.
    pub temperature: f64,
    /// Every character is one of the most probable ones that together have this probability.
    pub top_p: f64,
}

impl Default for Sampling {
    /// Draws from the unchanged model.
    fn default() -> Self {
        Sampling {
            temperature: 1.0,
            top_p: 1.0,
        }
    }
}

impl Sampling {
    fn is_plain(&self) -> bool {
        *self == Sampling::default()
    }
}

/// One validation pass: a point of the loss curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The number of steps done.
    pub step: u64,
    /// The mean loss of the batches since the last validation pass, in nats per predicted character.
    pub train_loss: f64,
    /// The validation loss, if there are validation names.
    pub val_loss: Option<f64>,
}

/// Losses by part of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Losses {
    /// On the names that the model was trained on.
    pub train: f64,
    /// On the names that choices were based on.
    pub val: Option<f64>,
    /// On the names that the reported result is measured on.
    pub test: Option<f64>,
    /// The loss of counting (Kneser–Ney with its best context) on the test names, or else on the validation names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counting: Option<f64>,
}

/// All metadata, as stored in the file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) format_version: u64,
    pub(crate) vocab: VocabRecord,
    /// Number of label tokens at the left of every context.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) held: usize,
    /// The shapes of the networks; empty for counts alone.
    pub(crate) networks: Vec<ModelConfig>,
    /// How networks and counts are mixed.
    pub(crate) weights: Weights,
    /// The context length of the Kneser–Ney counts, if there are any.
    pub(crate) kneser_ney: Option<usize>,
    /// The Good–Turing factors of whole names, if the model has them.
    #[serde(default, rename = "returning", skip_serializing_if = "Option::is_none")]
    pub(crate) repeats: Option<Factors>,
    pub(crate) record: Record,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Refuses a longest name that no list can contain: generation allocates memory for it.
pub(crate) fn check_longest_name(length: usize) -> Result<(), FormatError> {
    let most = MAX_NAME_LENGTH;
    if length > most {
        return Err(MetadataFault::LongestName { length, most }.into());
    }
    Ok(())
}
