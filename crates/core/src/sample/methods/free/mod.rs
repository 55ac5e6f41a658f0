//! Free draws: names of the unconditioned model, of which those that satisfy the conditions are kept.

mod block;
mod chains;
mod draws;
mod lazy;
mod seen;
mod table;

pub(crate) use draws::Free;
