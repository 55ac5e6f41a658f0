//! What precedes the first token of a name.

use super::token::{END, Token};

/// The start of a name: padding, and a label if there is one.
///
/// Without a label, the context before the first token is all padding, `[END; T]`. A label (of a
/// vocabulary [with labels](super::Vocab::with_labels)) takes the first positions of *every* context of
/// the name: it never moves out of the window, so all tokens of the name depend on it.
///
/// ```
/// use nextchar_core::text::{Start, Vocab};
///
/// let vocab = Vocab::az().with_labels(["f", "m"]).unwrap();
/// let feminine = Start::labelled([vocab.label("f").unwrap()]);
/// assert_eq!(feminine.context(&vocab.encode("meera").unwrap(), 3), [27, 18, 1]);
/// assert_eq!(Start::default().context(&vocab.encode("me").unwrap(), 3), [0, 13, 5]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Start {
    label: Vec<Token>,
}

impl Start {
    /// A start with these label tokens.
    pub fn labelled(label: impl IntoIterator<Item = Token>) -> Self {
        Start {
            label: label.into_iter().collect(),
        }
    }

    /// The label's tokens; empty without a label.
    pub fn label(&self) -> &[Token] {
        &self.label
    }

    /// The context \[T\] after the tokens `before`: the label, padding with [`END`], and the last tokens that fit. A
    /// context that is too short for the label contains the first of the label's tokens.
    pub fn context(&self, before: &[Token], context_length: usize) -> Vec<Token> {
        let held = self.label.len().min(context_length);
        let room = context_length - held;
        let kept = &before[before.len().saturating_sub(room)..];
        let mut context = Vec::with_capacity(context_length);
        context.extend_from_slice(&self.label[..held]);
        context.resize(context_length - kept.len(), END);
        context.extend_from_slice(kept);
        context
    }
}
