//! A background model of first names from many languages.
//!
//! A list of three hundred names knows little of its own kind, and one of five thousand has few of the foreign
//! names that occasionally occur in it; first names of many languages know more. The model is Kneser–Ney with a
//! context of 3, written out as one table because verdicts are requested by the million.

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashSet;

use crate::counts::KneserNey;
use crate::data::{CountedWindows, NameList};
use crate::error::Error;
use crate::language_model::LanguageModel;
use crate::setting::{Allowed, Setting};
use crate::text::{END, Start, Token, Vocab};

/// Number of tokens in a context.
const CONTEXT: usize = 3;

/// What names sound like elsewhere: the second opinion of a verdict on words that the model of a list finds odd.
///
/// Its names are counted on first use, and only once for all clones that are made afterwards.
///
/// ```
/// use nextchar_core::data::{BACKGROUND_NAMES, NameList};
/// use nextchar_core::score::BackgroundModel;
/// use nextchar_core::text::Vocab;
///
/// let names = NameList::from_names(BACKGROUND_NAMES.rows().map(|name| (name, 1)));
/// let background = BackgroundModel::new(names, Vocab::az())?;
/// # assert_eq!(background.vocab(), &Vocab::az());
/// # Ok::<(), nextchar_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BackgroundModel {
    names: NameList,
    vocab: Vocab,
    table: OnceLock<Arc<BackgroundTable>>,
}

impl BackgroundModel {
    /// The most classes of a vocabulary; the table has their number to the fourth power.
    pub const MAX_CLASSES: usize = 64;

    /// A model of these names.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if the vocabulary has more than [`BackgroundModel::MAX_CLASSES`] classes.
    pub fn new(names: NameList, vocab: Vocab) -> Result<Self, Error> {
        let possible = Allowed::AtMost(Self::MAX_CLASSES as f64);
        Setting::VocabSize.check_integer(vocab.len(), possible)?;
        Ok(BackgroundModel {
            names,
            vocab,
            table: OnceLock::new(),
        })
    }

    /// The classes of its names: it can judge words of the same vocabulary only.
    pub fn vocab(&self) -> &Vocab {
        &self.vocab
    }

    /// Its log-probabilities.
    ///
    /// # Errors
    /// [`Error::UnknownPiece`] for a name that the vocabulary cannot represent.
    pub(crate) fn table(&self) -> Result<Arc<BackgroundTable>, Error> {
        if let Some(known) = self.table.get() {
            return Ok(Arc::clone(known));
        }
        let table = Arc::new(self.table_without(&NameList::default())?);
        Ok(Arc::clone(self.table.get_or_init(|| table)))
    }

    /// The log-probabilities of a model that has not seen these names: a calibration on names that the
    /// background model knows already would overrate it.
    ///
    /// # Errors
    /// As [`BackgroundModel::table`].
    pub(crate) fn table_without(&self, excluded: &NameList) -> Result<BackgroundTable, Error> {
        let excluded: FxHashSet<&str> = excluded.names().map(|name| name.text).collect();
        let mut names = self.names.clone();
        names.retain(|name| !excluded.contains(name));
        let windows = CountedWindows::from_list(&names, &self.vocab, CONTEXT)?;
        let model = KneserNey::closed_form(&windows)?;
        Ok(BackgroundTable {
            vocab_size: self.vocab.len(),
            log_probs: log_probs(&model),
        })
    }
}

/// ln p(t | c) in nats for every context c of three tokens, [V³, V].
#[derive(Clone, Debug)]
pub(crate) struct BackgroundTable {
    vocab_size: usize,
    log_probs: Vec<f32>,
}

impl BackgroundTable {
    /// Number of tokens in a context.
    pub(crate) const CONTEXT: usize = CONTEXT;

    /// ln P(word) in nats, the end mark included.
    pub(crate) fn log_prob(&self, word: &[Token]) -> f64 {
        self.walk(word.iter().chain(&[END])).sum()
    }

    /// ln P of each token of a word, the end mark not included.
    pub(crate) fn log_probs_of<'a>(&'a self, word: &'a [Token]) -> impl Iterator<Item = f64> + 'a {
        self.walk(word.iter())
    }

    /// ln P of the end mark after a word.
    pub(crate) fn end(&self, word: &[Token]) -> f64 {
        let last = &word[word.len().saturating_sub(CONTEXT)..];
        let context = last.iter().fold(0, |context, &token| {
            context * self.vocab_size + usize::from(token)
        });
        f64::from(self.log_probs[context * self.vocab_size + usize::from(END)])
    }

    fn walk<'a>(
        &'a self,
        tokens: impl Iterator<Item = &'a Token> + 'a,
    ) -> impl Iterator<Item = f64> + 'a {
        let mut context = [usize::from(END); CONTEXT];
        tokens.map(move |&token| {
            let [first, second, third] = context;
            let place = (first * self.vocab_size + second) * self.vocab_size + third;
            context = [second, third, usize::from(token)];
            f64::from(self.log_probs[place * self.vocab_size + usize::from(token)])
        })
    }
}

/// The rows of all contexts. Contexts that were never seen differ only by their last two tokens, which is all
/// that the model looks at then, so one of them is evaluated for each pair. Contexts with an end mark after
/// another token cannot occur.
fn log_probs(model: &KneserNey) -> Vec<f32> {
    let kinds = model.vocab_size() as Token;
    let mut rows = vec![f32::NEG_INFINITY; usize::from(kinds).pow(CONTEXT as u32 + 1)];
    let row = |first: Token, second: Token, third: Token| {
        let place = [first, second, third].iter().fold(0, |place, &token| {
            place * usize::from(kinds) + usize::from(token)
        });
        place * usize::from(kinds)..(place + 1) * usize::from(kinds)
    };
    let mut exact = vec![0.0; usize::from(kinds)];
    for second in 0..kinds {
        for third in (0..kinds).filter(|&third| second == END || third != END) {
            let mut unseen = None;
            for first in (0..kinds).filter(|&first| first == END || second != END) {
                let context = [first, second, third];
                let is_seen = first == END || model.table().place(&context).is_some();
                if let (false, Some(from)) = (is_seen, unseen.clone()) {
                    rows.copy_within(from, row(first, second, third).start);
                    continue;
                }
                model.log_probs(&[model.after(&Start::default(), &context)], &mut exact);
                let own = row(first, second, third);
                for (rounded, &exact) in rows[own.clone()].iter_mut().zip(&exact) {
                    *rounded = exact as f32;
                }
                if !is_seen {
                    unseen = Some(own);
                }
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{BACKGROUND_NAMES, ReadOptions};
    use crate::score::name_log_prob;

    /// The model of the embedded list.
    pub(crate) fn embedded() -> BackgroundModel {
        let (names, _) = BACKGROUND_NAMES.read(&ReadOptions::default()).unwrap();
        BackgroundModel::new(names, Vocab::az()).unwrap()
    }

    /// Words of all kinds, with contexts that were seen and that were not, have the model's probabilities.
    #[test]
    fn the_table_is_the_model() {
        let excluded = NameList::from_names(["maria", "anna"].map(|name| (name, 1)));
        let background = embedded();
        let table = background.table_without(&excluded).unwrap();
        let mut others = background.names.clone();
        assert!(others.names().any(|name| name.text == "maria"));
        others.retain(|name| !["maria", "anna"].contains(&name));
        let vocab = Vocab::az();
        let windows = CountedWindows::from_list(&others, &vocab, CONTEXT).unwrap();
        let model = KneserNey::closed_form(&windows).unwrap();
        for word in [
            "maria",
            "a",
            "",
            "qxqzvvk",
            "guillaume",
            "zzzzzzzz",
            "bqa",
            "aadesh",
        ] {
            let word = vocab.encode(word).unwrap();
            let (found, expected) = (table.log_prob(&word), name_log_prob(&model, &word));
            assert!(
                (found - expected).abs() < 1e-5,
                "{word:?}: {found} but {expected}"
            );
        }
        let maria = vocab.encode("maria").unwrap();
        assert!(background.table().unwrap().log_prob(&maria) > table.log_prob(&maria));
    }

    /// The rows of all contexts that words can reach add up to 1.
    #[test]
    fn rows_add_up_to_one() {
        let table = embedded().table().unwrap();
        let sums = table
            .log_probs
            .chunks(27)
            .map(|row| row.iter().map(|&x| f64::from(x).exp()).sum::<f64>());
        let mut contexts = 0;
        for sum in sums.filter(|&sum| sum != 0.0) {
            assert!((sum - 1.0).abs() < 1e-5, "{sum}");
            contexts += 1;
        }
        assert_eq!(contexts, 26_usize.pow(3) + 26 * 26 + 26 + 1);
    }

    #[test]
    fn a_vocabulary_whose_table_would_not_fit_is_refused() {
        let vocab = |classes: u32| {
            let characters = (0..classes - 1).map(|i| char::from_u32(0x4e00 + i).unwrap());
            Vocab::from_characters(characters).unwrap()
        };
        let background = |classes| BackgroundModel::new(NameList::default(), vocab(classes));
        assert!(background(64).is_ok());
        assert!(matches!(background(65), Err(Error::OutOfRange(_))));
    }
}
