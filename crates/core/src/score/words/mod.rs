//! ln p of many words, fast.

mod cache;
mod scorer;

pub use scorer::{WordBatch, WordScorer};
