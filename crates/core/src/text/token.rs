//! Tokens: the form in which everything below this chapter sees text.

/// The index of a class ([`END`] or a piece) or of a label.
pub type Token = u16;

/// The end mark: it ends every name and pads the context on the left before the first token.
pub const END: Token = 0;

/// The symbol for [`END`], as on the lecture's board.
pub const END_SYMBOL: &str = "_";
