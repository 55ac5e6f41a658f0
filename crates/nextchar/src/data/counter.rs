//! Step 3, counting: a stream of names becomes a table of windows, in memory for the different ones.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::names::NameList;
use super::vocab::{END, Token, Vocab};
use super::windows::CountedWindows;
use crate::error::Error;

/// Counts the windows of a stream of names without ever holding the windows.
///
/// Memory follows the number of different windows, not the length of the stream. Counters of
/// parts of a corpus [`merge`](WindowCounter::merge) into the counter of the whole.
#[derive(Clone, Debug)]
pub struct WindowCounter {
    vocab_size: usize,
    context_length: usize,
    token_bits: u32,
    counts: Counts,
}

/// Counts of windows packed as `context_1 … context_T target`: numeric order is table order.
#[derive(Clone, Debug)]
enum Counts {
    /// A place for every window there can be, where those are few.
    Dense(Vec<u64>),
    /// The windows that were seen.
    Sparse(FxHashMap<u128, u64>),
}

/// Windows of at most this many bits are counted in a dense table, of 8 MB.
const DENSE_BITS: u32 = 20;

impl WindowCounter {
    /// A counter that has seen nothing.
    ///
    /// # Errors
    /// [`Error::ContextTooLong`] where a window of this many tokens does not fit 128 bits.
    pub fn new(vocab_size: usize, context_length: usize) -> Result<Self, Error> {
        let token_bits = usize::BITS - vocab_size.saturating_sub(1).leading_zeros();
        let longest = Self::longest_context(vocab_size);
        if context_length > longest {
            return Err(Error::ContextTooLong {
                context_length,
                vocab_size,
                longest,
            });
        }
        Ok(WindowCounter {
            vocab_size,
            context_length,
            token_bits,
            counts: match token_bits * (context_length as u32 + 1) {
                bits @ 0..=DENSE_BITS => Counts::Dense(vec![0; 1 << bits]),
                _ => Counts::Sparse(FxHashMap::default()),
            },
        })
    }

    /// A counter that has seen what a table holds.
    pub(super) fn of(table: &CountedWindows) -> Self {
        let mut counter = Self::new(table.vocab_size(), table.context_length())
            .expect("a table's windows can be counted");
        let mut window = Vec::with_capacity(table.context_length() + 1);
        for row in table.rows() {
            for (&target, &count) in row.targets.iter().zip(row.counts) {
                window.clear();
                window.extend_from_slice(row.context);
                window.push(target);
                counter.add_window(&window, count);
            }
        }
        counter
    }

    /// The longest context that can be counted for a vocabulary: 24 for the lecture's 27 classes.
    pub fn longest_context(vocab_size: usize) -> usize {
        let token_bits = usize::BITS - vocab_size.saturating_sub(1).leading_zeros();
        (u128::BITS / token_bits.max(1)) as usize - 1
    }

    /// Counts every window of one name `count` times.
    ///
    /// # Panics
    /// If a token is not below the vocabulary's size.
    pub fn add(&mut self, name: &[Token], count: u64) {
        let window_bits = self.token_bits * (self.context_length as u32 + 1);
        let mask = u128::MAX >> (u128::BITS - window_bits);
        let mut window = 0u128; // END is 0, so this is a window of padding
        for &token in name.iter().chain(&[END]) {
            window = self.shift_in(window, token) & mask;
            self.count(window, count);
        }
    }

    /// Counts a single window, its context followed by its target, `count` times.
    ///
    /// # Panics
    /// If it has not T + 1 tokens, or one is not below the vocabulary's size.
    pub fn add_window(&mut self, window: &[Token], count: u64) {
        assert_eq!(
            window.len(),
            self.context_length + 1,
            "a context and a target"
        );
        let packed = window
            .iter()
            .fold(0, |packed, &token| self.shift_in(packed, token));
        self.count(packed, count);
    }

    fn shift_in(&self, window: u128, token: Token) -> u128 {
        assert!(
            usize::from(token) < self.vocab_size,
            "token {token} of {} classes",
            self.vocab_size
        );
        (window << self.token_bits) | u128::from(token)
    }

    fn count(&mut self, window: u128, count: u64) {
        if count > 0 {
            let sum = match &mut self.counts {
                Counts::Dense(counts) => &mut counts[window as usize],
                Counts::Sparse(counts) => counts.entry(window).or_default(),
            };
            *sum = sum.saturating_add(count);
        }
    }

    /// Adds what another counter has seen.
    ///
    /// # Panics
    /// If the two differ in vocabulary size or context length.
    pub fn merge(&mut self, other: WindowCounter) {
        assert_eq!(
            (self.vocab_size, self.context_length),
            (other.vocab_size, other.context_length)
        );
        for (window, count) in other.counts.into_sorted() {
            self.count(window, count);
        }
    }

    /// The sorted table of all that was counted.
    pub fn finish(self) -> CountedWindows {
        let windows = self.counts.into_sorted();
        let token_mask = (1u128 << self.token_bits) - 1;
        let mut table = CountedWindows::new(self.vocab_size, self.context_length);
        let mut context = vec![END; self.context_length];
        for (window, count) in windows {
            for (position, token) in (1u32..).zip(context.iter_mut().rev()) {
                *token = ((window >> (position * self.token_bits)) & token_mask) as Token;
            }
            table.push(&context, (window & token_mask) as Token, count);
        }
        table
    }
}

/// Tables that are counted.
impl CountedWindows {
    /// The windows of tokenised names, each with the number of times it stands in the corpus.
    ///
    /// # Errors
    /// As [`WindowCounter::new`].
    pub fn from_names<'a>(
        names: impl IntoIterator<Item = (&'a [Token], u64)>,
        vocab_size: usize,
        context_length: usize,
    ) -> Result<Self, Error> {
        let mut counter = WindowCounter::new(vocab_size, context_length)?;
        for (name, count) in names {
            counter.add(name, count);
        }
        Ok(counter.finish())
    }

    /// The windows of a list's names, counted as often as the names do.
    ///
    /// # Errors
    /// As [`WindowCounter::new`]; [`Error::UnknownCharacter`] of the first name that the
    /// vocabulary cannot hold.
    pub fn from_list(list: &NameList, vocab: &Vocab, context_length: usize) -> Result<Self, Error> {
        let mut counter = WindowCounter::new(vocab.len(), context_length)?;
        let mut tokens = Vec::new();
        for name in list.names() {
            vocab
                .encode_into(name.text, &mut tokens)
                .map_err(|unknown| unknown.of(name.text))?;
            counter.add(&tokens, name.count);
        }
        Ok(counter.finish())
    }

    /// The table of a shorter context: rows whose last tokens are the same are added up.
    ///
    /// # Errors
    /// [`Error::ContextTooLong`] where this table's own context is shorter than `context_length`.
    pub fn shorten(&self, context_length: usize) -> Result<Cow<'_, Self>, Error> {
        if context_length == self.context_length() {
            return Ok(Cow::Borrowed(self));
        }
        let Some(left_out) = self.context_length().checked_sub(context_length) else {
            return Err(Error::ContextTooLong {
                context_length,
                vocab_size: self.vocab_size(),
                longest: self.context_length(),
            });
        };
        let mut counter = WindowCounter::new(self.vocab_size(), context_length)?;
        let mut window = Vec::with_capacity(context_length + 1);
        for row in self.rows() {
            for (&target, &count) in row.targets.iter().zip(row.counts) {
                window.clear();
                window.extend_from_slice(&row.context[left_out..]);
                window.push(target);
                counter.add_window(&window, count);
            }
        }
        let mut shorter = counter.finish();
        shorter.unit = self.unit;
        Ok(Cow::Owned(shorter))
    }

    /// The counts of two tables added up.
    ///
    /// # Panics
    /// If they differ in vocabulary, context length or unit.
    pub fn merged(&self, other: &CountedWindows) -> CountedWindows {
        assert_eq!(self.unit, other.unit);
        let mut counter = WindowCounter::of(self);
        counter.merge(WindowCounter::of(other));
        let mut sum = counter.finish();
        sum.unit = self.unit;
        sum
    }
}

impl Counts {
    /// The windows that were seen, ascending.
    fn into_sorted(self) -> Vec<(u128, u64)> {
        match self {
            Counts::Dense(counts) => {
                let numbered = (0..).zip(counts);
                numbered.filter(|&(_, count)| count > 0).collect()
            }
            Counts::Sparse(counts) => {
                let mut windows: Vec<(u128, u64)> = counts.into_iter().collect();
                windows.sort_unstable();
                windows
            }
        }
    }
}
