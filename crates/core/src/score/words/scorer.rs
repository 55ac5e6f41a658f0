//! ln p of every token of many words: each window is looked up in a cache, and each context that is not there is
//! evaluated once.
//!
//! The cache never changes a result (see [`LanguageModel`]); neither do the number of threads, the order of the
//! words, or the moment when the cache is full and cleared. If there are many words, a model with a cheaper
//! [shortcut](LanguageModel::word_model) uses that instead.

use crate::error::Error;
use crate::executor::Executor;
use crate::language_model::{LanguageModel, State, WordModel};
use crate::score::words::cache::{Cache, Windows};
use crate::text::{Start, Token};

/// Contexts that the model evaluates together.
const CHUNK: usize = 128;
/// Chunks of contexts that are evaluated before their results are cached.
const ROUND: usize = 32;
/// Next tokens that are at least this probable are cached along with the requested ones: they are likely to be
/// needed.
const LIKELY: f64 = 0.1;
/// Number of tokens from which the model's shortcut is worth preparing.
const MANY: usize = 1 << 16;

/// Words, with ln p of their tokens after scoring.
#[derive(Clone, Debug, Default)]
pub struct WordBatch {
    tokens: Vec<Token>,
    /// The end of each word in `tokens`.
    ends: Vec<usize>,
    /// For the tokens and the end mark of each word.
    log_probs: Vec<f64>,
    /// The windows of all words, if they are looked up one by one.
    windows: Vec<u128>,
    /// The windows that are not in the cache, in order of occurrence.
    unknown: Vec<u128>,
    /// The same, [reversed](Windows::reversed), ascending, without duplicates.
    missing: Vec<u128>,
}

impl WordBatch {
    /// Removes all words and keeps the allocations.
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

    /// Word number `index`, and ln p of its tokens and the end mark, in nats.
    ///
    /// # Panics
    /// If there is no such word, or it has not been scored.
    pub fn word(&self, index: usize) -> (&[Token], &[f64]) {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        let end = self.ends[index];
        // Every earlier word has one value more than tokens.
        let log_probs = &self.log_probs[start + index..=end + index];
        (&self.tokens[start..end], log_probs)
    }

    /// Removes all values.
    ///
    /// # Panics
    /// If a token is not in the vocabulary.
    fn prepare(&mut self, vocab_size: usize) {
        assert!(
            self.tokens
                .iter()
                .all(|&token| usize::from(token) < vocab_size),
            "a token that is not in the vocabulary"
        );
        self.log_probs.clear();
        self.unknown.clear();
        self.missing.clear();
    }
}

/// Scores words by a model, with a cache of the windows that it has evaluated before.
///
/// ```
/// use nextchar_core::Serial;
/// use nextchar_core::counts::KneserNey;
/// use nextchar_core::data::{CountedWindows, NameList};
/// use nextchar_core::score::{WordBatch, WordScorer};
/// use nextchar_core::text::Vocab;
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
/// assert_eq!((word.len(), log_probs.len()), (5, 6)); // the end mark is predicted too
/// # Ok(())
/// # }
/// ```
pub struct WordScorer<'m> {
    model: &'m dyn LanguageModel,
    /// The model's shortcut, once there are many words.
    word_model: Option<Box<dyn WordModel + 'm>>,
    /// Tokens scored so far without the shortcut, and the number from which it is used.
    scored: usize,
    many: usize,
    windows: Windows<'m>,
    cache: Cache,
}

/// Some contexts that are not in the cache, and the model's predictions for them.
#[derive(Default)]
struct Chunk<'a> {
    windows: &'a [u128],
    states: Vec<State>,
    log_probs: Vec<f64>,
    /// ln p of the requested windows.
    requested: Vec<(u128, f64)>,
    /// ln p of the other likely windows of the same contexts.
    likely: Vec<(u128, f64)>,
}

impl<'m> WordScorer<'m> {
    /// A scorer with an empty cache.
    ///
    /// # Errors
    /// [`Error::ContextTooLong`] if a window does not fit into 128 bits.
    pub fn new(model: &'m dyn LanguageModel) -> Result<Self, Error> {
        Self::after(model, &Start::default())
    }

    /// [`WordScorer::new`] for words after a start with a label.
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
            cache: Cache::new(windows.bits()),
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
        self.choose_method(batches);
        let this = &*self;
        executor.for_each(batches, |_, batch| this.look_up(batch.as_mut()));
        let missing = batches.iter_mut().flat_map(|batch| &batch.as_mut().missing);
        let mut missing: Vec<u128> = missing.copied().collect();
        if missing.is_empty() {
            return;
        }
        missing.sort(); // fast: it consists of sorted runs
        missing.dedup();
        self.learn(&missing, executor);
        let this = &*self;
        executor.for_each(batches, |_, batch| this.fill(batch.as_mut()));
    }

    /// Switches to the model's shortcut once it is worth it.
    fn choose_method<B: AsMut<WordBatch>>(&mut self, batches: &mut [B]) {
        if self.cache.is_dense() || !self.windows.is_plain() || self.scored >= self.many {
            return;
        }
        let tokens = batches.iter_mut().map(|batch| batch.as_mut().tokens.len());
        self.scored += tokens.sum::<usize>();
        if self.scored >= self.many {
            self.word_model = self.model.word_model();
        }
    }

    /// Looks up every window and collects those that are missing.
    fn look_up(&self, batch: &mut WordBatch) {
        batch.prepare(self.model.vocab_size());
        let WordBatch {
            tokens,
            ends,
            log_probs,
            windows,
            unknown,
            missing,
            ..
        } = batch;
        let starts = [0].into_iter().chain(ends.iter().copied());
        let words = starts.zip(&*ends).map(|(start, &end)| &tokens[start..end]);
        let values = tokens.len() + ends.len();
        if let Some(model) = &self.word_model {
            log_probs.reserve(values);
            words.for_each(|word| model.log_probs(word, log_probs));
            return;
        }
        log_probs.resize(values, 0.0);
        let mut values = log_probs.iter_mut();
        let mut keep = |window, known: f64| {
            *values.next().expect("a value for each window") = known;
            if known.is_nan() {
                unknown.push(window);
            }
        };
        match self.cache.dense() {
            Some(table) if self.windows.is_plain() => words.for_each(|word| {
                let each = |window| keep(window as u128, table[window]);
                self.windows.of_word_in_bits(word, each);
            }),
            // A dense table has an entry for every window anyway.
            dense => {
                windows.clear();
                for word in words {
                    let each = |window| windows.push(window);
                    self.windows.of_word(word, dense.is_none(), each);
                }
                // In a loop of their own, many searches wait for memory at once.
                for &window in &*windows {
                    keep(window, self.cache.get(window).unwrap_or(f64::NAN));
                }
            }
        }
        missing.extend(unknown.iter().map(|&window| self.windows.reversed(window)));
        missing.sort_unstable();
        missing.dedup();
    }

    /// Fills in the values that were missing.
    fn fill(&self, batch: &mut WordBatch) {
        if batch.unknown.is_empty() {
            return;
        }
        let waiting = batch.log_probs.iter_mut().filter(|x| x.is_nan());
        for (value, &window) in waiting.zip(&batch.unknown) {
            *value = self.cache.get(window).unwrap_or(f64::NAN);
        }
    }

    /// Evaluates the contexts of some windows (sorted, without duplicates) and caches the results.
    fn learn(&mut self, windows: &[u128], executor: &dyn Executor) {
        if !self.cache.has_room(windows.len()) {
            self.cache.clear();
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
            executor.for_each(&mut chunks, |_, chunk| this.evaluate(chunk));
            for chunk in &chunks {
                self.cache.extend(&chunk.requested);
            }
            let likely: usize = chunks.iter().map(|chunk| chunk.likely.len()).sum();
            if self.cache.has_room(left.len() + likely) {
                for chunk in &chunks {
                    self.cache.extend(&chunk.likely);
                }
            }
        }
    }

    /// Computes ln p of a chunk's windows, and of other likely ones.
    fn evaluate(&self, chunk: &mut Chunk<'_>) {
        let vocab_size = self.model.vocab_size();
        let contexts = || self.windows.by_context(chunk.windows);
        let first = |windows: &[u128]| self.windows.reversed(windows[0]);
        chunk.states.clear();
        let states = contexts().map(|windows| self.windows.state(first(windows)));
        chunk.states.extend(states);
        chunk.log_probs.resize(chunk.states.len() * vocab_size, 0.0);
        self.model.log_probs(&chunk.states, &mut chunk.log_probs);
        let likely = match self.cache.dense() {
            Some(_) => f64::NEG_INFINITY,
            None => libm::log(LIKELY),
        };
        chunk.requested.clear();
        chunk.likely.clear();
        for (windows, row) in contexts().zip(chunk.log_probs.chunks_exact(vocab_size)) {
            let known = first(windows);
            let requested = windows.iter().map(|&window| self.windows.target(window));
            chunk.requested.extend(requested.clone().map(|target| {
                let window = self.windows.with_target(known, target);
                (window, row[usize::from(target)])
            }));
            let targets = (0..).zip(row).filter(|&(_, &log_prob)| log_prob >= likely);
            for (target, &log_prob) in targets {
                if !requested.clone().any(|other| other == target) {
                    let window = self.windows.with_target(known, target);
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

    /// Compares with the model's probabilities, to the last bit, with a cold and a warm cache.
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
        /// With a dense table (contexts of up to 3), windows below and above 64 bits, and caches of any size.
        #[test]
        fn values_are_the_models(
            words in prop::collection::vec("[a-d]{0,9}", 1..60),
            context_length in 0usize..16,
            capacity in prop::sample::select(vec![0, 30, usize::MAX]),
        ) {
            let model = counts(context_length);
            let mut scorer = WordScorer::new(&model).unwrap();
            scorer.cache.capacity = capacity;
            check(scorer, &words)?;
        }

        /// With the model's shortcut from the start, or from some point on.
        #[test]
        fn the_models_shortcut_changes_nothing(
            words in prop::collection::vec("[a-d]{0,9}", 1..60),
            context_length in 4usize..9,
            many in 0usize..200,
        ) {
            let model = Mixture::from(counts(context_length));
            let mut scorer = WordScorer::new(&model).unwrap();
            scorer.many = many;
            check(scorer, &words)?;
        }

        /// Equivalent contexts share an entry of the cache.
        #[test]
        fn equivalent_contexts_change_nothing(
            words in prop::collection::vec("[a-d]{0,9}", 1..60),
            context_length in 1usize..4,
        ) {
            let mut model = Mixture::from(counts(context_length));
            model.fit_repeats(&NameList::from_names(NAMES), &Vocab::az(), &Serial).unwrap();
            prop_assert_eq!(model.context_length(), 6);
            check(WordScorer::new(&model).unwrap(), &words)?;
        }
    }

    /// A model that counts how many contexts it evaluates.
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

    /// No known name begins with ddd or dddd, so all further contexts of a's are equivalent.
    #[test]
    fn equivalent_contexts_are_evaluated_once() {
        let mut model = Mixture::from(counts(2));
        model
            .fit_repeats(&NameList::from_names(NAMES), &Vocab::az(), &Serial)
            .unwrap();
        let counting = Counting(&model, Default::default());
        let mut scorer = WordScorer::new(&counting).unwrap();
        let mut batch = WordBatch::default();
        for word in ["dddaaaaa", "ddddaaaa"] {
            batch.push(&Vocab::az().encode(word).unwrap());
        }
        scorer.score(&mut [&mut batch], &Serial);
        // The contexts _, _d, dd, da and aa.
        assert_eq!(counting.1.load(std::sync::atomic::Ordering::Relaxed), 5);
    }
}
