//! Step 2, what was found in a user's file: counts, lengths, letters, and why lines were rejected.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::data::names::MAX_NAME_LENGTH;
use crate::text::{CharacterFault, END_SYMBOL};

/// Why a line cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RejectReason {
    /// A character that is not a–z, where the alphabet is a–z.
    OutsideAz(String),
    /// The end mark's symbol, which no name can have.
    EndMark,
    /// A control character, such as NUL or a tab.
    Control(String),
    /// Bytes that are not UTF-8.
    InvalidUtf8,
    /// More than [`MAX_NAME_LENGTH`] characters.
    TooLong,
    /// The row has no such column, or nothing in it.
    MissingValue,
    /// The weight is not an integer of at least 1.
    BadWeight(String),
}

impl RejectReason {
    /// The reason that a character gives.
    pub(super) fn of(character: char, fault: CharacterFault) -> Self {
        match fault {
            CharacterFault::EndMark => RejectReason::EndMark,
            CharacterFault::Control => RejectReason::Control(character.into()),
            CharacterFault::OutsideAz => RejectReason::OutsideAz(character.into()),
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RejectReason::OutsideAz(c) => write!(f, "'{}' is not one of a–z", c.escape_debug()),
            RejectReason::EndMark => write!(f, "'{END_SYMBOL}' stands for the end of a name"),
            RejectReason::Control(c) => write!(f, "control character '{}'", c.escape_debug()),
            RejectReason::InvalidUtf8 => write!(f, "not valid UTF-8"),
            RejectReason::TooLong => write!(f, "longer than {MAX_NAME_LENGTH} characters"),
            RejectReason::MissingValue => write!(f, "no value in the column"),
            RejectReason::BadWeight(text) => {
                write!(f, "the weight {text:?} is not an integer of at least 1")
            }
        }
    }
}

impl Serialize for RejectReason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A line that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// Line number, from 1.
    pub line: u64,
    /// Place of the fault in the name, in characters from 1.
    pub column: usize,
    /// The beginning of the name as it stands in the file.
    pub text: String,
    /// What is wrong with it.
    pub reason: RejectReason,
}

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Lines (or rows below a header).
    pub lines: u64,
    /// Lines with nothing on them.
    pub blank: u64,
    /// Lines whose name is in the list, duplicates included.
    pub accepted: u64,
    /// Of those, the lines whose name had stood before.
    pub duplicates: u64,
    /// Lines left out by the length filter.
    pub filtered_by_length: u64,
    /// Rows left out by the column filter.
    pub filtered_by_column: u64,
    /// Lines that cannot be used.
    pub rejected: u64,
    /// The first [`Diagnosis::KEPT`] of them.
    pub rejected_lines: Vec<Rejected>,
    /// The columns of the first line, where it was read as a name and looks like a table's header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looks_like_header: Option<Vec<String>>,
    /// How many different accepted names have each length, in characters.
    pub lengths: BTreeMap<usize, u64>,
    /// How often each character stands in different accepted names.
    pub letters: BTreeMap<String, u64>,
}

impl Diagnosis {
    /// How many rejected lines are kept with their text.
    pub const KEPT: usize = 10_000;
}
