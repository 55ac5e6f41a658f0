//! The counts of every order that Kneser–Ney smoothing is based on.
//!
//! A history begins with a single START symbol, however long the padding of its window is. The highest order, and
//! every history that begins with START, has raw counts, because nothing can precede it. Lower orders have
//! continuation counts: the number of different tokens that precede an n-gram (Kneser and Ney 1995; padding as in
//! Heafield 2013).

use std::cmp::Ordering;

use crate::data::packing::{Packing, Word, counted, sort_by_window};
use crate::data::window_shape::WindowShape;
use crate::data::{CountedRow, CountedWindows};
use crate::error::Error;
use crate::text::{END, Token};

/// Number of discounts per level: for counts of 1, of 2, and of 3 or more (Chen and Goodman 1998).
pub(crate) const BUCKETS: usize = 3;

/// Counts of the n-grams with a history of one length.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Level {
    /// Histories, with the adjusted counts of the tokens that follow.
    pub(crate) counts: CountedWindows,
    /// The histories as integers, which are faster to search than tokens.
    numbers: Vec<u128>,
    packing: Packing,
    /// For every history, the number of tokens that follow it with a count of 1, of 2, and of 3 or more.
    pub(crate) kinds: Vec<[u32; BUCKETS]>,
}

/// The bucket of a count ≥ 1.
pub(crate) fn bucket(count: u64) -> usize {
    (count as usize).min(BUCKETS) - 1
}

/// The history of a context: its padding is reduced to one START, represented by an initial [`END`].
pub(crate) fn history(context: &[Token]) -> &[Token] {
    let padding = context.iter().take_while(|&&token| token == END).count();
    &context[padding.saturating_sub(1)..]
}

/// The shape of histories of one length. Backing off drops the oldest token first, even a label.
fn level_shape(table: &CountedWindows, length: usize) -> WindowShape {
    WindowShape {
        held: 0,
        ..table.shape.with_context(length)
    }
}

/// Limit of the memory of all levels together, in bytes, so that a small file cannot demand gigabytes.
const MAX_BYTES: usize = 2 << 30;

/// The levels 0 … T of a table with contexts of T tokens.
///
/// # Errors
/// As [`WindowCounter::new`]; [`Error::TooManyCounts`] if they would take more than 2 GB.
pub(crate) fn levels(table: &CountedWindows) -> Result<Vec<Level>, Error> {
    levels_within(table, MAX_BYTES)
}

fn levels_within(table: &CountedWindows, max_bytes: usize) -> Result<Vec<Level>, Error> {
    if Packing::new(table.shape)?.is_short() {
        levels_by::<u64>(table, max_bytes)
    } else {
        levels_by::<u128>(table, max_bytes)
    }
}

fn levels_by<W: Word>(table: &CountedWindows, max_bytes: usize) -> Result<Vec<Level>, Error> {
    let longest = table.context_length();
    let mut levels = Vec::with_capacity(longest + 1);
    let (mut continued, mut bytes) = (Vec::<W>::new(), 0);
    for length in (0..=longest).rev() {
        let packing = Packing::new(level_shape(table, length))?;
        let seen = table
            .rows()
            .filter(|row| history(row.context).len() == length);
        let seen = seen.flat_map(|row| {
            let window = move |&target: &Token| packing.pack(history(row.context), target);
            row.targets
                .iter()
                .map(window)
                .zip(row.counts.iter().copied())
        });
        sort_by_window(&mut continued, packing.bits(), |&window| window);
        let level = Level::new(packing.table(merged(seen, counted(&continued))), packing);
        continued.clear();
        if let Some(below) = length.checked_sub(1) {
            let below = Packing::new(level_shape(table, below))?;
            for row in level.counts.rows() {
                continued.extend(
                    row.targets
                        .iter()
                        .map(|&target| below.pack::<W>(&row.context[1..], target)),
                );
            }
        }
        bytes += level.bytes();
        if bytes > max_bytes {
            return Err(Error::TooManyCounts {
                context_length: longest,
            });
        }
        levels.push(level);
    }
    levels.reverse();
    Ok(levels)
}

/// Merges two ascending lists; the counts of a window that occurs in both are added.
fn merged<W: Word>(
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
                    .map(|(window, count)| (window, count.saturating_add(more)))
            }
        }
    })
}

impl Level {
    /// Approximate memory, in bytes.
    fn bytes(&self) -> usize {
        let (counts, rows) = (&self.counts, self.counts.len());
        size_of_val(counts.contexts())
            + size_of_val(self.numbers.as_slice())
            + 10 * counts.pairs()
            + (16 + size_of::<[u32; BUCKETS]>()) * rows
    }

    fn new(counts: CountedWindows, packing: Packing) -> Self {
        let kinds = |row: CountedRow<'_>| {
            let mut kinds = [0; BUCKETS];
            for &count in row.counts {
                kinds[bucket(count)] += 1;
            }
            kinds
        };
        let number = |row: CountedRow<'_>| packing.pack_context(row.context);
        Level {
            kinds: counts.rows().map(kinds).collect(),
            numbers: counts.rows().map(number).collect(),
            packing,
            counts,
        }
    }

    /// Σ Dᵢ·Nᵢ(h) / c(h): the probability mass that the history at `place` passes on to the shorter history.
    pub(crate) fn backoff_mass(&self, place: usize, discounts: &[f64; BUCKETS]) -> f64 {
        let kinds = self.kinds[place].iter().zip(discounts);
        kinds.map(|(&kind, d)| f64::from(kind) * d).sum::<f64>()
            / self.counts.totals()[place] as f64
    }

    /// Whether every history without its last token is a history of the level below. It is in counts of whole names.
    pub(crate) fn continues(&self, below: &Level) -> bool {
        let last = self.packing.token_bits();
        let mut seen = below.numbers.iter().copied().peekable();
        self.numbers.iter().all(|number| {
            let before = number >> last;
            while seen.next_if(|&other| other < before).is_some() {}
            seen.peek() == Some(&before)
        })
    }

    /// The place of the suffix of a history that has this level's length, if it was seen.
    pub(crate) fn place_of_suffix(&self, history: &[Token]) -> Option<usize> {
        let suffix = &history[history.len() - self.counts.context_length()..];
        let number = self.packing.pack_context(suffix);
        self.numbers.binary_search(&number).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_beyond_the_limit_are_refused() {
        let name: Vec<Token> = (0..100)
            .map(|place| 1 + place * (place + 3) / 5 % 7)
            .collect();
        let table = CountedWindows::from_names([(name.as_slice(), 1)], 8, 20).unwrap();
        let bytes: usize = levels(&table).unwrap().iter().map(Level::bytes).sum();
        assert!(bytes > 2_000);
        assert!(levels_within(&table, bytes).is_ok());
        assert_eq!(
            levels_within(&table, bytes - 1),
            Err(Error::TooManyCounts { context_length: 20 })
        );
    }
}
