//! Step 2, what was found in a user's file: counts, lengths, characters, and why lines were rejected.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::data::names::{MAX_NAME_LENGTH, NameList};
use crate::data::reading::decode::Encoding;
use crate::data::reading::table::FirstRow;
use crate::text::{Alphabet, CharacterFault, END_SYMBOL, Normalizer, Tokenizer};

/// Why a line cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RejectReason {
    /// A character that is not one of a–z, if the alphabet is a–z.
    OutsideAz(String),
    /// The end mark's symbol, which no name can contain.
    EndMark,
    /// Bytes that are not UTF-8.
    InvalidUtf8,
    /// More than [`MAX_NAME_LENGTH`] characters.
    TooLong,
    /// The row does not have the column, or its cell is empty.
    MissingValue,
    /// The weight is not an integer of at least 1.
    BadWeight(String),
    /// The line is not the JSON value that it should be.
    BadJson(String),
}

impl RejectReason {
    /// The reason for rejecting a character.
    pub(super) fn of(character: char, fault: CharacterFault) -> Self {
        match fault {
            CharacterFault::EndMark => RejectReason::EndMark,
            CharacterFault::OutsideAz => RejectReason::OutsideAz(character.into()),
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RejectReason::OutsideAz(c) => write!(f, "'{}' is not one of a–z", c.escape_debug()),
            RejectReason::EndMark => write!(f, "'{END_SYMBOL}' stands for the end of a name"),
            RejectReason::InvalidUtf8 => write!(f, "not valid UTF-8"),
            RejectReason::TooLong => write!(f, "longer than {MAX_NAME_LENGTH} characters"),
            RejectReason::MissingValue => write!(f, "no value in the column"),
            RejectReason::BadWeight(text) => {
                write!(f, "the weight {text:?} is not an integer of at least 1")
            }
            RejectReason::BadJson(what) => write!(f, "JSON: {what}"),
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
    /// Position of the fault in the name, in characters from 1.
    pub column: usize,
    /// The start of the name, as in the file.
    pub text: String,
    /// What is wrong with it.
    pub reason: RejectReason,
}

/// The diagnosis of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Lines (or rows below a header).
    pub lines: u64,
    /// Blank lines.
    pub blank: u64,
    /// Lines whose name is in the list, including duplicates.
    pub accepted: u64,
    /// Those of them that repeat an earlier name.
    pub duplicates: u64,
    /// Lines that the length filter skipped.
    pub filtered_by_length: u64,
    /// Rows that the column filter skipped.
    pub filtered_by_column: u64,
    /// Lines that cannot be used.
    pub rejected: u64,
    /// The first [`Diagnosis::KEPT`] of them.
    pub rejected_lines: Vec<Rejected>,
    /// How the text was encoded.
    #[serde(skip_serializing_if = "Encoding::is_utf8")]
    pub encoding: Encoding,
    /// What the first row was taken for, if columns were selected by position alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_row: Option<FirstRow>,
    /// The columns of the first line, if it was read as a name and looks like the header of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub looks_like_header: Option<Vec<String>>,
    /// Lines from which invisible characters were dropped, such as control characters and marks of direction.
    pub cleaned: u64,
    /// How the list is learnt.
    #[serde(flatten)]
    pub chosen: Chosen,
    /// Number of different accepted names by length, in characters.
    pub lengths: BTreeMap<usize, u64>,
    /// Number of occurrences of each character in different accepted names.
    pub letters: BTreeMap<String, u64>,
}

/// How a list is learnt: as the options say, or as the list itself tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Chosen {
    /// The characters of its names.
    pub alphabet: Alphabet,
    /// How its names are normalised, and written.
    pub normalizer: Normalizer,
    /// Number of names that are written otherwise than the rule says.
    pub case_exceptions: u64,
}

impl Diagnosis {
    /// Number of rejected lines that are kept with their text.
    pub const KEPT: usize = 10_000;

    /// Counts the lengths and the characters of the different names.
    pub(super) fn count(&mut self, list: &NameList, tokenizer: &dyn Tokenizer) {
        self.lengths.clear();
        self.letters.clear();
        // Most pieces are ASCII letters, and a table is much faster than a map.
        let (mut ascii, mut lengths) = ([0u64; 128], Vec::<u64>::new());
        for name in list.names() {
            let mut length = 0;
            for piece in tokenizer.pieces(name.text) {
                length += 1;
                if let &[letter @ 0..128] = piece.as_bytes() {
                    ascii[usize::from(letter)] += 1;
                } else if let Some(times) = self.letters.get_mut(piece) {
                    *times += 1;
                } else {
                    self.letters.insert(piece.to_owned(), 1);
                }
            }
            lengths.resize(lengths.len().max(length + 1), 0);
            lengths[length] += 1;
        }
        let ascii = ('\0'..).zip(ascii).filter(|&(_, times)| times > 0);
        self.letters
            .extend(ascii.map(|(letter, times)| (letter.to_string(), times)));
        let lengths = lengths.into_iter().enumerate();
        self.lengths.extend(lengths.filter(|&(_, names)| names > 0));
    }
}
