//! Free draws: names of the model as it is, of which those that fit are kept.

mod block;
mod chains;
mod draws;
mod lazy;
mod seen;
mod table;

pub(crate) use draws::Free;
