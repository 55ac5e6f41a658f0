//! Conditions on a name: what a user may ask for, and the automata that it becomes.

pub(crate) mod automaton;
pub(crate) mod builder;
pub(crate) mod filter;

pub use builder::{Conditions, Constraint};
