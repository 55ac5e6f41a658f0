//! Steps 4 to 6 of the lecture: embedding, concatenation, MLP, cross-entropy.
//!
//! A [`ModelConfig`] is the shape, [`Params`] are the numbers of that shape (and their gradients), and a
//! [`Network`] is both, ready to predict. [`mod@reference`] is the lecture in plain loops, to read and to
//! check by; [`Backprop`] is what training runs.

mod config;
mod params;
pub mod reference;

mod engine;
mod network;

pub use config::{Activation, Init, ModelConfig};
#[doc(hidden)] // the trainer's own, and the tests'
pub use engine::{Backprop, Batch, Dropout, PackedLayer, PackedLayout};
pub use engine::{BatchNorm, NormLayer};
pub use network::Network;
pub use params::{Linear, Params, TensorInfo};
