//! The shape of windows: numbers of classes, tokens and positions.

use crate::text::Vocab;

/// The shape of a corpus's windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WindowShape {
    /// Number of classes V; targets are below it.
    pub(crate) vocab_size: usize,
    /// Number of different tokens in contexts: the classes and the labels.
    pub(crate) token_count: usize,
    /// Number of tokens T in a context.
    pub(crate) context_length: usize,
    /// Number of label tokens that stay at the start of every context.
    pub(crate) held: usize,
}

impl WindowShape {
    /// Windows without labels.
    pub(crate) fn plain(vocab_size: usize, context_length: usize) -> Self {
        WindowShape {
            vocab_size,
            token_count: vocab_size,
            context_length,
            held: 0,
        }
    }

    /// Windows of names whose labels have this number of tokens.
    pub(crate) fn of(vocab: &Vocab, held: usize, context_length: usize) -> Self {
        WindowShape {
            vocab_size: vocab.len(),
            token_count: vocab.token_count(),
            context_length,
            held: held.min(context_length),
        }
    }

    /// The same windows with contexts of another length.
    pub(crate) fn with_context(self, context_length: usize) -> Self {
        WindowShape {
            context_length,
            held: self.held.min(context_length),
            ..self
        }
    }
}
