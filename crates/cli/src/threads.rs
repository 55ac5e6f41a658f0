//! The threads that a command computes with.

use std::num::NonZeroUsize;

use nextchar::Workers;

use crate::failure::Failure;

/// As many threads as asked for, or as many as the machine has.
pub fn threads(number: Option<NonZeroUsize>) -> Result<&'static Workers, Failure> {
    match number {
        Some(number) => Ok(Workers::threads(number)?),
        None => Ok(Workers::available()),
    }
}
