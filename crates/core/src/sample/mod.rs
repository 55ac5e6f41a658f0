//! Step 7 of the lecture: new names, drawn letter by letter until the end mark.
//!
//! A [`Request`] says how many, and under which [`Conditions`]; a [`Generator`] is the iterator over the names
//! and knows the [`Probability`] of the conditions. [`most_likely()`] finds the N most probable names.
#![cfg_attr(rustfmt, rustfmt_skip)] // lecture order

mod chains;
mod config;
mod automaton;
mod constraint;
mod batch;
mod seen;
mod contexts;
mod alias;
mod filter;
mod free;
mod lazy;
mod block;
mod table;
mod rounds;
mod programme;
mod bounds;
mod generate;
mod graph;
mod most_likely;
mod corpus;

pub use config::SampleConfig;
pub use constraint::{Conditions, Constraint};
pub use batch::Batch;
pub use generate::{Generated, Generator, Method, Outcome, Probability, Request};
pub use most_likely::most_likely;
pub use corpus::sampled_windows;
