//! What a model is worth: losses beside baselines, the stages of one prediction, novelty.
//!
//! [`evaluate()`] is the loss of a list beside what counting reaches, [`breakdown()`] where it comes from. A
//! [`WordScorer`] gives ln P of many words and a [`Judge`] a verdict on each. [`explain()`] shows every number
//! of one prediction, [`explain_word`] a name letter by letter.

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
    ExampleGradient, Explanation, LayerGradient, LayerValues, LetterExplanation, LikelyToken,
    Neighbor, Plane, WordExplanation, example_gradient, explain, explain_word, explain_word_after,
    letter_plane, neighbors,
};
pub use verdict::{Judge, MIN_NAMES_TO_CALIBRATE, Plausibility, Verdict};
pub use words::{WordBatch, WordScorer};
