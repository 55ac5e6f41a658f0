//! Step 7 of the lecture: new names, drawn token by token until the end mark.
//!
//! A [`Request`] says how many, and under which [`Conditions`]; a [`Generator`] is the iterator over the names
//! and knows the [`Probability`] of the conditions. [`most_likely()`] finds the N most probable names.

mod batch;
mod conditions;
mod config;
mod contexts;
mod draw_counts;
mod generator;
mod methods;
mod source;

pub use batch::Batch;
pub use conditions::{Conditions, Constraint};
pub use config::SampleConfig;
pub use draw_counts::sampled_windows;
pub use generator::{Generated, Generator, Method, Outcome, Probability, Request};
pub use methods::{most_likely, most_likely_after};
