//! From windows to the [levels](super::levels): the windows are sorted by their contexts read backwards, and each row
//! of a level is finished when the last longer history with its tokens is.
//!
//! Sorted like this, the histories with a common suffix are neighbours at every level, so one pass counts all levels.

use crate::counts::levels::{Level, Levels};
use crate::data::packing::{Packing, Word, counted, sort_by_window};
use crate::data::runs::sums;
use crate::data::window_shape::WindowShape;
use crate::data::{CountedWindows, NameList};
use crate::error::Error;
use crate::text::{END, Token, Vocab};

/// Limit of the memory of all levels together, in bytes, so that a small file cannot demand gigabytes.
const MAX_BYTES: usize = 2 << 30;

/// The memory is compared with the limit after this number of contexts.
const CHECKED: usize = 1 << 16;

/// Windows with the same last token that are sorted together, at least.
const SORTED: usize = 1 << 18;

/// The levels 0 … T of a table with contexts of T tokens.
///
/// # Errors
/// [`Error::ContextTooLong`]; [`Error::TooManyCounts`] if they would take more than 2 GB.
pub(crate) fn levels(table: &CountedWindows) -> Result<Levels, Error> {
    levels_within(table, MAX_BYTES)
}

fn levels_within(table: &CountedWindows, max_bytes: usize) -> Result<Levels, Error> {
    if Packing::new(table.shape)?.is_short() {
        levels_by::<u64>(table, max_bytes)
    } else {
        levels_by::<u128>(table, max_bytes)
    }
}

fn levels_by<W: Word>(table: &CountedWindows, max_bytes: usize) -> Result<Levels, Error> {
    let packing = Packing::new(table.shape)?;
    let last = |context: &[Token]| context.last().copied().unwrap_or(END);
    // The last token comes first when a context is read backwards, so only rows with the same one are sorted together.
    let mut rows_by_last: Vec<Vec<u32>> = vec![Vec::new(); table.token_count()];
    for (place, row) in (0..).zip(table.rows()) {
        rows_by_last[usize::from(last(row.context))].push(place);
    }
    let mut counting = Counting::new(packing, max_bytes);
    let mut windows: Vec<(W, u64)> = Vec::new();
    for places in rows_by_last {
        for place in places {
            let row = table.row(place as usize);
            let context = backwards::<W>(packing, row.context);
            for (&target, &count) in row.targets.iter().zip(row.counts) {
                windows.push((packing.followed(context, target), count));
            }
        }
        sort_by_window(&mut windows, packing.bits(), |&(window, _)| window);
        for (window, count) in windows.drain(..) {
            counting.add(window, count)?;
        }
    }
    counting.finish()
}

/// The levels of a list's names, weighted by their counts.
///
/// # Errors
/// As [`levels`]; [`Error::UnknownPiece`] for the first name that the vocabulary cannot represent.
pub(crate) fn levels_of_names(
    list: &NameList,
    vocab: &Vocab,
    context_length: usize,
) -> Result<Levels, Error> {
    let packing = Packing::new(WindowShape::plain(vocab.len(), context_length))?;
    if packing.is_short() {
        levels_of_names_by::<u64>(list, vocab, packing)
    } else {
        levels_of_names_by::<u128>(list, vocab, packing)
    }
}

fn levels_of_names_by<W: Word>(
    list: &NameList,
    vocab: &Vocab,
    packing: Packing,
) -> Result<Levels, Error> {
    let longest = packing.shape().context_length;
    let mut tokens = Vec::new();
    // One for each last token: they stay in the cache while they are sorted.
    let mut windows: Vec<Sorting<W>> = vec![Sorting::new(packing); vocab.len()];
    for name in list.names() {
        let known = vocab.encode_into(name.text, &mut tokens);
        known.map_err(|unknown| unknown.of(name.text))?;
        let (mut context, mut last) = (W::from(END), END);
        for &token in tokens.iter().chain(&[END]) {
            windows[usize::from(last)].add(packing.followed(context, token), name.count);
            context = packing.preceded(context, token, longest);
            last = if longest > 0 { token } else { END };
        }
    }
    let mut counting = Counting::new(packing, MAX_BYTES);
    for windows in windows {
        windows.finish(|(window, count)| counting.add(window, count))?;
    }
    counting.finish()
}

/// The integer of a context that is read backwards: the last token in the highest bits.
fn backwards<W: Word>(packing: Packing, context: &[Token]) -> W {
    let tokens = context.iter().rev();
    tokens.fold(W::from(END), |packed, &token| {
        packing.followed(packed, token)
    })
}

impl Packing {
    /// An integer with a token in its lowest bits.
    #[inline]
    fn followed<W: Word>(self, packed: W, token: Token) -> W {
        (packed << self.token_bits()) | W::from(token)
    }

    /// A context that is read backwards, after one more token.
    #[inline]
    fn preceded<W: Word>(self, context: W, token: Token, length: usize) -> W {
        let Some(places) = length.checked_sub(1) else {
            return context;
        };
        (context >> self.token_bits()) | (W::from(token) << (places as u32 * self.token_bits()))
    }
}

/// Sorts windows with the same last token of their contexts, and counts those that are equal. Its memory is proportional
/// to the number of different ones.
#[derive(Clone)]
struct Sorting<W> {
    /// Bits of a window in which they differ.
    bits: u32,
    /// Windows that occurred once each.
    once: Vec<W>,
    /// Windows with their numbers of occurrences.
    often: Vec<(W, u64)>,
    /// Ascending.
    sorted: Vec<(W, u64)>,
}

impl<W: Word> Sorting<W> {
    fn new(packing: Packing) -> Self {
        let same = packing.token_bits() * packing.shape().context_length.min(1) as u32;
        Sorting {
            bits: packing.bits() - same,
            once: Vec::new(),
            often: Vec::new(),
            sorted: Vec::new(),
        }
    }

    #[inline]
    fn add(&mut self, window: W, count: u64) {
        let number = match count {
            0 => return,
            1 => {
                self.once.push(window);
                self.once.len()
            }
            _ => {
                self.often.push((window, count));
                self.often.len()
            }
        };
        if number >= SORTED.max(self.sorted.len()) {
            self.merge();
        }
    }

    /// Moves all windows to the sorted ones.
    fn merge(&mut self) {
        sort_by_window(&mut self.once, self.bits, |&window| window);
        sort_by_window(&mut self.often, self.bits, |&(window, _)| window);
        let often = self.often.chunk_by(|a, b| a.0 == b.0).map(|same| {
            let counts = same.iter().map(|&(_, count)| count);
            (same[0].0, counts.fold(0, u64::saturating_add))
        });
        let before = std::mem::take(&mut self.sorted).into_iter();
        self.sorted = sums(before, sums(counted(&self.once), often)).collect();
        self.once.clear();
        self.often.clear();
    }

    /// Calls `each` with the different windows in ascending order, and their counts.
    fn finish<E>(mut self, each: impl FnMut((W, u64)) -> Result<(), E>) -> Result<(), E> {
        if self.sorted.is_empty() && self.often.is_empty() {
            sort_by_window(&mut self.once, self.bits, |&window| window);
            return counted(&self.once).try_for_each(each);
        }
        self.merge();
        self.sorted.into_iter().try_for_each(each)
    }
}

/// Counts the levels while windows arrive in ascending order of their contexts, read backwards.
struct Counting<W> {
    packing: Packing,
    max_bytes: usize,
    levels: Levels,
    /// The last context, read backwards.
    context: Option<W>,
    /// The last history, from its last token backwards.
    history: Vec<Token>,
    /// \[T + 1\]: what follows the suffixes of that history until now, by their length.
    open: Vec<Open>,
    contexts: usize,
}

/// The counts of what follows a history that may still get more.
#[derive(Clone)]
struct Open {
    /// The targets in the order of their first occurrence.
    targets: Vec<Token>,
    /// \[V\].
    counts: Vec<u64>,
}

impl Open {
    #[inline]
    fn add(&mut self, target: Token, count: u64) {
        let sum = &mut self.counts[usize::from(target)];
        if *sum == 0 {
            self.targets.push(target);
        }
        *sum = sum.saturating_add(count);
    }
}

impl<W: Word> Counting<W> {
    fn new(packing: Packing, max_bytes: usize) -> Self {
        let shape = packing.shape();
        let longest = shape.context_length;
        let open = Open {
            targets: Vec::new(),
            counts: vec![0; shape.vocab_size],
        };
        Counting {
            packing,
            max_bytes,
            levels: Levels {
                // Backing off drops the oldest token first, even a label; the table still has its labels in front.
                shape,
                levels: (0..=longest)
                    .map(|length| Level::new(length == longest))
                    .collect(),
            },
            context: None,
            history: Vec::with_capacity(longest),
            open: vec![open; longest + 1],
            contexts: 0,
        }
    }

    fn add(&mut self, window: W, count: u64) -> Result<(), Error> {
        let context = window >> self.packing.token_bits();
        if self.context != Some(context) {
            self.begin(context);
            self.context = Some(context);
            self.contexts += 1;
            if self.contexts.is_multiple_of(CHECKED) {
                self.check()?;
            }
        }
        let target = window.low_token(self.packing.token_bits());
        self.open[self.history.len()].add(target, count);
        Ok(())
    }

    fn finish(mut self) -> Result<Levels, Error> {
        if self.context.is_some() {
            self.end_longer_than(0);
            self.end_row(0);
        }
        self.check()?;
        self.levels.levels.iter_mut().for_each(Level::shrink);
        Ok(self.levels)
    }

    /// Moves on to the history of a context. Ends the rows of the suffixes of the last history that this one does not have.
    fn begin(&mut self, context: W) {
        let (longest, bits) = (self.open.len() - 1, self.packing.token_bits());
        let token =
            |place: usize| (context >> ((longest - 1 - place) as u32 * bits)).low_token(bits);
        let padding = (0..longest)
            .rev()
            .take_while(|&place| token(place) == END)
            .count();
        let length = longest - padding.saturating_sub(1);
        let mut common = 0;
        while common < length.min(self.history.len()) && token(common) == self.history[common] {
            common += 1;
        }
        self.end_longer_than(common);
        self.history.truncate(common);
        self.history.extend((common..length).map(token));
    }

    fn end_longer_than(&mut self, length: usize) {
        for length in (length + 1..=self.history.len()).rev() {
            self.end_row(length);
        }
    }

    /// Ends the row of the last history's suffix of a length, which continues the shorter one.
    fn end_row(&mut self, length: usize) {
        let (shorter, open) = self.open.split_at_mut(length);
        let (shorter, open) = (shorter.last_mut(), &mut open[0]);
        let (levels, longer) = self.levels.levels.split_at_mut(length + 1);
        let level = levels.last_mut().expect("a level for each length");
        open.targets.sort_unstable();
        if let Some(shorter) = shorter {
            open.targets
                .iter()
                .for_each(|&target| shorter.add(target, 1));
        }
        for target in open.targets.drain(..) {
            let count = std::mem::take(&mut open.counts[usize::from(target)]);
            level.push_target(target, count);
        }
        let oldest = length.checked_sub(1).map_or(END, |last| self.history[last]);
        level.end_row(oldest, longer.first().map(Level::len));
    }

    fn check(&self) -> Result<(), Error> {
        if self.levels.bytes() > self.max_bytes {
            return Err(Error::TooManyCounts {
                context_length: self.levels.shape.context_length,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;
    use crate::counts::levels::history;
    use crate::data::WindowCounter;

    /// What follows each history of a length, straight from the definition.
    type Rows = BTreeMap<Vec<Token>, BTreeMap<Token, u64>>;

    fn by_definition(table: &CountedWindows) -> Vec<Rows> {
        let longest = table.context_length();
        let mut levels = vec![Rows::new(); longest + 1];
        for row in table.rows() {
            let history = history(row.context);
            for (&target, &count) in row.targets.iter().zip(row.counts) {
                let of_history = levels[history.len()].entry(history.to_vec());
                *of_history.or_default().entry(target).or_default() += count;
            }
        }
        for length in (0..longest).rev() {
            let longer = levels[length + 1].clone();
            for (history, follows) in longer {
                let shorter = levels[length].entry(history[1..].to_vec()).or_default();
                for &target in follows.keys() {
                    *shorter.entry(target).or_default() += 1;
                }
            }
        }
        levels
    }

    fn rows_of(levels: &Levels) -> Vec<Rows> {
        let rows = |length: usize| {
            let histories = levels.histories(length);
            let of_row = |row: usize| {
                let pairs = levels.level(length).row(row).pairs();
                let follows = pairs.map(|(&target, count)| (target, count)).collect();
                (
                    histories[row * length..(row + 1) * length].to_vec(),
                    follows,
                )
            };
            (0..levels.level(length).len()).map(of_row).collect()
        };
        (0..levels.len()).map(rows).collect()
    }

    /// Whether every history without its last token is a history.
    fn are_closed(levels: &[Rows]) -> bool {
        let known: BTreeSet<&[Token]> = levels
            .iter()
            .flat_map(|rows| rows.keys().map(Vec::as_slice))
            .collect();
        known
            .iter()
            .all(|history| history.len() < 2 || known.contains(&history[..history.len() - 1]))
    }

    proptest! {
        /// Windows of names and others, with small and large counts.
        #[test]
        fn levels_are_as_defined(
            windows in prop::collection::vec(
                (prop::collection::vec(0u16..4, 4..5), prop_oneof![1u64..4, 250u64..260, Just(u64::MAX >> 8)]), 0..60),
            names in prop::collection::vec((prop::collection::vec(1u16..4, 0..7), 1u64..3), 0..30),
            context_length in 0usize..4,
        ) {
            let mut counter = WindowCounter::new(4, context_length).unwrap();
            for (window, count) in &windows {
                counter.add_window(&window[3 - context_length..], *count);
            }
            let others = counter.finish();
            let names = names.iter().map(|(name, count)| (name.as_slice(), *count));
            let names = CountedWindows::from_names(names, 4, context_length).unwrap();
            for table in [names, others] {
                let counted = levels(&table).unwrap();
                let expected = by_definition(&table);
                prop_assert_eq!(rows_of(&counted), expected.clone());
                prop_assert_eq!(counted.are_closed(), are_closed(&expected));
                prop_assert_eq!(counted.table(), table);
                for (length, rows) in expected.iter().enumerate() {
                    let level = counted.level(length);
                    let of_row = |row| level.row(row).pairs().map(|(_, count)| count);
                    let counts: Vec<u64> = (0..level.len()).flat_map(of_row).collect();
                    prop_assert_eq!(level.counts().collect::<Vec<_>>(), counts);
                    for (history, follows) in rows {
                        let path: Vec<usize> = counted.path(history.iter().rev().copied()).collect();
                        prop_assert_eq!(path.len(), length + 1);
                        let row = level.row(path[length]);
                        prop_assert_eq!(row.sums().total, follows.values().sum::<u64>() as f64);
                        prop_assert_eq!(row.find(3), follows.get(&3).copied());
                    }
                }
            }
        }

        /// Names counted without a table, and in several runs.
        #[test]
        fn names_have_the_levels_of_their_windows(
            names in prop::collection::btree_map("[a-d]{1,7}", prop_oneof![Just(1u64), 1u64..400], 0..40),
            context_length in prop_oneof![0usize..8, Just(14usize)],
        ) {
            let list = NameList::from_names(names.iter().map(|(name, &count)| (name, count)));
            let vocab = Vocab::az();
            let table = CountedWindows::from_list(&list, &vocab, context_length).unwrap();
            prop_assert_eq!(levels_of_names(&list, &vocab, context_length).unwrap(), levels(&table).unwrap());
        }

        #[test]
        fn windows_are_sorted_in_runs(
            windows in prop::collection::vec((64u64..120, 0u64..3), 0..200), runs in 1usize..9,
        ) {
            let mut expected = BTreeMap::new();
            let mut sorting = Sorting::new(Packing::new(WindowShape::plain(64, 1)).unwrap());
            for (place, &(window, count)) in windows.iter().enumerate() {
                if count > 0 {
                    *expected.entry(window).or_default() += count;
                }
                sorting.add(window, count);
                if place % runs == 0 {
                    sorting.merge();
                }
            }
            let mut found = Vec::new();
            let all: Result<(), ()> = sorting.finish(|counted| {
                found.push(counted);
                Ok(())
            });
            prop_assert!(all.is_ok());
            prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn counts_beyond_the_limit_are_refused() {
        let name: Vec<Token> = (0..100)
            .map(|place| 1 + place * (place + 3) / 5 % 7)
            .collect();
        let table = CountedWindows::from_names([(name.as_slice(), 1)], 8, 20).unwrap();
        let bytes = levels(&table).unwrap().bytes();
        assert!(bytes > 2_000);
        assert!(levels_within(&table, bytes * 2).is_ok());
        assert_eq!(
            levels_within(&table, bytes - 1),
            Err(Error::TooManyCounts { context_length: 20 })
        );
    }
}
