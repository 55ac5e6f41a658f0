//! Words of any vocabulary in the letters of the background model: accents folded, other scripts left aside.

use std::borrow::Cow;

use crate::text::{END, Token, Vocab, folded};

/// The letters of a token that belongs to another script.
const OTHER: [Token; 2] = [Token::MAX; 2];

/// The kinds of characters in names. Names are calibrated by the last kind that occurs in them, because a model
/// knows little of rare characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    /// The letters a–z, and the marks between them.
    Plain,
    /// Letters with accents.
    Accented,
    /// Characters of other scripts.
    Other,
}

impl Group {
    /// All groups, in order.
    pub(crate) const ALL: [Group; 3] = [Group::Plain, Group::Accented, Group::Other];
}

/// The letters of every token: none, one or two tokens of the background model.
#[derive(Clone, Debug)]
pub(crate) struct Folding {
    letters: Vec<[Token; 2]>,
    /// ln of the share of each token among the tokens with the same letters: the background model says which letters
    /// a name has, the list says with which accents.
    log_shares: Vec<f64>,
    /// By token.
    groups: Vec<Group>,
    /// Whether both vocabularies have the same tokens, so that there is nothing to fold.
    is_identity: bool,
}

/// A word in the letters of the background model.
pub(crate) struct Folded<'w> {
    pub letters: Cow<'w, [Token]>,
    /// For each token of the word, the number of letters up to its end; `None` if each is one letter.
    ends: Option<Vec<usize>>,
}

impl Folded<'_> {
    /// The number of letters of the first tokens of the word.
    pub(crate) fn letters_of(&self, tokens: usize) -> usize {
        match &self.ends {
            Some(ends) => tokens.checked_sub(1).map_or(0, |last| ends[last]),
            None => tokens,
        }
    }
}

impl Folding {
    /// The letters of a vocabulary's tokens in `background`; `log_frequencies` are ln of the tokens' frequencies.
    pub(crate) fn new(vocab: &Vocab, background: &Vocab, log_frequencies: &[f64]) -> Self {
        let mut letters = vec![[END; 2]; vocab.len()];
        let mut groups = vec![Group::Plain; vocab.len()];
        for (token, piece) in (1..).zip(vocab.pieces()) {
            let plain = folded(piece);
            let found = plain.and_then(|plain| background.encode(plain).ok());
            letters[token] = match found.as_deref() {
                Some([]) => [END; 2],
                Some(&[one]) => [one, END],
                Some(&[first, second]) => [first, second],
                _ => OTHER,
            };
            groups[token] = match plain {
                _ if piece.is_ascii() => Group::Plain,
                None => Group::Other,
                Some("") => Group::Plain,
                Some(_) => Group::Accented,
            };
        }
        let frequency = |token: usize| libm::exp(log_frequencies[token]);
        let log_share = |token: usize| {
            // Marks between letters are additions to the word, so their frequency among all tokens counts.
            if token == usize::from(END) || letters[token] == OTHER {
                return 0.0;
            }
            if letters[token] == [END; 2] {
                return log_frequencies[token];
            }
            let same = (1..letters.len()).filter(|&other| letters[other] == letters[token]);
            let (count, all) = same.fold((0, 0.0), |(count, all), other| {
                (count + 1, all + frequency(other))
            });
            match count {
                1 => 0.0,
                _ => log_frequencies[token] - libm::log(all),
            }
        };
        Folding {
            log_shares: (0..letters.len()).map(log_share).collect(),
            is_identity: vocab == background,
            letters,
            groups,
        }
    }

    /// Whether any token has letters.
    pub(crate) fn is_possible(&self) -> bool {
        let mut letters = self.letters.iter();
        letters.any(|&letters| letters != OTHER && letters != [END; 2])
    }

    /// A word in letters; `None` if it has characters of other scripts, or no letter at all.
    pub(crate) fn fold<'w>(&self, word: &'w [Token]) -> Option<Folded<'w>> {
        if self.is_identity {
            let letters = Cow::Borrowed(word);
            return Some(Folded {
                letters,
                ends: None,
            });
        }
        let mut letters = Vec::with_capacity(word.len() + 1);
        let mut ends = Vec::with_capacity(word.len());
        for &token in word {
            let own = self.letters[usize::from(token)];
            if own == OTHER {
                return None;
            }
            letters.extend(own.into_iter().filter(|&letter| letter != END));
            ends.push(letters.len());
        }
        (!letters.is_empty()).then_some(Folded {
            letters: letters.into(),
            ends: Some(ends),
        })
    }

    /// ln of the share of the word's accents among all ways to write its letters.
    pub(crate) fn log_share(&self, word: &[Token]) -> f64 {
        if self.is_identity {
            return 0.0;
        }
        let shares = word
            .iter()
            .map(|&token| self.log_shares[usize::from(token)]);
        shares.sum()
    }

    /// The group that a word is calibrated in.
    pub(crate) fn group(&self, word: &[Token]) -> Group {
        let groups = word.iter().map(|&token| self.groups[usize::from(token)]);
        groups.max().unwrap_or(Group::Plain)
    }
}
