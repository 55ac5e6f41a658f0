//! Panics of a library that are caught and reported as errors.

use std::cell::Cell;
#[cfg(feature = "parquet")]
use std::{
    panic::{self, UnwindSafe},
    thread,
};

thread_local! {
    /// Whether this thread is in [`caught`].
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Whether a panic of this thread would be caught here and reported as an error; a program's panic hook then
/// need not print it.
pub fn is_panic_caught() -> bool {
    CAUGHT.get()
}

/// Does work that may panic.
#[cfg(feature = "parquet")]
pub(crate) fn caught<T>(work: impl FnOnce() -> T + UnwindSafe) -> thread::Result<T> {
    let before = CAUGHT.replace(true);
    let result = panic::catch_unwind(work);
    CAUGHT.set(before);
    result
}

#[cfg(all(test, feature = "parquet"))]
mod tests {
    use super::*;

    #[test]
    fn panics_are_caught_in_one_thread_and_for_a_time() {
        let result = caught(|| {
            let elsewhere = thread::spawn(is_panic_caught);
            assert!(is_panic_caught() && !elsewhere.join().unwrap());
            caught(|| ()).unwrap();
            assert!(is_panic_caught(), "the inner end is not the outer one");
            panic::resume_unwind(Box::new("a fault"));
        });
        assert!(result.is_err() && !is_panic_caught());
    }
}
