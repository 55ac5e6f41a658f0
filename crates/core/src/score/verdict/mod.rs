//! Whether a word is plausible as a name of the list: one calibrated verdict for each word.

mod background;
mod examples;
mod folding;
mod hypotheses;
mod near;
mod parts;
mod plausibility;
mod ranks;
mod trigrams;

pub use background::BackgroundModel;
pub use plausibility::{Judge, MIN_NAMES_TO_CALIBRATE, Plausibility, Verdict};
