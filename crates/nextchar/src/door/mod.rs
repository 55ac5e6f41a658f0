//! The door: a model that users hold, with everything that can be asked of it.

mod error;
mod evaluation;
mod files;
mod generate;
mod known;
mod look;
mod model;
mod recognition;
mod verdict;

pub use error::Error;
pub use evaluation::{EvaluateOptions, Evaluation};
pub use files::{LARGEST_MODEL, read_file};
pub use generate::{Generate, NewNames, WhyNone};
pub use model::Model;
pub use recognition::{Placeholders, Reason, Recognition};
pub use verdict::{Verdict, Verdicts};
