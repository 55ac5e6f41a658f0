//! The seam between models and everything that uses them: context → P(next token).

use std::ops::Range;

use crate::data::CountedWindows;
use crate::data::packing::Packing;
use crate::data::window_shape::WindowShape;
use crate::executor::Executor;
use crate::text::{Start, Token};

/// The state of a model within a name: the context that its prediction depends on, packed into an integer.
///
/// Equal states have equal predictions for every continuation. [`LanguageModel::start`] returns the initial state and
/// [`LanguageModel::next`] the state after a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State {
    /// A context, packed by [`Packing`].
    context: u128,
    /// Number of label tokens that stay at the start of the context.
    held: u8,
}

impl State {
    /// The packed context.
    pub(crate) fn packed(self) -> u128 {
        self.context
    }

    /// Number of label tokens at the start of the context.
    pub(crate) fn held(self) -> usize {
        usize::from(self.held)
    }

    /// The state of a model with a shorter context of `length` tokens.
    pub(crate) fn shortened(self, packing: Packing, length: usize) -> Self {
        State {
            context: packing.shorten_context(self.context, self.held(), length),
            held: self.held().min(length) as u8,
        }
    }

    /// A state with the same start and another context.
    pub(crate) fn with_packed(self, context: u128) -> Self {
        State { context, ..self }
    }
}

/// A distribution of the next token, given a fixed number of preceding tokens.
///
/// Networks, counts and their mixtures implement it, and sampling, scoring and evaluation use nothing else.
/// Implementations give the same bits on every machine and in every batch: the other states of a batch never affect a
/// result. Probabilities are natural logarithms in f64, because those of whole names are their sums. They are computed
/// in batches, because a network computes many rows faster than one at a time.
///
/// A custom model needs three methods, and can then generate names, score words and be evaluated like any other:
///
/// ```
/// use nextchar_core::language_model::State;
/// use nextchar_core::rng::Seed;
/// use nextchar_core::sample::{Conditions, Generator, Request};
/// use nextchar_core::score::name_log_prob;
/// use nextchar_core::text::{END, Token, Vocab};
/// use nextchar_core::{LanguageModel, Serial};
///
/// /// A vowel follows a consonant, and a consonant or the end follows a vowel, all equally likely.
/// struct Syllables(Vocab);
///
/// impl LanguageModel for Syllables {
///     fn vocab_size(&self) -> usize {
///         self.0.len()
///     }
///     fn context_length(&self) -> usize {
///         1
///     }
///     fn log_probs(&self, states: &[State], log_probs: &mut [f64]) {
///         let is_vowel = |token| "aeiou".contains(self.0.symbol(token));
///         for (&last, row) in self.contexts(states).iter().zip(log_probs.chunks_mut(self.0.len())) {
///             let follows = |next| match (last, next) {
///                 (END, END) => false,
///                 (last, next) => is_vowel(next) != is_vowel(last),
///             };
///             let number = (0..self.0.len() as Token).filter(|&next| follows(next)).count();
///             for (next, log_prob) in (0..).zip(row) {
///                 *log_prob = if follows(next) { -(number as f64).ln() } else { f64::NEG_INFINITY };
///             }
///         }
///     }
/// }
///
/// let model = Syllables(Vocab::az());
/// let request = Request {
///     count: 5,
///     conditions: Conditions::default().length(4..=4).prefix("a"),
///     ..Request::default()
/// };
/// let names = Generator::new(&model, &model.0, request, &Seed::from(42), &Serial).unwrap();
/// for name in names {
///     let word = model.0.encode(&name.name).unwrap();
///     assert!((name.log_prob - name_log_prob(&model, &word)).abs() < 1e-9, "{name:?}");
/// }
/// ```
pub trait LanguageModel: Sync {
    /// Number of classes V, the end mark included.
    fn vocab_size(&self) -> usize;

    /// Number of tokens T in a context.
    fn context_length(&self) -> usize;

    /// Number of different tokens in contexts: the classes, and the model's labels if there are any.
    fn token_count(&self) -> usize {
        self.vocab_size()
    }

    /// Natural-log probabilities of every next token for a batch of states.
    ///
    /// # Shapes
    /// `states` \[B\]; `log_probs` [B, V].
    ///
    /// # Panics
    /// If the lengths do not match.
    fn log_probs(&self, states: &[State], log_probs: &mut [f64]);

    /// The state before a name's first token.
    ///
    /// # Panics
    /// If a label is not below [`LanguageModel::token_count`].
    fn start(&self, start: &Start) -> State {
        let packing = packing(self);
        State {
            context: packing.pack_context(&start.context(&[], self.context_length())),
            held: start.label().len().min(self.context_length()) as u8,
        }
    }

    /// The state after one more token. A model may return the same state for contexts with identical predictions for
    /// every continuation.
    ///
    /// # Panics
    /// If the token is not below [`LanguageModel::token_count`].
    fn next(&self, state: State, token: Token) -> State {
        state.with_packed(packing(self).next_context(state.context, token, state.held()))
    }

    /// The state after some tokens.
    fn after(&self, start: &Start, tokens: &[Token]) -> State {
        let first = self.start(start);
        tokens
            .iter()
            .fold(first, |state, &token| self.next(state, token))
    }

    /// The contexts of some states, [B, T], for models that compute with tokens.
    fn contexts(&self, states: &[State]) -> Vec<Token> {
        let packing = packing(self);
        let mut contexts = Vec::with_capacity(states.len() * self.context_length());
        for state in states {
            contexts.extend_from_slice(&packing.unpack_context(state.context));
        }
        contexts
    }

    /// [`LanguageModel::log_probs`] after some tokens without a label, as a new vector \[V\].
    fn next_log_probs(&self, before: &[Token]) -> Vec<f64> {
        let mut log_probs = vec![0.0; self.vocab_size()];
        self.log_probs(&[self.after(&Start::default(), before)], &mut log_probs);
        log_probs
    }

    /// A shortcut to ln p of whole words without labels, if the model has one that is cheaper than a cache of
    /// evaluated states. It gives the same bits. Preparing it may cost as much as scoring a few thousand words.
    fn word_model(&self) -> Option<Box<dyn WordModel + '_>> {
        None
    }

    /// Σ n(c, t)·(−ln p(t | c)) over some rows of a table, in nats. A model may override it with a cheaper sum.
    ///
    /// # Panics
    /// If the table's context length or vocabulary is not the model's, or rows are out of range.
    fn total_nll(&self, table: &CountedWindows, rows: Range<usize>) -> f64 {
        assert_eq!(
            (table.vocab_size(), table.context_length()),
            (self.vocab_size(), self.context_length()),
            "a table of another shape"
        );
        total_nll(self, table, rows)
    }
}

/// [`LanguageModel::total_nll`] from log-probabilities.
pub(crate) fn total_nll<M: LanguageModel + ?Sized>(
    model: &M,
    table: &CountedWindows,
    rows: Range<usize>,
) -> f64 {
    let vocab_size = model.vocab_size();
    let mut log_probs = vec![0.0; rows.len() * vocab_size];
    model.log_probs(&row_states(model, table, rows.clone()), &mut log_probs);
    let mut total = 0.0;
    for (log_probs, index) in log_probs.chunks_exact(vocab_size).zip(rows) {
        let row = table.row(index);
        for (&target, &count) in row.targets.iter().zip(row.counts) {
            total -= count as f64 * log_probs[usize::from(target)];
        }
    }
    total
}

/// A model's [shortcut](LanguageModel::word_model) for scoring whole words.
pub trait WordModel: Sync {
    /// Appends ln p of every token of a word given the tokens before it, and of the end mark.
    ///
    /// # Panics
    /// If a token is not in the model's vocabulary.
    fn log_probs(&self, word: &[Token], log_probs: &mut Vec<f64>);
}

/// The packing of a model's states.
#[inline]
pub(crate) fn packing<M: LanguageModel + ?Sized>(model: &M) -> Packing {
    Packing::of_model(WindowShape {
        token_count: model.token_count(),
        ..WindowShape::plain(model.vocab_size(), model.context_length())
    })
}

/// The states of some rows of a table with the model's shape.
pub fn row_states<M: LanguageModel + ?Sized>(
    model: &M,
    table: &CountedWindows,
    rows: Range<usize>,
) -> Vec<State> {
    let packing = packing(model);
    let held = table.held() as u8;
    let state = |row: usize| State {
        context: packing.pack_context(table.row(row).context),
        held,
    };
    rows.map(state).collect()
}

/// Log-probabilities of many states, [B, V], computed in blocks by an executor.
pub fn log_probs_of(
    model: &dyn LanguageModel,
    states: &[State],
    executor: &dyn Executor,
) -> Vec<f64> {
    let vocab_size = model.vocab_size();
    let mut log_probs = vec![0.0; states.len() * vocab_size];
    let blocks = log_probs.chunks_mut(BLOCK_ROWS * vocab_size);
    let mut blocks: Vec<_> = states.chunks(BLOCK_ROWS).zip(blocks).collect();
    executor.for_each(&mut blocks, |_, (states, log_probs)| {
        model.log_probs(states, log_probs);
    });
    log_probs
}

/// States that are evaluated together.
const BLOCK_ROWS: usize = 512;

/// Mean negative log-likelihood of a table of counted windows, in nats per predicted token
/// ([`END`](crate::text::END) included); NaN for an empty table.
///
/// This is the only definition of loss: training selects by it and evaluation reports it.
pub fn loss(model: &dyn LanguageModel, table: &CountedWindows, executor: &dyn Executor) -> f64 {
    let mut sums = vec![0.0; table.len().div_ceil(BLOCK_ROWS)];
    executor.for_each(&mut sums, |block, sum| {
        let start = block * BLOCK_ROWS;
        *sum = model.total_nll(table, start..(start + BLOCK_ROWS).min(table.len()));
    });
    sums.iter().sum::<f64>() / table.examples() as f64
}
