//! Counts as a model: uniform, unigram, bigram, with one added to every count.

use crate::data::CountedWindows;
use crate::error::Error;
use crate::language_model::{LanguageModel, State};

/// Every token equally likely: a loss of ln V.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uniform {
    /// Number of classes V.
    pub vocab_size: usize,
}

impl LanguageModel for Uniform {
    fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    fn context_length(&self) -> usize {
        0
    }

    fn log_probs(&self, _states: &[State], log_probs: &mut [f64]) {
        log_probs.fill(-libm::log(self.vocab_size as f64));
    }
}

/// p(t | c) = (n(c, t) + 1) / (n(c) + V): an n-gram of any context length with add-one smoothing.
///
/// With context 0 it is the unigram, with context 1 the bigram of the lecture's first model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdditiveNgram {
    counts: CountedWindows,
}

impl AdditiveNgram {
    /// The model of a table, with the table's context length.
    pub fn new(counts: CountedWindows) -> Self {
        AdditiveNgram { counts }
    }

    /// The model of a shorter context, from the same table: rows with the same end are added up.
    ///
    /// # Errors
    /// [`Error::ContextTooLong`] where the table's context is shorter than `context_length`.
    pub fn with_context(counts: &CountedWindows, context_length: usize) -> Result<Self, Error> {
        Ok(AdditiveNgram {
            counts: counts.shorten(context_length)?.into_owned(),
        })
    }
}

impl LanguageModel for AdditiveNgram {
    fn vocab_size(&self) -> usize {
        self.counts.vocab_size()
    }

    fn context_length(&self) -> usize {
        self.counts.context_length()
    }

    fn token_count(&self) -> usize {
        self.counts.token_count()
    }

    fn log_probs(&self, states: &[State], log_probs: &mut [f64]) {
        let contexts = self.contexts(states);
        let (vocab_size, context_length) = (self.vocab_size(), self.context_length());
        for (index, out) in log_probs.chunks_exact_mut(vocab_size).enumerate() {
            let row = self
                .counts
                .find(&contexts[index * context_length..][..context_length]);
            let total = row.map_or(0, |row| row.total);
            let scale = libm::log((total + vocab_size as u64) as f64);
            out.fill(-scale);
            for (&target, &count) in row
                .iter()
                .flat_map(|row| row.targets.iter().zip(row.counts))
            {
                out[usize::from(target)] = libm::log((count + 1) as f64) - scale;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::Serial;
    use crate::language_model::loss;
    use crate::text::Token;

    fn table(context_length: usize) -> CountedWindows {
        let names: [&[Token]; 3] = [&[1, 2], &[1, 1, 2], &[2]];
        let names = names.into_iter().map(|name| (name, 2));
        CountedWindows::from_names(names, 3, context_length).unwrap()
    }

    #[test]
    fn bigram_probabilities_are_counts_plus_one() {
        let bigram = AdditiveNgram::with_context(&table(3), 1).unwrap();
        // After token 1: token 1 twice, token 2 four times, END never; V = 3.
        let found = bigram.next_log_probs(&[1]);
        for (found, expected) in found.iter().zip([1.0 / 9.0, 3.0 / 9.0, 5.0 / 9.0]) {
            assert!((found - f64::ln(expected)).abs() < 1e-12);
        }
        let unseen = AdditiveNgram::new(CountedWindows::from_names([], 3, 1).unwrap());
        assert!((unseen.next_log_probs(&[2])[1] + 3f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn uniform_loss_is_ln_v() {
        let loss = loss(&Uniform { vocab_size: 3 }, &table(0), &Serial);
        assert!((loss - 3f64.ln()).abs() < 1e-12);
    }
}
