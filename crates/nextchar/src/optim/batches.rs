//! Which rows a training step sees.

use serde::{Deserialize, Serialize};

use crate::data::CountedWindows;
use crate::model::Batch;
use crate::rng::{Purpose, Seed, Stream};

/// How a step's rows are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchKind {
    /// Every context with all its counts: the exact gradient of the corpus.
    Full,
    /// About this many contexts, drawn in proportion to their counts, each with all its targets.
    Contexts(usize),
    /// The lecture's loop: this many windows, drawn uniformly with replacement.
    Windows(usize),
}

impl BatchKind {
    /// How many steps see as many rows as the table has (contexts), or as the corpus has (windows).
    pub fn steps_per_epoch(self, table: &CountedWindows) -> f64 {
        match self {
            BatchKind::Full => 1.0,
            BatchKind::Contexts(size) => (table.len() as f64 / size as f64).max(1.0),
            BatchKind::Windows(size) => table.examples() as f64 / size as f64,
        }
    }
}

/// Draws one batch after the other from a table; each is an unbiased sample of the whole.
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    table: &'a CountedWindows,
    kind: BatchKind,
    rng: Stream,
    /// Cumulative counts of the rows that are drawn, in table order.
    cumulative: Vec<u64>,
    /// For [`BatchKind::Contexts`]: rows so frequent that every step sees them.
    head: Vec<usize>,
    /// The other rows, parallel to `cumulative`.
    tail: Vec<usize>,
    batch: Batch,
}

impl<'a> Batches<'a> {
    /// A source of batches; the seed decides what is drawn.
    ///
    /// # Panics
    /// If the table is empty or a batch size is 0.
    pub fn new(table: &'a CountedWindows, kind: BatchKind, seed: &Seed) -> Self {
        assert!(!table.is_empty(), "there is no window to learn from");
        let kind = match kind {
            BatchKind::Contexts(size) if size >= table.len() => BatchKind::Full,
            kind => kind,
        };
        let (head, tail) = match kind {
            BatchKind::Contexts(size) => split_head(table.totals(), size),
            BatchKind::Full | BatchKind::Windows(_) => (Vec::new(), (0..table.len()).collect()),
        };
        let cumulative = tail
            .iter()
            .scan(0, |sum, &row| {
                *sum += table.totals()[row];
                Some(*sum)
            })
            .collect();
        let batch = match kind {
            BatchKind::Full => Batch::full(table),
            BatchKind::Contexts(_) | BatchKind::Windows(_) => Batch::default(),
        };
        Batches {
            table,
            kind,
            rng: seed.stream(Purpose::Batch, 0),
            cumulative,
            head,
            tail,
            batch,
        }
    }

    /// [`BatchKind::steps_per_epoch`] of these batches.
    pub fn steps_per_epoch(&self) -> f64 {
        self.kind.steps_per_epoch(self.table)
    }

    /// The next batch.
    pub fn next_batch(&mut self) -> &Batch {
        match self.kind {
            BatchKind::Full => {}
            BatchKind::Contexts(size) => self.draw_contexts(size),
            BatchKind::Windows(size) => self.draw_windows(size),
        }
        &self.batch
    }

    /// Uniform windows: a uniform number below N, then the row and target that it falls on.
    fn draw_windows(&mut self, size: usize) {
        self.batch.clear();
        for _ in 0..size {
            let position = self.rng.below(self.table.examples());
            let index = self.cumulative.partition_point(|&end| end <= position);
            let row = self.table.row(index);
            let mut left = position - (self.cumulative[index] - row.total);
            let target = row
                .targets
                .iter()
                .zip(row.counts)
                .find_map(|(&target, &count)| {
                    let found = left < count;
                    left = left.wrapping_sub(count);
                    found.then_some(target)
                })
                .expect("the counts of a row add up to its total");
            self.batch
                .push_window(row.context, target, 1.0 / size as f32);
        }
    }

    /// Systematic sampling in proportion to counts (Madow 1949): one random offset, equal steps
    /// through the cumulative counts. A row in the head keeps its weight n/N; one drawn with
    /// probability π is weighted by 1/π.
    fn draw_contexts(&mut self, size: usize) {
        self.batch.clear();
        let examples = self.table.examples() as f64;
        for &row in &self.head {
            self.batch.push(self.table.row(row), 1.0 / examples);
        }
        let draws = size - self.head.len();
        let mass = *self.cumulative.last().expect("the tail is not empty") as f64;
        let stride = mass / draws as f64;
        let offset = self.rng.uniform() * stride;
        let mut index = 0;
        for draw in 0..draws {
            let position = ((offset + draw as f64 * stride) as u64).min(mass as u64 - 1);
            index += self.cumulative[index..].partition_point(|&end| end <= position);
            let row = self.table.row(self.tail[index]);
            let inclusion = row.total as f64 / stride;
            self.batch.push(row, 1.0 / (examples * inclusion));
        }
    }
}

/// Rows whose share of a batch of `size` would be one or more are always in; taking them out
/// raises the others' shares, so look again until nothing changes.
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
    use crate::data::Token;

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

    /// Averaged over many batches, every (context, target) has its weight n(c, t) / N, within five
    /// standard errors of `size` draws a batch.
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
    }

    #[test]
    fn a_batch_of_contexts_has_the_size_asked_for() {
        let table = table();
        for size in [1, 2, 5, 11] {
            let mut batches = Batches::new(&table, BatchKind::Contexts(size), &Seed::from(2));
            assert_eq!(batches.next_batch().len(), size);
        }
        let mut all = Batches::new(&table, BatchKind::Contexts(10_000), &Seed::from(2));
        assert_eq!(all.next_batch().len(), table.len());
    }
}
