//! Step 7: drawing names from a model, letter by letter until the end mark.
#![cfg_attr(rustfmt, rustfmt_skip)] // from the part to the whole

mod temperature;
mod distribution;
mod sampler;
mod generate;

pub use generate::{Generated, Generator, Outcome, Rejections, Request};
pub use sampler::{Draw, NameSampler, SampleConfig};
pub use temperature::{apply_temperature, check_temperature};
