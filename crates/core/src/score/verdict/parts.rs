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
pub(crate) const LONGEST: usize = 64;
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

/// Whether a word of this many tokens may be two names.
fn has_parts(tokens: usize) -> bool {
    (2 * SHORTEST..=LONGEST).contains(&tokens)
}

/// ln of the probability of a word's likeliest two parts, where each is a name according to the background model or to
/// the bigrams of the list, whichever finds it likelier. `None` if the word is too short or too long for two.
///
/// Both models forget what is more than a few tokens back, so a part that begins within the word differs from the word
/// in its first tokens only, and all splits together cost little more than the word.
///
/// N is more than the tokens of the word and its letters: clearing memory for the longest word would take a third of the
/// time of most.
pub(crate) fn best_split<const N: usize>(
    word: &[Token],
    bigrams: &Bigrams,
    foreign: Option<&Foreign<'_, N>>,
) -> Option<f64> {
    if !has_parts(word.len()) {
        return None;
    }
    let mut by_list = [0.0; N];
    let mut before = END;
    for (place, &token) in word.iter().enumerate() {
        by_list[place + 1] = by_list[place] + bigrams.log_prob(before, token);
        before = token;
    }
    let whole = by_list[word.len()] + bigrams.log_prob(before, END);
    let splits = (SHORTEST..=word.len() - SHORTEST).map(|place| {
        let (last, first) = (word[place - 1], word[place]);
        let left = by_list[place] + bigrams.log_prob(last, END);
        let right =
            whole - by_list[place] - bigrams.log_prob(last, first) + bigrams.log_prob(END, first);
        match foreign {
            Some(foreign) => left.max(foreign.left(place)) + right.max(foreign.right(place)),
            None => left + right,
        }
    });
    splits.max_by(f64::total_cmp)
}

/// A word of fewer than N letters, and its parts, according to the background model.
pub(crate) struct Foreign<'a, const N: usize> {
    word: &'a [Token],
    table: &'a BackgroundTable,
    folding: &'a Folding,
    folded: &'a Folded<'a>,
    /// ln P of the first letters.
    sums: [f64; N],
    /// ln P of the end mark after them.
    ends: [f64; N],
    /// ln P of all letters and the end mark.
    whole: f64,
}

impl<'a, const N: usize> Foreign<'a, N> {
    /// `None` for a word that has no parts.
    pub(crate) fn of(
        word: &'a [Token],
        table: &'a BackgroundTable,
        folding: &'a Folding,
        folded: &'a Folded<'a>,
    ) -> Option<Self> {
        let letters = &*folded.letters;
        if !has_parts(word.len()) || letters.len() >= N {
            return None;
        }
        let (mut sums, mut ends) = ([0.0; N], [0.0; N]);
        let mut context = BackgroundTable::START;
        for (place, &letter) in letters.iter().enumerate() {
            let row = table.row(context);
            ends[place] = f64::from(row[usize::from(END)]);
            sums[place + 1] = sums[place] + f64::from(row[usize::from(letter)]);
            context = BackgroundTable::next_context(context, letter);
        }
        ends[letters.len()] = f64::from(table.row(context)[usize::from(END)]);
        let whole = sums[letters.len()] + ends[letters.len()];
        Some(Foreign {
            word,
            table,
            folding,
            folded,
            sums,
            ends,
            whole,
        })
    }

    /// ln P of the letters of the whole word, without its accents.
    pub(crate) fn whole(&self) -> f64 {
        self.whole
    }

    /// ln P of the part before a token of the word.
    fn left(&self, place: usize) -> f64 {
        let letters = self.folded.letters_of(place);
        self.sums[letters] + self.ends[letters] + self.folding.log_share(&self.word[..place])
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
