//! The contexts that sampling reaches, and their distributions.

mod alias;
mod edges;
mod interner;

pub(crate) use alias::{Scratch, Slots};
pub(crate) use interner::{Contexts, Keep, smallest};
