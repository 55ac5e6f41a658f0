//! The names as they are learnt from, and what counting makes of them.

use nextchar::data::{CountedWindows, NameList, Split, SplitOptions, Vocab, split};
use nextchar::language_model::loss;
use nextchar::ngram::KneserNey;
use nextchar::score::Rivals;
use nextchar::{Error, Executor};

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
}

impl Corpus {
    /// A list cut into train, val and test.
    ///
    /// # Errors
    /// [`Error::NoNames`] where nothing is left to learn from.
    pub fn split(
        label: impl Into<String>,
        names: NameList,
        alphabet: nextchar::data::Alphabet,
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
        })
    }

    /// The windows of a part of the list at a context length; none for an empty part.
    ///
    /// # Errors
    /// [`Error::ContextTooLong`] and [`Error::UnknownCharacter`].
    pub fn windows(
        &self,
        names: &NameList,
        length: usize,
    ) -> Result<Option<CountedWindows>, Error> {
        let table = || CountedWindows::from_list(names, &self.vocab, length);
        (!names.is_empty()).then(table).transpose()
    }

    /// Kneser–Ney of the training names.
    ///
    /// # Errors
    /// As [`Corpus::windows`].
    pub fn kneser_ney(&self, length: usize, executor: &impl Executor) -> Result<KneserNey, Error> {
        KneserNey::fit(&self.parts.train, &self.vocab, length, executor)
    }

    /// The counting models that every evaluation of a model with this context stands beside, the best of
    /// them chosen on val.
    ///
    /// # Errors
    /// As [`Corpus::windows`].
    pub fn rivals(&self, context: usize, executor: &impl Executor) -> Result<Rivals, Error> {
        let longest = LONGEST_COUNTS.max(context);
        let table = CountedWindows::from_list(&self.parts.train, &self.vocab, longest)?;
        let mut best: Option<(f64, usize)> = None;
        if let Some(val) = self.windows(&self.parts.val, longest)? {
            for length in 1..=LONGEST_COUNTS {
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

    /// The length of the longest name, in characters.
    pub fn longest(&self) -> usize {
        [&self.parts.train, &self.parts.val, &self.parts.test]
            .map(NameList::longest)
            .into_iter()
            .max()
            .unwrap_or(0)
    }
}
