//! The windows of a list's parts, counted once: every shorter context follows from the longest.

use std::borrow::Cow;

use nextchar_core::counts::KneserNey;
use nextchar_core::data::{CountedWindows, NameList, Split, folds};
use nextchar_core::error::NoNames;
use nextchar_core::text::Vocab;
use nextchar_core::{Error, Executor};
use serde::Serialize;

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
    folds: Vec<CountedWindows>,
    train: CountedWindows,
    val: Option<CountedWindows>,
    test: Option<CountedWindows>,
    /// Length of the longest name, in characters, if it is known.
    pub longest_name: usize,
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
        let sum = |sum: CountedWindows, fold| sum.merged(&fold);
        let train = folds.iter().cloned().reduce(sum);
        Ok(Counted {
            train: train.ok_or(Error::NoNames(NoNames::NoWindow))?,
            folds,
            val: val.filter(|val| !val.is_empty()),
            test: test.filter(|test| !test.is_empty()),
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
        let folds = folds(&parts.train, FOLDS);
        let folds = folds.iter().filter(|fold| !fold.is_empty()).map(count);
        let folds = folds.collect::<Result<Vec<_>, Error>>()?;
        Counted::new(folds, part(&parts.val)?, part(&parts.test)?, 0)
    }

    /// T, the longest context that models can use.
    pub fn context_length(&self) -> usize {
        self.train.context_length()
    }

    /// SHA-256 of the training windows of each fold.
    pub fn fold_digests(&self, vocab: &Vocab) -> Vec<String> {
        self.folds.iter().map(|fold| fold.digest(vocab)).collect()
    }

    /// Whether the training windows are in folds, by which Kneser–Ney can be cross-fitted.
    pub fn has_folds(&self) -> bool {
        self.folds.len() > 1
    }

    /// Whether there are windows of a part.
    pub fn has(&self, part: Part) -> bool {
        self.table(part).is_some()
    }

    fn table(&self, part: Part) -> Option<&CountedWindows> {
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
    ) -> Result<Option<CountedWindows>, Error> {
        self.check(length)?;
        let shorter = self
            .table(part)
            .map(|table| table.shorten(length))
            .transpose()?;
        Ok(shorter.map(Cow::into_owned))
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
        KneserNey::cross_fitted(&*self.train.shorten(length)?, &folds, executor)
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
