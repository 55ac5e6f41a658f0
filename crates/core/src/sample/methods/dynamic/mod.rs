//! The dynamic program: exact probabilities of every continuation, where the graph of contexts is small.

mod graph;
mod program;

pub(crate) use graph::{Graph, Limits, NOWHERE, START};
pub(crate) use program::DynamicProgram;
