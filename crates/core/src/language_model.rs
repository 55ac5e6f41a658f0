//! The seam between models and everything that uses them: context → P(next token).

use std::ops::Range;

use nextchar_kernels::{Arithmetic, Kernels};

use crate::data::CountedWindows;
use crate::executor::Executor;
use crate::text::Token;

/// A distribution of the next token given a context of fixed length.
///
/// The network, counts and their mixtures implement it; sampling, scoring and evaluation
/// see nothing else. Implementations give the same bits on every machine and in every batch:
/// what stands beside a context never changes its answer.
///
/// A model of one's own takes three methods, and then draws names, is scored and evaluated as any other:
///
/// ```
/// use nextchar_core::data::NameList;
/// use nextchar_core::text::{END, Token, Vocab};
/// use nextchar_core::rng::Seed;
/// use nextchar_core::sample::{Conditions, Generator, Request};
/// use nextchar_core::score::name_log_prob;
/// use nextchar_core::{LanguageModel, Serial};
///
/// /// After a consonant a vowel, after a vowel the end or a consonant, all alike.
/// struct Syllables(Vocab);
///
/// impl LanguageModel for Syllables {
///     fn vocab_size(&self) -> usize {
///         self.0.len()
///     }
///     fn context_length(&self) -> usize {
///         1
///     }
///     fn log_probs(&self, contexts: &[Token], log_probs: &mut [f64]) {
///         let is_vowel = |token| "aeiou".contains(self.0.symbol(token));
///         for (&last, row) in contexts.iter().zip(log_probs.chunks_mut(self.0.len())) {
///             let follows = |next| match (last, next) {
///                 (END, END) => false,
///                 (last, next) => is_vowel(next) != is_vowel(last),
///             };
///             let number = (0..self.0.len() as Token).filter(|&next| follows(next)).count();
///             for (next, log_prob) in (0..).zip(row) {
///                 *log_prob = match follows(next) {
///                     true => -(number as f64).ln(),
///                     false => f64::NEG_INFINITY,
///                 };
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

    /// Natural-log probabilities of every next token for a batch of contexts.
    ///
    /// # Shapes
    /// `contexts` [B, T], row after row; `log_probs` [B, V].
    ///
    /// # Panics
    /// If the lengths do not fit together or a token is not below [`LanguageModel::vocab_size`].
    fn log_probs(&self, contexts: &[Token], log_probs: &mut [f64]);

    /// Rewrites a context \[T\] to one that stands for all that the model does not tell apart from it,
    /// now and after any further tokens; says whether it did. Who asks for many contexts asks for each of
    /// those once.
    fn reduce(&self, _context: &mut [Token]) -> bool {
        false
    }

    /// A way to ln p of whole words that costs less than to remember what the model said of windows, for
    /// a model that has one. It gives the same bits; to make it may cost as much as some thousand words.
    fn word_model(&self) -> Option<Box<dyn WordModel + '_>> {
        None
    }

    /// [`LanguageModel::log_probs`] of a single context, as a new vector \[V\].
    fn next_log_probs(&self, context: &[Token]) -> Vec<f64> {
        let mut log_probs = vec![0.0; self.vocab_size()];
        self.log_probs(context, &mut log_probs);
        log_probs
    }

    /// Σ n(c, t)·(−ln p(t | c)) over some rows of a table, in nats.
    ///
    /// # Panics
    /// If the table's context length or vocabulary is not the model's, or it has no such rows.
    fn total_nll(&self, table: &CountedWindows, rows: Range<usize>) -> f64 {
        assert_eq!(
            (table.vocab_size(), table.context_length()),
            (self.vocab_size(), self.context_length()),
            "a table of another shape"
        );
        let log_probs = |contexts: &[Token], out: &mut [f64]| self.log_probs(contexts, out);
        total_nll_by(log_probs, table, rows)
    }
}

/// Some models' [own way](LanguageModel::word_model) to score words.
pub trait WordModel: Sync {
    /// Appends ln p of every token of a word, given those before it, and of the end mark after them.
    ///
    /// # Panics
    /// If a token is not in the model's vocabulary.
    fn log_probs(&self, word: &[Token], log_probs: &mut Vec<f64>);
}

/// [`LanguageModel::total_nll`] from log-probabilities.
pub(crate) fn total_nll_by(
    log_probs_of: impl Fn(&[Token], &mut [f64]),
    table: &CountedWindows,
    rows: Range<usize>,
) -> f64 {
    let (vocab_size, context_length) = (table.vocab_size(), table.context_length());
    let mut log_probs = vec![0.0; rows.len() * vocab_size];
    let contexts = rows.start * context_length..rows.end * context_length;
    log_probs_of(&table.contexts()[contexts], &mut log_probs);
    let mut total = 0.0;
    for (log_probs, index) in log_probs.chunks_exact(vocab_size).zip(rows) {
        let row = table.row(index);
        for (&target, &count) in row.targets.iter().zip(row.counts) {
            total -= count as f64 * log_probs[usize::from(target)];
        }
    }
    total
}

/// ln p = z − ln Σ exp z: every row \[V\] of `values` is z before and ln p after.
pub(crate) fn log_softmax(values: &mut [f64], vocab_size: usize) {
    for row in values.chunks_exact_mut(vocab_size) {
        shift(row, largest(row));
    }
    let exps = exps(values.to_vec());
    for (row, exps) in values
        .chunks_exact_mut(vocab_size)
        .zip(exps.chunks_exact(vocab_size))
    {
        shift(row, libm::log(exps.iter().sum()));
    }
}

/// Subtracts ln Σ exp from every row \[V\]: they add up to 1 afterwards.
pub(crate) fn normalise(log_probs: &mut [f64], vocab_size: usize) {
    let shifted = log_probs.chunks_exact(vocab_size).flat_map(|row| {
        let largest = largest(row);
        row.iter().map(move |x| x - largest)
    });
    let exps = exps(shifted.collect());
    for (row, exps) in log_probs
        .chunks_exact_mut(vocab_size)
        .zip(exps.chunks_exact(vocab_size))
    {
        shift(row, largest(row) + libm::log(exps.iter().sum()));
    }
}

fn shift(row: &mut [f64], by: f64) {
    row.iter_mut().for_each(|value| *value -= by);
}

fn exps(mut values: Vec<f64>) -> Vec<f64> {
    Kernels::best(Arithmetic::Unfused).exp_f64(&mut values);
    values
}

/// The largest number; NaN is none.
pub(crate) fn largest(values: &[f64]) -> f64 {
    let larger = |most: f64, value: f64| if value > most { value } else { most };
    fold_in_lanes(values, f64::NEG_INFINITY, larger)
}

/// A fold that has several comparisons under way at a time; their order must not matter to `pick`.
#[inline]
pub(crate) fn fold_in_lanes(values: &[f64], start: f64, pick: impl Fn(f64, f64) -> f64) -> f64 {
    const WIDTH: usize = 8;
    let mut lanes = [start; WIDTH];
    for chunk in values.chunks(WIDTH) {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = pick(*lane, value);
        }
    }
    lanes.into_iter().fold(start, pick)
}

/// Contexts that are asked for together.
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
