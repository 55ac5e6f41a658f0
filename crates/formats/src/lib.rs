//! The model file: bytes ⇄ model, every bound checked. Files themselves are the caller's business.
//!
//! One safetensors file. The network's tensors have PyTorch's names, so that the file loads as a
//! `state_dict`; what is no network parameter stands under `nextchar.`:
//!
//! | tensor | type | shape | holds |
//! |---|---|---|---|
//! | `embedding.weight` | F32 | [V, E] | one vector for each token |
//! | `hidden.N.weight`, `hidden.N.bias` | F32 | [out, in], \[out\] | hidden layer N, from 0 |
//! | `output.weight`, `output.bias` | F32 | [V, in], \[V\] | the logits |
//! | `nextchar.bigrams` | I64 | [pairs, 3] | previous token, next token, count in train |
//! | `nextchar.names.train`, `.val`, `.test` | U8 | \[bytes\] | sorted names, front-coded |
//! | `nextchar.counts.train`, `.val`, `.test` | I64 | \[names\] | their counts, where any is not 1 |
//!
//! The lists are absent from a file that was saved without names. Metadata is the one key
//! `nextchar` with JSON in sorted order ([`Record`] and the network's shape): no times, paths or
//! thread counts, so equal results are equal bytes.
#![forbid(unsafe_code)]

mod checkpoint;
#[cfg(feature = "parquet")]
pub mod counts;
mod error;
#[cfg(feature = "export")]
pub mod export;
mod front_coding;
mod kneser_ney;
mod model_file;
mod parameters;
mod record;
pub mod state_dict;
mod tensors;

pub use checkpoint::{CHECKPOINT_VERSION, Checkpoint, is_checkpoint};
pub use error::{FormatError, MetadataFault};
pub use model_file::{ModelFile, is_model_file, last_bytes};
pub use record::{CurvePoint, Losses, Record};

/// The version of the format that this library reads and writes.
pub const FORMAT_VERSION: u64 = 1;
