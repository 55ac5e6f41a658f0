//! Next-character prediction, done completely.
#![forbid(unsafe_code)]

pub mod error;
pub mod executor;
pub mod language_model;
pub mod rng;

pub mod data;
pub mod model;
pub mod ngram;
pub mod optim;
pub mod sample;
pub mod score;

pub use error::Error;
pub use executor::{Executor, Serial};
pub use language_model::LanguageModel;
