//! The threads that a command computes with.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use nextchar::Workers;

use crate::failure::Failure;
use crate::output::note;

/// More threads than these, or than four for each processor, make nothing faster and take long to start.
const MOST: usize = 64;

/// As many threads as asked for, or as many as the machine has. No result depends on the number, so one
/// beyond any use is lowered.
pub fn threads(number: Option<NonZeroUsize>) -> Result<&'static Workers, Failure> {
    let Some(asked) = number else {
        return Ok(Workers::available());
    };
    let available = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let most = available.saturating_mul(nonzero(4)).max(nonzero(MOST));
    let number = asked.min(most);
    if number < asked {
        note(&format!(
            "--threads {asked}: {number} are started, for this machine runs {available} at a time"
        ));
    }
    Ok(Workers::threads(number)?)
}

fn nonzero(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN)
}
