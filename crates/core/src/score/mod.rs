//! What a model is worth: losses beside baselines, the stages of one prediction, novelty.
//!
//! [`evaluate()`] is the loss of a list beside what counting reaches, [`breakdown()`] where it comes from. A
//! [`WordScorer`] gives ln P of many words and a [`Judge`] a verdict on each. [`explain()`] shows every number
//! of one prediction, [`explain_word`] a name letter by letter.

mod breakdown;
mod evaluate;
mod explain;
mod generated;
mod gradient;
mod hypotheses;
mod letter_by_letter;
mod letters;
mod logistic;
mod memory;
mod novelty;
mod plausibility;
mod ranks;
mod words;
mod world;

pub use breakdown::{Breakdown, Margin, ScoredName, Share, breakdown};
pub use evaluate::{Baselines, Report, Rivals, evaluate, name_log_prob, token_log_probs};
pub use explain::{Explanation, LayerValues, explain};
pub use generated::{GeneratedNames, LengthShare, generated_names};
pub use gradient::{ExampleGradient, LayerGradient, example_gradient};
pub use letter_by_letter::{LetterExplanation, LikelyToken, WordExplanation, explain_word};
pub use letters::{Neighbor, Plane, letter_plane, neighbors};
pub use novelty::{Novelty, NoveltyCounts, novelty};
pub use plausibility::{Judge, MIN_NAMES_TO_CALIBRATE, Plausibility, Verdict};
pub use words::{WordBatch, WordScorer};
