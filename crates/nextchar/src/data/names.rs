//! Step 2: the data. A list of different names with their counts.

use std::fmt;
use std::str::FromStr;

use rustc_hash::FxHashMap;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::vocab::{Token, UnknownCharacter, Vocab};
use crate::error::Error;

/// The longest name that is accepted, in characters.
pub const MAX_NAME_LENGTH: usize = 1000;

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

/// One name and how often it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name, cleaned.
    pub text: String,
    /// Its weight in the corpus: 1 unless duplicates are kept or weights are given.
    pub count: u64,
}

/// Different names, in the order in which they first stood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameList {
    names: Vec<Name>,
    places: FxHashMap<String, usize>,
}

impl NameList {
    /// The list of these names; the counts of equal ones add up.
    pub fn from_names(names: impl IntoIterator<Item = Name>) -> Self {
        let mut list = NameList::default();
        for name in names {
            list.add(name.text, name.count);
        }
        list
    }

    /// Adds to the count of a name; says whether the name is new.
    pub(super) fn add(&mut self, text: String, count: u64) -> bool {
        if let Some(&place) = self.places.get(&text) {
            let name = &mut self.names[place];
            name.count = name.count.saturating_add(count);
            return false;
        }
        self.places.insert(text.clone(), self.names.len());
        self.names.push(Name { text, count });
        true
    }

    /// The names, in order.
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// Number of different names.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// All counts added up.
    pub fn total(&self) -> u64 {
        self.names
            .iter()
            .fold(0, |sum, name| sum.saturating_add(name.count))
    }

    /// Whether a name stands in the list.
    pub fn contains(&self, text: &str) -> bool {
        self.places.contains_key(text)
    }

    /// Length of the longest name, in characters; 0 for an empty list.
    pub fn longest(&self) -> usize {
        let lengths = self.names.iter().map(|name| name.text.chars().count());
        lengths.max().unwrap_or(0)
    }

    /// The vocabulary of an alphabet for this list.
    ///
    /// # Errors
    /// [`Error::BadAlphabet`] where the data has more characters than tokens can number.
    pub fn vocab(&self, alphabet: Alphabet) -> Result<Vocab, Error> {
        match alphabet {
            Alphabet::Az => Ok(Vocab::az()),
            Alphabet::Data => {
                Vocab::from_characters(self.names.iter().flat_map(|name| name.text.chars()))
                    .ok_or(Error::BadAlphabet)
            }
        }
    }

    /// Every name as tokens, with its count.
    ///
    /// # Errors
    /// [`UnknownCharacter`] of the first name that the vocabulary cannot hold.
    pub fn encode(&self, vocab: &Vocab) -> Result<Vec<(Vec<Token>, u64)>, UnknownCharacter> {
        let encode = |name: &Name| Ok((vocab.encode(&name.text)?, name.count));
        self.names.iter().map(encode).collect()
    }

    /// Takes out the names that stand in another list; returns how many those were.
    pub fn remove_all(&mut self, other: &NameList) -> usize {
        let before = self.len();
        let names = std::mem::take(&mut self.names);
        *self = NameList::from_names(names.into_iter().filter(|name| !other.contains(&name.text)));
        before - self.len()
    }

    /// SHA-256 of the names and counts in sorted order, as hex: the order of lines does not matter.
    pub fn digest(&self) -> String {
        let mut sorted: Vec<&Name> = self.names.iter().collect();
        sorted.sort_by(|a, b| a.text.cmp(&b.text));
        let mut hash = Sha256::new();
        for name in sorted {
            hash.update(format!("{}\t{}\n", name.text, name.count));
        }
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
