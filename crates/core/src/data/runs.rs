//! Counting a stream of integers in sorted runs, as an external sort does: in whatever order they arrive, memory is read
//! and written in sequence.

use std::cmp::Ordering;

use crate::data::packing::{Word, sort_by_window};

/// The numbers of occurrences of integers.
///
/// What arrives is sorted in portions. A sorted portion is a run; runs of similar length are merged, so their number
/// grows only with the logarithm of the number of distinct integers (the log-structured merge tree, O'Neil et al. 1996).
#[derive(Clone, Debug)]
pub(crate) struct Runs<W> {
    /// Number of bits of an integer.
    bits: u32,
    /// What has arrived since the last run, in any order.
    pending: Vec<(W, u64)>,
    /// Ascending and distinct integers; every run is more than twice as long as the next.
    runs: Vec<Vec<(W, u64)>>,
}

/// Length of a portion: short enough to be sorted within a processor's cache.
const PORTION: usize = 1 << 18;

impl<W: Word> Runs<W> {
    /// No integers yet; all will have at most this number of bits.
    pub(crate) fn new(bits: u32) -> Self {
        Runs {
            bits,
            pending: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Counts an integer `count` times.
    #[inline]
    pub(crate) fn add(&mut self, number: W, count: u64) {
        self.pending.push((number, count));
        if self.pending.len() == PORTION {
            self.flush();
        }
    }

    /// Adds the counts of another stream.
    pub(crate) fn merge(&mut self, mut other: Self) {
        other.flush();
        self.flush();
        for run in other.runs {
            self.push(run);
        }
    }

    fn flush(&mut self) {
        let mut sorted = std::mem::take(&mut self.pending);
        sort_by_window(&mut sorted, self.bits, |&(number, _)| number);
        sorted.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1 = kept.1.saturating_add(next.1);
            }
            is_same
        });
        let run = sorted.as_slice().to_vec();
        sorted.clear();
        self.pending = sorted;
        self.push(run);
    }

    fn push(&mut self, mut run: Vec<(W, u64)>) {
        while let Some(last) = self.runs.pop_if(|last| last.len() <= 2 * run.len()) {
            let mut merged = Vec::with_capacity(last.len() + run.len());
            merged.extend(sums(last.into_iter(), run.into_iter()));
            run = merged;
        }
        if !run.is_empty() {
            self.runs.push(run);
        }
    }

    /// The integers with their counts, ascending. The longest run is not copied: it is merged as it is read.
    pub(crate) fn into_sorted(mut self) -> impl Iterator<Item = (W, u64)> {
        self.flush();
        self.pending = Vec::new();
        let mut runs = self.runs.into_iter();
        let longest = runs.next().unwrap_or_default();
        let others = runs.rev().reduce(|shorter, longer| {
            let mut merged = Vec::with_capacity(shorter.len() + longer.len());
            merged.extend(sums(shorter.into_iter(), longer.into_iter()));
            merged
        });
        sums(longest.into_iter(), others.unwrap_or_default().into_iter())
    }
}

/// Merges two ascending streams; the counts of an integer that occurs in both are added.
pub(crate) fn sums<W: Ord + Copy>(
    one: impl Iterator<Item = (W, u64)>,
    other: impl Iterator<Item = (W, u64)>,
) -> impl Iterator<Item = (W, u64)> {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    std::iter::from_fn(move || {
        let (Some(&(a, _)), Some(&(b, more))) = (one.peek(), other.peek()) else {
            return one.next().or_else(|| other.next());
        };
        match a.cmp(&b) {
            Ordering::Less => one.next(),
            Ordering::Greater => other.next(),
            Ordering::Equal => {
                other.next();
                one.next()
                    .map(|(number, count)| (number, count.saturating_add(more)))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn every_stream_is_counted_in_few_runs() {
        let mut state = 1u64;
        let mut runs = [Runs::new(20), Runs::new(20)];
        let mut expected = BTreeMap::<u64, u64>::new();
        for place in 0..4 * PORTION + 17 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let (number, count) = (state >> 44 & state >> 40, 1 + place as u64 % 3);
            let number = number & 0xf_ffff;
            runs[usize::from(place % 5 == 0)].add(number, count);
            *expected.entry(number).or_default() += count;
        }
        let [mut all, other] = runs;
        all.merge(other);
        assert!(all.runs.is_sorted_by(|a, b| a.len() > 2 * b.len()));
        assert!(all.into_sorted().eq(expected));
    }

    #[test]
    fn sums_do_not_overflow() {
        let mut runs = Runs::new(3);
        for number in [5u64, 1, 5] {
            runs.add(number, u64::MAX - 1);
        }
        let sorted: Vec<_> = runs.into_sorted().collect();
        assert_eq!(sorted, [(1, u64::MAX - 1), (5, u64::MAX)]);
        assert_eq!(Runs::<u128>::new(8).into_sorted().count(), 0);
    }
}
