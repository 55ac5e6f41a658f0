//! Step 1 of the lecture: the classes. How text is normalised, split into pieces, and numbered.
//!
//! A [`Normalizer`] brings text to one form, a [`Tokenizer`] splits it into pieces, and a [`Vocab`]
//! numbers the pieces; [`END`] is token 0. Everything below this chapter sees only tokens. A
//! [`Start`] is what precedes a name's first token.

mod alphabet;
mod case;
mod characters;
mod folding;
mod graphemes;
mod kind;
mod normalizer;
mod pattern;
mod segments;
mod start;
mod token;
mod tokenizer;
mod vocab;

pub use alphabet::{Alphabet, CharacterFault};
pub use case::{Case, Words};
pub use characters::Characters;
pub(crate) use folding::folded;
pub use graphemes::Graphemes;
pub(crate) use kind::Kind;
pub(crate) use normalizer::is_invisible;
pub use normalizer::{Normalizer, clean};
pub(crate) use pattern::{BORDER, Literal, escape, letter_class};
pub(crate) use segments::Seen;
pub use segments::graphemes;
pub use start::Start;
pub use token::{END, END_SYMBOL, Token};
pub use tokenizer::Tokenizer;
pub use vocab::{BadVocab, UnknownPiece, Vocab, VocabRecord};
