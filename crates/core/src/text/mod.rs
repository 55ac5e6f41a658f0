//! Step 1 of the lecture: the classes. How text is cut into tokens, and how tokens are numbered.
//!
//! A [`Vocab`] numbers the characters, [`END`] being token 0.

mod vocab;

pub use vocab::{END, END_SYMBOL, Token, UnknownCharacter, Vocab};
