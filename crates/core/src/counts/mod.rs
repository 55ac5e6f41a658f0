//! Counts as a model: the baselines that every network has to beat.
//!
//! [`KneserNey`] is the strongest; [`AdditiveNgram`] and [`Uniform`] are the simplest. [`BackoffNgram`] is any model
//! written out as an n-gram model.

mod additive;
mod automaton;
mod backoff;
mod counting;
pub(crate) mod discount;
mod distributions;
mod kneser_ney;
pub(crate) mod levels;

pub use additive::{AdditiveNgram, Uniform};
pub use backoff::{BackoffNgram, BackoffRow, every_context};
pub use kneser_ney::KneserNey;
pub use levels::Discounts;
