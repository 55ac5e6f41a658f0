//! The names as they are learnt from, and what counting makes of them.

use nextchar_core::counts::KneserNey;
use nextchar_core::data::{CountedWindows, NameList, Split, SplitOptions, split};
use nextchar_core::language_model::loss;
use nextchar_core::score::Rivals;
use nextchar_core::text::Vocab;
use nextchar_core::{Error, Executor};

use crate::counted::{Counted, Part};

/// The longest history that Kneser–Ney is tried with: beyond it nothing is gained on names.
const LONGEST_COUNTS: usize = 6;

/// A list, its classes and its parts.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// What the list is called.
    pub label: String,
    /// The classes.
    pub vocab: Vocab,
    /// Train, val and test.
    pub parts: Split,
    /// How it was split; `None` where val or test are lists of their own.
    pub split: Option<SplitOptions>,
    /// The windows, where they were counted elsewhere; then the parts have no names.
    pub counted: Option<Counted>,
}

impl Corpus {
    /// A list cut into train, val and test.
    ///
    /// # Errors
    /// [`Error::NoNames`] where nothing is left to learn from.
    pub fn split(
        label: impl Into<String>,
        names: NameList,
        alphabet: nextchar_core::data::Alphabet,
        options: SplitOptions,
    ) -> Result<Self, Error> {
        let vocab = names.vocab(alphabet)?;
        let parts = split(names, &options);
        if parts.train.is_empty() {
            return Err(Error::NoNames("no name was left to learn from".into()));
        }
        Ok(Corpus {
            label: label.into(),
            vocab,
            parts,
            split: Some(options),
            counted: None,
        })
    }

    /// Windows without their names.
    pub fn of_counts(label: String, vocab: Vocab, counted: Counted) -> Self {
        Corpus {
            label,
            vocab,
            parts: Split::default(),
            split: None,
            counted: Some(counted),
        }
    }

    /// The names of a part.
    pub fn names(&self, part: Part) -> &NameList {
        match part {
            Part::Train => &self.parts.train,
            Part::Val => &self.parts.val,
            Part::Test => &self.parts.test,
        }
    }

    /// SHA-256 of a part's names, or of its windows where the names are not there.
    ///
    /// # Errors
    /// As [`Corpus::windows`].
    pub fn digest(&self, part: Part) -> Result<String, Error> {
        let Some(counted) = &self.counted else {
            return Ok(self.names(part).digest());
        };
        let windows = counted.windows(part, counted.context_length())?;
        Ok(windows.map_or_else(String::new, |windows| windows.digest(&self.vocab)))
    }

    /// The windows of the training names.
    ///
    /// # Errors
    /// As [`Corpus::windows`]; [`Error::NoNames`] where there is none.
    pub fn listed(&self, length: usize) -> Result<CountedWindows, Error> {
        let windows = self.windows(Part::Train, length)?;
        windows.ok_or_else(|| Error::NoNames("no name was left to learn from".into()))
    }

    /// The windows of a part of the list at a context length; none for an empty part.
    ///
    /// # Errors
    /// [`Error::ContextTooLong`] and [`Error::UnknownPiece`].
    pub fn windows(&self, part: Part, length: usize) -> Result<Option<CountedWindows>, Error> {
        if let Some(counted) = &self.counted {
            return counted.windows(part, length);
        }
        let names = self.names(part);
        let table = || CountedWindows::from_list(names, &self.vocab, length);
        (!names.is_empty()).then(table).transpose()
    }

    /// Kneser–Ney of the training names.
    ///
    /// # Errors
    /// As [`Corpus::windows`].
    pub fn kneser_ney(&self, length: usize, executor: &dyn Executor) -> Result<KneserNey, Error> {
        match &self.counted {
            Some(counted) => counted.kneser_ney(length, executor),
            None => KneserNey::fit(&self.parts.train, &self.vocab, length, executor),
        }
    }

    /// The counting models that every evaluation of a model with this context stands beside, the best of
    /// them chosen on val.
    ///
    /// # Errors
    /// As [`Corpus::windows`].
    pub fn rivals(&self, context: usize, executor: &dyn Executor) -> Result<Rivals, Error> {
        let known = self.counted.as_ref().map(Counted::context_length);
        let counts = LONGEST_COUNTS.min(known.unwrap_or(LONGEST_COUNTS));
        let longest = counts.max(context);
        let table = self.listed(longest)?;
        let mut best: Option<(f64, usize)> = None;
        if let Some(val) = self.windows(Part::Val, longest)? {
            for length in 1..=counts {
                let model = KneserNey::closed_form(&*table.shorten(length)?)?;
                let found = loss(&model, &*val.shorten(length)?, executor);
                if best.is_none_or(|(least, _)| found < least) {
                    best = Some((found, length));
                }
            }
        }
        let kneser_ney = self.kneser_ney(context, executor)?;
        let best = match best {
            Some((_, length)) if length == context => Some(kneser_ney.clone()),
            Some((_, length)) => Some(self.kneser_ney(length, executor)?),
            None => None,
        };
        Ok(Rivals {
            bigrams: table.shorten(1)?.into_owned(),
            kneser_ney: Some(kneser_ney),
            best_kneser_ney: best,
        })
    }

    /// The length of the longest name, in characters, as far as it is known.
    pub fn longest(&self) -> usize {
        [&self.parts.train, &self.parts.val, &self.parts.test]
            .map(NameList::longest)
            .into_iter()
            .chain(self.counted.as_ref().map(|counted| counted.longest_name))
            .max()
            .unwrap_or(0)
    }
}
