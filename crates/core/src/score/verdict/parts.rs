//! Two names in a row: what a word is if the contents of two cells ran together.

use crate::counts::AdditiveNgram;
use crate::data::CountedWindows;
use crate::error::Error;
use crate::language_model::LanguageModel;
use crate::score::verdict::background::BackgroundTable;
use crate::score::verdict::folding::{Folded, Folding};
use crate::text::{END, Token};

/// The fewest tokens of a part.
const SHORTEST: usize = 2;
/// The most tokens of a word that is split, and the most letters; two names are shorter.
const LONGEST: usize = 64;
/// The most classes whose bigrams are written out as a table.
const MOST_CLASSES: usize = 512;

/// A bigram model of the list, written out: knows the beginnings and ends of its names.
#[derive(Clone, Debug)]
pub(crate) struct Bigrams {
    vocab_size: usize,
    /// ln p(t | c) in nats, [V, V].
    log_probs: Vec<f64>,
}

impl Bigrams {
    /// The bigrams of some windows; `None` if there are too many classes.
    ///
    /// # Errors
    /// Those of [`CountedWindows::shorten`].
    pub(crate) fn new(table: &CountedWindows) -> Result<Option<Self>, Error> {
        let vocab_size = table.vocab_size();
        if vocab_size > MOST_CLASSES {
            return Ok(None);
        }
        let model = AdditiveNgram::with_context(table, 1)?;
        let rows = (0..vocab_size as Token).flat_map(|token| model.next_log_probs(&[token]));
        Ok(Some(Bigrams {
            vocab_size,
            log_probs: rows.collect(),
        }))
    }

    fn log_prob(&self, before: Token, token: Token) -> f64 {
        self.log_probs[usize::from(before) * self.vocab_size + usize::from(token)]
    }
}

/// ln of the probability of a word's likeliest two parts, where each is a name according to the background model or to
/// the bigrams of the list, whichever finds it likelier. `None` if the word is too short or too long for two.
///
/// Both models forget what is more than a few tokens back, so a part that begins within the word differs from the word
/// in its first tokens only, and all splits together cost little more than the word.
pub(crate) fn best_split(
    word: &[Token],
    bigrams: &Bigrams,
    background: Option<(&BackgroundTable, &Folding)>,
) -> Option<f64> {
    if !(2 * SHORTEST..=LONGEST).contains(&word.len()) {
        return None;
    }
    let mut by_list = [0.0; LONGEST + 1];
    let mut before = END;
    for (place, &token) in word.iter().enumerate() {
        by_list[place + 1] = by_list[place] + bigrams.log_prob(before, token);
        before = token;
    }
    let whole = by_list[word.len()] + bigrams.log_prob(before, END);
    let foreign = background.and_then(|(table, folding)| Foreign::of(word, table, folding));
    let splits = (SHORTEST..=word.len() - SHORTEST).map(|place| {
        let (last, first) = (word[place - 1], word[place]);
        let left = by_list[place] + bigrams.log_prob(last, END);
        let right =
            whole - by_list[place] - bigrams.log_prob(last, first) + bigrams.log_prob(END, first);
        match &foreign {
            Some(foreign) => left.max(foreign.left(place)) + right.max(foreign.right(place)),
            None => left + right,
        }
    });
    splits.max_by(f64::total_cmp)
}

/// The parts of a word according to the background model.
struct Foreign<'a> {
    word: &'a [Token],
    table: &'a BackgroundTable,
    folding: &'a Folding,
    folded: Folded<'a>,
    /// ln P of the first letters.
    sums: [f64; LONGEST + 1],
    /// ln P of all letters and the end mark.
    whole: f64,
}

impl<'a> Foreign<'a> {
    fn of(word: &'a [Token], table: &'a BackgroundTable, folding: &'a Folding) -> Option<Self> {
        let folded = folding.fold(word)?;
        if folded.letters.len() > LONGEST {
            return None;
        }
        let mut sums = [0.0; LONGEST + 1];
        for (place, log_prob) in table.log_probs_of(&folded.letters).enumerate() {
            sums[place + 1] = sums[place] + log_prob;
        }
        let whole = sums[folded.letters.len()] + table.end(&folded.letters);
        Some(Foreign {
            word,
            table,
            folding,
            folded,
            sums,
            whole,
        })
    }

    /// ln P of the part before a token of the word.
    fn left(&self, place: usize) -> f64 {
        let letters = self.folded.letters_of(place);
        let end = self.table.end(&self.folded.letters[..letters]);
        self.sums[letters] + end + self.folding.log_share(&self.word[..place])
    }

    /// ln P of the part from a token of the word on.
    fn right(&self, place: usize) -> f64 {
        let start = self.folded.letters_of(place);
        let letters = &self.folded.letters[start..];
        let fresh = letters.len().min(BackgroundTable::CONTEXT);
        let first: f64 = self.table.log_probs_of(&letters[..fresh]).sum();
        let others = match fresh == letters.len() {
            // The context of the end mark may reach into the other part.
            true if fresh < BackgroundTable::CONTEXT => self.table.end(letters),
            _ => self.whole - self.sums[start + fresh],
        };
        first + others + self.folding.log_share(&self.word[place..])
    }
}
