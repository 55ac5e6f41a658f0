//! The counts of every order that Kneser–Ney smoothing stands on.
//!
//! A history begins with one START symbol, however long the padding of its window is. The highest
//! order, and every history that begins with START, has raw counts: nothing stands to the left.
//! A lower order counts in how many different tokens' company an n-gram was seen: its continuation
//! count (Kneser and Ney 1995; the padding as in Heafield 2013).

use std::cmp::Ordering;

use crate::data::packing::{Packing, Word, counted, sort_by_window};
use crate::data::window_shape::WindowShape;
use crate::data::{CountedRow, CountedWindows};
use crate::error::Error;
use crate::text::{END, Token};

/// Discounts are told apart for counts of 1, of 2, and of 3 or more (Chen and Goodman 1998).
pub(crate) const BUCKETS: usize = 3;

/// Counts of the n-grams with a history of one length.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Level {
    /// Histories, and the adjusted counts of what follows.
    pub(crate) counts: CountedWindows,
    /// The histories as integers, which are faster to find than tokens.
    numbers: Vec<u128>,
    packing: Packing,
    /// For every history: how many tokens follow it with a count of 1, of 2, of 3 or more.
    pub(crate) kinds: Vec<[u32; BUCKETS]>,
}

/// The bucket of a count ≥ 1.
pub(crate) fn bucket(count: u64) -> usize {
    (count as usize).min(BUCKETS) - 1
}

/// The history of a context: its padding shrinks to one START, which is [`END`] in first place.
pub(crate) fn history(context: &[Token]) -> &[Token] {
    let padding = context.iter().take_while(|&&token| token == END).count();
    &context[padding.saturating_sub(1)..]
}

/// Histories of one length. They lose their oldest token first, a label among them.
fn level_shape(table: &CountedWindows, length: usize) -> WindowShape {
    WindowShape {
        held: 0,
        ..table.shape.with_context(length)
    }
}

/// All levels together may not take more memory than this, in bytes; a file cannot ask for more.
const MOST_BYTES: usize = 2 << 30;

/// The levels 0 … T of a table with contexts of T tokens.
///
/// # Errors
/// As [`WindowCounter::new`]; [`Error::TooManyCounts`] where they would fill gigabytes.
pub(crate) fn levels(table: &CountedWindows) -> Result<Vec<Level>, Error> {
    levels_within(table, MOST_BYTES)
}

fn levels_within(table: &CountedWindows, most_bytes: usize) -> Result<Vec<Level>, Error> {
    match Packing::new(table.shape)?.is_short() {
        true => levels_by::<u64>(table, most_bytes),
        false => levels_by::<u128>(table, most_bytes),
    }
}

fn levels_by<W: Word>(table: &CountedWindows, most_bytes: usize) -> Result<Vec<Level>, Error> {
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
        if bytes > most_bytes {
            return Err(Error::TooManyCounts {
                context_length: longest,
            });
        }
        levels.push(level);
    }
    levels.reverse();
    Ok(levels)
}

/// Two ascending lists as one; the counts of a window that stands in both add up.
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
    /// About how much memory it takes.
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

    /// Σ Dᵢ·Nᵢ(h) / c(h): what the history at a place gives to the shorter one's probability.
    pub(crate) fn given(&self, place: usize, discounts: &[f64; BUCKETS]) -> f64 {
        let kinds = self.kinds[place].iter().zip(discounts);
        kinds.map(|(&kind, d)| f64::from(kind) * d).sum::<f64>()
            / self.counts.totals()[place] as f64
    }

    /// The place of the history that a longer one ends with, if it was seen.
    pub(crate) fn place_of_end(&self, history: &[Token]) -> Option<usize> {
        let end = &history[history.len() - self.counts.context_length()..];
        let number = self.packing.pack_context(end);
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
