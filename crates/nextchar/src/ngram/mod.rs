//! Counting as a model: the baselines that a network has to beat.

mod additive;
mod uniform;

pub use additive::AdditiveNgram;
pub use uniform::Uniform;
