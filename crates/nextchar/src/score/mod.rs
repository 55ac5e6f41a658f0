//! What a model is worth: losses beside baselines, the stages of one prediction, novelty.

mod breakdown;
mod evaluate;
mod explain;
mod generated;
mod gradient;
mod letters;
mod novelty;
mod plausibility;

pub use breakdown::{Breakdown, Margin, ScoredName, Share, breakdown};
pub use evaluate::{Baselines, Report, Rivals, evaluate, name_log_prob};
pub use explain::{Explanation, LayerValues, explain};
pub use generated::{GeneratedNames, LengthShare, generated_names};
pub use gradient::{ExampleGradient, LayerGradient, example_gradient};
pub use letters::{Neighbor, Plane, letter_plane, neighbors};
pub use novelty::{Novelty, NoveltyCounts, novelty};
pub use plausibility::{Judge, MIN_NAMES_TO_CALIBRATE, Plausibility, Verdict, token_log_probs};
