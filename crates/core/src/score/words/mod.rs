//! ln p of many words, with a cache.

mod cache;
mod scorer;

pub use scorer::{WordBatch, WordScorer};
