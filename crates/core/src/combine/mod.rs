//! Models made of models: networks and counts as one, and how often whole names repeat.

pub mod mixture;
pub mod repeats;

pub use mixture::Mixture;
