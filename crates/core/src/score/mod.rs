//! What a model is worth: losses and baselines, novelty, verdicts on words, and every number of a prediction.
//!
//! [`evaluate()`] compares the loss on a list with counting, and [`breakdown()`] shows where the loss
//! comes from. A [`WordScorer`] gives ln P of many words and a [`Judge`] a verdict on each. [`explain()`] shows
//! every number of one prediction, [`explain_word`] a name character by character.

pub(crate) mod evaluate;
mod explain;
mod verdict;
mod words;

pub use evaluate::{
    Baselines, Breakdown, GeneratedNames, LengthShare, Margin, Novelty, NoveltyCounts, Report,
    Rivals, ScoredName, Share, breakdown, evaluate, generated_names, name_log_prob, novelty,
    token_log_probs, token_log_probs_after,
};
pub use explain::{
    CharacterExplanation, ExampleGradient, Explanation, LayerGradient, LayerValues, LikelyToken,
    Neighbor, Plane, WordExplanation, embedding_plane, example_gradient, explain, explain_word,
    explain_word_after, neighbors,
};
pub use verdict::{BackgroundModel, Judge, MIN_NAMES_TO_CALIBRATE, Plausibility, Verdict};
pub use words::{WordBatch, WordScorer};
