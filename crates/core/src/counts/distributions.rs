//! Kneser–Ney's distributions after a sequence of contexts. Whatever a context shares with the one before it, or with
//! all others, is not computed again; the bits are those of every level in turn.

use crate::counts::levels::{Discounts, Levels, Row, bucket};
use crate::data::packing::{Packing, Word};

/// The distributions of the shortest histories have at most this number of probabilities, of 512 kB in all.
const MOST: usize = 1 << 16;

/// The distributions of all histories up to some length.
#[derive(Clone, Debug)]
pub(crate) struct Shortest {
    vocab_size: usize,
    /// By length, [U, V].
    levels: Vec<Vec<f64>>,
}

impl Shortest {
    /// As many levels as fit.
    pub(crate) fn of(levels: &Levels, discounts: &[Discounts]) -> Self {
        let vocab_size = levels.shape().vocab_size;
        let mut shortest = Shortest {
            vocab_size,
            levels: Vec::new(),
        };
        let mut shorter = vec![1.0 / vocab_size as f64; vocab_size];
        let mut left = MOST;
        for (length, discounts) in discounts.iter().enumerate() {
            let size = levels.level(length).len() * vocab_size;
            let Some(rest) = left.checked_sub(size) else {
                break;
            };
            left = rest;
            let mut probs = vec![0.0; size];
            let rows = probs.chunks_exact_mut(vocab_size).enumerate();
            for ((row, probs), suffix) in rows.zip(levels.suffixes(length)) {
                let shorter = &shorter[suffix * vocab_size..][..vocab_size];
                interpolate(levels.level(length).row(row), discounts, shorter, probs);
            }
            shortest.levels.push(std::mem::replace(&mut shorter, probs));
        }
        shortest.levels.push(shorter);
        shortest.levels.remove(0); // below level 0
        shortest
    }

    /// p(· | h) for the history at a row of a level.
    #[inline]
    fn of_row(&self, length: usize, row: usize) -> &[f64] {
        &self.levels[length][row * self.vocab_size..][..self.vocab_size]
    }
}

/// The distributions after one context at a time. Contexts that are sorted by their reversed tokens are cheap.
pub(crate) struct Distributions<'m> {
    levels: &'m Levels,
    discounts: &'m [Discounts],
    shortest: &'m Shortest,
    packing: Packing,
    context: u128,
    /// The number of tokens of that context's history.
    length: usize,
    /// The rows of its suffixes that were seen, by length.
    rows: Vec<usize>,
    /// [T + 1, V]: p(· | suffix) by length, for those that are not among the shortest histories.
    probs: Vec<f64>,
    uniform: Vec<f64>,
}

impl<'m> Distributions<'m> {
    pub(crate) fn new(
        levels: &'m Levels,
        discounts: &'m [Discounts],
        shortest: &'m Shortest,
    ) -> Self {
        let vocab_size = levels.shape().vocab_size;
        Distributions {
            levels,
            discounts,
            shortest,
            packing: Packing::of_model(levels.shape()),
            context: 0,
            length: 0,
            rows: Vec::with_capacity(levels.len()),
            probs: vec![0.0; levels.len() * vocab_size],
            uniform: vec![1.0 / vocab_size as f64; vocab_size],
        }
    }

    /// p(· | context).
    pub(crate) fn after(&mut self, context: u128) -> &[f64] {
        let known = self.follow(context);
        let (vocab_size, stored) = (self.uniform.len(), self.shortest.levels.len());
        for length in known.max(stored)..self.rows.len() {
            let (below, probs) = self.probs.split_at_mut(length * vocab_size);
            let shorter = match length.checked_sub(1) {
                None => &self.uniform,
                Some(shorter) if shorter < stored => {
                    self.shortest.of_row(shorter, self.rows[shorter])
                }
                Some(shorter) => &below[shorter * vocab_size..],
            };
            let probs = &mut probs[..vocab_size];
            let row = self.levels.level(length).row(self.rows[length]);
            interpolate(row, &self.discounts[length], shorter, probs);
        }
        match self.rows.len().checked_sub(1) {
            None => &self.uniform,
            Some(length) if length < stored => self.shortest.of_row(length, self.rows[length]),
            Some(length) => &self.probs[length * vocab_size..][..vocab_size],
        }
    }

    /// Finds the rows of a context's suffixes. Returns how many of them are those of the context before.
    fn follow(&mut self, context: u128) -> usize {
        let (bits, longest) = (
            self.packing.token_bits(),
            self.packing.shape().context_length,
        );
        let token = |place: usize| (context >> (place as u32 * bits)).low_token(bits);
        // The padding is reduced to one START; END is 0.
        let tokens = (u128::BITS - context.leading_zeros()).div_ceil(bits.max(1)) as usize;
        let length = (tokens + 1).min(longest);
        let same = (context ^ self.context).trailing_zeros() / bits.max(1);
        let common = length.min(self.length).min(same as usize);
        self.rows.truncate(common + 1);
        let known = self.rows.len();
        (self.context, self.length) = (context, length);
        if self.rows.is_empty() {
            self.rows.extend(self.levels.root());
        }
        while let Some(&row) = self.rows.last()
            && self.rows.len() <= length
        {
            let shorter = self.rows.len() - 1;
            let Some(row) = self.levels.longer(shorter, row, token(shorter)) else {
                break;
            };
            self.rows.push(row);
        }
        known
    }
}

/// p(· | h) from p(· | h′), where h is the history of a row.
#[inline]
pub(crate) fn interpolate(row: Row<'_>, discounts: &Discounts, shorter: &[f64], probs: &mut [f64]) {
    let sums = row.sums();
    let mass = sums.backoff_mass(discounts);
    for (p, shorter) in probs.iter_mut().zip(shorter) {
        *p = shorter * mass;
    }
    for (&target, count) in row.pairs() {
        probs[usize::from(target)] += (count as f64 - discounts[bucket(count)]) / sums.total;
    }
}
