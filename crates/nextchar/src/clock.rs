//! The time, as the caller measures it: the library has no clock of its own.

use std::time::Duration;

/// The time since something began, such as a training. Rust's clock does not work in browsers; elsewhere an
/// [`Instant`](std::time::Instant) is a clock.
pub trait Clock {
    /// The time since it began.
    fn elapsed(&self) -> Duration;
}

impl Clock for std::time::Instant {
    fn elapsed(&self) -> Duration {
        std::time::Instant::elapsed(self)
    }
}
