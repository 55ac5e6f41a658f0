//! The ways of drawing: all of them follow the same distribution and differ in cost.

pub(crate) mod bounds;
pub(crate) mod dynamic;
pub(crate) mod free;
mod most_likely;
pub(crate) mod rounds;

pub use most_likely::{most_likely, most_likely_after};
