//! Batches: the rows of each training step.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::data::CountedWindows;
use crate::error::{BadState, Error};
use crate::model::Batch;
use crate::rng::{Purpose, Seed, Stream};

/// How the rows of a step are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchKind {
    /// Every context with all its counts: the exact gradient of the corpus.
    Full,
    /// About this many contexts, sampled in proportion to their counts, each with all of its targets.
    Contexts(usize),
    /// The lecture's loop: this many windows, sampled uniformly with replacement.
    Windows(usize),
    /// This many contexts at a time, in shuffled passes through all of them. A context with more than eight
    /// windows is split into several rows of a pass, with equal shares of its counts.
    Passes(usize),
}

/// The largest count of a row of [`BatchKind::Passes`], so that frequent contexts get several dropout masks.
const SPLIT_COUNT: u64 = 8;

impl BatchKind {
    /// Number of steps that see as many rows as the table has (contexts) or the corpus has (windows).
    pub fn steps_per_epoch(self, table: &CountedWindows) -> f64 {
        match self {
            BatchKind::Full => 1.0,
            BatchKind::Contexts(size) => (table.len() as f64 / size as f64).max(1.0),
            BatchKind::Windows(size) => table.examples() as f64 / size as f64,
            BatchKind::Passes(size) => {
                let rows: u64 = table
                    .totals()
                    .iter()
                    .map(|&total| copies(total, table.unit()))
                    .sum();
                (rows as f64 / size as f64).max(1.0)
            }
        }
    }
}

/// A sequence of batches from a table; the gradient of each is an unbiased estimate of the table's.
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    table: Cow<'a, CountedWindows>,
    kind: BatchKind,
    rng: Stream,
    /// Cumulative counts of what is sampled, in table order: rows, or (context, target) pairs for
    /// [`BatchKind::Windows`].
    cumulative: Cumulative,
    /// For [`BatchKind::Passes`]: the shuffled rows of the current pass, and how many of them are done.
    pass: Vec<u32>,
    done: usize,
    /// The row of each pair, and how many times each was sampled.
    row_of_pair: Vec<u32>,
    drawn: Tally,
    /// For [`BatchKind::Contexts`]: rows that are frequent enough to be part of every batch.
    head: Vec<usize>,
    /// The other rows, in the order of `cumulative`.
    tail: Vec<usize>,
    batch: Batch,
}

impl<'a> Batches<'a> {
    /// The batches of a seed.
    ///
    /// # Panics
    /// If the table is empty or a batch size is 0.
    pub fn new(table: impl Into<Cow<'a, CountedWindows>>, kind: BatchKind, seed: &Seed) -> Self {
        let table = table.into();
        assert!(!table.is_empty(), "there is no window to learn from");
        let kind = match kind {
            BatchKind::Contexts(size) if size >= table.len() => BatchKind::Full,
            kind => kind,
        };
        let (mut head, mut tail, mut row_of_pair) = (Vec::new(), Vec::new(), Vec::new());
        let cumulative = match kind {
            BatchKind::Full | BatchKind::Passes(_) => Cumulative::default(),
            BatchKind::Contexts(size) => {
                (head, tail) = split_head(table.totals(), size);
                Cumulative::new(tail.iter().map(|&row| table.totals()[row]))
            }
            BatchKind::Windows(_) => {
                for (row, counted) in (0..).zip(table.rows()) {
                    row_of_pair.resize(row_of_pair.len() + counted.targets.len(), row);
                }
                Cumulative::new(table.counts().iter().copied())
            }
        };
        let batch = match kind {
            BatchKind::Full => Batch::full(&table),
            _ => Batch::default(),
        };
        let mut pass: Vec<u32> = Vec::new();
        if let BatchKind::Passes(_) = kind {
            for (row, &total) in (0..).zip(table.totals()) {
                pass.resize(pass.len() + copies(total, table.unit()) as usize, row);
            }
        }
        Batches {
            table,
            kind,
            rng: seed.stream(Purpose::Batch, 0),
            cumulative,
            done: pass.len(),
            pass,
            drawn: Tally::new(row_of_pair.len()),
            row_of_pair,
            head,
            tail,
            batch,
        }
    }

    /// The table that they are sampled from.
    pub(crate) fn table(&self) -> &CountedWindows {
        &self.table
    }

    /// Number of random numbers drawn so far.
    pub(crate) fn draws(&self) -> u64 {
        self.rng.position()
    }

    /// The rows of the current pass, and how many of them are done.
    pub(crate) fn pass(&self) -> (&[u32], usize) {
        (&self.pass, self.done)
    }

    /// Moves to the position of other batches of the same table and kind.
    pub(crate) fn restore(&mut self, draws: u64, pass: &[u32], done: usize) -> Result<(), Error> {
        let sorted = |rows: &[u32]| {
            let mut rows = rows.to_vec();
            rows.sort_unstable();
            rows
        };
        if done > pass.len() || sorted(pass) != sorted(&self.pass) {
            return Err(Error::BadState(BadState::OtherPass));
        }
        self.rng.go_to(draws);
        (self.pass, self.done) = (pass.to_vec(), done);
        Ok(())
    }

    /// [`BatchKind::steps_per_epoch`] of these batches.
    pub fn steps_per_epoch(&self) -> f64 {
        self.kind.steps_per_epoch(&self.table)
    }

    /// The next batch.
    pub fn next_batch(&mut self) -> &Batch {
        match self.kind {
            BatchKind::Full => {}
            BatchKind::Contexts(size) => self.draw_contexts(size),
            BatchKind::Windows(size) => self.draw_windows(size),
            BatchKind::Passes(size) => self.draw_pass(size),
        }
        &self.batch
    }

    /// Samples windows: a uniform integer below N selects a (context, target) pair by cumulative count. Windows of
    /// the same context form one row, as in the table.
    fn draw_windows(&mut self, size: usize) {
        self.batch.clear();
        for _ in 0..size {
            let position = self.rng.below(self.table.examples());
            self.drawn.add(self.cumulative.find(position));
        }
        let weight = 1.0 / size as f32;
        let mut row = None;
        self.drawn.drain(|pair, times| {
            let next = self.row_of_pair[pair];
            if row != Some(next) {
                row = Some(next);
                self.batch.begin_row(self.table.row(next as usize).context);
            }
            self.batch
                .push_target(self.table.targets()[pair], times as f32 * weight);
        });
    }

    /// Takes the next rows of the pass, each with its share of its context's counts; the last batch of a pass may
    /// be smaller. The mean gradient of a pass is that of the corpus.
    fn draw_pass(&mut self, size: usize) {
        if self.done == self.pass.len() {
            self.done = 0;
            for end in (1..self.pass.len()).rev() {
                self.pass.swap(end, self.rng.below(end as u64 + 1) as usize);
            }
        }
        self.batch.clear();
        let rows = &self.pass[self.done..(self.done + size).min(self.pass.len())];
        self.done += rows.len();
        let scale = self.pass.len().div_ceil(size) as f64 / self.table.examples() as f64;
        for &row in rows {
            let row = self.table.row(row as usize);
            self.batch
                .push(row, scale / copies(row.total, self.table.unit()) as f64);
        }
    }

    /// Systematic sampling in proportion to counts (Madow 1949): a random offset, then equal steps through the
    /// cumulative counts. A row of the head keeps its weight n/N; a row with inclusion probability π has its weight
    /// divided by π.
    fn draw_contexts(&mut self, size: usize) {
        self.batch.clear();
        let examples = self.table.examples() as f64;
        for &row in &self.head {
            self.batch.push(self.table.row(row), 1.0 / examples);
        }
        let draws = size - self.head.len();
        let mass = self.cumulative.sum() as f64;
        let stride = mass / draws as f64;
        let offset = self.rng.uniform() * stride;
        for draw in 0..draws {
            let position = ((offset + draw as f64 * stride) as u64).min(mass as u64 - 1);
            let row = self.table.row(self.tail[self.cumulative.find(position)]);
            let inclusion = row.total as f64 / stride;
            self.batch.push(row, 1.0 / (examples * inclusion));
        }
    }
}

/// Number of rows of a pass that a context is split into.
fn copies(total: u64, unit: u64) -> u64 {
    total.div_ceil(SPLIT_COUNT * unit)
}

/// Cumulative counts with a guide table (Chen and Asau 1974), so that lookups take constant time on average.
#[derive(Clone, Debug, Default)]
struct Cumulative {
    /// The end of each row.
    ends: Vec<u64>,
    /// For each bucket, the first row that ends beyond `bucket << shift`.
    guide: Vec<u32>,
    shift: u32,
}

impl Cumulative {
    fn new(counts: impl Iterator<Item = u64>) -> Self {
        let ends: Vec<u64> = counts
            .scan(0, |sum, count| {
                *sum += count;
                Some(*sum)
            })
            .collect();
        let sum = ends.last().copied().unwrap_or(0);
        let shift = (sum / (2 * ends.len() as u64).max(1)).max(1).ilog2();
        let mut row = 0;
        let guide = (0..=sum >> shift).map(|bucket| {
            while row < ends.len() && ends[row] <= bucket << shift {
                row += 1;
            }
            row as u32
        });
        Cumulative {
            guide: guide.collect(),
            ends,
            shift,
        }
    }

    /// The sum of all counts.
    fn sum(&self) -> u64 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// The row of a position below the sum.
    fn find(&self, position: u64) -> usize {
        let mut row = self.guide[(position >> self.shift) as usize] as usize;
        while self.ends[row] <= position {
            row += 1;
        }
        row
    }
}

/// Counts how many times each of some places was drawn, and returns them in ascending order without sorting.
#[derive(Clone, Debug)]
struct Tally {
    times: Vec<u32>,
    /// A bit for each place that was drawn.
    touched: Vec<u64>,
}

impl Tally {
    fn new(places: usize) -> Self {
        Tally {
            times: vec![0; places],
            touched: vec![0; places.div_ceil(64)],
        }
    }

    fn add(&mut self, place: usize) {
        self.times[place] += 1;
        self.touched[place / 64] |= 1 << (place % 64);
    }

    /// Passes every place that was drawn to `each` with its count, and resets the tally.
    fn drain(&mut self, mut each: impl FnMut(usize, u32)) {
        for (index, bits) in self.touched.iter_mut().enumerate() {
            let mut left = std::mem::take(bits);
            while left != 0 {
                let place = index * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                each(place, std::mem::take(&mut self.times[place]));
            }
        }
    }
}

/// Splits off the rows whose share of a batch of `size` would be one or more: they are part of every batch. Removing
/// them raises the shares of the others, so this repeats until nothing changes.
fn split_head(totals: &[u64], size: usize) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..totals.len()).collect();
    order.sort_by_key(|&row| std::cmp::Reverse(totals[row]));
    let mut mass: u64 = totals.iter().sum();
    let mut head = 0;
    while head + 1 < size && u128::from(totals[order[head]]) * (size - head) as u128 >= mass.into()
    {
        mass -= totals[order[head]];
        head += 1;
    }
    let mut tail = order.split_off(head);
    order.sort_unstable();
    tail.sort_unstable();
    (order, tail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Token;

    fn table() -> CountedWindows {
        let names: Vec<(Vec<Token>, u64)> = (0..40u16)
            .map(|i| {
                (
                    vec![1 + i % 7, 1 + i % 5, 1 + i % 3],
                    u64::from(i % 4) * 20 + 1,
                )
            })
            .collect();
        let names = names.iter().map(|(name, count)| (name.as_slice(), *count));
        CountedWindows::from_names(names, 8, 2).unwrap()
    }

    /// Averaged over many batches, every (context, target) has its weight n(c, t) / N, within five standard errors
    /// for `size` draws per batch.
    fn assert_unbiased(kind: BatchKind, size: f64) {
        let table = table();
        let mut batches = Batches::new(&table, kind, &Seed::from(1));
        let rounds = 20_000;
        let mut found = std::collections::BTreeMap::<(Vec<Token>, Token), f64>::new();
        for _ in 0..rounds {
            let batch = batches.next_batch();
            for index in 0..batch.len() {
                let (targets, weights) = batch.targets_of(index);
                for (&target, &weight) in targets.iter().zip(weights) {
                    let context = batch.contexts[index * 2..][..2].to_vec();
                    *found.entry((context, target)).or_default() += f64::from(weight);
                }
            }
        }
        for row in table.rows() {
            for (&target, &count) in row.targets.iter().zip(row.counts) {
                let expected = count as f64 / table.examples() as f64;
                let mean = found[&(row.context.to_vec(), target)] / f64::from(rounds);
                let error = (expected / (f64::from(rounds) * size)).sqrt();
                assert!((mean - expected).abs() < 5.0 * error, "{mean} {expected}");
            }
        }
    }

    #[test]
    fn every_kind_is_unbiased() {
        assert_unbiased(BatchKind::Full, 1e6);
        assert_unbiased(BatchKind::Contexts(6), 6.0);
        assert_unbiased(BatchKind::Contexts(15), 15.0);
        assert_unbiased(BatchKind::Windows(8), 8.0);
        assert_unbiased(BatchKind::Passes(7), 7.0);
    }

    #[test]
    fn every_position_is_found() {
        for counts in [vec![1, 1, 1], vec![5, 1, 90, 2, 2], vec![7], vec![1; 100]] {
            let cumulative = Cumulative::new(counts.iter().copied());
            let rows = (0..cumulative.sum()).map(|position| cumulative.find(position));
            let expected = (0..)
                .zip(&counts)
                .flat_map(|(row, &count)| vec![row; count as usize]);
            assert!(rows.eq(expected), "{counts:?}");
        }
    }

    #[test]
    fn windows_of_one_context_are_one_row() {
        let table = table();
        let mut batches = Batches::new(&table, BatchKind::Windows(500), &Seed::from(3));
        let batch = batches.next_batch();
        assert!(batch.len() <= table.len());
        let sum: f32 = batch.row_weights.iter().sum();
        assert!((sum - 1.0).abs() < 1e-5 && batch.contexts.len() == 2 * batch.len());
    }

    #[test]
    fn a_batch_of_contexts_has_the_requested_size() {
        let table = table();
        for size in [1, 2, 5, 11] {
            let mut batches = Batches::new(&table, BatchKind::Contexts(size), &Seed::from(2));
            assert_eq!(batches.next_batch().len(), size);
        }
        let mut all = Batches::new(&table, BatchKind::Contexts(10_000), &Seed::from(2));
        assert_eq!(all.next_batch().len(), table.len());
    }
}
