//! The contexts that sampling reaches, and their distributions.

mod alias;
mod interner;

pub(crate) use alias::Slots;
pub(crate) use interner::{Contexts, Keep, smallest};
