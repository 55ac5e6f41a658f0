//! Step 3, counting: turns a stream of names into a table of windows, in memory proportional to the distinct ones.

use std::borrow::Cow;

use crate::data::names::NameList;
use crate::data::packing::{Packing, counted, sort_by_window};
use crate::data::runs::{Runs, sums};
use crate::data::window_shape::WindowShape;
use crate::data::windows::{CountedRow, CountedWindows};
use crate::error::Error;
use crate::text::{Start, Token, Vocab};

/// Counts the windows of a stream of names.
///
/// Memory is proportional to the number of distinct windows, not to the length of the stream. Counters of parts of a
/// corpus can be [merged](WindowCounter::merge).
#[derive(Clone, Debug)]
pub struct WindowCounter {
    packing: Packing,
    counts: Counts,
}

/// Counts of packed windows.
#[derive(Clone, Debug)]
enum Counts {
    /// An entry for every possible window, if there are few.
    Dense(Vec<u64>),
    /// Windows that fit into 64 bits.
    Short(Runs<u64>),
    Long(Runs<u128>),
}

/// Windows of at most this many bits are counted in a dense table, of 8 MB.
const DENSE_BITS: u32 = 20;
/// A dense table has at most this number of entries for each window that is expected.
const DENSE_ROOM: usize = 16;
/// Lists with at most this many windows are counted by sorting them all, in 2 MB.
const SORTED: usize = 1 << 18;

impl WindowCounter {
    /// An empty counter.
    ///
    /// # Errors
    /// [`Error::ContextTooLong`] if a window of this many tokens does not fit into 128 bits.
    pub fn new(vocab_size: usize, context_length: usize) -> Result<Self, Error> {
        Self::of_shape(WindowShape::plain(vocab_size, context_length))
    }

    /// An empty counter for names of a vocabulary after starts with labels of this length.
    ///
    /// # Errors
    /// As [`WindowCounter::new`].
    pub fn after(vocab: &Vocab, start: &Start, context_length: usize) -> Result<Self, Error> {
        Self::holding(vocab, start.label().len(), context_length)
    }

    /// A counter for windows with this number of label tokens at the left of every context.
    ///
    /// # Errors
    /// As [`WindowCounter::new`].
    pub fn holding(vocab: &Vocab, held: usize, context_length: usize) -> Result<Self, Error> {
        Self::of_shape(WindowShape::of(vocab, held, context_length))
    }

    fn of_shape(shape: WindowShape) -> Result<Self, Error> {
        Self::with_room(shape, usize::MAX)
    }

    /// A counter for at most this number of distinct windows: a dense table is not worth clearing for a few.
    fn with_room(shape: WindowShape, most: usize) -> Result<Self, Error> {
        let packing = Packing::new(shape)?;
        let is_dense =
            packing.bits() <= DENSE_BITS && 1 << packing.bits() <= most.saturating_mul(DENSE_ROOM);
        Ok(WindowCounter {
            packing,
            counts: match packing.is_short() {
                _ if is_dense => Counts::Dense(vec![0; 1 << packing.bits()]),
                true => Counts::Short(Runs::new(packing.bits())),
                false => Counts::Long(Runs::new(packing.bits())),
            },
        })
    }

    /// The longest context that can be counted for a vocabulary: 24 with the 27 classes of the lecture.
    pub fn longest_context(vocab_size: usize) -> usize {
        Packing::longest_context(vocab_size)
    }

    /// Counts every window of one name `count` times.
    ///
    /// # Panics
    /// If a token is not below the vocabulary's size.
    pub fn add(&mut self, name: &[Token], count: u64) {
        self.add_after(&Start::default(), name, count);
    }

    /// [`WindowCounter::add`] for a name after a start with a label.
    ///
    /// # Panics
    /// As [`WindowCounter::add`], and if the label does not have the length of the counter's labels.
    pub fn add_after(&mut self, start: &Start, name: &[Token], count: u64) {
        let packing = self.packing;
        let held = start.label().len().min(packing.shape().context_length);
        assert_eq!(held, packing.shape().held, "labels of another length");
        match &mut self.counts {
            _ if count == 0 => {}
            Counts::Dense(counts) => packing.windows(start, name, |window: u64| {
                add_to(&mut counts[window as usize], count);
            }),
            Counts::Short(runs) => packing.windows(start, name, |window| runs.add(window, count)),
            Counts::Long(runs) => packing.windows(start, name, |window| runs.add(window, count)),
        }
    }

    /// Counts a single window, its context followed by its target, `count` times.
    ///
    /// # Panics
    /// If it does not have T + 1 tokens, or one of them is not below the vocabulary's size.
    pub fn add_window(&mut self, window: &[Token], count: u64) {
        let (&target, context) = window.split_last().expect("a context and a target");
        assert_eq!(
            context.len(),
            self.packing.shape().context_length,
            "a context and a target"
        );
        let packing = self.packing;
        match &mut self.counts {
            _ if count == 0 => {}
            Counts::Dense(counts) => {
                let window: u64 = packing.pack(context, target);
                add_to(&mut counts[window as usize], count);
            }
            Counts::Short(runs) => runs.add(packing.pack(context, target), count),
            Counts::Long(runs) => runs.add(packing.pack(context, target), count),
        }
    }

    /// Adds the counts of another counter.
    ///
    /// # Panics
    /// If the two differ in vocabulary size or context length.
    pub fn merge(&mut self, other: WindowCounter) {
        assert_eq!(self.packing, other.packing);
        match (&mut self.counts, other.counts) {
            (Counts::Dense(counts), Counts::Dense(more)) => {
                for (sum, count) in counts.iter_mut().zip(more) {
                    add_to(sum, count);
                }
            }
            (Counts::Short(runs), Counts::Short(more)) => runs.merge(more),
            (Counts::Long(runs), Counts::Long(more)) => runs.merge(more),
            _ => unreachable!("the packing determines the kind of counts"),
        }
    }

    /// The sorted table of all counts.
    pub fn finish(self) -> CountedWindows {
        let packing = self.packing;
        match self.counts {
            Counts::Dense(counts) => {
                let numbered = (0u64..).zip(counts);
                packing.table(numbered.filter(|&(_, count)| count > 0))
            }
            Counts::Short(runs) => packing.table(runs.into_sorted()),
            Counts::Long(runs) => packing.table(runs.into_sorted()),
        }
    }
}

fn add_to(sum: &mut u64, count: u64) {
    *sum = sum.saturating_add(count);
}

/// Counting and combining tables.
impl CountedWindows {
    /// The windows of tokenised names, each with its number of occurrences in the corpus.
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

    /// The windows of a list's names, weighted by the counts of the names.
    ///
    /// # Errors
    /// As [`WindowCounter::new`]; [`Error::UnknownPiece`] for the first name that the vocabulary cannot represent.
    pub fn from_list(list: &NameList, vocab: &Vocab, context_length: usize) -> Result<Self, Error> {
        let packing = Packing::new(WindowShape::plain(vocab.len(), context_length))?;
        let mut tokens = Vec::new();
        let mut each = |add: &mut dyn FnMut(&[Token], u64)| {
            list.names().try_for_each(|name| {
                let known = vocab.encode_into(name.text, &mut tokens);
                known.map_err(|unknown| unknown.of(name.text))?;
                add(&tokens, name.count);
                Ok::<(), Error>(())
            })
        };
        // Sorting a few windows is faster than counting them in a map.
        let most: usize = list.names().map(|name| name.text.len() + 1).sum();
        if most <= SORTED && packing.is_short() && list.total() == list.len() as u64 {
            let mut windows: Vec<u64> = Vec::with_capacity(most);
            let start = Start::default();
            each(&mut |name, _| packing.windows(&start, name, |window| windows.push(window)))?;
            sort_by_window(&mut windows, packing.bits(), |&window| window);
            return Ok(packing.table(counted(&windows)));
        }
        let mut counter = WindowCounter::new(vocab.len(), context_length)?;
        each(&mut |name, count| counter.add(name, count))?;
        Ok(counter.finish())
    }

    /// The table with a shorter context: rows with the same last tokens are added up.
    ///
    /// # Errors
    /// [`Error::LongerThanCounts`] if this table has contexts shorter than `context_length`.
    pub fn shorten(&self, context_length: usize) -> Result<Cow<'_, Self>, Error> {
        if context_length == self.context_length() {
            return Ok(Cow::Borrowed(self));
        }
        let Some(dropped) = self.context_length().checked_sub(context_length) else {
            return Err(Error::LongerThanCounts {
                context_length,
                longest: self.context_length(),
            });
        };
        let held = self.held().min(context_length);
        let shape = self.shape.with_context(context_length);
        let mut counter = WindowCounter::with_room(shape, self.pairs())?;
        let mut window = Vec::with_capacity(context_length + 1);
        for row in self.rows() {
            for (&target, &count) in row.targets.iter().zip(row.counts) {
                window.clear();
                window.extend_from_slice(&row.context[..held]);
                window.extend_from_slice(&row.context[dropped + held..]);
                window.push(target);
                counter.add_window(&window, count);
            }
        }
        let mut shorter = counter.finish();
        shorter.unit = self.unit;
        Ok(Cow::Owned(shorter))
    }

    /// The sum of two tables.
    ///
    /// # Panics
    /// If they differ in vocabulary size, context length or unit.
    pub fn merged(&self, other: &CountedWindows) -> CountedWindows {
        assert_eq!((self.shape, self.unit), (other.shape, other.unit));
        let mut sum = CountedWindows::new(self.shape);
        sum.unit = self.unit;
        let (mut rows, mut others) = (self.rows().peekable(), other.rows().peekable());
        while let Some(context) = [rows.peek(), others.peek()]
            .into_iter()
            .flatten()
            .map(|row| row.context)
            .min()
        {
            sum.begin_row(context.iter().copied());
            let row = rows.next_if(|row| row.context == context);
            let other = others.next_if(|row| row.context == context);
            for (target, count) in sums(targets(row), targets(other)) {
                sum.add_target(target, count);
            }
        }
        sum
    }
}

/// The targets of a row, if there is one, with their counts.
fn targets(row: Option<CountedRow<'_>>) -> impl Iterator<Item = (Token, u64)> {
    let row = row.map(|row| row.targets.iter().zip(row.counts));
    row.into_iter()
        .flatten()
        .map(|(&target, &count)| (target, count))
}
