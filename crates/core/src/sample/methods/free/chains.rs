//! Chains of names side by side: what every walker of [`free`](crate::sample::free) draws has in common.

use crate::sample::batch::Batch;

/// Chains of a block.
pub(crate) const CHAINS: usize = 16;
/// Attempts of a chain: names that fit, and those that do not.
pub(crate) const ATTEMPTS: usize = 64;

/// What chains brought: names, and how many attempts they took.
#[derive(Default)]
pub(crate) struct Brought {
    pub(crate) batch: Batch,
    pub(crate) attempts: u64,
}
