//! The seam between models and everything that uses them: context → P(next token).

use std::ops::Range;

use crate::data::CountedWindows;
use crate::data::packing::Packing;
use crate::data::window_shape::WindowShape;
use crate::executor::Executor;
use crate::text::{Start, Token};

/// Where a model stands within a name: the context that it looks back on, packed into an integer.
///
/// Equal states have equal predictions for every continuation. [`LanguageModel::start`] gives the first
/// one, [`LanguageModel::next`] the one after a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State {
    /// As [`Packing`] packs contexts.
    context: u128,
    /// Number of label tokens that stay at its left.
    held: u8,
}

impl State {
    /// The packed context.
    pub(crate) fn packed(self) -> u128 {
        self.context
    }

    /// Number of label tokens at the left of the context.
    pub(crate) fn held(self) -> usize {
        usize::from(self.held)
    }

    /// The state of a model that looks back `length` tokens, no more than this one's.
    pub(crate) fn shortened(self, packing: Packing, length: usize) -> Self {
        State {
            context: packing.shorten_context(self.context, self.held(), length),
            held: self.held().min(length) as u8,
        }
    }

    /// The same start's state with another context.
    pub(crate) fn with_packed(self, context: u128) -> Self {
        State { context, ..self }
    }
}

/// A distribution of the next token given what stands before it, as far back as a fixed length.
///
/// The network, counts and their mixtures implement it; sampling, scoring and evaluation
/// see nothing else. Implementations give the same bits on every machine and in every batch:
/// what stands beside a state never changes its answer. Probabilities are natural logarithms in f64,
/// because those of whole names are sums of them; they come in batches, because a network computes many
/// rows faster than one at a time.
///
/// A model of one's own takes three methods, and then draws names, is scored and evaluated as any other:
///
/// ```
/// use nextchar_core::data::NameList;
/// use nextchar_core::text::{END, Token, Vocab};
/// use nextchar_core::language_model::State;
/// use nextchar_core::rng::Seed;
/// use nextchar_core::sample::{Conditions, Generator, Request};
/// use nextchar_core::score::name_log_prob;
/// use nextchar_core::{LanguageModel, Serial};
///
/// /// After a consonant a vowel, after a vowel the end or a consonant, all equally likely.
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

    /// Number of tokens T that the model looks back.
    fn context_length(&self) -> usize;

    /// Number of tokens that contexts are made of: the classes, and labels where the model knows some.
    fn token_count(&self) -> usize {
        self.vocab_size()
    }

    /// Natural-log probabilities of every next token for a batch of states.
    ///
    /// # Shapes
    /// `states` \[B\]; `log_probs` [B, V].
    ///
    /// # Panics
    /// If the lengths do not fit together.
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

    /// The state after one more token. A model that does not tell some contexts apart, now and after any
    /// continuation, gives the same state for all of them.
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

    /// The contexts of some states, [B, T]: for models that compute with tokens.
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

    /// A shortcut to ln p of whole words without labels, for a model that has one which costs less than
    /// remembering what it said of states. It gives the same bits; making it may cost as much as scoring
    /// some thousand words.
    fn word_model(&self) -> Option<Box<dyn WordModel + '_>> {
        None
    }

    /// Σ n(c, t)·(−ln p(t | c)) over some rows of a table, in nats. A model may sum in a cheaper way.
    ///
    /// # Panics
    /// If the table's context length or vocabulary is not the model's, or it has no such rows.
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

/// Some models' [shortcut](LanguageModel::word_model) to scores of words.
pub trait WordModel: Sync {
    /// Appends ln p of every token of a word, given those before it, and of the end mark after them.
    ///
    /// # Panics
    /// If a token is not in the model's vocabulary.
    fn log_probs(&self, word: &[Token], log_probs: &mut Vec<f64>);
}

/// How a model's states are packed.
#[inline]
pub(crate) fn packing<M: LanguageModel + ?Sized>(model: &M) -> Packing {
    Packing::of_model(WindowShape {
        token_count: model.token_count(),
        ..WindowShape::plain(model.vocab_size(), model.context_length())
    })
}

/// The states of some rows of a table of the model's shape.
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

/// Log-probabilities of many states, [B, V], in blocks that an executor runs.
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
/// The one definition of loss: training selects by it and evaluation prints it.
pub fn loss(model: &dyn LanguageModel, table: &CountedWindows, executor: &dyn Executor) -> f64 {
    let mut sums = vec![0.0; table.len().div_ceil(BLOCK_ROWS)];
    executor.for_each(&mut sums, |block, sum| {
        let start = block * BLOCK_ROWS;
        *sum = model.total_nll(table, start..(start + BLOCK_ROWS).min(table.len()));
    });
    sums.iter().sum::<f64>() / table.examples() as f64
}
