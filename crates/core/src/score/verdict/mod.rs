//! Whether a word is plausible as a name of the list: one calibrated verdict.

mod hypotheses;
pub(crate) mod plausibility;
mod ranks;
mod world;

pub use plausibility::{Judge, MIN_NAMES_TO_CALIBRATE, Plausibility, Verdict};
