//! The contexts that sampling reaches, and their distributions.

pub(crate) mod alias;
pub(crate) mod interner;
