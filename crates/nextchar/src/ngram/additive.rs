//! Add-one counting: the lecture's first idea, and the unigram and bigram baselines.

use std::collections::BTreeMap;

use crate::data::{CountedWindows, Token};
use crate::language_model::LanguageModel;

/// An n-gram model with add-one (Laplace) smoothing:
/// p(t | c) = (n(c, t) + 1) / (n(c) + V), so a context that was never seen is uniform.
///
/// A context of 0 tokens makes it the unigram model, a context of 1 the bigram model.
///
/// ```
/// use nextchar::LanguageModel;
/// use nextchar::data::{CountedWindows, Vocab};
/// use nextchar::ngram::AdditiveNgram;
///
/// let vocab = Vocab::from_characters("ab".chars()).unwrap();
/// let name = vocab.encode("abb").unwrap();
/// let table = CountedWindows::from_names([(&name[..], 1)], vocab.len(), 1)?;
/// let bigram = AdditiveNgram::new(&table, 1);
/// // After b come b and the end once each, a never: 2/5, 1/5 and 2/5.
/// let probs: Vec<f64> = bigram.next_log_probs(&[2]).iter().map(|p| p.exp()).collect();
/// assert!((probs[0] - 0.4).abs() < 1e-12 && (probs[1] - 0.2).abs() < 1e-12);
/// # Ok::<(), nextchar::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AdditiveNgram {
    vocab_size: usize,
    context_length: usize,
    /// In ascending order of their contexts.
    rows: Vec<Row>,
}

/// What follows one context.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    context: Box<[Token]>,
    /// ln p of a token that never followed.
    unseen: f64,
    /// The tokens that did, with their ln p.
    seen: Box<[(Token, f64)]>,
}

impl Row {
    fn new(context: &[Token], counts: BTreeMap<Token, u64>, vocab_size: usize) -> Self {
        let total: u64 = counts.values().sum();
        let log_prob =
            |count: u64| libm::log((count as f64 + 1.0) / (total as f64 + vocab_size as f64));
        Row {
            context: context.into(),
            unseen: log_prob(0),
            seen: counts
                .into_iter()
                .map(|(target, count)| (target, log_prob(count)))
                .collect(),
        }
    }
}

impl AdditiveNgram {
    /// The model of a table's counts with a context of `context_length` tokens.
    ///
    /// The table may look back further: a window's last tokens are the window of a shorter
    /// context, padding included, so rows that end alike add up to exactly its counts.
    ///
    /// # Panics
    /// If `context_length` is above the table's.
    pub fn new(table: &CountedWindows, context_length: usize) -> Self {
        let dropped = table
            .context_length()
            .checked_sub(context_length)
            .expect("a table cannot tell what stands before its contexts");
        let mut counts: BTreeMap<&[Token], BTreeMap<Token, u64>> = BTreeMap::new();
        for row in table.rows() {
            let followers = counts.entry(&row.context[dropped..]).or_default();
            for (&target, &count) in row.targets.iter().zip(row.counts) {
                *followers.entry(target).or_default() += count;
            }
        }
        let vocab_size = table.vocab_size();
        AdditiveNgram {
            vocab_size,
            context_length,
            rows: counts
                .into_iter()
                .map(|(context, followers)| Row::new(context, followers, vocab_size))
                .collect(),
        }
    }

    fn row(&self, context: &[Token]) -> Option<&Row> {
        self.rows
            .binary_search_by(|row| (*row.context).cmp(context))
            .ok()
            .map(|index| &self.rows[index])
    }
}

impl LanguageModel for AdditiveNgram {
    fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    fn context_length(&self) -> usize {
        self.context_length
    }

    fn log_probs(&self, contexts: &[Token], log_probs: &mut [f64]) {
        let rows = log_probs.len() / self.vocab_size;
        assert_eq!(log_probs.len(), rows * self.vocab_size, "whole rows");
        assert_eq!(contexts.len(), rows * self.context_length, "a context for each row");
        for (index, out) in log_probs.chunks_exact_mut(self.vocab_size).enumerate() {
            let context = &contexts[index * self.context_length..][..self.context_length];
            match self.row(context) {
                Some(row) => {
                    out.fill(row.unseen);
                    for &(target, log_prob) in &row.seen {
                        out[usize::from(target)] = log_prob;
                    }
                }
                None => out.fill(-libm::log(self.vocab_size as f64)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::windows;

    const VOCAB_SIZE: usize = 4;

    fn table(names: &[(Vec<Token>, u64)], context_length: usize) -> CountedWindows {
        let names = names.iter().map(|(name, count)| (&name[..], *count));
        CountedWindows::from_names(names, VOCAB_SIZE, context_length).unwrap()
    }

    proptest! {
        /// Every answer is the formula over the literal windows.
        #[test]
        fn probabilities_are_the_formula(
            names in prop::collection::vec(
                (prop::collection::vec(1u16..4, 0..6), 1u64..4), 0..8),
            context in prop::collection::vec(0u16..4, 0..3),
        ) {
            let model = AdditiveNgram::new(&table(&names, context.len()), context.len());
            let mut counts = [0u64; VOCAB_SIZE];
            for (name, count) in &names {
                for (seen, target) in windows(name, context.len()) {
                    if seen == context {
                        counts[usize::from(target)] += count;
                    }
                }
            }
            let total = counts.iter().sum::<u64>() as f64 + VOCAB_SIZE as f64;
            for (count, log_prob) in counts.iter().zip(model.next_log_probs(&context)) {
                prop_assert!((log_prob.exp() - (*count as f64 + 1.0) / total).abs() < 1e-12);
            }
        }

        /// A long table holds the counts of every shorter context.
        #[test]
        fn a_longer_table_gives_the_same_model(
            names in prop::collection::vec(
                (prop::collection::vec(1u16..4, 0..6), 1u64..4), 0..8),
            context_length in 0usize..3,
            longer in 0usize..3,
        ) {
            let own = AdditiveNgram::new(&table(&names, context_length), context_length);
            let long = table(&names, context_length + longer);
            prop_assert_eq!(AdditiveNgram::new(&long, context_length), own);
        }
    }

    #[test]
    fn batches_equal_single_rows() {
        let model = AdditiveNgram::new(&table(&[(vec![1, 2, 3], 2)], 2), 2);
        let contexts = [0, 0, 3, 3, 1, 2];
        let mut batch = [0.0; 3 * VOCAB_SIZE];
        model.log_probs(&contexts, &mut batch);
        let single: Vec<f64> = contexts
            .chunks(2)
            .flat_map(|context| model.next_log_probs(context))
            .collect();
        assert_eq!(batch[..], single);
    }
}
