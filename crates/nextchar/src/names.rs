//! Names from users: read from a file, an embedded list or a program, with a diagnosis.

use std::fs::File;
use std::io::{self, BufRead};
use std::ops::Deref;
use std::path::Path;

use nextchar_core::data::{
    Chosen, Diagnosis, ListCase, MAX_NAME_LENGTH, NameList, ReadOptions, Split, SplitOptions,
    join_lists, no_names, split,
};
use nextchar_core::text::{Alphabet, Characters, Graphemes, Normalizer, Tokenizer, Vocab, clean};

use crate::corpus::Corpus;
use crate::door::Error;
use crate::options::Preset;
use crate::scan::{self, Found};

/// A list of different names with their counts, a diagnosis of its source, and how to split it into training,
/// validation and test names.
///
/// It can be used like its [`NameList`].
///
/// ```
/// use nextchar::Names;
///
/// let names = Names::from_iter(["Aabid", "Aadesh", "O'Neil", "Aabid", "_"]);
/// assert!(names.len() == 3 && names.contains("O'Neil"));
/// let diagnosis = names.diagnosis();
/// assert_eq!((diagnosis.duplicates, diagnosis.rejected), (1, 1));
/// assert_eq!(diagnosis.rejected_lines[0].reason.to_string(), "'_' stands for the end of a name");
/// ```
#[derive(Clone, Debug)]
pub struct Names {
    label: String,
    list: NameList,
    diagnosis: Diagnosis,
    options: ReadOptions,
    /// Whether the caller has chosen the lengths, so that a preset does not.
    has_own_lengths: bool,
    /// Whether the caller has chosen the alphabet or the case, so that a preset does not.
    has_own_letters: bool,
    split: SplitOptions,
    val: Option<Box<Names>>,
    test: Option<Box<Names>>,
}

impl Names {
    /// Reads a file of names, one per line. It may be packed with gzip or Zstandard. With the feature `parquet` it may
    /// be a Parquet file, which is a table.
    ///
    /// The list itself tells its characters and what its upper-case letters mean. Lines that cannot be used are skipped
    /// and counted in the [diagnosis](Names::diagnosis).
    ///
    /// # Errors
    /// [`Error::File`] if the file cannot be read; [`Error::Names`] if no line can be used.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        Names::read_with(path, &ReadOptions::default())
    }

    /// Reads a file in another way: a column of a table, other characters, weights.
    ///
    /// ```
    /// use nextchar::Names;
    /// use nextchar::data::ReadOptions;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let file = folder.path().join("births.csv");
    /// std::fs::write(&file, "name,births\nZoë,12\nAnna,30\n")?;
    /// let options = ReadOptions {
    ///     column: Some("name".into()),
    ///     weights: Some("births".into()),
    ///     ..ReadOptions::default()
    /// };
    /// let names = Names::read_with(&file, &options)?;
    /// assert_eq!((names.len(), names.total()), (2, 42));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`Names::read`]; [`Error::Names`] for a missing column.
    pub fn read_with(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, Error> {
        Names::scan_file(path.as_ref(), options)?.not_empty()
    }

    /// Reads names from any source of bytes; `label` is its name in messages.
    ///
    /// # Errors
    /// [`Error::Names`] if it cannot be read or no line can be used.
    pub fn from_reader(
        label: impl Into<String>,
        input: impl BufRead,
        options: &ReadOptions,
    ) -> Result<Self, Error> {
        Names::scan(label, input, options)?.not_empty()
    }

    /// [`Names::read_with`] for a diagnosis: a file without names is not an error.
    ///
    /// # Errors
    /// [`Error::File`]; [`Error::Names`] for a missing column.
    pub fn scan_file(path: &Path, options: &ReadOptions) -> Result<Self, Error> {
        let open = || {
            let file = File::open(path)?;
            if file.metadata()?.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            Ok(file)
        };
        let file = open().map_err(|fault| Error::File {
            path: path.to_owned(),
            fault,
        })?;
        let label = path.display().to_string();
        check_lengths(options)?;
        Names::found(label, scan::scan_file(file, options), options)
    }

    /// [`Names::from_reader`] for a diagnosis.
    ///
    /// # Errors
    /// [`Error::Names`] if it cannot be read, and for a missing column.
    pub fn scan(
        label: impl Into<String>,
        input: impl BufRead,
        options: &ReadOptions,
    ) -> Result<Self, Error> {
        let label = label.into();
        check_lengths(options)?;
        Names::found(label, scan::scan(input, options), options)
    }

    fn found(
        label: String,
        found: Result<Found, nextchar_core::Error>,
        options: &ReadOptions,
    ) -> Result<Self, Error> {
        match found {
            Ok(found) => Ok(Names::new(label, found, options)),
            Err(fault) => Err(Error::Names { label, fault }),
        }
    }

    pub(crate) fn new(label: String, (list, diagnosis): Found, options: &ReadOptions) -> Self {
        let lengths = (options.min_length, options.max_length);
        Names {
            label,
            list,
            diagnosis,
            options: options.clone(),
            has_own_lengths: lengths != (1, MAX_NAME_LENGTH),
            has_own_letters: (options.alphabet, options.case) != (Alphabet::Auto, ListCase::Auto),
            split: SplitOptions::default(),
            val: None,
            test: None,
        }
    }

    /// The list itself, if it contains a name.
    ///
    /// # Errors
    /// [`Error::Names`] tells why it does not.
    pub fn not_empty(self) -> Result<Self, Error> {
        if self.list.is_empty() {
            return Err(Error::Names {
                fault: no_names(&self.diagnosis, &self.options),
                label: self.label,
            });
        }
        Ok(self)
    }

    /// The name of the list in messages.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What was found while reading: counts, lengths, characters, skipped lines.
    pub fn diagnosis(&self) -> &Diagnosis {
        &self.diagnosis
    }

    /// How it was read.
    pub fn read_options(&self) -> &ReadOptions {
        &self.options
    }

    /// Whether the list contains a name, however it is written.
    pub fn contains(&self, name: &str) -> bool {
        let normalizer = self.diagnosis.chosen.normalizer;
        self.list.contains(&normalizer.normalize(name.trim()))
    }

    /// The names and their counts.
    pub fn into_list(self) -> NameList {
        self.list
    }

    /// These names and those of another list; a name of both is a duplicate.
    ///
    /// The rule that upper-case letters follow is found anew for all names. The alphabet is a–z if it is that of both
    /// lists, otherwise it is that of the data.
    ///
    /// ```
    /// use nextchar::Names;
    ///
    /// let all = Names::from_iter(["asha", "usha"]).joined(Names::from_iter(["isha", "asha"]));
    /// assert_eq!((all.len(), all.diagnosis().duplicates), (3, 1));
    /// ```
    #[must_use]
    pub fn joined(self, other: Names) -> Self {
        let (mine, others) = ((self.list, self.diagnosis), (other.list, other.diagnosis));
        let (list, diagnosis) = join_lists(mine, others, &self.options);
        Names {
            label: format!("{}, {}", self.label, other.label),
            list,
            diagnosis,
            ..self
        }
    }

    /// Removes the names that a vocabulary does not know, and returns their number.
    pub fn retain_known(&mut self, vocab: &Vocab) -> usize {
        self.list.retain(|name| vocab.knows(name))
    }

    /// Sets how much is held out, and with which seed; by default a tenth each for validation and test.
    pub fn with_split(self, split: SplitOptions) -> Self {
        Names { split, ..self }
    }

    /// Sets separate validation names, instead of a share of these.
    pub fn with_val(self, val: Names) -> Self {
        Names {
            val: Some(Box::new(val)),
            ..self
        }
    }

    /// Sets separate test names, instead of a share of these.
    pub fn with_test(self, test: Names) -> Self {
        Names {
            test: Some(Box::new(test)),
            ..self
        }
    }

    /// Uses names of all lengths, even with a preset that learns only some.
    pub fn with_all_lengths(self) -> Self {
        Names {
            has_own_lengths: true,
            ..self
        }
    }

    /// Uses the alphabet and the case that suit the list, even with a preset that has an alphabet of its own.
    pub fn with_own_letters(self) -> Self {
        Names {
            has_own_letters: true,
            ..self
        }
    }

    /// The vocabulary, and the names split into parts: the data of a training.
    ///
    /// # Errors
    /// [`Error::Names`] if no name is left to learn from; [`Error::HeldOutPiece`] for a validation or test name
    /// with a character that no training name has.
    pub fn corpus(&self, preset: Preset) -> Result<Corpus, Error> {
        let named = |fault| Error::Names {
            label: self.label.clone(),
            fault,
        };
        let mut list = self.list.clone();
        if let Some((shortest, longest)) = preset.lengths().filter(|_| !self.has_own_lengths) {
            let pieces = |name: &str| self.options.tokenizer.pieces(name).count();
            list.retain(|name| (shortest..=longest).contains(&pieces(name)));
        }
        let mut chosen = self.diagnosis.chosen;
        if let Some(alphabet) = preset.alphabet().filter(|_| !self.has_own_letters) {
            (chosen.alphabet, chosen.normalizer) = (alphabet, Normalizer::default());
            list = self.in_lower_case(&list, alphabet);
        }
        let vocab = self.vocab(&list, &chosen).map_err(named)?;
        let mut own_split = self.split.clone();
        if self.val.is_some() {
            own_split.shares.val = 0;
        }
        if self.test.is_some() {
            own_split.shares.test = 0;
        }
        let mut parts = split(list, &own_split);
        let mut repeated = [0; 2];
        if let Some(val) = &self.val {
            (parts.val, repeated[0]) = self.held_out(val, &parts, &vocab)?;
        }
        if let Some(test) = &self.test {
            (parts.test, repeated[1]) = self.held_out(test, &parts, &vocab)?;
        }
        let is_cut = self.val.is_none() && self.test.is_none();
        let cut = is_cut.then(|| self.split.clone());
        let corpus = Corpus::of_parts(self.label.clone(), vocab, parts, cut).map_err(named)?;
        Ok(corpus.with_repeated(repeated))
    }

    /// The vocabulary of the names to learn from.
    fn vocab(&self, list: &NameList, chosen: &Chosen) -> Result<Vocab, nextchar_core::Error> {
        let tokenizer = self.options.tokenizer;
        let is = |known: &dyn Tokenizer| tokenizer.name() == known.name();
        // Every grapheme of a–z is one character.
        let is_az = chosen.alphabet == Alphabet::Az && is(&Graphemes);
        let vocab = match is(&Characters) || is_az {
            true => list.vocab(chosen.alphabet)?,
            false => list.pieces(tokenizer)?,
        };
        Ok(vocab.with_normalizer(chosen.normalizer))
    }

    /// The names that are of an alphabet in lower case. Names that become equal count once, unless duplicates count.
    fn in_lower_case(&self, list: &NameList, alphabet: Alphabet) -> NameList {
        let lower = list.names().map(|name| (clean(name.text), name.count));
        let lower = lower.filter(|(text, _)| alphabet.first_fault(text).is_none());
        let lower = NameList::from_names(lower);
        if self.options.keep_duplicates || self.options.weights.is_some() {
            return lower;
        }
        NameList::from_names(lower.names().map(|name| (name.text, 1)))
    }

    /// Separate held-out names, without those that are also training names (unless duplicates are counted), and how
    /// many of those there were.
    fn held_out(
        &self,
        names: &Names,
        parts: &Split,
        vocab: &Vocab,
    ) -> Result<(NameList, usize), Error> {
        let (from, to) = (names.diagnosis.chosen.normalizer, vocab.normalizer());
        let as_here = |text: &str| to.normalize(&from.restore(text)).into_owned();
        let list = names.list.names();
        let mut list = NameList::from_names(list.map(|name| (as_here(name.text), name.count)));
        let mut repeated = 0;
        if !self.options.keep_duplicates {
            repeated = list.retain(|name| !parts.train.contains(name));
        }
        for name in list.names() {
            if let Err(fault) = vocab.encode(name.text) {
                return Err(Error::HeldOutPiece {
                    label: names.label.clone(),
                    name: name.text.to_owned(),
                    fault,
                });
            }
        }
        Ok((list, repeated))
    }
}

/// Rejects lengths that no name has, before anything is read.
pub(crate) fn check_lengths(options: &ReadOptions) -> Result<(), Error> {
    let (shortest, longest) = (options.min_length, options.max_length);
    if shortest > longest {
        return Err(Error::NoLength { shortest, longest });
    }
    Ok(())
}

impl Deref for Names {
    type Target = NameList;

    fn deref(&self) -> &NameList {
        &self.list
    }
}

/// Names from a program, treated like the lines of a file: cleaned, and counted once.
impl<T: AsRef<str>> FromIterator<T> for Names {
    fn from_iter<I: IntoIterator<Item = T>>(names: I) -> Self {
        let mut lines = String::new();
        for name in names {
            lines.push_str(name.as_ref());
            lines.push('\n');
        }
        Names::scan("names", lines.as_bytes(), &ReadOptions::default()).expect("memory can be read")
    }
}

#[cfg(test)]
mod tests {
    use nextchar_core::Error as CoreError;
    use nextchar_core::text::{Case, Words};

    use super::*;

    fn numbered(number: usize) -> Names {
        let letter = |place: usize| char::from(b'a' + (place % 26) as u8);
        let name = |place: usize| format!("{}{}a", letter(place), letter(place / 26));
        (0..number).map(name).collect()
    }

    #[test]
    fn parts_of_their_own_replace_shares() {
        let names = numbered(100);
        let cut = names.corpus(Preset::Fast).unwrap();
        let sizes = |corpus: &Corpus| {
            let parts = corpus.parts();
            [parts.train.len(), parts.val.len(), parts.test.len()]
        };
        assert!(sizes(&cut)[1] > 0 && cut.split_options().is_some());

        let own = names.clone().with_val(Names::from_iter(["aaa", "zzzz"]));
        let corpus = own.corpus(Preset::Fast).unwrap();
        assert_eq!(sizes(&corpus)[1], 1, "a training name is not held out");
        assert_eq!(corpus.split_options(), None);

        let other = Names::from_iter(["ä"]);
        let error = names.with_test(other).corpus(Preset::Fast).unwrap_err();
        assert!(matches!(error, Error::HeldOutPiece { .. }), "{error}");
    }

    #[test]
    fn a_preset_chooses_lengths_unless_somebody_did() {
        let names = Names::from_iter(["ab", "abcdef"]);
        let learnt = |names: &Names| names.corpus(Preset::Lecture).unwrap().parts().train.len();
        assert_eq!(learnt(&names), 1);
        assert_eq!(learnt(&names.clone().with_all_lengths()), 2);
        assert_eq!(names.corpus(Preset::Fast).unwrap().parts().train.len(), 2);
    }

    #[test]
    fn joined_lists_follow_the_rule_of_all_names() {
        let join = |a: &[&str], b: &[&str]| Names::from_iter(a).joined(Names::from_iter(b));
        let chosen = |names: &Names| {
            let chosen = names.diagnosis().chosen;
            (chosen.alphabet, chosen.normalizer.case)
        };
        let texts = |names: &Names| -> Vec<String> {
            names.list.names().map(|name| name.text.into()).collect()
        };
        let same = join(&["Asha", "Usha"], &["Zoë", "Asha"]);
        assert_eq!(texts(&same), ["asha", "usha", "zoë"]);
        assert_eq!(chosen(&same), (Alphabet::Data, Case::Title(Words::Blanks)));
        assert_eq!(same.diagnosis().duplicates, 1);

        let hyphens = join(&["Asha", "Rio Grande"], &["Anne-Marie"]);
        assert_eq!(chosen(&hyphens).1, Case::Title(Words::Hyphens));
        let scripts = join(&["राम"], &["Asha", "Usha"]);
        assert_eq!(chosen(&scripts).1, Case::Title(Words::Blanks));

        let careless = join(&["Asha", "Usha"], &["isha", "asha"]);
        assert_eq!(texts(&careless), ["asha", "isha", "usha"]);
        assert_eq!(chosen(&careless), (Alphabet::Az, Case::Lower));

        let mixed = join(&["Asha", "Usha"], &["iPhone", "zeel"]);
        assert_eq!(texts(&mixed), ["Asha", "Usha", "iPhone", "zeel"]);
        assert_eq!(chosen(&mixed), (Alphabet::Data, Case::Keep));
        assert!(mixed.contains("Asha") && !mixed.contains("Zeel"));
    }

    #[test]
    fn a_list_without_names_says_why() {
        let empty = Names::from_iter(["_", "a_b"]);
        let error = empty.corpus(Preset::Fast).unwrap_err();
        assert!(
            matches!(&error, Error::Names { label, fault: CoreError::NoNames(_) } if label == "names"),
            "{error}"
        );
        assert!(empty.not_empty().is_err());
        assert!(matches!(
            Names::embedded("martian-names"),
            Err(Error::UnknownList(_))
        ));
        assert!(matches!(
            Names::read(std::env::temp_dir()),
            Err(Error::File { .. })
        ));
    }
}
