//! Step 7 of the lecture: new names, drawn letter by letter until the end mark.
#![cfg_attr(rustfmt, rustfmt_skip)] // lecture order

mod temperature;
mod sampler;
mod generate;
mod corpus;

pub use corpus::sampled_windows;
pub use generate::{Generated, Generator, Outcome, Request};
pub use sampler::{Draw, NameSampler};
pub use temperature::Temperature;
