//! The seam between text and tokens: a tokenizer splits text into pieces and joins pieces to text.

use std::fmt;

/// Splits text into pieces, each of which can be a token, and joins pieces to text.
///
/// [`Characters`](super::Characters) is the one that every list uses today. An implementation is one
/// file: everything below [`text`](super) sees only token numbers. Joining the pieces of a text must
/// reproduce the text. For example, the pairs of characters of a name:
///
/// ```
/// use nextchar_core::text::{Tokenizer, Vocab};
///
/// struct LetterPairs;
///
/// impl Tokenizer for LetterPairs {
///     fn pieces<'t>(&self, text: &'t str) -> Box<dyn Iterator<Item = &'t str> + 't> {
///         let ends = text.char_indices().map(|(start, c)| start + c.len_utf8());
///         let ends: Vec<usize> = [0].into_iter().chain(ends).collect();
///         let pairs = (0..ends.len() - 1).step_by(2);
///         Box::new(pairs.map(move |first| &text[ends[first]..ends[(first + 2).min(ends.len() - 1)]]))
///     }
///
///     fn join(&self, pieces: &mut dyn Iterator<Item = &str>, out: &mut String) {
///         out.extend(pieces);
///     }
///
///     fn name(&self) -> &'static str {
///         "letter pairs"
///     }
/// }
///
/// let vocab = Vocab::from_texts(&LetterPairs, ["meera", "meeraa"]).unwrap();
/// assert_eq!(vocab.pieces().collect::<Vec<_>>(), ["a", "aa", "er", "me"]);
/// assert_eq!(vocab.encode("meera").unwrap(), [4, 3, 1]);
/// ```
pub trait Tokenizer: Send + Sync {
    /// The pieces of a text, in order.
    fn pieces<'t>(&self, text: &'t str) -> Box<dyn Iterator<Item = &'t str> + 't>;

    /// Appends the text of some pieces.
    fn join(&self, pieces: &mut dyn Iterator<Item = &str>, out: &mut String);

    /// Its name in model files.
    fn name(&self) -> &'static str;
}

/// Tokenizers with the same name split texts in the same way.
impl PartialEq for dyn Tokenizer {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for dyn Tokenizer {}

impl fmt::Debug for dyn Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
