//! ln p of every token of many words: each window is looked up where it was met before, and each
//! context that was not is asked for once.
//!
//! What is remembered never changes an answer (see [`LanguageModel`]), so neither do the number of
//! threads, the order of the words, nor the moment at which memory is full and emptied. A model that has
//! a cheaper [way of its own](LanguageModel::word_model) goes it where words are many.

use crate::error::Error;
use crate::executor::Executor;
use crate::language_model::{LanguageModel, State, WordModel};
use crate::score::words::cache::{Memory, Windows};
use crate::text::{Start, Token};

/// Contexts that the model is asked for together.
const CHUNK: usize = 128;
/// Chunks of contexts whose answers wait to be remembered.
const ROUND: usize = 32;
/// Tokens at least as probable as this are remembered with those that were asked for: they may well come.
const LIKELY: f64 = 0.1;
/// Tokens from which on a model's own way to score words is worth making.
const MANY: usize = 1 << 16;

/// Words, and ln p of their tokens once they are scored.
#[derive(Clone, Debug, Default)]
pub struct WordBatch {
    tokens: Vec<Token>,
    /// Where each word ends in `tokens`.
    ends: Vec<usize>,
    /// For each word its tokens and the end mark.
    log_probs: Vec<f64>,
    /// The windows of those that wait for the model, in their order.
    unknown: Vec<u128>,
    /// The same [turned](Windows::turned), ascending, each once.
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
/// use nextchar_core::Serial;
/// use nextchar_core::data::{CountedWindows, NameList};
/// use nextchar_core::text::Vocab;
/// use nextchar_core::counts::KneserNey;
/// use nextchar_core::score::{WordBatch, WordScorer};
///
/// # fn main() -> Result<(), nextchar_core::Error> {
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
    /// The model's own way, once words are many.
    word_model: Option<Box<dyn WordModel + 'm>>,
    /// Tokens that were scored while it was not asked for, and how many they may be.
    scored: usize,
    many: usize,
    windows: Windows<'m>,
    memory: Memory,
}

/// Some contexts that were not known, and what the model says of them.
#[derive(Default)]
struct Chunk<'a> {
    windows: &'a [u128],
    states: Vec<State>,
    log_probs: Vec<f64>,
    /// ln p of the windows.
    asked: Vec<(u128, f64)>,
    /// ln p of other windows of the same contexts, those that are likely.
    likely: Vec<(u128, f64)>,
}

impl<'m> WordScorer<'m> {
    /// Knows nothing yet.
    ///
    /// # Errors
    /// [`Error::ContextTooLong`] where a window does not fit 128 bits.
    pub fn new(model: &'m dyn LanguageModel) -> Result<Self, Error> {
        Self::after(model, &Start::default())
    }

    /// [`WordScorer::new`] for words with a start of their own.
    ///
    /// # Errors
    /// As [`WordScorer::new`].
    pub fn after(model: &'m dyn LanguageModel, start: &Start) -> Result<Self, Error> {
        let windows = Windows::new(model, start)?;
        Ok(WordScorer {
            model,
            word_model: None,
            scored: 0,
            many: MANY,
            memory: Memory::new(windows.bits()),
            windows,
        })
    }

    /// Scores the words of all batches.
    ///
    /// # Panics
    /// If a token is not in the model's vocabulary.
    pub fn score<B: AsMut<WordBatch> + Send>(
        &mut self,
        batches: &mut [B],
        executor: &dyn Executor,
    ) {
        self.choose_way(batches);
        let this = &*self;
        executor.for_each(batches, |_, batch| this.look_up(batch.as_mut()));
        let missing = batches.iter_mut().flat_map(|batch| &batch.as_mut().missing);
        let mut missing: Vec<u128> = missing.copied().collect();
        if missing.is_empty() {
            return;
        }
        missing.sort(); // of sorted parts
        missing.dedup();
        self.learn(&missing, executor);
        let this = &*self;
        executor.for_each(batches, |_, batch| this.fill(batch.as_mut()));
    }

    /// Asks for the model's own way once it is worth it.
    fn choose_way<B: AsMut<WordBatch>>(&mut self, batches: &mut [B]) {
        if self.memory.is_dense() || !self.windows.is_plain() || self.scored >= self.many {
            return;
        }
        let tokens = batches.iter_mut().map(|batch| batch.as_mut().tokens.len());
        self.scored += tokens.sum::<usize>();
        if self.scored >= self.many {
            self.word_model = self.model.word_model();
        }
    }

    /// What is known of each window; the others are noted.
    fn look_up(&self, batch: &mut WordBatch) {
        let vocab_size = self.model.vocab_size();
        let WordBatch {
            tokens,
            ends,
            log_probs,
            unknown,
            missing,
        } = batch;
        log_probs.clear();
        unknown.clear();
        missing.clear();
        assert!(
            tokens.iter().all(|&token| usize::from(token) < vocab_size),
            "a token that is not in the vocabulary"
        );
        log_probs.reserve(tokens.len() + ends.len());
        let starts = [0].into_iter().chain(ends.iter().copied());
        let words = starts.zip(&*ends).map(|(start, &end)| &tokens[start..end]);
        if let Some(model) = &self.word_model {
            words.for_each(|word| model.log_probs(word, log_probs));
            return;
        }
        // A table has a place for every window anyway.
        let canonical = !self.memory.is_dense();
        words.for_each(|word| {
            self.windows.of_word(word, canonical, |window| {
                log_probs.push(self.memory.get(window).unwrap_or_else(|| {
                    unknown.push(window);
                    f64::NAN
                }));
            });
        });
        missing.extend(unknown.iter().map(|&window| self.windows.turned(window)));
        missing.sort_unstable();
        missing.dedup();
    }

    /// The values that were not known at first.
    fn fill(&self, batch: &mut WordBatch) {
        let waiting = batch.log_probs.iter_mut().filter(|x| x.is_nan());
        for (value, &window) in waiting.zip(&batch.unknown) {
            *value = self.memory.get(window).unwrap_or(f64::NAN);
        }
    }

    /// Asks for the contexts of some windows (sorted, each once) and remembers the answers.
    fn learn(&mut self, windows: &[u128], executor: &dyn Executor) {
        if !self.memory.has_room(windows.len()) {
            self.memory.clear();
        }
        let mut left = windows;
        let mut chunks: Vec<Chunk<'_>> = Vec::new();
        while !left.is_empty() {
            chunks.resize_with(ROUND, Chunk::default);
            let mut contexts = self.windows.by_context(left).map(<[u128]>::len);
            for chunk in &mut chunks {
                let taken = contexts.by_ref().take(CHUNK).sum();
                (chunk.windows, left) = left.split_at(taken);
            }
            let this = &*self;
            executor.for_each(&mut chunks, |_, chunk| this.ask(chunk));
            for chunk in &chunks {
                self.memory.extend(&chunk.asked);
            }
            let likely: usize = chunks.iter().map(|chunk| chunk.likely.len()).sum();
            if self.memory.has_room(left.len() + likely) {
                for chunk in &chunks {
                    self.memory.extend(&chunk.likely);
                }
            }
        }
    }

    /// ln p of a chunk's windows, and of others that may well come.
    fn ask(&self, chunk: &mut Chunk<'_>) {
        let vocab_size = self.model.vocab_size();
        let contexts = || self.windows.by_context(chunk.windows);
        let first = |windows: &[u128]| self.windows.turned(windows[0]);
        chunk.states.clear();
        let states = contexts().map(|windows| self.windows.state(first(windows)));
        chunk.states.extend(states);
        chunk.log_probs.resize(chunk.states.len() * vocab_size, 0.0);
        self.model.log_probs(&chunk.states, &mut chunk.log_probs);
        let likely = match self.memory.is_dense() {
            true => f64::NEG_INFINITY,
            false => libm::log(LIKELY),
        };
        chunk.asked.clear();
        chunk.likely.clear();
        for (windows, row) in contexts().zip(chunk.log_probs.chunks_exact(vocab_size)) {
            let (mut asked, known) = (windows.iter().peekable(), first(windows));
            for (target, &log_prob) in (0..).zip(row) {
                let window = self.windows.with_target(known, target);
                let turned = self.windows.with_target(windows[0], target);
                if asked.next_if_eq(&&turned).is_some() {
                    chunk.asked.push((window, log_prob));
                } else if log_prob >= likely {
                    chunk.likely.push((window, log_prob));
                }
            }
        }
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
    use crate::Mixture;
    use crate::counts::KneserNey;
    use crate::data::{CountedWindows, NameList};
    use crate::executor::Serial;
    use crate::score::token_log_probs;
    use crate::text::Vocab;

    const NAMES: [(&str, u64); 4] = [("abc", 1), ("abba", 2), ("cab", 1), ("bacca", 1)];

    fn counts(context_length: usize) -> KneserNey {
        let names = NameList::from_names(NAMES);
        let table = CountedWindows::from_list(&names, &Vocab::az(), context_length).unwrap();
        KneserNey::closed_form(&table).unwrap()
    }

    /// Compares with the model's own numbers, to the last bit, cold and warm.
    fn check(mut scorer: WordScorer<'_>, words: &[String]) -> Result<(), TestCaseError> {
        let vocab = Vocab::az();
        let mut batches = vec![WordBatch::default(); 3];
        for (index, word) in words.iter().enumerate() {
            batches[index % 3].push(&vocab.encode(word).unwrap());
        }
        for _ in 0..3 {
            scorer.score(&mut batches, &Serial);
            for (index, word) in words.iter().enumerate() {
                let (found, log_probs) = batches[index % 3].word(index / 3);
                prop_assert_eq!(vocab.decode(found), word.as_str());
                prop_assert_eq!(log_probs, token_log_probs(scorer.model, found));
            }
        }
        Ok(())
    }

    proptest! {
        /// Windows in a table (context 3 and less), and of less and more than 64 bits; memory of any size.
        #[test]
        fn values_are_the_models_own(
            words in prop::collection::vec("[a-d]{0,9}", 1..60),
            context_length in 0usize..16,
            most in prop::sample::select(vec![0, 30, usize::MAX]),
        ) {
            let model = counts(context_length);
            let mut scorer = WordScorer::new(&model).unwrap();
            scorer.memory.most = most;
            check(scorer, &words)?;
        }

        /// The model's own way, from the second time on or the first.
        #[test]
        fn the_models_own_way_changes_nothing(
            words in prop::collection::vec("[a-d]{0,9}", 1..60),
            context_length in 4usize..9,
            many in 0usize..200,
        ) {
            let model = Mixture::from(counts(context_length));
            let mut scorer = WordScorer::new(&model).unwrap();
            scorer.many = many;
            check(scorer, &words)?;
        }

        /// Contexts that the model does not tell apart are asked for once.
        #[test]
        fn reduced_contexts_change_nothing(
            words in prop::collection::vec("[a-d]{0,9}", 1..60),
            context_length in 1usize..4,
        ) {
            let mut model = Mixture::from(counts(context_length));
            model.fit_returning(&NameList::from_names(NAMES), &Vocab::az(), &Serial).unwrap();
            prop_assert_eq!(model.context_length(), 6);
            check(WordScorer::new(&model).unwrap(), &words)?;
        }
    }

    /// A model that counts how many contexts it was asked for.
    struct Counting<'m>(&'m dyn LanguageModel, std::sync::atomic::AtomicUsize);

    impl LanguageModel for Counting<'_> {
        fn vocab_size(&self) -> usize {
            self.0.vocab_size()
        }
        fn context_length(&self) -> usize {
            self.0.context_length()
        }
        fn log_probs(&self, states: &[State], log_probs: &mut [f64]) {
            self.1
                .fetch_add(states.len(), std::sync::atomic::Ordering::Relaxed);
            self.0.log_probs(states, log_probs);
        }
        fn next(&self, state: State, token: Token) -> State {
            self.0.next(state, token)
        }
    }

    /// After ddd and dddd no known name is left, so every further context of a's is the same.
    #[test]
    fn what_the_model_does_not_tell_apart_is_asked_for_once() {
        let mut model = Mixture::from(counts(2));
        model
            .fit_returning(&NameList::from_names(NAMES), &Vocab::az(), &Serial)
            .unwrap();
        let counting = Counting(&model, Default::default());
        let mut scorer = WordScorer::new(&counting).unwrap();
        let mut batch = WordBatch::default();
        for word in ["dddaaaaa", "ddddaaaa"] {
            batch.push(&Vocab::az().encode(word).unwrap());
        }
        scorer.score(&mut [&mut batch], &Serial);
        // Those of _, _d, dd, da and aa.
        assert_eq!(counting.1.load(std::sync::atomic::Ordering::Relaxed), 5);
    }
}
