//! Steps 4 to 6 of the lecture: embedding, concatenation, MLP, cross-entropy.
//!
//! A [`ModelConfig`] is a shape, [`Params`] are parameters (or gradients) of that shape, and a [`Network`] is both
//! together, ready to predict. [`mod@reference`] is the lecture in plain loops, to read and to test against.

mod config;
mod params;
pub mod reference;

mod engine;
mod network;

pub use config::{Activation, Init, ModelConfig};
#[doc(hidden)] // for the trainer and tests
pub use engine::{Backprop, Batch, Dropout, PackedLayer, PackedLayout};
pub use engine::{BatchNorm, NormLayer};
pub use network::Network;
pub use params::{Linear, Params, TensorInfo};
