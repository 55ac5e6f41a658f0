//! Step 2: the data, a list of distinct names with their counts.

use std::cmp::Ordering;
use std::hash::BuildHasher;
use std::ops::Range;
use std::sync::OnceLock;

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
/// All texts are stored in one string, so a name takes its own bytes and 4 more; 10 to 20 more if names are looked up, and
/// 8 more if any count is not 1.
#[derive(Clone, Debug, Default)]
pub struct NameList {
    text: String,
    /// The end of each name in `text`.
    ends: Ends,
    /// Empty if every count is 1.
    counts: Vec<u64>,
    /// Whether a name is followed by one that sorts before it.
    is_unsorted: bool,
    /// The names by their hash; made when a name is first looked up.
    places: OnceLock<HashTable<Place>>,
}

/// A name in a table of hashes. With the hash, the table grows without looking at the texts.
#[derive(Clone, Copy, Debug)]
struct Place {
    hash: u32,
    place: u32,
}

impl Place {
    /// The hash as the table needs it: its highest bits must differ, too.
    fn spread(self) -> u64 {
        u64::from(self.hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

fn hash(text: &str) -> u32 {
    // All of the hash's bits are in its lower half where addresses have 32 bits.
    let hash = FxBuildHasher.hash_one(text);
    (hash ^ hash >> 32) as u32
}

/// From this length on, a sorted list is searched by bisection: making its table would take longer than it saves.
const LONG: usize = 1 << 20;

impl NameList {
    /// A list of names; the counts of duplicates are added.
    ///
    /// ```
    /// let list = nextchar_core::data::NameList::from_names([("zeel", 1), ("ana", 2), ("zeel", 1)]);
    /// assert_eq!((list.len(), list.total()), (2, 4));
    /// ```
    pub fn from_names<T: AsRef<str>>(names: impl IntoIterator<Item = (T, u64)>) -> Self {
        let mut list = NameList::default();
        for (text, count) in names {
            list.add(text.as_ref(), count, count);
        }
        list
    }

    /// A list of names that are known to be distinct.
    pub(crate) fn from_distinct<'a>(names: impl IntoIterator<Item = Name<'a>>) -> Self {
        let mut list = NameList::default();
        names.into_iter().for_each(|name| list.push(name));
        list
    }

    /// Adds a name with a count of `first`, or adds `again` to its count; returns whether it is new.
    pub(crate) fn add(&mut self, text: &str, first: u64, again: u64) -> bool {
        let hash = hash(text);
        self.places.get_or_init(|| self.all_places());
        if let Some(place) = self.find(hash, text) {
            if again > 0 {
                self.fill_counts();
                self.counts[place] = self.counts[place].saturating_add(again);
            }
            return false;
        }
        let place = u32::try_from(self.len()).expect("at most 2³² distinct names");
        self.push(Name { text, count: first });
        let place = Place { hash, place };
        let places = self.places.get_mut().expect("it was made above");
        places.insert_unique(place.spread(), place, |place| place.spread());
        true
    }

    /// Appends a name that is not in the list.
    pub(crate) fn push(&mut self, name: Name<'_>) {
        if name.count != 1 {
            self.fill_counts();
        }
        if name.count != 1 || !self.counts.is_empty() {
            self.counts.push(name.count);
        }
        let last = self.len().checked_sub(1);
        self.is_unsorted |= last.is_some_and(|last| self.text_at(last) > name.text);
        self.text.push_str(name.text);
        self.ends.push(self.text.len());
    }

    /// Writes down all counts, because one is about to differ from 1.
    fn fill_counts(&mut self) {
        self.counts.resize(self.len(), 1);
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

    fn find(&self, hash: u32, text: &str) -> Option<usize> {
        let same = |known: &Place| known.hash == hash && self.text_at(known.place as usize) == text;
        let places = self.places.get_or_init(|| self.all_places());
        let sought = Place { hash, place: 0 };
        let found = places.find(sought.spread(), same)?;
        Some(found.place as usize)
    }

    fn all_places(&self) -> HashTable<Place> {
        let mut places = HashTable::with_capacity(self.len());
        for (place, name) in (0..).zip(self.names()) {
            let hash = hash(name.text);
            let place = Place { hash, place };
            places.insert_unique(place.spread(), place, |place| place.spread());
        }
        places
    }

    /// Whether a sorted list contains a name, by bisection.
    fn search(&self, text: &str) -> bool {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.text_at(middle).cmp(text) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return true,
            }
        }
        false
    }

    fn text_at(&self, place: usize) -> &str {
        &self.text[self.ends.range(place)]
    }

    /// The name at a place.
    ///
    /// # Panics
    /// If `place` is not below [`NameList::len`].
    pub fn name(&self, place: usize) -> Name<'_> {
        let count = match self.counts.is_empty() {
            true => 1,
            false => self.counts[place],
        };
        let text = self.text_at(place);
        Name { text, count }
    }

    /// The names, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = Name<'_>> {
        (0..self.len()).map(|place| self.name(place))
    }

    /// The names, sorted by code points.
    pub fn sorted(&self) -> impl Iterator<Item = Name<'_>> + Clone {
        let order = self.is_unsorted.then(|| self.order());
        (0..self.len()).map(move |index| match &order {
            Some(order) => self.name(order[index] as usize),
            None => self.name(index),
        })
    }

    /// The places of the names, in the order of their code points.
    fn order(&self) -> Vec<u32> {
        let mut keys: Vec<(u64, u32)> = (0..self.len() as u32).map(|place| (0, place)).collect();
        self.sort_from(0, &mut keys);
        keys.into_iter().map(|(_, place)| place).collect()
    }

    /// Sorts the places of names that have their first `from` bytes in common, by eight bytes at a time: each text is
    /// fetched from memory a few times, where sorting by comparison would fetch two texts for every comparison.
    fn sort_from(&self, from: usize, keys: &mut [(u64, u32)]) {
        for (key, place) in keys.iter_mut() {
            let rest = self.text_at(*place as usize).as_bytes().get(from..);
            let rest = rest.unwrap_or_default();
            let mut next = [0; 8];
            let length = rest.len().min(8);
            next[..length].copy_from_slice(&rest[..length]);
            *key = u64::from_be_bytes(next);
        }
        keys.sort_unstable();
        for same in keys.chunk_by_mut(|one, other| one.0 == other.0) {
            // A key of zeros means that the name has ended, and every name is in the list once.
            if same.len() > 1 && same[0].0 != 0 {
                self.sort_from(from + 8, same);
            }
        }
    }

    /// The list sorted by code points, so that results depend on the set of names and not on the order of the lines.
    pub fn into_sorted(mut self) -> Self {
        if !self.is_unsorted {
            return self;
        }
        self.places.take(); // it is large, and not needed here
        NameList::from_distinct(self.sorted())
    }

    /// Number of distinct names.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no names.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sum of all counts.
    pub fn total(&self) -> u64 {
        let add = |sum: u64, &count: &u64| sum.saturating_add(count);
        match self.counts.is_empty() {
            true => self.len() as u64,
            false => self.counts.iter().fold(0, add),
        }
    }

    /// Whether the list contains a name.
    pub fn contains(&self, text: &str) -> bool {
        match self.len() >= LONG && !self.is_unsorted && self.places.get().is_none() {
            true => self.search(text),
            false => self.find(hash(text), text).is_some(),
        }
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
        let kept = NameList::from_distinct(kept);
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

/// The ends of the texts in one long string: 4 bytes each, however long the string is.
#[derive(Clone, Debug, Default)]
struct Ends {
    /// Where every block of texts begins.
    blocks: Vec<usize>,
    /// The end of each text, from where its block begins.
    within: Vec<u32>,
}

/// Number of texts in a block: together they are far shorter than 4 GB.
const BLOCK: usize = 1 << 10;

impl Ends {
    fn push(&mut self, end: usize) {
        if self.len().is_multiple_of(BLOCK) {
            let begin = self.len().checked_sub(1).map_or(0, |last| self.end(last));
            self.blocks.push(begin);
        }
        let within = u32::try_from(end - self.blocks[self.len() / BLOCK]);
        self.within.push(within.expect("a block is below 4 GB"));
    }

    fn len(&self) -> usize {
        self.within.len()
    }

    fn end(&self, place: usize) -> usize {
        self.blocks[place / BLOCK] + self.within[place] as usize
    }

    fn range(&self, place: usize) -> Range<usize> {
        let start = match place % BLOCK {
            0 => self.blocks[place / BLOCK],
            _ => self.end(place - 1),
        };
        start..self.end(place)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever the order, the list has every name once, and finds it.
        #[test]
        fn a_list_is_a_set_with_counts(
            names in prop::collection::vec(("[abé]{0,10}|a{6,9}b{0,18}", 1u64..3), 0..80), more: bool,
        ) {
            let mut expected = BTreeMap::<String, u64>::new();
            let mut list = NameList::default();
            for (text, count) in &names {
                let again = if more { *count } else { 0 };
                let known = expected.get(text).map(|known| known + again);
                prop_assert_eq!(list.add(text, *count, again), known.is_none());
                expected.insert(text.clone(), known.unwrap_or(*count));
            }
            prop_assert_eq!(list.total(), expected.values().sum::<u64>());
            let digest = list.digest();
            let sorted = list.into_sorted();
            let found = sorted.names().map(|name| (name.text.to_owned(), name.count));
            prop_assert!(found.eq(expected.clone()));
            prop_assert_eq!(sorted.digest(), digest);
            for text in expected.keys().map(String::as_str).chain(["c", "aaaaaaaaaaa"]) {
                let is_known = expected.contains_key(text);
                prop_assert_eq!((sorted.contains(text), sorted.search(text)), (is_known, is_known));
            }
            let mut kept = sorted.clone();
            let removed = kept.retain(|text| text.len() > 2);
            prop_assert_eq!(removed + kept.len(), sorted.len());
            prop_assert!(kept.names().all(|name| name.text.len() > 2));
        }
    }

    #[test]
    fn ends_are_counted_in_blocks() {
        let mut ends = Ends::default();
        let end = |place: usize| place * 3 + 3;
        (0..5 * BLOCK / 2).for_each(|place| ends.push(end(place)));
        for place in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 7] {
            assert_eq!(ends.range(place), place * 3..end(place));
        }
    }
}
