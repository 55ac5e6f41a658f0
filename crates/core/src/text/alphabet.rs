//! Which characters a name may have.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::token::END_SYMBOL;

/// Which characters a name may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Alphabet {
    /// The lecture's: a–z.
    #[default]
    Az,
    /// Whatever characters the data has.
    Data,
}

/// Why a character cannot stand in a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CharacterFault {
    /// It is the end mark's symbol.
    EndMark,
    /// It is a control character.
    Control,
    /// It is not one of a–z, where the alphabet is a–z.
    OutsideAz,
}

impl Alphabet {
    /// The first character of a text that cannot stand in a name: its place from 0, what it is, and why.
    pub fn first_fault(self, text: &str) -> Option<(usize, char, CharacterFault)> {
        let mut characters = text.chars().enumerate();
        characters.find_map(|(place, c)| Some((place, c, self.fault(c)?)))
    }

    fn fault(self, c: char) -> Option<CharacterFault> {
        if END_SYMBOL.contains(c) {
            Some(CharacterFault::EndMark)
        } else if c.is_control() {
            Some(CharacterFault::Control)
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
            Alphabet::Az => "az",
            Alphabet::Data => "data",
        })
    }
}

impl FromStr for Alphabet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "az" => Ok(Alphabet::Az),
            "data" => Ok(Alphabet::Data),
            _ => Err(format!("{text:?} is neither `az` nor `data`")),
        }
    }
}
