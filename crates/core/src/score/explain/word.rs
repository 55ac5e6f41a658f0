//! A name letter by letter: how likely each was, what was likely instead, where the surprise lies.

use serde::Serialize;

use crate::data::windows_after;
use crate::language_model::LanguageModel;
use crate::score::evaluate::losses::token_log_probs_after;
use crate::text::{Start, Token, Vocab};

/// What a model says of each letter of a word.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WordExplanation {
    /// The word.
    pub text: String,
    /// ln P(word), the end mark included, in nats.
    pub log_prob: f64,
    /// −log₂ P over the number of predicted characters, the end mark counted.
    pub bits_per_char: f64,
    /// The place of the greatest surprise in `letters`, from 0.
    pub most_surprising: usize,
    /// Its letters, then the end mark.
    pub letters: Vec<LetterExplanation>,
}

/// One letter and what might have stood there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LetterExplanation {
    /// The characters before it, `_` for padding.
    pub context: String,
    /// The character, `_` for the end.
    pub token: String,
    /// ln p(token | context), in nats.
    pub log_prob: f64,
    /// The same as surprise: −log₂ p, in bits.
    pub bits: f64,
    /// 1 for the likeliest character after this context.
    pub rank: usize,
    /// The likeliest characters, from the first.
    pub likely: Vec<LikelyToken>,
}

/// A character and its probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LikelyToken {
    /// The character, `_` for the end.
    pub token: String,
    /// Its probability.
    pub p: f64,
}

/// Explains a word; `shown` likely characters stand beside each of its own.
///
/// ```
/// use nextchar_core::data::{CountedWindows, NameList};
/// use nextchar_core::text::Vocab;
/// use nextchar_core::counts::KneserNey;
/// use nextchar_core::score::explain_word;
///
/// # fn main() -> Result<(), nextchar_core::Error> {
/// let vocab = Vocab::az();
/// let names = NameList::from_names(["asha", "usha", "isha", "nisha"].map(|name| (name, 1)));
/// let model = KneserNey::closed_form(&CountedWindows::from_list(&names, &vocab, 3)?)?;
/// let found = explain_word(&model, &vocab, &vocab.encode("ishta").unwrap(), 3);
/// let surprise = &found.letters[found.most_surprising];
/// assert_eq!((surprise.context.as_str(), surprise.token.as_str()), ("ish", "t"));
/// assert_eq!(surprise.likely[0].token, "a"); // was likely instead
/// # Ok(())
/// # }
/// ```
///
/// # Panics
/// If a token is not in the vocabulary.
pub fn explain_word(
    model: &dyn LanguageModel,
    vocab: &Vocab,
    word: &[Token],
    shown: usize,
) -> WordExplanation {
    explain_word_after(model, vocab, &Start::default(), word, shown)
}

/// [`explain_word`] for a word with a start of its own.
///
/// # Panics
/// As [`explain_word`].
pub fn explain_word_after(
    model: &dyn LanguageModel,
    vocab: &Vocab,
    start: &Start,
    word: &[Token],
    shown: usize,
) -> WordExplanation {
    let mut state = model.start(start);
    let mut log_probs = vec![0.0; model.vocab_size()];
    let letters: Vec<LetterExplanation> =
        windows_after(start.clone(), word, model.context_length())
            .map(|(context, target)| {
                model.log_probs(&[state], &mut log_probs);
                state = model.next(state, target);
                let log_prob = log_probs[usize::from(target)];
                let mut order: Vec<usize> = (0..log_probs.len()).collect();
                order.sort_by(|&a, &b| log_probs[b].total_cmp(&log_probs[a]));
                let likely = order.iter().take(shown).map(|&token| LikelyToken {
                    token: vocab.symbol(token as Token).to_owned(),
                    p: libm::exp(log_probs[token]),
                });
                LetterExplanation {
                    context: vocab.decode(&context),
                    token: vocab.symbol(target).to_owned(),
                    log_prob,
                    bits: -log_prob / std::f64::consts::LN_2,
                    rank: 1 + log_probs.iter().filter(|&&other| other > log_prob).count(),
                    likely: likely.collect(),
                }
            })
            .collect();
    let log_prob = token_log_probs_after(model, start, word).iter().sum();
    let surprise = |place: &usize| letters[*place].bits;
    WordExplanation {
        text: vocab.decode(word),
        log_prob,
        bits_per_char: -log_prob / std::f64::consts::LN_2 / letters.len() as f64,
        most_surprising: (0..letters.len())
            .rev()
            .max_by(|a, b| surprise(a).total_cmp(&surprise(b)))
            .expect("the end mark is always there"),
        letters,
    }
}
