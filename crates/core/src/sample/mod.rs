//! Step 7 of the lecture: new names, drawn token by token until the end mark.
//!
//! A [`Request`] holds the number of names and the [`Conditions`] on them; a [`Generator`] is an iterator over
//! the names and reports the [`Probability`] of the conditions. [`most_likely()`] finds the N most probable names.

mod batch;
mod conditions;
mod config;
mod contexts;
mod draw_counts;
mod generator;
mod methods;
mod outcome;
mod probability;
mod request;
mod source;

pub use batch::Batch;
pub use conditions::{Conditions, Constraint, Spelling};
pub use config::SampleConfig;
pub use draw_counts::sampled_windows;
pub use generator::Generator;
pub use methods::{most_likely, most_likely_after};
pub use outcome::{Generated, MostLikely, Outcome, Waiting};
pub use probability::{Method, Probability};
pub use request::Request;
