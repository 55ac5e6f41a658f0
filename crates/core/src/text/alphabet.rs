//! The characters that a name may contain.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::token::END_SYMBOL;

/// The characters that a name may contain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Alphabet {
    /// a–z where nearly all names consist of these letters, otherwise all characters that occur in the data.
    #[default]
    Auto,
    /// The lecture's: a–z.
    Az,
    /// All characters that occur in the data.
    Data,
}

/// Why a character is not allowed in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharacterFault {
    /// It is the end mark's symbol.
    EndMark,
    /// It is not one of a–z, and the alphabet is a–z.
    OutsideAz,
}

impl Alphabet {
    /// The first character of a text that is not allowed in a name: its position from 0, the character, and the reason.
    pub fn first_fault(self, text: &str) -> Option<(usize, char, CharacterFault)> {
        let mut characters = text.chars().enumerate();
        characters.find_map(|(place, c)| Some((place, c, self.fault(c)?)))
    }

    fn fault(self, c: char) -> Option<CharacterFault> {
        if END_SYMBOL.contains(c) {
            Some(CharacterFault::EndMark)
        } else if self == Alphabet::Az && !c.is_ascii_lowercase() {
            Some(CharacterFault::OutsideAz)
        } else {
            None
        }
    }
}

impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Alphabet::Auto => "auto",
            Alphabet::Az => "az",
            Alphabet::Data => "data",
        })
    }
}

impl FromStr for Alphabet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Alphabet::Auto),
            "az" => Ok(Alphabet::Az),
            "data" => Ok(Alphabet::Data),
            _ => Err(format!("{text:?} is none of `auto`, `az` and `data`")),
        }
    }
}
