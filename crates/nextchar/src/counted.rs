//! The windows of a list's parts, counted once: every shorter context follows from the longest.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use nextchar_core::counts::KneserNey;
use nextchar_core::data::{CountedWindows, NameList, Split, folds};
use nextchar_core::error::NoNames;
use nextchar_core::text::Vocab;
use nextchar_core::{Error, Executor};
use serde::Serialize;

/// From this number of training names on, Kneser–Ney takes its discounts in closed form. With so many names they are as
/// good as cross-fitted ones (`docs/log.md`), which need ten more tables.
const MANY_NAMES: usize = 1_000_000;

/// A part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// For learning.
    Train,
    /// For choosing between models.
    Val,
    /// For reporting results.
    Test,
}

/// The windows of the parts of a list, with contexts of one length: counted from names, or elsewhere instead
/// of them.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The training windows by fold; empty if there is one fold only.
    folds: Vec<CountedWindows>,
    train: PartTable,
    val: Option<PartTable>,
    test: Option<PartTable>,
    /// Length of the longest name, in characters, if it is known.
    pub longest_name: usize,
}

/// The windows of one part at every context length that was asked for.
#[derive(Clone, Debug)]
struct PartTable(Arc<Mutex<BTreeMap<usize, Arc<CountedWindows>>>>);

impl PartTable {
    fn new(longest: CountedWindows) -> Self {
        let tables = BTreeMap::from([(longest.context_length(), Arc::new(longest))]);
        PartTable(Arc::new(Mutex::new(tables)))
    }

    fn longest(&self) -> Arc<CountedWindows> {
        let tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, longest) = tables.last_key_value().expect("there is at least one");
        Arc::clone(longest)
    }

    /// The windows with contexts of this length, which is at most that of the longest.
    fn at(&self, length: usize) -> Result<Arc<CountedWindows>, Error> {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = tables.get(&length) {
            return Ok(Arc::clone(known));
        }
        let longer = tables.range(length..).next();
        let (_, longer) = longer.expect("the length was checked");
        let shorter = Arc::new(longer.shorten(length)?.into_owned());
        tables.insert(length, Arc::clone(&shorter));
        Ok(shorter)
    }
}

impl Counted {
    /// The training windows by fold, and those of the other parts. With a single fold, Kneser–Ney takes its
    /// discounts in closed form.
    ///
    /// # Errors
    /// [`Error::NoNames`] if there is no training window.
    ///
    /// # Panics
    /// If the tables differ in vocabulary or context length.
    pub fn new(
        mut folds: Vec<CountedWindows>,
        val: Option<CountedWindows>,
        test: Option<CountedWindows>,
        longest_name: usize,
    ) -> Result<Self, Error> {
        folds.retain(|fold| !fold.is_empty());
        let train = match folds.len() {
            0 | 1 => folds.pop(),
            _ => sum(&folds),
        };
        Ok(Counted {
            train: PartTable::new(train.ok_or(Error::NoNames(NoNames::NoWindow))?),
            folds,
            val: val.filter(|val| !val.is_empty()).map(PartTable::new),
            test: test.filter(|test| !test.is_empty()).map(PartTable::new),
            longest_name,
        })
    }

    /// The windows of a list's parts; the training names in ten folds, with which Kneser–Ney is cross-fitted.
    ///
    /// # Errors
    /// [`Error::ContextTooLong`] and [`Error::UnknownPiece`]; [`Error::NoNames`] if there is no
    /// training name.
    pub(crate) fn of_names(parts: &Split, vocab: &Vocab, length: usize) -> Result<Self, Error> {
        const FOLDS: usize = 10;
        let count = |names: &NameList| CountedWindows::from_list(names, vocab, length);
        let part = |names: &NameList| (!names.is_empty()).then(|| count(names)).transpose();
        let folds = match parts.train.len() {
            MANY_NAMES.. => vec![count(&parts.train)?],
            _ => {
                let folds = folds(&parts.train, FOLDS);
                let folds = folds.iter().filter(|fold| !fold.is_empty());
                folds.map(count).collect::<Result<_, Error>>()?
            }
        };
        Counted::new(folds, part(&parts.val)?, part(&parts.test)?, 0)
    }

    /// T, the longest context that models can use.
    pub fn context_length(&self) -> usize {
        self.train.longest().context_length()
    }

    /// SHA-256 of the training windows of each fold.
    pub fn fold_digests(&self, vocab: &Vocab) -> Vec<String> {
        match self.has_folds() {
            true => self.folds.iter().map(|fold| fold.digest(vocab)).collect(),
            false => vec![self.train.longest().digest(vocab)],
        }
    }

    /// Whether the training windows are in folds, by which Kneser–Ney can be cross-fitted.
    pub fn has_folds(&self) -> bool {
        !self.folds.is_empty()
    }

    /// Whether there are windows of a part.
    pub fn has(&self, part: Part) -> bool {
        self.table(part).is_some()
    }

    fn table(&self, part: Part) -> Option<&PartTable> {
        match part {
            Part::Train => Some(&self.train),
            Part::Val => self.val.as_ref(),
            Part::Test => self.test.as_ref(),
        }
    }

    /// The windows of a part at a context length.
    ///
    /// # Errors
    /// [`Error::LongerThanCounts`] if it is longer than that of the windows.
    pub(crate) fn windows(
        &self,
        part: Part,
        length: usize,
    ) -> Result<Option<Arc<CountedWindows>>, Error> {
        self.check(length)?;
        self.table(part).map(|table| table.at(length)).transpose()
    }

    /// Kneser–Ney of the training windows.
    ///
    /// # Errors
    /// As [`Counted::windows`].
    pub(crate) fn kneser_ney(
        &self,
        length: usize,
        executor: &dyn Executor,
    ) -> Result<KneserNey, Error> {
        self.check(length)?;
        let folds = self
            .folds
            .iter()
            .map(|fold| Ok(fold.shorten(length)?.into_owned()));
        let folds = folds.collect::<Result<Vec<_>, Error>>()?;
        KneserNey::cross_fitted(&*self.train.at(length)?, &folds, executor)
    }

    fn check(&self, length: usize) -> Result<(), Error> {
        let longest = self.context_length();
        if length > longest {
            return Err(Error::LongerThanCounts {
                context_length: length,
                longest,
            });
        }
        Ok(())
    }
}

/// The sum of some tables: the sum of the sums of both halves, so that each table is copied only a few times.
fn sum(tables: &[CountedWindows]) -> Option<CountedWindows> {
    match tables {
        [] => None,
        [only] => Some(only.clone()),
        [one, other] => Some(one.merged(other)),
        _ => {
            let (left, right) = tables.split_at(tables.len() / 2);
            Some(sum(left)?.merged(&sum(right)?))
        }
    }
}
