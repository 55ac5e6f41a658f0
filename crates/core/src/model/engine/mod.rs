//! The arithmetic of the reference in f32, for many rows at once: the implementation behind training and prediction.

mod backprop;
mod batch;
mod batch_norm;
pub(crate) mod features;
pub(crate) mod first_layer;
pub(crate) mod hidden;
mod loss;
pub(crate) mod packed;

pub use backprop::{Backprop, Dropout};
pub use batch::Batch;
pub use batch_norm::{BatchNorm, NormLayer};
pub use packed::{PackedLayer, PackedLayout};
