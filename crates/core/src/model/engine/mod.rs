//! The same arithmetic as the reference, in f32 and many rows at once: what training and prediction run.

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
