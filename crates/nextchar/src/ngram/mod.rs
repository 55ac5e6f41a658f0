//! Counting models: the baselines beside every loss.

mod additive;

pub use additive::{AdditiveNgram, Uniform};
