//! One file per command; each main function reads like a plan.

pub mod data;
pub mod evaluate;
pub mod explain;
pub mod export;
pub mod generate;
pub mod inspect;
pub mod neighbors;
pub mod next;
pub mod plot;
pub mod score;
pub mod shell;
pub mod train;
pub mod tune;
