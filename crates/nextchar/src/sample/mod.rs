//! Step 7 of the lecture: new names, drawn letter by letter until the end mark.
#![cfg_attr(rustfmt, rustfmt_skip)] // lecture order

mod temperature;
mod automaton;
mod constraint;
mod excluded;
mod exact;
mod generate;
mod most_likely;
mod corpus;

pub use temperature::Temperature;
pub use constraint::{Conditions, Constraint};
pub use generate::{Generated, Generator, Outcome, Probability, Request};
pub use most_likely::most_likely;
pub use corpus::sampled_windows;
