//! The threads that a command computes with.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use nextchar::Workers;

use crate::failure::Failure;
use crate::output::note;

/// More threads than this, or than four per processor, make nothing faster and take long to start.
const MOST: usize = 64;

/// The requested number of threads, or one per processor. No result depends on the number, so one that is of no
/// use is lowered.
pub fn threads(number: Option<NonZeroUsize>) -> Result<&'static Workers, Failure> {
    let Some(asked) = number else {
        return Ok(Workers::available());
    };
    let available = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let most = available.saturating_mul(nonzero(4)).max(nonzero(MOST));
    let number = asked.min(most);
    if number < asked {
        note(&format!(
            "--threads {asked}: starting only {number}, because this machine runs {available} at a time"
        ));
    }
    Ok(Workers::threads(number)?)
}

fn nonzero(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap_or(NonZeroUsize::MIN)
}
