//! The threads that a command computes with.

use std::num::NonZeroUsize;

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
    let available = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let most = (4 * available).max(MOST);
    if asked.get() <= most {
        return Ok(Workers::threads(asked)?);
    }
    note(&format!(
        "--threads {asked}: {most} are started, for this machine runs {available} at a time"
    ));
    let most = NonZeroUsize::new(most).expect("it is at least 64");
    Ok(Workers::threads(most)?)
}
