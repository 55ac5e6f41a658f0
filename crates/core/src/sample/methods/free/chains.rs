//! Chains of names: what all walkers of free draws have in common.

use crate::sample::batch::Batch;

/// Chains of a block.
pub(crate) const CHAINS: usize = 16;
/// Attempts of a chain, whether their names are accepted or not.
pub(crate) const ATTEMPTS: usize = 64;

/// The accepted names of some chains, and the number of attempts.
#[derive(Default)]
pub(crate) struct Accepted {
    pub(crate) batch: Batch,
    pub(crate) attempts: u64,
}
