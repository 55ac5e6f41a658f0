//! Kneser–Ney with a context of three tokens over dense arrays: [`KneserNey`](crate::counts::KneserNey) of the closed
//! form, to the last bit, for few classes, counted in milliseconds and evaluated one history at a time.

use crate::counts::Discounts;
use crate::counts::discount::of_counts_of_counts;
use crate::counts::levels::{BUCKETS, bucket};
use crate::text::{END, Token};

/// Number of tokens in a context.
pub(super) const CONTEXT: usize = 3;

/// The adjusted counts of every n-gram, by the length of its history.
///
/// A history begins with one START, represented by an initial [`END`]. Those that begin with it, and those of three
/// tokens, have raw counts; the others count the different tokens before an n-gram.
#[derive(Clone, Debug)]
pub(super) struct Trigrams {
    vocab_size: usize,
    levels: [Level; CONTEXT + 1],
}

#[derive(Clone, Debug)]
struct Level {
    /// [V^length, V].
    counts: Vec<u32>,
    /// How many n-grams have a count of 1, 2, 3 and 4; those of 0 are not kept.
    counts_of_counts: [u64; BUCKETS + 2],
    discounts: Discounts,
}

impl Trigrams {
    /// Counts nothing.
    pub(super) fn new(vocab_size: usize) -> Self {
        let level = |length: usize| Level {
            counts: vec![0; vocab_size.pow(length as u32 + 1)],
            counts_of_counts: [0; BUCKETS + 2],
            discounts: Discounts::default(),
        };
        Trigrams {
            vocab_size,
            levels: [0, 1, 2, 3].map(level),
        }
    }

    /// Adds a name; counts of more than 2³² − 1 stay there.
    pub(super) fn add(&mut self, name: &[Token], times: u64) {
        let times = u32::try_from(times).unwrap_or(u32::MAX);
        if times == 0 {
            return;
        }
        let mut context = [usize::from(END); CONTEXT];
        for &token in name.iter().chain(&[END]) {
            let token = usize::from(token);
            assert!(token < self.vocab_size, "a token beyond the vocabulary");
            self.add_window(context, token, times);
            context = [context[1], context[2], token];
        }
    }

    fn add_window(&mut self, context: [usize; CONTEXT], token: usize, times: u32) {
        let mut length = history_length(context);
        let mut is_new = self.count(context, length, token, times);
        // An n-gram with a new token before it.
        while is_new && length > 0 {
            length -= 1;
            is_new = self.count(context, length, token, 1);
        }
    }

    /// Adds to a count of the last `length` tokens of a context; returns whether it was 0.
    fn count(
        &mut self,
        context: [usize; CONTEXT],
        length: usize,
        token: usize,
        times: u32,
    ) -> bool {
        let place = self.place(context, length) * self.vocab_size + token;
        let Level {
            counts,
            counts_of_counts,
            ..
        } = &mut self.levels[length];
        let before = counts[place];
        let after = before.saturating_add(times);
        counts[place] = after;
        if let Some(number) = counts_of_counts.get_mut(before as usize) {
            *number -= u64::from(before > 0);
        }
        if let Some(number) = counts_of_counts.get_mut(after as usize) {
            *number += 1;
        }
        before == 0
    }

    /// The row of the last `length` tokens of a context.
    fn place(&self, context: [usize; CONTEXT], length: usize) -> usize {
        let tokens = context[CONTEXT - length..].iter();
        tokens.fold(0, |place, &token| place * self.vocab_size + token)
    }

    /// Chooses the discounts, after all names.
    pub(super) fn finished(mut self) -> Self {
        for level in &mut self.levels {
            level.discounts = of_counts_of_counts(level.counts_of_counts);
        }
        self
    }

    /// p(· | the last tokens of a context), at most `longest`.
    pub(super) fn probs(&self, context: [usize; CONTEXT], longest: usize, probs: &mut [f64]) {
        probs.fill(1.0 / probs.len() as f64);
        for length in 0..=history_length(context).min(longest) {
            self.interpolate(context, length, probs);
        }
    }

    /// Turns p(· | h′) into p(· | h), where h is the last `length` tokens of a context and h′ is h without its first
    /// token; returns false, and changes nothing, if h was not seen.
    pub(super) fn interpolate(
        &self,
        context: [usize; CONTEXT],
        length: usize,
        probs: &mut [f64],
    ) -> bool {
        let start = self.place(context, length) * self.vocab_size;
        let level = &self.levels[length];
        let row = &level.counts[start..start + self.vocab_size];
        let mut kinds = [0; BUCKETS];
        let mut total = 0;
        for &count in row.iter().filter(|&&count| count > 0) {
            kinds[bucket(count.into())] += 1;
            total += u64::from(count);
        }
        if total == 0 {
            return false;
        }
        let masses = kinds.iter().zip(&level.discounts);
        let mass = masses.map(|(&kind, d)| f64::from(kind) * d).sum::<f64>() / total as f64;
        for (p, &count) in probs.iter_mut().zip(row) {
            *p *= mass;
            if count > 0 {
                *p += (f64::from(count) - level.discounts[bucket(count.into())]) / total as f64;
            }
        }
        true
    }
}

/// The number of tokens in the history of a context: its padding is reduced to one START.
pub(super) fn history_length(context: [usize; CONTEXT]) -> usize {
    let end = usize::from(END);
    match context {
        [_, _, third] if third == end => 1,
        [_, second, _] if second == end => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::LanguageModel;
    use crate::counts::KneserNey;
    use crate::data::CountedWindows;
    use crate::text::Start;

    const V: usize = 5;

    proptest! {
        /// Contexts that were seen and that were not, of names with weights.
        #[test]
        fn the_bits_are_those_of_kneser_ney(
            names in prop::collection::vec((prop::collection::vec(1u16..4, 0..9), 1u64..4), 1..60),
            contexts in prop::collection::vec(prop::collection::vec(1u16..5, 0..4), 1..40),
        ) {
            let counted = names.iter().map(|(name, count)| (name.as_slice(), *count));
            let table = CountedWindows::from_names(counted, V, CONTEXT).unwrap();
            let model = KneserNey::closed_form(&table).unwrap();
            let mut trigrams = Trigrams::new(V);
            names.iter().for_each(|(name, count)| trigrams.add(name, *count));
            let trigrams = trigrams.finished();
            for context in contexts {
                let mut expected = [0.0; V];
                model.log_probs(&[model.after(&Start::default(), &context)], &mut expected);
                let mut padded = [0; CONTEXT];
                for (place, &token) in padded.iter_mut().rev().zip(context.iter().rev()) {
                    *place = usize::from(token);
                }
                let mut probs = [0.0; V];
                trigrams.probs(padded, CONTEXT, &mut probs);
                prop_assert_eq!(probs.map(libm::log), expected, "{:?}", context);
            }
        }
    }
}
