//! Step 2: the data, a list of distinct names with their counts.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::text::{Alphabet, Characters, Token, Tokenizer, Vocab};

/// The longest name that is accepted, in characters.
pub const MAX_NAME_LENGTH: usize = 1000;

/// A name with its count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// The name, cleaned.
    pub text: &'a str,
    /// Its weight in the corpus: 1 unless duplicates are counted or weights are given.
    pub count: u64,
}

/// Distinct names in the order of insertion; lists that were read or split are sorted.
///
/// All texts are stored in one string, so a name takes its own bytes and about 25 more.
#[derive(Clone, Debug, Default)]
pub struct NameList {
    text: String,
    /// The end of each name in `text`.
    ends: Vec<usize>,
    counts: Vec<u64>,
    /// The places of the names, by the hash of their text.
    places: HashTable<u32>,
}

impl NameList {
    /// A list of names; the counts of duplicates are added.
    ///
    /// ```
    /// let list = nextchar_core::data::NameList::from_names([("zeel", 1), ("ana", 2), ("zeel", 1)]);
    /// assert_eq!((list.len(), list.total()), (2, 4));
    /// ```
    pub fn from_names<T: AsRef<str>>(names: impl IntoIterator<Item = (T, u64)>) -> Self {
        let names = names.into_iter();
        let mut list = NameList::default();
        let (least, _) = names.size_hint();
        list.ends.reserve(least);
        list.counts.reserve(least);
        list.places
            .reserve(least, |_| unreachable!("the table is empty"));
        for (text, count) in names {
            list.add(text.as_ref(), count, count);
        }
        list
    }

    /// Adds a name with a count of `first`, or adds `again` to its count; returns whether it is new.
    pub(crate) fn add(&mut self, text: &str, first: u64, again: u64) -> bool {
        let hash = FxBuildHasher.hash_one(text);
        if let Some(place) = self.find(hash, text) {
            self.counts[place] = self.counts[place].saturating_add(again);
            return false;
        }
        let place = u32::try_from(self.len()).expect("at most 2³² distinct names");
        self.text.push_str(text);
        self.ends.push(self.text.len());
        self.counts.push(first);
        let NameList {
            text, ends, places, ..
        } = self;
        places.insert_unique(hash, place, |&place| {
            FxBuildHasher.hash_one(text_at(text, ends, place as usize))
        });
        true
    }

    /// Adds the names of another list; the counts of those that are in both are added if `counts_again`, otherwise
    /// they stay. Returns the number of these names.
    pub fn extend(&mut self, other: &NameList, counts_again: bool) -> u64 {
        let mut repeated = 0;
        for Name { text, count } in other.names() {
            let again = if counts_again { count } else { 0 };
            repeated += u64::from(!self.add(text, count, again));
        }
        repeated
    }

    fn find(&self, hash: u64, text: &str) -> Option<usize> {
        let same = |&place: &u32| text_at(&self.text, &self.ends, place as usize) == text;
        self.places.find(hash, same).map(|&place| place as usize)
    }

    /// The name at a place.
    ///
    /// # Panics
    /// If `place` is not below [`NameList::len`].
    pub fn name(&self, place: usize) -> Name<'_> {
        Name {
            text: text_at(&self.text, &self.ends, place),
            count: self.counts[place],
        }
    }

    /// The names, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = Name<'_>> {
        (0..self.len()).map(|place| self.name(place))
    }

    /// The names, sorted by code points.
    pub fn sorted(&self) -> Vec<Name<'_>> {
        let mut names: Vec<Name<'_>> = self.names().collect();
        names.sort_unstable_by_key(|name| name.text);
        names
    }

    /// The list in the order of [`NameList::sorted`], so that results depend on the set of names and not on the order
    /// of the lines.
    pub fn into_sorted(self) -> Self {
        if self.names().is_sorted_by_key(|name| name.text) {
            return self;
        }
        let names = self.sorted();
        NameList::from_names(names.into_iter().map(|name| (name.text, name.count)))
    }

    /// Number of distinct names.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no names.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The sum of all counts.
    pub fn total(&self) -> u64 {
        self.counts
            .iter()
            .fold(0, |sum, &count| sum.saturating_add(count))
    }

    /// Whether the list contains a name.
    pub fn contains(&self, text: &str) -> bool {
        self.find(FxBuildHasher.hash_one(text), text).is_some()
    }

    /// Length of the longest name, in pieces of a tokenizer; 0 for an empty list.
    pub fn longest(&self, tokenizer: &dyn Tokenizer) -> usize {
        let lengths = self.names().map(|name| tokenizer.pieces(name.text).count());
        lengths.max().unwrap_or(0)
    }

    /// The vocabulary of an alphabet of characters for this list.
    ///
    /// # Errors
    /// [`Error::BadAlphabet`] if the data has more characters than there can be tokens.
    pub fn vocab(&self, alphabet: Alphabet) -> Result<Vocab, Error> {
        let is_az = || {
            let mut names = self.names();
            names.all(|name| Alphabet::Az.first_fault(name.text).is_none())
        };
        match alphabet {
            Alphabet::Az => Ok(Vocab::az()),
            Alphabet::Auto if is_az() => Ok(Vocab::az()),
            Alphabet::Auto | Alphabet::Data => self.pieces(&Characters),
        }
    }

    /// The vocabulary of all pieces that a tokenizer finds in this list.
    ///
    /// # Errors
    /// [`Error::BadAlphabet`] if there are more pieces than there can be tokens.
    pub fn pieces(&self, tokenizer: &'static dyn Tokenizer) -> Result<Vocab, Error> {
        let texts = self.names().map(|name| name.text);
        Vocab::from_texts(tokenizer, texts).ok_or(Error::BadAlphabet)
    }

    /// The tokens of every name, in order.
    ///
    /// # Errors
    /// [`Error::UnknownPiece`] for a name that the vocabulary cannot represent.
    pub fn encoded(&self, vocab: &Vocab) -> Result<Vec<Vec<Token>>, Error> {
        let encode = |text: &str| vocab.encode(text).map_err(|unknown| unknown.of(text));
        self.names().map(|name| encode(name.text)).collect()
    }

    /// Removes the names for which `keep` is false; returns their number.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) -> usize {
        let kept = self.names().filter(|name| keep(name.text));
        let kept = NameList::from_names(kept.map(|name| (name.text, name.count)));
        let removed = self.len() - kept.len();
        *self = kept;
        removed
    }

    /// SHA-256 of the names and counts in sorted order, as hex; independent of the order of insertion.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for name in self.sorted() {
            hash.update(format!("{}\t{}\n", name.text, name.count));
        }
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

impl PartialEq for NameList {
    fn eq(&self, other: &Self) -> bool {
        self.names().eq(other.names())
    }
}

impl Eq for NameList {}

fn text_at<'a>(text: &'a str, ends: &[usize], place: usize) -> &'a str {
    let start = match place {
        0 => 0,
        _ => ends[place - 1],
    };
    &text[start..ends[place]]
}
