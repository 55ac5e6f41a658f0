//! The evaluation of a model, as it is reported.

use serde::Serialize;

/// Everything that is reported about a model on some names.
#[derive(Serialize)]
pub struct Evaluation {
    #[serde(skip)]
    pub label: String,
    #[serde(skip)]
    pub context_length: usize,
    /// Whether whole names are repeated as often as the list says, in the model and in its rival.
    #[serde(skip)]
    pub names_return: bool,
    #[serde(flatten)]
    pub found: nextchar::Evaluation,
}
