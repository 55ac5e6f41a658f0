//! Conditions on a name: what a user states, and the finite automata that it is compiled to.

mod automaton;
mod builder;
mod canonical;
mod constraint;
mod filter;
mod reach;
mod spelling;

pub(crate) use automaton::DEAD;
pub use builder::Conditions;
pub use constraint::Constraint;
pub(crate) use filter::Filter;
pub(crate) use reach::Reach;
pub use spelling::Spelling;
