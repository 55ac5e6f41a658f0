//! A background model of first names from many languages.
//!
//! A list of three hundred names knows little of its own kind, and one of five thousand has few of the foreign
//! names that occasionally occur in it; first names of many languages know more. The model is Kneser–Ney with a
//! context of 3, written out as tables because verdicts are requested by the million. A program that judges one word
//! should not wait for all of them, so each is made when a word first needs it.

use std::sync::{Arc, OnceLock};

use rustc_hash::FxHashSet;

use crate::data::{EmbeddedList, NameList};
use crate::error::Error;
use crate::score::verdict::trigrams::{self, Trigrams, history_length};
use crate::setting::{Allowed, Setting};
use crate::text::{END, Token, Vocab};

/// What names sound like elsewhere: the second opinion of a verdict on words that the model of a list finds odd.
///
/// Its names are counted on first use, and only once for all clones that are made afterwards.
///
/// ```
/// use nextchar_core::data::BACKGROUND_NAMES;
/// use nextchar_core::score::BackgroundModel;
/// use nextchar_core::text::Vocab;
///
/// let background = BackgroundModel::embedded(BACKGROUND_NAMES, Vocab::az())?;
/// # assert_eq!(background.vocab(), &Vocab::az());
/// # Ok::<(), nextchar_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct BackgroundModel {
    names: Names,
    vocab: Vocab,
    table: OnceLock<Arc<BackgroundTable>>,
}

#[derive(Clone, Debug)]
enum Names {
    List(NameList),
    /// One name in each row.
    Embedded(EmbeddedList),
}

impl BackgroundModel {
    /// The most classes of a vocabulary; the counts have their number to the fourth power.
    pub const MAX_CLASSES: usize = 64;

    /// A model of these names.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if the vocabulary has more than [`BackgroundModel::MAX_CLASSES`] classes.
    pub fn new(names: NameList, vocab: Vocab) -> Result<Self, Error> {
        Self::of(Names::List(names), vocab)
    }

    /// A model of an embedded list whose rows are names and nothing else. They are counted without copying the list.
    ///
    /// # Errors
    /// As [`BackgroundModel::new`].
    pub fn embedded(list: EmbeddedList, vocab: Vocab) -> Result<Self, Error> {
        Self::of(Names::Embedded(list), vocab)
    }

    fn of(names: Names, vocab: Vocab) -> Result<Self, Error> {
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
        let mut counts = Trigrams::new(self.vocab.len());
        let mut tokens = Vec::new();
        let mut add = |name: &str, count| -> Result<(), Error> {
            if excluded.contains(name) {
                return Ok(());
            }
            let known = self.vocab.encode_into(name, &mut tokens);
            known.map_err(|unknown| unknown.of(name))?;
            counts.add(&tokens, count);
            Ok(())
        };
        match &self.names {
            Names::List(names) => names
                .names()
                .try_for_each(|name| add(name.text, name.count))?,
            Names::Embedded(list) => list.rows().try_for_each(|name| add(name, 1))?,
        }
        Ok(BackgroundTable::new(counts.finished(), self.vocab.len()))
    }
}

/// ln p(t | c) in nats for every context c of three tokens.
#[derive(Clone, Debug)]
pub(crate) struct BackgroundTable {
    vocab_size: usize,
    counts: Trigrams,
    /// By the last two tokens of a context: [V, V], by its first token and the next one, once a word needed it.
    blocks: Vec<OnceLock<Box<[f32]>>>,
}

/// The tokens before the next one.
pub(crate) type Context = [usize; BackgroundTable::CONTEXT];

impl BackgroundTable {
    /// Number of tokens in a context.
    pub(crate) const CONTEXT: usize = trigrams::CONTEXT;

    fn new(counts: Trigrams, vocab_size: usize) -> Self {
        BackgroundTable {
            vocab_size,
            counts,
            blocks: vec![OnceLock::new(); vocab_size * vocab_size],
        }
    }

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
        let last = &word[word.len().saturating_sub(Self::CONTEXT)..];
        let context = last.iter().fold(Self::START, |context, &token| {
            Self::next_context(context, token)
        });
        f64::from(self.row(context)[usize::from(END)])
    }

    /// The context before the first token of a word.
    pub(crate) const START: Context = [END as usize; Self::CONTEXT];

    /// The context after one more token.
    #[inline(always)]
    pub(crate) fn next_context([_, second, third]: Context, token: Token) -> Context {
        [second, third, usize::from(token)]
    }

    /// ln p of every token after a context, \[V\].
    #[inline(always)]
    pub(crate) fn row(&self, [first, second, third]: Context) -> &[f32] {
        let block = &self.blocks[second * self.vocab_size + third];
        let rows = match block.get() {
            Some(rows) => rows,
            None => block.get_or_init(|| self.block(second, third)),
        };
        &rows[first * self.vocab_size..][..self.vocab_size]
    }

    fn walk<'a>(
        &'a self,
        tokens: impl Iterator<Item = &'a Token> + 'a,
    ) -> impl Iterator<Item = f64> + 'a {
        let mut context = Self::START;
        tokens.map(move |&token| {
            let row = self.row(context);
            context = Self::next_context(context, token);
            f64::from(row[usize::from(token)])
        })
    }

    /// The rows of all contexts with these last two tokens. Those that were never seen look at nothing else, so they
    /// have the same row.
    #[cold]
    fn block(&self, second: usize, third: usize) -> Box<[f32]> {
        let vocab_size = self.vocab_size;
        let log = |probs: &[f64], row: &mut [f32]| {
            for (log_prob, &p) in row.iter_mut().zip(probs) {
                *log_prob = libm::log(p) as f32;
            }
        };
        let mut shorter = vec![0.0; vocab_size];
        let start = usize::from(END);
        let unseen = [start, second, third];
        self.counts.probs(unseen, Self::CONTEXT - 1, &mut shorter);
        let mut row = vec![0.0; vocab_size];
        log(&shorter, &mut row);
        let mut rows = row.repeat(vocab_size).into_boxed_slice();
        for (first, row) in rows.chunks_exact_mut(vocab_size).enumerate() {
            let context = [first, second, third];
            let mut probs = shorter.clone();
            if history_length(context) == Self::CONTEXT
                && self.counts.interpolate(context, Self::CONTEXT, &mut probs)
            {
                log(&probs, row);
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LanguageModel;
    use crate::counts::KneserNey;
    use crate::data::{BACKGROUND_NAMES, CountedWindows, ReadOptions};
    use crate::score::name_log_prob;

    /// The model of the embedded list.
    fn embedded() -> BackgroundModel {
        BackgroundModel::embedded(BACKGROUND_NAMES, Vocab::az()).unwrap()
    }

    /// Words of all kinds, with contexts that were seen and that were not, have the model's probabilities.
    #[test]
    fn the_table_is_the_model() {
        let excluded = NameList::from_names(["maria", "anna"].map(|name| (name, 1)));
        let background = embedded();
        let table = background.table_without(&excluded).unwrap();
        let (mut others, _) = BACKGROUND_NAMES.read(&ReadOptions::default()).unwrap();
        assert!(others.names().any(|name| name.text == "maria"));
        others.retain(|name| !["maria", "anna"].contains(&name));
        let vocab = Vocab::az();
        let windows = CountedWindows::from_list(&others, &vocab, BackgroundTable::CONTEXT).unwrap();
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

    /// The bits of every row that words can reach are those of the model.
    #[test]
    fn rows_are_those_of_kneser_ney() {
        let table = embedded().table().unwrap();
        let (names, _) = BACKGROUND_NAMES.read(&ReadOptions::default()).unwrap();
        let windows =
            CountedWindows::from_list(&names, &Vocab::az(), BackgroundTable::CONTEXT).unwrap();
        let model = KneserNey::closed_form(&windows).unwrap();
        let mut contexts = 0;
        for number in 0..27u16.pow(3) {
            let context = [number / 729, number / 27 % 27, number % 27];
            let started = context.iter().skip_while(|&&token| token == END);
            if started.clone().any(|&token| token == END) {
                continue;
            }
            let expected = model.next_log_probs(&started.copied().collect::<Vec<_>>());
            let expected: Vec<f32> = expected.iter().map(|&x| x as f32).collect();
            assert_eq!(table.row(context.map(usize::from)), expected, "{context:?}");
            contexts += 1;
        }
        assert_eq!(contexts, 26_usize.pow(3) + 26 * 26 + 26 + 1);
    }

    /// Counting the rows of the list where they are is reading it: every row is a clean name, and occurs once.
    #[test]
    fn the_embedded_list_needs_no_reading() {
        let (names, _) = BACKGROUND_NAMES.read(&ReadOptions::default()).unwrap();
        assert_eq!(names.len(), BACKGROUND_NAMES.rows().count());
        assert!(BACKGROUND_NAMES.rows().all(|row| names.contains(row)));
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
