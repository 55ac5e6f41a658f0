//! Steps 4 to 6 of the lecture: embedding, concatenation, MLP, cross-entropy.
//!
//! A [`ModelConfig`] is the shape, [`Params`] are the numbers of that shape (and their gradients), and a
//! [`Network`] is both, ready to predict. [`mod@reference`] is the same in plain loops, to read and to check
//! by; [`Backprop`] is what training runs.
#![cfg_attr(rustfmt, rustfmt_skip)] // lecture order

mod config;
mod params;
pub mod reference;

mod packed;
mod batch;
mod embedding;
mod features;
mod hidden;
mod loss;
mod network;
mod batch_norm;
mod backprop;

pub use config::{Activation, Init, ModelConfig};
pub use params::{Linear, Params, TensorInfo};
pub use packed::{PackedLayer, PackedLayout};
pub use batch::Batch;
pub use network::Network;
pub use batch_norm::{BatchNorm, NormLayer};
pub use backprop::{Backprop, Dropout};
