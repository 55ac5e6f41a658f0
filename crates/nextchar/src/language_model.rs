//! The seam between models and everything that uses them: context → P(next token).

use crate::data::{CountedWindows, Token};

/// A distribution of the next token given a context of fixed length.
///
/// The network, counts and their mixtures implement it; sampling, scoring and evaluation
/// see nothing else. Implementations give the same bits on every machine and in every batch:
/// what stands beside a context never changes its answer.
pub trait LanguageModel {
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

    /// [`LanguageModel::log_probs`] of a single context, as a new vector \[V\].
    fn next_log_probs(&self, context: &[Token]) -> Vec<f64> {
        let mut log_probs = vec![0.0; self.vocab_size()];
        self.log_probs(context, &mut log_probs);
        log_probs
    }
}

/// Contexts that are asked for together.
const BATCH_ROWS: usize = 256;

/// Mean negative log-likelihood of a table of counted windows, in nats per predicted token
/// ([`END`](crate::data::END) included); NaN for an empty table.
///
/// The one definition of loss: training selects by it and evaluation prints it.
pub fn loss(model: &dyn LanguageModel, table: &CountedWindows) -> f64 {
    let (vocab_size, context_length) = (model.vocab_size(), table.context_length());
    let mut log_probs = vec![0.0; BATCH_ROWS * vocab_size];
    let mut total = 0.0;
    for start in (0..table.len()).step_by(BATCH_ROWS) {
        let rows = BATCH_ROWS.min(table.len() - start);
        let contexts = &table.contexts()[start * context_length..][..rows * context_length];
        let log_probs = &mut log_probs[..rows * vocab_size];
        model.log_probs(contexts, log_probs);
        for (index, log_probs) in log_probs.chunks_exact(vocab_size).enumerate() {
            let row = table.row(start + index);
            for (&target, &count) in row.targets.iter().zip(row.counts) {
                total -= count as f64 * log_probs[usize::from(target)];
            }
        }
    }
    total / table.examples() as f64
}
