//! The threads that a command computes with.

use std::num::NonZeroUsize;

use nextchar_parallel::Threads;

use crate::failure::Failure;

/// As many threads as asked for, or as many as the machine has.
pub fn threads(number: Option<NonZeroUsize>) -> Result<Threads, Failure> {
    let number = number.unwrap_or_else(Threads::available);
    Threads::new(number).map_err(|error| Failure::failed(format!("{number} threads: {error}")))
}
