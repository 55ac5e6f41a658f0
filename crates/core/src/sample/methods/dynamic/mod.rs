//! The dynamic program: exact probabilities of every continuation, where the graph of contexts is small.

pub(crate) mod graph;
pub(crate) mod program;
