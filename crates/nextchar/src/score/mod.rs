//! How good a model is, what it computed, and whether its names are new.

mod evaluate;
mod explain;
mod novelty;

pub use crate::language_model::loss;
pub use evaluate::{Baselines, Report, evaluate, name_log_prob, token_log_probs};
pub use explain::{ContextSymbol, Explanation, HiddenLayer, explain};
pub use novelty::{Novelty, NoveltyCounts};
