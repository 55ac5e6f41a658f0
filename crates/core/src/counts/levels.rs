//! The counts of every order that Kneser–Ney smoothing is based on, as a trie.
//!
//! A history begins with a single START symbol, however long the padding of its window is. The highest order, and
//! every history that begins with START, has raw counts, because nothing can precede it. Lower orders have
//! continuation counts: the number of different tokens that precede an n-gram (Kneser and Ney 1995; padding as in
//! Heafield 2013).
//!
//! The trie holds the histories from their last token backwards, because that is the order in which they are looked
//! up: the row of a history lies among the few rows that lengthen the row of its suffix. Nothing but the token that
//! lengthens it is stored, and most counts take a byte.

use crate::data::CountedWindows;
use crate::data::packing::{Packing, sort_by_window};
use crate::data::window_shape::WindowShape;
use crate::text::{END, Token};

/// Number of discounts per level: for counts of 1, of 2, and of 3 or more (Chen and Goodman 1998).
pub(crate) const BUCKETS: usize = 3;

/// D₁, D₂, D₃₊ of one level.
pub type Discounts = [f64; BUCKETS];

/// The histories of all lengths, with the adjusted counts of the tokens that follow.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Levels {
    pub(super) shape: WindowShape,
    /// \[T + 1\], by the length of the history.
    pub(super) levels: Vec<Level>,
}

/// The histories of one length. Those that lengthen the same history are neighbours.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Level {
    /// \[U\]: the oldest token of each history, ascending among neighbours.
    tokens: Vec<Token>,
    /// [U + 1]: the rows of the next level that lengthen history i are `longer[i]..longer[i + 1]`.
    longer: Vec<u32>,
    /// [U + 1]: history i owns `targets[starts[i]..starts[i + 1]]`.
    starts: Vec<u32>,
    /// Ascending for each history.
    targets: Vec<Token>,
    /// The count of each target; 0 stands for one of the large counts.
    counts: Vec<u8>,
    /// The places of the counts that need more than a byte, ascending, and these counts.
    large: Vec<(u32, u64)>,
}

/// What follows one history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    /// The tokens that follow, ascending.
    pub(crate) targets: &'a [Token],
    counts: &'a [u8],
    /// The place of the first target in its level.
    first: u32,
    large: &'a [(u32, u64)],
}

/// The sums over the counts of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sums {
    /// c(h).
    pub(crate) total: f64,
    /// The number of tokens that follow with a count of 1, of 2, and of 3 or more.
    pub(crate) kinds: [f64; BUCKETS],
}

/// The bucket of a count ≥ 1.
#[inline]
pub(crate) fn bucket(count: u64) -> usize {
    count.min(BUCKETS as u64) as usize - 1
}

/// The history of a context: its padding is reduced to one START, represented by an initial [`END`].
pub(crate) fn history(context: &[Token]) -> &[Token] {
    let padding = context.iter().take_while(|&&token| token == END).count();
    &context[padding.saturating_sub(1)..]
}

impl Levels {
    /// The shape of the windows that were counted.
    pub(crate) fn shape(&self) -> WindowShape {
        self.shape
    }

    /// Number of levels, T + 1.
    pub(crate) fn len(&self) -> usize {
        self.levels.len()
    }

    /// The levels, by the length of their histories.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Level> {
        self.levels.iter()
    }

    /// The histories of a length.
    pub(crate) fn level(&self, length: usize) -> &Level {
        &self.levels[length]
    }

    /// The row of the history that lengthens another by an older token, if it was seen.
    #[inline]
    pub(crate) fn longer(&self, length: usize, row: usize, token: Token) -> Option<usize> {
        let first = *self.levels[length].longer.get(row)? as usize;
        let last = *self.levels[length].longer.get(row + 1)? as usize;
        let tokens = &self.levels[length + 1].tokens[first..last];
        Some(first + tokens.binary_search(&token).ok()?)
    }

    /// The row of the empty history, if there is anything.
    pub(crate) fn root(&self) -> Option<usize> {
        (!self.levels[0].is_empty()).then_some(0)
    }

    /// The rows of the suffixes of a history that were seen, from the empty one up; the tokens are given from the last
    /// one backwards.
    pub(crate) fn path(
        &self,
        backwards: impl Iterator<Item = Token>,
    ) -> impl Iterator<Item = usize> {
        let mut backwards = backwards.enumerate();
        std::iter::successors(self.root(), move |&row| {
            let (length, token) = backwards.next()?;
            self.longer(length, row, token)
        })
    }

    /// The histories of a length in the order of their rows, [U, length].
    pub(crate) fn histories(&self, length: usize) -> Vec<Token> {
        let Some(below) = length.checked_sub(1) else {
            return Vec::new();
        };
        let (shorter, tokens) = (self.histories(below), &self.levels[length].tokens);
        let mut histories = Vec::with_capacity(tokens.len() * length);
        for (row, lengthened) in self.levels[below].longer.windows(2).enumerate() {
            for &token in &tokens[lengthened[0] as usize..lengthened[1] as usize] {
                histories.push(token);
                histories.extend_from_slice(&shorter[row * below..(row + 1) * below]);
            }
        }
        histories
    }

    /// For each history of a length, the row of the history without its first token; the empty history's is 0.
    pub(crate) fn suffixes(&self, length: usize) -> Vec<usize> {
        let Some(below) = length.checked_sub(1) else {
            return vec![0; self.levels[0].len()];
        };
        let level = &self.levels[below];
        let of_row = |row: usize| level.lengthened(row).map(move |_| row);
        (0..level.len()).flat_map(of_row).collect()
    }

    /// Whether every history without its last token is a history of the level below. It is in counts of whole names.
    pub(crate) fn are_closed(&self) -> bool {
        // For each history of a level, the row of the history without its last token.
        let mut before = vec![0; self.level(1.min(self.len() - 1)).len()];
        for length in 1..self.len() - 1 {
            let level = &self.levels[length];
            let mut longer = Vec::with_capacity(self.levels[length + 1].len());
            for (row, &before) in before.iter().enumerate() {
                for lengthened in level.lengthened(row) {
                    let token = self.levels[length + 1].token(lengthened);
                    let Some(found) = self.longer(length - 1, before, token) else {
                        return false;
                    };
                    longer.push(found);
                }
            }
            before = longer;
        }
        true
    }

    /// The windows that were counted.
    pub(crate) fn table(&self) -> CountedWindows {
        let packing = Packing::of_model(self.shape);
        let longest = self.shape.context_length;
        let mut windows: Vec<(u128, u64)> = Vec::new();
        for (length, level) in self.levels.iter().enumerate() {
            let histories = self.histories(length);
            for row in 0..level.len() {
                let history = &histories[row * length..(row + 1) * length];
                if length < longest && history.first() != Some(&END) {
                    continue; // continuation counts
                }
                let continued = self.continued(length, row);
                for ((&target, count), continued) in level.row(row).pairs().zip(continued) {
                    if count > continued {
                        // The padding is END, which is 0.
                        windows.push((packing.pack(history, target), count - continued));
                    }
                }
            }
        }
        sort_by_window(&mut windows, packing.bits(), |&(window, _)| window);
        packing.table(windows)
    }

    /// For each target of a row, the number of longer histories that it follows. In counts of whole names, it is 0
    /// after a history that begins with START.
    fn continued(&self, length: usize, row: usize) -> Vec<u64> {
        let level = &self.levels[length];
        let targets = level.row(row).targets;
        let mut continued = vec![0; targets.len()];
        let (Some(&first), Some(&last)) = (level.longer.get(row), level.longer.get(row + 1)) else {
            return continued;
        };
        for longer in first..last {
            for target in self.levels[length + 1].row(longer as usize).targets {
                let place = targets.binary_search(target);
                continued[place.expect("the shorter history has its targets")] += 1;
            }
        }
        continued
    }

    /// Memory, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.levels.iter().map(Level::bytes).sum()
    }
}

impl Level {
    /// A level without histories; the longest ones are never lengthened.
    pub(super) fn new(is_longest: bool) -> Self {
        Level {
            tokens: Vec::new(),
            longer: if is_longest { Vec::new() } else { vec![0] },
            starts: vec![0],
            targets: Vec::new(),
            counts: Vec::new(),
            large: Vec::new(),
        }
    }

    /// Appends what follows the next history.
    #[inline]
    pub(super) fn push_target(&mut self, target: Token, count: u64) {
        let byte = u8::try_from(count).unwrap_or(0);
        if byte == 0 {
            self.large.push((self.targets.len() as u32, count));
        }
        self.targets.push(target);
        self.counts.push(byte);
    }

    /// Ends the row of a history. `longer` is the number of rows of the next level until now.
    #[inline]
    pub(super) fn end_row(&mut self, oldest: Token, longer: Option<usize>) {
        self.tokens.push(oldest);
        self.starts.push(self.targets.len() as u32);
        self.longer.extend(longer.map(|longer| longer as u32));
    }

    /// Releases the memory that is reserved for more rows.
    pub(super) fn shrink(&mut self) {
        self.tokens.shrink_to_fit();
        self.longer.shrink_to_fit();
        self.starts.shrink_to_fit();
        self.targets.shrink_to_fit();
        self.counts.shrink_to_fit();
        self.large.shrink_to_fit();
    }

    /// Number of histories.
    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// Number of pairs of a history and a token that follows it.
    pub(crate) fn pairs(&self) -> usize {
        self.targets.len()
    }

    /// The oldest token of a history.
    pub(crate) fn token(&self, row: usize) -> Token {
        self.tokens[row]
    }

    /// The rows of the next level that lengthen a history.
    pub(crate) fn lengthened(&self, row: usize) -> std::ops::Range<usize> {
        self.longer[row] as usize..self.longer[row + 1] as usize
    }

    /// The place of a row's first target.
    pub(crate) fn start(&self, row: usize) -> usize {
        self.starts[row] as usize
    }

    /// What follows a history.
    #[inline]
    pub(crate) fn row(&self, row: usize) -> Row<'_> {
        let (first, last) = (self.starts[row], self.starts[row + 1]);
        let places = first as usize..last as usize;
        Row {
            targets: &self.targets[places.clone()],
            counts: &self.counts[places],
            first,
            large: &self.large,
        }
    }

    /// All counts.
    pub(crate) fn counts(&self) -> impl Iterator<Item = u64> {
        let mut large = self.large.iter();
        self.counts.iter().map(move |&count| match count {
            0 => large.next().expect("a large count for each 0").1,
            count => u64::from(count),
        })
    }

    /// Memory, in bytes.
    fn bytes(&self) -> usize {
        size_of_val(self.tokens.as_slice())
            + size_of_val(self.longer.as_slice())
            + size_of_val(self.starts.as_slice())
            + size_of_val(self.targets.as_slice())
            + size_of_val(self.counts.as_slice())
            + size_of_val(self.large.as_slice())
    }
}

impl<'a> Row<'a> {
    /// The count of the target at a place of the row.
    #[inline]
    pub(crate) fn count(&self, place: usize) -> u64 {
        match self.counts[place] {
            0 => self.large_count(place),
            count => u64::from(count),
        }
    }

    #[cold]
    fn large_count(&self, place: usize) -> u64 {
        let place = self.first + place as u32;
        let found = self.large.binary_search_by_key(&place, |&(place, _)| place);
        self.large[found.expect("a large count for each 0")].1
    }

    /// The tokens that follow, with their counts.
    #[inline]
    pub(crate) fn pairs(self) -> impl Iterator<Item = (&'a Token, u64)> {
        let counts = (0..self.counts.len()).map(move |place| self.count(place));
        self.targets.iter().zip(counts)
    }

    /// The count of a token, if it follows.
    pub(crate) fn find(&self, target: Token) -> Option<u64> {
        let place = self.targets.binary_search(&target).ok()?;
        Some(self.count(place))
    }

    /// The sums over its counts.
    #[inline]
    pub(crate) fn sums(self) -> Sums {
        let (mut total, mut kinds) = (0, [0u32; BUCKETS]);
        for place in 0..self.counts.len() {
            let count = self.count(place);
            total += count;
            kinds[bucket(count)] += 1;
        }
        Sums {
            total: total as f64,
            kinds: kinds.map(f64::from),
        }
    }
}

impl Sums {
    /// Σ Dᵢ·Nᵢ(h) / c(h): the probability mass that the history passes on to the shorter history.
    #[inline]
    pub(crate) fn backoff_mass(&self, discounts: &Discounts) -> f64 {
        let kinds = self.kinds.iter().zip(discounts);
        kinds.map(|(kind, d)| kind * d).sum::<f64>() / self.total
    }
}
