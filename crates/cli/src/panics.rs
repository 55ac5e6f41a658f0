//! Panics that are caught and told otherwise print nothing of their own.

use std::cell::Cell;
use std::panic;

thread_local! {
    /// Whether this thread is in [`expected`].
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Sets, once and for the whole program, what a panic prints: what it always does, but where it is expected.
pub fn install_hook() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !EXPECTED.get() {
            usual(panic);
        }
    }));
}

/// Does work that may panic within and catches that itself.
pub fn expected<T>(work: impl FnOnce() -> T) -> T {
    /// Ends it, whatever the work does.
    struct End(bool);
    impl Drop for End {
        fn drop(&mut self) {
            EXPECTED.set(self.0);
        }
    }
    let _end = End(EXPECTED.replace(true));
    work()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_are_expected_in_one_thread_and_for_a_time() {
        let panicked = panic::catch_unwind(|| {
            expected(|| {
                let elsewhere = std::thread::spawn(|| EXPECTED.get());
                assert!(EXPECTED.get() && !elsewhere.join().unwrap());
                expected(|| ());
                assert!(EXPECTED.get(), "what is within ends for itself");
                panic::resume_unwind(Box::new("a fault"));
            });
        });
        assert!(panicked.is_err() && !EXPECTED.get());
    }
}
