//! A model in the formats of other programs, as bytes.
//!
//! | module | format | exact for |
//! |---|---|---|
//! | [`programs`] | PyTorch and NumPy source next to a bare `state_dict` | networks, ensembles |
//! | [`onnx`] | ONNX | networks, ensembles, mixtures whose counts fit a dense table |
//! | [`arpa`] | ARPA | Kneser–Ney, and models with a short context; others pruned |
//! | [`embeddings`] | word2vec text, TSV of the Embedding Projector | the embedding |
//! | [`html`] | one page that writes names by itself | every model |

pub mod arpa;
pub mod embeddings;
pub mod html;
pub mod onnx;
#[allow(missing_docs, clippy::all)]
mod onnx_types;
pub mod programs;
