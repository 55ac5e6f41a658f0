//! Held-out loss compared with counting, where it comes from, and the names that a model generates.

mod breakdown;
mod generated;
pub(crate) mod losses;
mod novelty;

pub use breakdown::{Breakdown, Margin, ScoredName, Share, breakdown};
pub use generated::{GeneratedNames, LengthShare, generated_names};
pub use losses::{
    Baselines, Report, Rivals, evaluate, name_log_prob, token_log_probs, token_log_probs_after,
};
pub use novelty::{Novelty, NoveltyCounts, novelty};
