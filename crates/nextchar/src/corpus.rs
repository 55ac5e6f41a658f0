//! The names of a training, and the models that only count them.

use std::sync::{Arc, Mutex, PoisonError};

use nextchar_core::counts::KneserNey;
use nextchar_core::data::{CountedWindows, Name, NameList, Split, SplitOptions, split};
use nextchar_core::error::NoNames;
use nextchar_core::language_model::{LanguageModel, loss};
use nextchar_core::score::Rivals;
use nextchar_core::text::Vocab;
use nextchar_core::{Error, Executor};
use nextchar_formats::last_bytes;

use crate::counted::{Counted, Part};

/// The longest context that Kneser–Ney is tried with: longer ones do not help on names.
pub(crate) const LONGEST_COUNTS: usize = 6;

/// A list, its classes and its parts. Its windows are counted once, when they are first needed.
#[derive(Clone, Debug)]
pub struct Corpus {
    label: String,
    vocab: Vocab,
    parts: Split,
    split: Option<SplitOptions>,
    /// Numbers of names that were removed from val and test because they are in train.
    repeated: [usize; 2],
    given: Option<Arc<Counted>>,
    counted: Arc<Mutex<Option<Arc<Counted>>>>,
}

impl Corpus {
    /// A list cut into train, val and test.
    ///
    /// # Errors
    /// [`Error::NoNames`] if nothing is left to learn from.
    pub fn split(
        label: impl Into<String>,
        names: NameList,
        alphabet: nextchar_core::text::Alphabet,
        options: SplitOptions,
    ) -> Result<Self, Error> {
        let vocab = names.vocab(alphabet)?;
        let parts = split(names, &options);
        Corpus::of_parts(label, vocab, parts, Some(options))
    }

    /// Lists that are already parts; `split` tells how a list was split into them, if it was.
    ///
    /// # Errors
    /// [`Error::NoNames`] if nothing is left to learn from.
    pub fn of_parts(
        label: impl Into<String>,
        vocab: Vocab,
        parts: Split,
        split: Option<SplitOptions>,
    ) -> Result<Self, Error> {
        if parts.train.is_empty() {
            return Err(Error::NoNames(NoNames::NothingToLearn));
        }
        Ok(Corpus {
            label: label.into(),
            vocab,
            parts,
            split,
            repeated: [0; 2],
            given: None,
            counted: Arc::default(),
        })
    }

    /// Windows without their names.
    pub fn of_counts(label: impl Into<String>, vocab: Vocab, counted: Counted) -> Self {
        Corpus {
            label: label.into(),
            vocab,
            parts: Split::default(),
            split: None,
            repeated: [0; 2],
            given: Some(Arc::new(counted)),
            counted: Arc::default(),
        }
    }

    /// The same list with all names in train.
    pub(crate) fn of_all_names(&self) -> Self {
        let all = self.parts.all().map(|name| (name.text, name.count));
        let parts = Split {
            train: NameList::from_names(all).into_sorted(),
            ..Split::default()
        };
        Corpus {
            parts,
            counted: Arc::default(),
            ..self.clone()
        }
    }

    pub(crate) fn with_repeated(self, repeated: [usize; 2]) -> Self {
        Corpus { repeated, ..self }
    }

    /// How many names of a separate held-out list were skipped because they are also training names.
    pub fn repeated(&self, part: Part) -> usize {
        match part {
            Part::Train => 0,
            Part::Val => self.repeated[0],
            Part::Test => self.repeated[1],
        }
    }

    /// The name of the list.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// The classes.
    pub fn vocab(&self) -> &Vocab {
        &self.vocab
    }

    /// Train, val and test; empty if there are windows without names.
    pub fn parts(&self) -> &Split {
        &self.parts
    }

    /// How the list was split; `None` if val or test are separate lists.
    pub fn split_options(&self) -> Option<&SplitOptions> {
        self.split.as_ref()
    }

    /// The windows, if they were counted elsewhere; then the parts have no names.
    pub fn given_counts(&self) -> Option<&Counted> {
        self.given.as_deref()
    }

    /// The windows of all parts, with contexts of at least this length.
    fn counted(&self, length: usize) -> Result<Arc<Counted>, Error> {
        if let Some(given) = &self.given {
            return Ok(Arc::clone(given));
        }
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*counted
            && known.context_length() >= length
        {
            return Ok(Arc::clone(known));
        }
        let length = length.max(LONGEST_COUNTS);
        let new = Arc::new(Counted::of_names(&self.parts, &self.vocab, length)?);
        *counted = Some(Arc::clone(&new));
        Ok(new)
    }

    /// The names of a part.
    pub fn names(&self, part: Part) -> &NameList {
        match part {
            Part::Train => &self.parts.train,
            Part::Val => &self.parts.val,
            Part::Test => &self.parts.test,
        }
    }

    /// The last bytes of the file of a model that has learned all of these names, so that a file that is stored with its
    /// list can be stored without them. Every name must count once.
    pub fn last_bytes_of_all(&self) -> Vec<u8> {
        last_bytes(&self.of_all_names().parts)
    }

    /// SHA-256 of a part's names, or of its windows if there are no names.
    ///
    /// # Errors
    /// As [`Corpus::windows`].
    pub fn digest(&self, part: Part) -> Result<String, Error> {
        let Some(given) = &self.given else {
            return Ok(self.names(part).digest());
        };
        let windows = given.windows(part, given.context_length())?;
        Ok(windows.map_or_else(String::new, |windows| windows.digest(&self.vocab)))
    }

    /// The windows of the training names.
    ///
    /// # Errors
    /// As [`Corpus::windows`]; [`Error::NoNames`] if there are none.
    pub fn training_windows(&self, length: usize) -> Result<Arc<CountedWindows>, Error> {
        let windows = self.windows(Part::Train, length)?;
        windows.ok_or(Error::NoNames(NoNames::NothingToLearn))
    }

    /// The windows of a part of the list at a context length; none for an empty part.
    ///
    /// # Errors
    /// [`Error::ContextTooLong`] and [`Error::UnknownPiece`].
    pub fn windows(&self, part: Part, length: usize) -> Result<Option<Arc<CountedWindows>>, Error> {
        self.counted(length)?.windows(part, length)
    }

    /// Kneser–Ney of the training names.
    ///
    /// # Errors
    /// As [`Corpus::windows`].
    pub fn kneser_ney(&self, length: usize, executor: &dyn Executor) -> Result<KneserNey, Error> {
        self.counted(length)?.kneser_ney(length, executor)
    }

    /// The counting models that a model with this context is compared with; the best one is chosen on val.
    ///
    /// # Errors
    /// As [`Corpus::windows`].
    pub fn rivals(&self, context: usize, executor: &dyn Executor) -> Result<Rivals, Error> {
        let known = self.given_counts().map(Counted::context_length);
        let counts = LONGEST_COUNTS.min(known.unwrap_or(LONGEST_COUNTS));
        let longest = counts.max(context);
        let counted = self.counted(longest)?;
        let closed = |table: &CountedWindows| KneserNey::closed_form(table);
        let (mut own, mut best): (Option<KneserNey>, Option<(f64, KneserNey)>) = (None, None);
        if let Some(val) = self.windows(Part::Val, counts)? {
            // Each table follows from the next longer one.
            let (mut table, mut val) = (self.training_windows(counts)?, val);
            for length in (1..=counts).rev() {
                if length < counts {
                    table = Arc::new(table.shorten(length)?.into_owned());
                    val = Arc::new(val.shorten(length)?.into_owned());
                }
                let model = closed(&table)?;
                if length == context {
                    own = Some(model.clone());
                }
                let found = loss(&model, &val, executor);
                if best.as_ref().is_none_or(|(least, _)| found <= *least) {
                    best = Some((found, model));
                }
            }
        }
        let best = best.map(|(_, model)| model);
        let fitted = |model: Option<KneserNey>, length| match model {
            Some(model) if !counted.has_folds() => Ok(model),
            _ => self.kneser_ney(length, executor),
        };
        let best_length = best.as_ref().map(LanguageModel::context_length);
        let kneser_ney = fitted(own, context)?;
        let best = match best_length {
            Some(length) if length == context => Some(kneser_ney.clone()),
            Some(length) => Some(fitted(best, length)?),
            None => None,
        };
        Ok(Rivals {
            bigrams: (*self.training_windows(1)?).clone(),
            kneser_ney: Some(kneser_ney),
            best_kneser_ney: best,
        })
    }

    /// The lengths of the shortest and the longest name, in tokens, as far as they are known; at least 1.
    pub fn lengths(&self) -> (usize, usize) {
        let mut tokens = Vec::new();
        let length = |name: Name<'_>| {
            let known = self.vocab.encode_into(name.text, &mut tokens);
            known.ok().map(|()| tokens.len())
        };
        let given = self.given_counts().map(|given| [1, given.longest_name]);
        let given = given.into_iter().flatten();
        let lengths = self.parts.all().filter_map(length).chain(given);
        let either = |(shortest, longest): (usize, usize), length: usize| {
            (shortest.min(length), longest.max(length))
        };
        let (shortest, longest) = lengths.fold((usize::MAX, 1), either);
        (shortest.clamp(1, longest), longest)
    }
}
