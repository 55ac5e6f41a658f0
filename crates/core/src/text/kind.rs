//! Kinds of characters, by what they may stand next to.

use unicode_normalization::char::is_combining_mark;

/// A kind of characters whose neighbours are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The beginning or the end of a name.
    End,
    /// A letter or a digit.
    Letter,
    Consonant,
    Vowel,
    VowelSign,
    Nukta,
    Virama,
    /// A sign for a nasal or for breath.
    Sign,
    /// One character.
    One(char),
}

impl Kind {
    fn of(c: char) -> Self {
        if ('\u{900}'..'\u{d80}').contains(&c) {
            match u32::from(c) & 0x7f {
                0x00..=0x03 => return Kind::Sign,
                0x05..=0x14 => return Kind::Vowel,
                0x15..=0x39 => return Kind::Consonant,
                0x3c => return Kind::Nukta,
                0x3e..=0x4c => return Kind::VowelSign,
                0x4d => return Kind::Virama,
                _ => {}
            }
        }
        match c.is_alphanumeric() && !is_combining_mark(c) {
            true => Kind::Letter,
            false => Kind::One(c),
        }
    }

    /// The kinds of a piece's characters.
    pub(crate) fn of_all(piece: &str) -> Vec<Self> {
        piece.chars().map(Kind::of).collect()
    }

    /// Whether it may stand next to everything that is free, too.
    pub(crate) fn is_free(self) -> bool {
        use Kind::{Consonant, End, Letter, Vowel};
        matches!(self, End | Letter | Consonant | Vowel)
    }
}
