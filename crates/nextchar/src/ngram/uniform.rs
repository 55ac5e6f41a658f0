//! The model that knows nothing: every class is equally likely, a loss of ln V nats.

use crate::data::Token;
use crate::language_model::LanguageModel;

/// p(t | c) = 1/V whatever the context.
///
/// ```
/// use nextchar::{LanguageModel, ngram::Uniform};
///
/// let model = Uniform { vocab_size: 27 };
/// assert_eq!(model.next_log_probs(&[]), [-27f64.ln(); 27]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uniform {
    /// Number of classes V, the end mark included.
    pub vocab_size: usize,
}

impl LanguageModel for Uniform {
    fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    fn context_length(&self) -> usize {
        0
    }

    fn log_probs(&self, _contexts: &[Token], log_probs: &mut [f64]) {
        log_probs.fill(-libm::log(self.vocab_size as f64));
    }
}
