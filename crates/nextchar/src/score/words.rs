//! ln p of every token of many words: each window is looked up where it was met before, and each
//! context that was not is asked for once.
//!
//! What is remembered never changes an answer (see [`LanguageModel`]), so neither do the number of
//! threads, the order of the words, nor the moment at which memory is full and emptied.

use rustc_hash::FxHashMap;

use crate::data::{END, Token, WindowCounter};
use crate::error::Error;
use crate::executor::Executor;
use crate::language_model::LanguageModel;

/// Up to this many bits of a window, values stand in a table with a place for every window: 8 MB.
const DENSE_BITS: u32 = 20;
/// Remembered windows otherwise, at most, before those of the words in hand: some 100 MB.
const REMEMBERED: usize = 1 << 21;
/// Contexts that the model is asked for together.
const CHUNK: usize = 128;

/// Words, and ln p of their tokens once they are scored.
#[derive(Clone, Debug, Default)]
pub struct WordBatch {
    tokens: Vec<Token>,
    /// Where each word ends in `tokens`.
    ends: Vec<usize>,
    /// For each word its tokens and the end mark.
    log_probs: Vec<f64>,
    missing: Vec<u128>,
}

impl WordBatch {
    /// Forgets all words and keeps the memory.
    pub fn clear(&mut self) {
        self.tokens.clear();
        self.ends.clear();
        self.log_probs.clear();
    }

    /// Adds a word.
    pub fn push(&mut self, word: &[Token]) {
        self.tokens.extend_from_slice(word);
        self.ends.push(self.tokens.len());
    }

    /// Number of words.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no word.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The word of a number, and ln p of its tokens with the end mark, in nats.
    ///
    /// # Panics
    /// If there is no such word, or it has not been scored.
    pub fn word(&self, index: usize) -> (&[Token], &[f64]) {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        let end = self.ends[index];
        // Each word before has one value more than it has tokens.
        let log_probs = &self.log_probs[start + index..=end + index];
        (&self.tokens[start..end], log_probs)
    }
}

/// Looks words up in what a model has answered before.
///
/// ```
/// use nextchar::Serial;
/// use nextchar::data::{CountedWindows, NameList, Vocab};
/// use nextchar::ngram::KneserNey;
/// use nextchar::score::{WordBatch, WordScorer};
///
/// # fn main() -> Result<(), nextchar::Error> {
/// let vocab = Vocab::az();
/// let names = NameList::from_names(["asha", "usha", "isha", "nisha"].map(|name| (name, 1)));
/// let model = KneserNey::closed_form(&CountedWindows::from_list(&names, &vocab, 3)?)?;
///
/// let mut batch = WordBatch::default();
/// for word in ["nisha", "ashani"] {
///     batch.push(&vocab.encode(word).unwrap());
/// }
/// WordScorer::new(&model)?.score(&mut [&mut batch], &Serial);
/// let (word, log_probs) = batch.word(0);
/// assert_eq!((word.len(), log_probs.len()), (5, 6)); // the end mark is predicted, too
/// # Ok(())
/// # }
/// ```
pub struct WordScorer<'m> {
    model: &'m dyn LanguageModel,
    token_bits: u32,
    window_bits: u32,
    known: Known,
}

/// ln p of windows: a context's tokens and the next, each in as many bits as a token needs.
enum Known {
    /// By number; NaN is not known.
    Dense(Vec<f64>),
    Sparse(FxHashMap<u128, f64>),
}

impl Known {
    fn get(&self, window: u128) -> Option<f64> {
        match self {
            Known::Dense(table) => Some(table[window as usize]).filter(|x| !x.is_nan()),
            Known::Sparse(map) => map.get(&window).copied(),
        }
    }
}

/// Some contexts that were not known: their windows that are asked for, and the answers.
#[derive(Default)]
struct Chunk<'a> {
    windows: &'a [u128],
    answers: Vec<f64>,
}

impl<'m> WordScorer<'m> {
    /// Knows nothing yet.
    ///
    /// # Errors
    /// [`Error::ContextTooLong`] where a window does not fit 128 bits.
    pub fn new(model: &'m dyn LanguageModel) -> Result<Self, Error> {
        let (vocab_size, context_length) = (model.vocab_size(), model.context_length());
        let longest = WindowCounter::longest_context(vocab_size);
        if context_length > longest {
            return Err(Error::ContextTooLong {
                context_length,
                vocab_size,
                longest,
            });
        }
        let token_bits = usize::BITS - vocab_size.saturating_sub(1).leading_zeros();
        let window_bits = token_bits * (context_length as u32 + 1);
        Ok(WordScorer {
            model,
            token_bits,
            window_bits,
            known: match window_bits <= DENSE_BITS {
                true => Known::Dense(vec![f64::NAN; 1 << window_bits]),
                false => Known::Sparse(FxHashMap::default()),
            },
        })
    }

    /// Scores the words of all batches.
    ///
    /// # Panics
    /// If a token is not in the model's vocabulary.
    pub fn score<B: AsMut<WordBatch> + Send>(
        &mut self,
        batches: &mut [B],
        executor: &impl Executor,
    ) {
        let this = &*self;
        executor.for_each(batches, |_, batch| this.look_up(batch.as_mut()));
        let mut missing = Vec::new();
        for batch in batches.iter_mut() {
            missing.append(&mut batch.as_mut().missing);
        }
        if missing.is_empty() {
            return;
        }
        missing.sort_unstable();
        missing.dedup();
        self.learn(&missing, executor);
        let this = &*self;
        executor.for_each(batches, |_, batch| this.fill(batch.as_mut()));
    }

    /// What is known of each window; the others are noted, each once.
    fn look_up(&self, batch: &mut WordBatch) {
        let vocab_size = self.model.vocab_size();
        let WordBatch {
            tokens,
            log_probs,
            missing,
            ..
        } = batch;
        log_probs.clear();
        assert!(
            tokens.iter().all(|&token| usize::from(token) < vocab_size),
            "a token that is not in the vocabulary"
        );
        log_probs.reserve(tokens.len() + batch.ends.len());
        let mut start = 0;
        for &end in &batch.ends {
            self.windows(&tokens[start..end], |window| {
                log_probs.push(self.known.get(window).unwrap_or_else(|| {
                    missing.push(window);
                    f64::NAN
                }));
            });
            start = end;
        }
        missing.sort_unstable();
        missing.dedup();
    }

    /// The values that were not known at first.
    fn fill(&self, batch: &mut WordBatch) {
        let WordBatch {
            tokens,
            ends,
            log_probs,
            ..
        } = batch;
        let (mut start, mut place) = (0, 0);
        for &end in ends.iter() {
            let own = &mut log_probs[place..=place + (end - start)];
            if own.iter().any(|x| x.is_nan()) {
                let mut values = own.iter_mut();
                self.windows(&tokens[start..end], |window| {
                    let value = values.next().expect("a value for each window");
                    if value.is_nan() {
                        *value = self.known.get(window).unwrap_or(f64::NAN);
                    }
                });
            }
            place += end - start + 1;
            start = end;
        }
    }

    /// The windows of a word, as numbers.
    fn windows(&self, word: &[Token], mut each: impl FnMut(u128)) {
        let mask = u128::MAX >> (u128::BITS - self.window_bits);
        let mut window = 0; // END is 0, so this is a window of padding
        for &token in word.iter().chain(&[END]) {
            window = (window << self.token_bits | u128::from(token)) & mask;
            each(window);
        }
    }

    /// Asks for the contexts of some windows (sorted, each once) and remembers the answers.
    fn learn(&mut self, windows: &[u128], executor: &impl Executor) {
        let mut chunks = Vec::new();
        let mut left = windows;
        while !left.is_empty() {
            let (mut contexts, mut taken, mut last) = (0, 0, None);
            for window in left {
                let context = window >> self.token_bits;
                contexts += usize::from(last != Some(context));
                if contexts > CHUNK {
                    break;
                }
                last = Some(context);
                taken += 1;
            }
            let (windows, others) = left.split_at(taken);
            chunks.push(Chunk {
                windows,
                answers: Vec::new(),
            });
            left = others;
        }
        let this = &*self;
        executor.for_each(&mut chunks, |_, chunk| {
            chunk.answers = this.ask(chunk.windows)
        });
        let answers = chunks.iter().flat_map(|chunk| {
            chunk
                .windows
                .iter()
                .copied()
                .zip(chunk.answers.iter().copied())
        });
        match &mut self.known {
            Known::Dense(table) => answers.for_each(|(window, x)| table[window as usize] = x),
            Known::Sparse(map) => {
                if map.len() + windows.len() > REMEMBERED {
                    map.clear();
                }
                map.extend(answers);
            }
        }
    }

    /// ln p of some windows of at most [`CHUNK`] contexts.
    fn ask(&self, windows: &[u128]) -> Vec<f64> {
        let (vocab_size, length) = (self.model.vocab_size(), self.model.context_length());
        let token_mask = (1 << self.token_bits) - 1;
        let contexts: Vec<u128> = windows
            .iter()
            .map(|window| window >> self.token_bits)
            .collect();
        let mut tokens = Vec::new();
        let mut rows = 0;
        let mut row_of = Vec::with_capacity(windows.len());
        for (index, &context) in contexts.iter().enumerate() {
            if index == 0 || contexts[index - 1] != context {
                let shifts = (0..length as u32)
                    .rev()
                    .map(|place| place * self.token_bits);
                tokens.extend(shifts.map(|shift| (context >> shift & token_mask) as Token));
                rows += 1;
            }
            row_of.push(rows - 1);
        }
        let mut log_probs = vec![0.0; rows * vocab_size];
        self.model.log_probs(&tokens, &mut log_probs);
        let target = |window: u128| (window & token_mask) as usize;
        let pairs = windows.iter().zip(row_of);
        pairs
            .map(|(&window, row)| log_probs[row * vocab_size + target(window)])
            .collect()
    }
}

impl AsMut<WordBatch> for WordBatch {
    fn as_mut(&mut self) -> &mut WordBatch {
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::{CountedWindows, NameList, Vocab};
    use crate::executor::Serial;
    use crate::ngram::KneserNey;
    use crate::score::token_log_probs;

    proptest! {
        /// Tables and memory, cold and warm, give the model's own numbers to the last bit.
        #[test]
        fn values_are_the_models_own(
            words in prop::collection::vec("[a-c]{0,9}", 1..40),
            context_length in 0usize..8,
        ) {
            let vocab = Vocab::az();
            let names = NameList::from_names(["abc", "abba", "cab", "bacca"].map(|name| (name, 1)));
            let table = CountedWindows::from_list(&names, &vocab, context_length).unwrap();
            let model = KneserNey::closed_form(&table).unwrap();
            let mut scorer = WordScorer::new(&model).unwrap();
            let mut batches = vec![WordBatch::default(); 3];
            for (index, word) in words.iter().enumerate() {
                batches[index % 3].push(&vocab.encode(word).unwrap());
            }
            for _ in 0..2 {
                scorer.score(&mut batches, &Serial);
                for (index, word) in words.iter().enumerate() {
                    let (found, log_probs) = batches[index % 3].word(index / 3);
                    prop_assert_eq!(vocab.decode(found), word.as_str());
                    prop_assert_eq!(log_probs, token_log_probs(&model, found));
                }
            }
        }
    }
}
