//! Hostile input: valid files and texts that are damaged thousands of times. Each is read, or refused with a typed
//! error, without a panic, without hanging, and with memory within a stated bound.
//!
//! `NEXTCHAR_CASES=100 cargo test -p nextchar-formats --all-features --test hostile` runs a hundred times as
//! many cases, millions in all; the first of them are always the same.

#[cfg(feature = "parquet")]
mod counts;
mod files;
mod mutate;
#[cfg(feature = "parquet")]
mod parquet_list;
mod text;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use mutate::Damage;

/// The factor by which the number of cases is multiplied.
fn times() -> u64 {
    let times = std::env::var("NEXTCHAR_CASES").ok();
    times.map_or(1, |times| {
        times.parse().expect("NEXTCHAR_CASES is a number")
    })
}

/// The longest time for a case: the slowest is a pattern that is refused after two seconds.
const TIME: Duration = Duration::from_secs(20);

/// The processor time of this thread, which does not depend on other threads.
fn computed() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat");
    let nanoseconds = told
        .ok()
        .and_then(|told| told.split(' ').next()?.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0)) // 0 on systems other than Linux
}

/// Measures the reading of a case.
#[derive(Default)]
struct Meter {
    bytes: u64,
    size: usize,
}

impl Meter {
    /// Reads something of this size, and measures the memory that is allocated at once.
    fn read<T>(&mut self, size: usize, read: impl FnOnce() -> T) -> T {
        let mut found = None;
        let used = allocation_counter::measure(|| found = Some(read()));
        (self.bytes, self.size) = (used.bytes_max, size);
        found.expect("it was read")
    }
}

/// Runs cases: each damages something, reads it, and uses it if it was not refused. `memory` is the bound on what may
/// be allocated at once while reading this many bytes.
fn hostile(
    what: &str,
    cases: u64,
    memory: impl Fn(usize) -> u64,
    case: impl Fn(&mut Damage, &mut Meter),
) {
    let (mut most, mut slowest) = ((0, 0), (Duration::ZERO, 0));
    for number in 0..cases * times() {
        let (begun, mut meter) = (computed(), Meter::default());
        let run = AssertUnwindSafe(|| case(&mut Damage::new(number), &mut meter));
        let ended = catch_unwind(run);
        assert!(ended.is_ok(), "{what}, case {number}: a panic");
        let (taken, bound) = (computed() - begun, memory(meter.size));
        assert!(taken < TIME, "{what}, case {number}: {taken:?}");
        let Meter { bytes, size } = meter;
        assert!(
            bytes <= bound,
            "{what}, case {number}: {bytes} bytes of memory for {size}, more than {bound}"
        );
        most = most.max((bytes, size));
        slowest = slowest.max((taken, number));
    }
    eprintln!(
        "{what}: {} cases; the most memory, {} bytes, for {}; the longest, case {}, {:?}",
        cases * times(),
        most.0,
        most.1,
        slowest.1,
        slowest.0,
    );
}
