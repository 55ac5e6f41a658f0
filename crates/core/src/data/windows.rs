//! Step 3: the sliding window, and its collapse into unique contexts with counts.
//!
//! The loss of a list depends on it only through n(c, t), how often token t follows context c.
//! [`windows`] is the lecture's literal list of rows; [`CountedWindows`] is the table that
//! everything that learns learns from, far smaller and exactly as good.

use std::borrow::Cow;
use std::cmp::Ordering;

use sha2::{Digest, Sha256};

use crate::data::window_shape::WindowShape;
use crate::text::{END, Start, Token, Vocab};

/// The lecture's rows for one name: every (context, target), the last target being [`END`].
///
/// ```
/// use nextchar_core::data::windows;
/// use nextchar_core::text::Vocab;
///
/// let vocab = Vocab::az();
/// let rows: Vec<String> = windows(&vocab.encode("aabid").unwrap(), 3)
///     .map(|(context, target)| format!("{}→{}", vocab.decode(&context), vocab.symbol(target)))
///     .collect();
/// assert_eq!(rows, ["___→a", "__a→a", "_aa→b", "aab→i", "abi→d", "bid→_"]);
/// ```
pub fn windows(
    name: &[Token],
    context_length: usize,
) -> impl Iterator<Item = (Vec<Token>, Token)> + '_ {
    windows_after(Start::default(), name, context_length)
}

/// The rows of a name with a start of its own.
pub fn windows_after(
    start: Start,
    name: &[Token],
    context_length: usize,
) -> impl Iterator<Item = (Vec<Token>, Token)> + '_ {
    (0..=name.len()).map(move |position| {
        let context = start.context(&name[..position], context_length);
        (context, name.get(position).copied().unwrap_or(END))
    })
}

/// Unique contexts, sorted, with the counts of the tokens that follow them.
///
/// Row `i` is a context of T tokens; its targets are in ascending order with counts ≥ 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedWindows {
    pub(crate) shape: WindowShape,
    /// [U, T], rows in ascending order.
    contexts: Vec<Token>,
    /// [U + 1]: row i owns `targets[starts[i]..starts[i + 1]]`.
    starts: Vec<usize>,
    targets: Vec<Token>,
    counts: Vec<u64>,
    /// [U]: the counts of each row added up.
    totals: Vec<u64>,
    examples: u64,
    /// What the counts say of one window: 1, or more where they stand for shares of windows.
    pub(crate) unit: u64,
}

/// One row of a [`CountedWindows`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedRow<'a> {
    /// The context's T tokens.
    pub context: &'a [Token],
    /// The tokens seen after it, ascending.
    pub targets: &'a [Token],
    /// How often each was seen.
    pub counts: &'a [u64],
    /// Their sum.
    pub total: u64,
}

impl CountedWindows {
    /// Number of classes V.
    pub fn vocab_size(&self) -> usize {
        self.shape.vocab_size
    }

    /// Number of tokens that contexts are made of: the classes, and labels.
    pub fn token_count(&self) -> usize {
        self.shape.token_count
    }

    /// Number of label tokens at the left of every context.
    pub fn held(&self) -> usize {
        self.shape.held
    }

    /// Number of tokens T in a context.
    pub fn context_length(&self) -> usize {
        self.shape.context_length
    }

    /// Number of unique contexts U.
    pub fn len(&self) -> usize {
        self.totals.len()
    }

    /// Whether there is no window at all.
    pub fn is_empty(&self) -> bool {
        self.totals.is_empty()
    }

    /// What a count says of one window: 1 in a table that was counted, [`CountedWindows::SHARES`] in
    /// one that holds shares of windows.
    pub fn unit(&self) -> u64 {
        self.unit
    }

    /// The unit of a table of shares.
    pub const SHARES: u64 = 1 << 20;

    /// The table of the same contexts with distributions in place of what was seen: row i has
    /// `total · p(t)` windows of target t, in units of 1 / [`CountedWindows::SHARES`]. `probs` gives
    /// p(·) \[V\] of a row.
    ///
    /// # Panics
    /// If the table holds shares already.
    pub fn with_targets(&self, mut probs: impl FnMut(usize, &mut [f64])) -> CountedWindows {
        assert_eq!(self.unit, 1, "shares of shares");
        let mut soft = CountedWindows::new(self.shape);
        soft.unit = Self::SHARES;
        let mut row_probs = vec![0.0; self.shape.vocab_size];
        for (index, row) in self.rows().enumerate() {
            probs(index, &mut row_probs);
            for (target, p) in (0..).zip(&row_probs) {
                let count = (row.total as f64 * p * Self::SHARES as f64) as u64;
                soft.push(row.context, target, count);
            }
        }
        soft
    }

    /// The table with smoothed labels: a share of every context's counts goes to all classes alike
    /// (Szegedy et al. 2016). In units.
    pub fn smoothed(&self, share: f64) -> CountedWindows {
        let uniform = share / self.shape.vocab_size as f64;
        self.with_targets(|index, probs| {
            let row = self.row(index);
            probs.fill(uniform);
            for (&target, &count) in row.targets.iter().zip(row.counts) {
                probs[usize::from(target)] += (1.0 - share) * count as f64 / row.total as f64;
            }
        })
    }

    /// Number of windows N, repeated ones counted each time: the denominator of a loss. In units.
    pub fn examples(&self) -> u64 {
        self.examples
    }

    /// Number of different (context, target) pairs.
    pub fn pairs(&self) -> usize {
        self.targets.len()
    }

    /// All contexts, [U, T].
    pub fn contexts(&self) -> &[Token] {
        &self.contexts
    }

    /// The targets of all rows, row after row; as long as [`CountedWindows::pairs`] says.
    pub fn targets(&self) -> &[Token] {
        &self.targets
    }

    /// The count of each of the targets.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How often each context occurs, \[U\].
    pub fn totals(&self) -> &[u64] {
        &self.totals
    }

    /// Row `index`.
    ///
    /// # Panics
    /// If `index` is not below [`CountedWindows::len`].
    pub fn row(&self, index: usize) -> CountedRow<'_> {
        let (start, end) = (self.starts[index], self.starts[index + 1]);
        CountedRow {
            context: &self.contexts[index * self.shape.context_length..]
                [..self.shape.context_length],
            targets: &self.targets[start..end],
            counts: &self.counts[start..end],
            total: self.totals[index],
        }
    }

    /// The row of a context, if it was ever seen.
    pub fn find(&self, context: &[Token]) -> Option<CountedRow<'_>> {
        self.place(context).map(|place| self.row(place))
    }

    /// The place of a context's row, if it was ever seen.
    pub fn place(&self, context: &[Token]) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            let found =
                &self.contexts[middle * self.shape.context_length..][..self.shape.context_length];
            match found.cmp(context) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    /// SHA-256 of the windows and their counts, as hex.
    pub fn digest(&self, vocab: &Vocab) -> String {
        let mut hash = Sha256::new();
        for row in self.rows() {
            for (&target, &count) in row.targets.iter().zip(row.counts) {
                let (context, next) = (vocab.decode(row.context), vocab.symbol(target));
                hash.update(format!("{context}\t{next}\t{count}\n"));
            }
        }
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// The table without the windows of a part of it: what the other names have.
    ///
    /// # Panics
    /// If `part` is of another shape, or has a window that this table has not.
    pub fn without(&self, part: &CountedWindows) -> CountedWindows {
        assert_eq!(self.shape, part.shape);
        let mut rest = CountedWindows::new(self.shape);
        let mut removed = part.rows().peekable();
        for row in self.rows() {
            let taken = removed.next_if(|part| part.context == row.context);
            for (&target, &count) in row.targets.iter().zip(row.counts) {
                let taken = taken.and_then(|taken| {
                    let place = taken.targets.binary_search(&target).ok()?;
                    Some(taken.counts[place])
                });
                let left = count.checked_sub(taken.unwrap_or(0));
                rest.push(row.context, target, left.expect("a part of this table"));
            }
        }
        assert!(removed.next().is_none(), "a part of this table");
        rest
    }

    /// A table without a row.
    pub(crate) fn new(shape: WindowShape) -> Self {
        CountedWindows {
            shape,
            contexts: Vec::new(),
            starts: vec![0],
            targets: Vec::new(),
            counts: Vec::new(),
            totals: Vec::new(),
            examples: 0,
            unit: 1,
        }
    }

    /// Appends a window that comes after all others; one with a count of 0 is left out.
    pub(crate) fn push(&mut self, context: &[Token], target: Token, count: u64) {
        if count == 0 {
            return;
        }
        let last = self.contexts.len().checked_sub(self.shape.context_length);
        if self.totals.is_empty() || last.is_none_or(|last| &self.contexts[last..] != context) {
            self.begin_row(context.iter().copied());
        }
        self.add_target(target, count);
    }

    /// Begins the row of a context that comes after all others.
    pub(crate) fn begin_row(&mut self, context: impl Iterator<Item = Token>) {
        self.contexts.extend(context);
        self.totals.push(0);
        self.starts.push(self.targets.len());
    }

    /// Appends what follows the last row's context, after its other targets.
    pub(crate) fn add_target(&mut self, target: Token, count: u64) {
        self.targets.push(target);
        self.counts.push(count);
        *self.totals.last_mut().expect("a row was begun") += count;
        *self.starts.last_mut().expect("a row was begun") = self.targets.len();
        self.examples += count;
    }

    /// All rows in ascending order of their contexts.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = CountedRow<'_>> {
        (0..self.len()).map(|index| self.row(index))
    }
}

impl<'a> From<&'a CountedWindows> for Cow<'a, CountedWindows> {
    fn from(table: &'a CountedWindows) -> Self {
        Cow::Borrowed(table)
    }
}

impl From<CountedWindows> for Cow<'_, CountedWindows> {
    fn from(table: CountedWindows) -> Self {
        Cow::Owned(table)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::data::WindowCounter;
    use crate::error::Error;

    #[test]
    fn aabid_has_six_rows_at_any_context_length() {
        let name = [1, 1, 2, 9, 4];
        for context_length in 0..9 {
            let rows: Vec<_> = windows(&name, context_length).collect();
            assert_eq!(rows.len(), 6);
            assert!(
                rows.iter()
                    .all(|(context, _)| context.len() == context_length)
            );
            assert_eq!(rows[5].1, END);
        }
    }

    #[test]
    fn smoothed_labels_keep_the_contexts_and_their_weight() {
        let names: [(&[Token], u64); 2] = [(&[1, 2], 3), (&[2], 1)];
        let table = CountedWindows::from_names(names, 4, 1).unwrap();
        let smoothed = table.smoothed(0.2);
        assert_eq!(smoothed.contexts(), table.contexts());
        for (row, before) in smoothed.rows().zip(table.rows()) {
            let unit = (before.total * CountedWindows::SHARES) as f64;
            assert_eq!(row.targets, [0, 1, 2, 3]);
            for (target, count) in (0..).zip(row.counts) {
                let seen = before.targets.iter().position(|&seen| seen == target);
                let count_before = seen.map_or(0, |place| before.counts[place]);
                let share = 0.05 + 0.8 * count_before as f64 / before.total as f64;
                assert!((*count as f64 / unit - share).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn a_context_that_does_not_fit_is_refused() {
        assert_eq!(WindowCounter::longest_context(27), 24);
        assert!(WindowCounter::new(27, 24).is_ok());
        assert!(matches!(
            WindowCounter::new(27, 25),
            Err(Error::ContextTooLong { longest: 24, .. })
        ));
    }

    proptest! {
        /// The table holds exactly the literal windows, sorted, whatever way they were merged.
        #[test]
        fn table_equals_the_literal_windows(
            names in prop::collection::vec(
                (prop::collection::vec(1u16..5, 0..7), 0u64..4), 0..12),
            context_length in 0usize..8,
            cut in 0usize..12,
        ) {
            let mut expected: BTreeMap<(Vec<Token>, Token), u64> = BTreeMap::new();
            for (name, count) in &names {
                for window in windows(name, context_length) {
                    if *count > 0 {
                        *expected.entry(window).or_default() += count;
                    }
                }
            }
            let mut first = WindowCounter::new(5, context_length).unwrap();
            let mut second = first.clone();
            for (index, (name, count)) in names.iter().enumerate() {
                if index < cut { first.add(name, *count) } else { second.add(name, *count) }
            }
            first.merge(second);
            let table = first.finish();
            let found: Vec<_> = table.rows().flat_map(|row| {
                assert_eq!(row.total, row.counts.iter().sum::<u64>());
                row.targets.iter().zip(row.counts)
                    .map(|(&target, &count)| ((row.context.to_vec(), target), count))
                    .collect::<Vec<_>>()
            }).collect();
            for row in table.rows() {
                prop_assert_eq!(table.find(row.context), Some(row));
            }
            prop_assert_eq!(table.find(&vec![7; context_length]).is_some(),
                context_length == 0 && !table.is_empty());
            prop_assert_eq!(table.examples(), expected.values().sum::<u64>());
            let some = names.iter().step_by(2).map(|(name, count)| (name.as_slice(), *count));
            let others = names.iter().skip(1).step_by(2).map(|(name, count)| (name.as_slice(), *count));
            prop_assert_eq!(
                table.without(&CountedWindows::from_names(some, 5, context_length).unwrap()),
                CountedWindows::from_names(others, 5, context_length).unwrap()
            );
            for shorter in 0..=context_length {
                let counted = names.iter().map(|(name, count)| (name.as_slice(), *count));
                let counted = CountedWindows::from_names(counted, 5, shorter).unwrap();
                prop_assert_eq!(table.shorten(shorter).unwrap().into_owned(), counted);
            }
            prop_assert!(table.shorten(context_length + 1).is_err());
            prop_assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
        }
    }
}
