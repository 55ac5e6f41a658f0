//! Chains of names side by side: what every walker of [`free`](super::free) draws has in common.

use super::batch::Batch;

/// Chains of a block.
pub(super) const CHAINS: usize = 16;
/// Attempts of a chain: names that fit, and those that do not.
pub(super) const ATTEMPTS: usize = 64;

/// What chains brought: names, and how many attempts they took.
#[derive(Default)]
pub(super) struct Brought {
    pub(super) batch: Batch,
    pub(super) attempts: u64,
}
