//! What windows are made of: how many classes, tokens, and places.

use crate::text::Vocab;

/// What the windows of a corpus are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WindowShape {
    /// Number of classes V, which targets are below.
    pub(crate) vocab_size: usize,
    /// Number of tokens that contexts are below: the classes and the labels.
    pub(crate) token_count: usize,
    /// Number of tokens T in a context.
    pub(crate) context_length: usize,
    /// Number of label tokens that stand at the left of every context.
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
