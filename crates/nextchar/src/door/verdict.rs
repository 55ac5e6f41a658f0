//! Verdicts on words: how likely they are according to a model, and whether they are plausible as names.

use nextchar_core::data::{MAX_NAME_LENGTH, NameList};
use nextchar_core::score::{Judge, Verdict as Judged, WordBatch, WordScorer, name_log_prob};
use nextchar_core::text::{Start, Token};
use serde::Serialize;

use super::model::Model;
use super::recognition::{Placeholders, Reason, Recognition};
use crate::door::Error;
use crate::workers::Workers;

/// A model's verdict on a word.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// ln P(word), including the end mark, in nats.
    pub log_prob: f64,
    /// The same per predicted character, including the end mark.
    pub per_char: f64,
    /// The log-odds that the word is a name, up to a constant; `None` if the model was made from too few names to
    /// judge.
    pub score: Option<f64>,
    /// Share of held-out names with a lower score, in percent; `None` if there is no score.
    pub percentile: Option<f64>,
    /// Whether it is a name of the model's list, [`Reason::Known`], or a [`Reason::Placeholder`].
    pub recognized: Option<Reason>,
    /// Whether it is more like two names in a row than like random characters.
    pub is_joined: bool,
}

impl Verdict {
    /// Whether the word is plausible as a name if this share of real names may be rejected, such as 0.01. Names of the
    /// model's list are. With a model that was made from too few names to judge, no word is plausible, and its
    /// [percentile](Verdict::percentile) is `None`.
    pub fn is_plausible(&self, false_rejection: f64) -> bool {
        let passes = matches!(self.reason(false_rejection), None | Some(Reason::Known));
        self.percentile.is_some() && passes
    }

    /// Why the word is plausible or not, where its score alone does not say it: if it is a name of the model's list, or
    /// if it is rejected.
    pub fn reason(&self, false_rejection: f64) -> Option<Reason> {
        let judged = self.judged();
        let by_score = || judged.and_then(|judged| Reason::by_score(&judged, false_rejection));
        self.recognized.or_else(by_score)
    }

    fn judged(&self) -> Option<Judged> {
        Some(Judged {
            score: self.score?,
            percentile: self.percentile?,
            is_joined: self.is_joined,
        })
    }
}

impl Model {
    /// Judges a word, cleaned like the names of the list.
    ///
    /// ```
    /// use nextchar::{Error, Family, Model, Names, Reason, TrainOptions};
    ///
    /// # let counts = TrainOptions { family: Some(Family::KneserNey), ..TrainOptions::default() };
    /// let model = Model::train(&Names::embedded("indian-names")?, &counts)?;
    /// let verdict = model.score("Nishanka")?;
    /// assert!(verdict.log_prob < 0.0 && verdict.is_plausible(0.01));
    /// assert!(!model.score("qzxvkj")?.is_plausible(0.01));
    /// assert_eq!(model.score("aadesh")?.reason(0.01), Some(Reason::Known));
    /// assert_eq!(model.score("unknown")?.reason(0.01), Some(Reason::Placeholder));
    /// assert!(matches!(model.score("n7"), Err(Error::UnknownPiece { .. })));
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::EmptyWord`], [`Error::LongWord`], and [`Error::UnknownPiece`] for a character that the
    /// model does not know.
    pub fn score(&self, word: &str) -> Result<Verdict, Error> {
        let tokens = self.encode(word)?;
        let log_prob = name_log_prob(self.language_model(), &tokens);
        let recognition = Recognition::new(self, Placeholders::usual());
        let recognized = recognition.of_word(&self.vocab().decode(&tokens));
        Ok(verdict(self.judge()?, &tokens, log_prob, recognized))
    }

    /// Judges many words on all processors; each window of characters is evaluated once.
    ///
    /// # Errors
    /// Those of [`WordScorer::new`]; words that cannot be scored have their own error.
    pub fn score_all<T: AsRef<str>>(
        &self,
        words: impl IntoIterator<Item = T>,
    ) -> Result<Vec<Result<Verdict, Error>>, Error> {
        let mut verdicts = self.verdicts()?;
        let words: Vec<T> = words.into_iter().collect();
        Ok(verdicts.of(&words, Workers::available()))
    }

    /// A judge for several batches of words, with a cache of the model's predictions.
    ///
    /// # Errors
    /// Those of [`WordScorer::new`] and [`Judge::new`].
    pub fn verdicts(&self) -> Result<Verdicts<'_>, Error> {
        self.verdicts_after(&Start::default())
    }

    /// [`Model::verdicts`] for words with their own start, such as a label.
    ///
    /// # Errors
    /// As [`Model::verdicts`].
    pub fn verdicts_after(&self, start: &Start) -> Result<Verdicts<'_>, Error> {
        Ok(Verdicts {
            model: self,
            judge: self.judge()?,
            recognition: Recognition::new(self, Placeholders::usual()).for_many(),
            scorer: WordScorer::after(self.language_model(), start)?,
        })
    }

    /// The model's judge, calibrated on other names; and how many of those are ignored because they have characters
    /// that the model does not know.
    ///
    /// # Errors
    /// [`Error::NotCalibrated`] if the model was made from too few names; [`nextchar_core::Error::NoNames`] if every
    /// name is ignored.
    pub fn judge_among(&self, names: &NameList) -> Result<(Judge, usize), Error> {
        let judge = self.judge()?.ok_or(Error::NotCalibrated)?.clone();
        let mut known = names.clone();
        let unknown = known.retain(|name| self.vocab().knows(name));
        let judge = judge.calibrated(self.language_model(), self.vocab(), &known)?;
        Ok((judge, unknown))
    }

    /// The tokens of a word, cleaned like names.
    ///
    /// # Errors
    /// Those of [`Model::score`].
    pub fn encode(&self, word: &str) -> Result<Vec<Token>, Error> {
        if word.trim().is_empty() {
            return Err(Error::EmptyWord);
        }
        self.tokens(word)
    }

    /// [`Model::encode`] for a word that may be empty.
    pub(super) fn tokens(&self, word: &str) -> Result<Vec<Token>, Error> {
        let word = word.trim();
        if word.chars().nth(MAX_NAME_LENGTH).is_some() {
            return Err(Error::LongWord {
                text: word.chars().take(40).collect(),
                longest: MAX_NAME_LENGTH,
            });
        }
        let tokens = self.vocab().encode(&self.vocab().normalized(word));
        tokens.map_err(|fault| Error::UnknownPiece {
            text: word.to_owned(),
            fault,
        })
    }
}

fn verdict(
    judge: Option<&Judge>,
    word: &[Token],
    log_prob: f64,
    recognized: Option<Reason>,
) -> Verdict {
    let judged = judge.map(|judge| judge.verdict(word, log_prob));
    Verdict {
        log_prob,
        per_char: log_prob / (word.len() + 1) as f64,
        score: judged.map(|judged| judged.score),
        percentile: judged.map(|judged| judged.percentile),
        recognized,
        is_joined: judged.is_some_and(|judged| judged.is_joined),
    }
}

/// Judges many words: the model evaluates each context once.
pub struct Verdicts<'m> {
    model: &'m Model,
    judge: Option<&'m Judge>,
    recognition: Recognition<'m>,
    scorer: WordScorer<'m>,
}

impl Verdicts<'_> {
    /// Number of words that are scored together on one thread.
    const PORTION: usize = 4096;

    /// The verdicts on some words, in order.
    pub fn of<T: AsRef<str>>(
        &mut self,
        words: &[T],
        workers: &Workers,
    ) -> Vec<Result<Verdict, Error>> {
        let encoded = words.iter().map(|word| self.model.encode(word.as_ref()));
        let encoded: Vec<Result<Vec<Token>, Error>> = encoded.collect();
        let mut batches: Vec<Portion> = Vec::new();
        for portion in encoded.chunks(Self::PORTION) {
            let mut batch = Portion::default();
            portion.iter().flatten().for_each(|word| batch.0.push(word));
            batches.push(batch);
        }
        self.scorer.score(&mut batches, workers);
        let mut scored = batches
            .iter()
            .flat_map(|Portion(batch)| (0..batch.len()).map(|place| batch.word(place).1));
        let mut one = |tokens: Vec<Token>| {
            let log_probs = scored.next().expect("every encoded word was scored");
            let recognized = self
                .recognition
                .of_word(&self.model.vocab().decode(&tokens));
            verdict(self.judge, &tokens, log_probs.iter().sum(), recognized)
        };
        encoded.into_iter().map(|word| word.map(&mut one)).collect()
    }
}

/// Words in the form that the scorer takes.
#[derive(Default)]
struct Portion(WordBatch);

impl AsMut<WordBatch> for Portion {
    fn as_mut(&mut self) -> &mut WordBatch {
        &mut self.0
    }
}
