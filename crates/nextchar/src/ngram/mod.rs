//! Counting as a model: what every network has to beat.

mod additive;
mod backoff;
mod discount;
mod kneser_ney;
mod levels;

pub use additive::{AdditiveNgram, Uniform};
pub use backoff::{BackoffNgram, BackoffRow, every_context};
pub use discount::Discounts;
pub use kneser_ney::KneserNey;
