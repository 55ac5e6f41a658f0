//! Hostile input: valid files and texts, damaged thousands of times. Everything is read or refused with
//! a named error: no panic, no hang, no memory beyond a stated bound.
//!
//! `NEXTCHAR_CASES=100 cargo test -p nextchar-formats --all-features --test hostile` runs a hundred times as
//! many cases, millions in all; the first of them are always the same.

#[cfg(feature = "parquet")]
mod counts;
mod files;
mod mutate;
mod text;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use mutate::Damage;

/// How many times as many cases are run.
fn times() -> u64 {
    let times = std::env::var("NEXTCHAR_CASES").ok();
    times.map_or(1, |times| {
        times.parse().expect("NEXTCHAR_CASES is a number")
    })
}

/// No case may take longer: a pattern that is refused after two seconds is the slowest.
const TIME: Duration = Duration::from_secs(20);

/// The time that this thread has computed for; others may keep it from the processor.
fn computed() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat");
    let nanoseconds = told
        .ok()
        .and_then(|told| told.split(' ').next()?.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0)) // 0 on other systems than Linux
}

/// Measures the reading of a case.
#[derive(Default)]
struct Meter {
    bytes: u64,
    size: usize,
}

impl Meter {
    /// Reads something of a size; what is allocated at once meanwhile is measured.
    fn read<T>(&mut self, size: usize, read: impl FnOnce() -> T) -> T {
        let mut found = None;
        let used = allocation_counter::measure(|| found = Some(read()));
        (self.bytes, self.size) = (used.bytes_max, size);
        found.expect("it was read")
    }
}

/// Runs cases: each reads something that it damaged, and uses it where it was not refused. `memory` is
/// the bound on what may be allocated at once while reading so many bytes.
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
