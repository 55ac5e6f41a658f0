//! Upper bounds that become tighter with use: exact draws where the dynamic program would be too large.

mod draws;
mod nodes;

pub(crate) use draws::Bounds;
