//! What a model is worth: losses beside baselines, the stages of one prediction, novelty.

mod evaluate;
mod explain;
mod novelty;
mod plausibility;

pub use evaluate::{Baselines, Report, Rivals, evaluate, name_log_prob};
pub use explain::{Explanation, LayerValues, explain};
pub use novelty::{Novelty, NoveltyCounts, novelty};
pub use plausibility::{Judge, MIN_NAMES_TO_CALIBRATE, Plausibility, Verdict, token_log_probs};
