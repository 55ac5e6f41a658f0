//! The model file: bytes ⇄ model, with every bound checked. Opening and writing files is left to the caller.
//!
//! A model is one safetensors file. The network's tensors have PyTorch's names, so that the file loads as a
//! `state_dict`; tensors that are not network parameters have names with the prefix `nextchar.`:
//!
//! | tensor | type | shape | contents |
//! |---|---|---|---|
//! | `embedding.weight` | F32 | [V, E] | one vector for each token |
//! | `hidden.N.weight`, `hidden.N.bias` | F32 | [out, in], \[out\] | hidden layer N, counted from 0 |
//! | `output.weight`, `output.bias` | F32 | [V, in], \[V\] | the logits |
//! | `nextchar.bigrams` | I64 | [pairs, 3] | previous token, next token, count in the training names |
//! | `nextchar.names.train`, `.val`, `.test` | U8 | \[bytes\] | sorted names, front-coded |
//! | `nextchar.counts.train`, `.val`, `.test` | I64 | \[names\] | their counts, unless all are 1 |
//!
//! A file that was saved without names does not contain the lists. The metadata are JSON with sorted keys under
//! the single key `nextchar` ([`Record`] and the network's shape). They contain no times, paths or thread counts,
//! so equal results give equal bytes.
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
#[cfg(feature = "parquet")]
mod page_headers;
mod panics;
mod parameters;
#[cfg(feature = "parquet")]
pub mod parquet_list;
mod record;
pub mod state_dict;
mod tensors;

pub use checkpoint::{CHECKPOINT_VERSION, Checkpoint, is_checkpoint};
pub use error::{FormatError, MetadataFault};
pub use model_file::{ModelFile, is_model_file, last_bytes};
pub use panics::is_panic_caught;
pub use record::{CurvePoint, Losses, Record, Sampling};
pub use tensors::check_start;

/// The format version that this library reads and writes.
pub const FORMAT_VERSION: u64 = 2;

/// The version of files whose vocabulary is one of characters, without labels: they are as they always were.
pub(crate) const CHARACTERS_VERSION: u64 = 1;
