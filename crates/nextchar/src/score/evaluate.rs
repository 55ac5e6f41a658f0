//! Honest evaluation: the loss on given names beside what plain counting reaches on them.

use serde::Serialize;

use crate::data::{CountedWindows, Token, windows};
use crate::error::Error;
use crate::language_model::{LanguageModel, loss};
use crate::ngram::AdditiveNgram;

/// How well a model predicts names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Mean negative log-likelihood in nats per predicted character, end marks included.
    pub loss: f64,
    /// loss / ln 2.
    pub bits_per_char: f64,
    /// exp(loss): as uncertain as a fair choice among this many.
    pub perplexity: f64,
    /// Number of predicted characters, end marks included: the denominator.
    pub examples: u64,
    /// What counting reaches on the same names.
    pub baselines: Baselines,
}

/// Losses of models that only count, in nats per predicted character, end marks included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Baselines {
    /// ln V: every class equally likely.
    pub uniform: f64,
    /// Add-one counts of single characters in the training split.
    pub unigram: f64,
    /// Add-one counts of pairs in the training split.
    pub bigram: f64,
}

impl Baselines {
    /// The baselines of a training split on other names.
    ///
    /// `train` has a context of at least 1; unigrams follow from it.
    ///
    /// # Errors
    /// [`Error::NoNames`] where there is nothing to predict.
    ///
    /// # Panics
    /// If the context of `train` is 0 or a token is not below its vocabulary's size.
    pub fn new(train: &CountedWindows, names: &[(Vec<Token>, u64)]) -> Result<Self, Error> {
        let counted = |context_length| -> Result<f64, Error> {
            let table = count(names, train.vocab_size(), context_length)?;
            Ok(loss(&AdditiveNgram::new(train, context_length), &table))
        };
        Ok(Baselines {
            uniform: libm::log(train.vocab_size() as f64),
            unigram: counted(0)?,
            bigram: counted(1)?,
        })
    }
}

/// The loss of a model on tokenised names with their counts, beside the baselines of the
/// training split's counts `train`, whose context is at least 1.
///
/// # Errors
/// [`Error::NoNames`] where there is nothing to predict, [`Error::ContextTooLong`] where the
/// model looks back further than can be counted.
///
/// # Panics
/// If the context of `train` is 0, the vocabularies differ in size, or a token is not below it.
pub fn evaluate(
    model: &dyn LanguageModel,
    names: &[(Vec<Token>, u64)],
    train: &CountedWindows,
) -> Result<Report, Error> {
    assert_eq!(model.vocab_size(), train.vocab_size(), "model and counts of one vocabulary");
    let table = count(names, model.vocab_size(), model.context_length())?;
    let loss = loss(model, &table);
    Ok(Report {
        loss,
        bits_per_char: loss / std::f64::consts::LN_2,
        perplexity: libm::exp(loss),
        examples: table.examples(),
        baselines: Baselines::new(train, names)?,
    })
}

fn count(
    names: &[(Vec<Token>, u64)],
    vocab_size: usize,
    context_length: usize,
) -> Result<CountedWindows, Error> {
    let names = names.iter().map(|(name, count)| (name.as_slice(), *count));
    let table = CountedWindows::from_names(names, vocab_size, context_length)?;
    if table.is_empty() {
        return Err(Error::NoNames("nothing to evaluate on".into()));
    }
    Ok(table)
}

/// ln p of every token of a name in turn and of its end mark, in nats: a vector of length + 1.
///
/// # Panics
/// If a token is not below the model's vocabulary size.
pub fn token_log_probs(model: &dyn LanguageModel, name: &[Token]) -> Vec<f64> {
    let (contexts, targets): (Vec<_>, Vec<_>) = windows(name, model.context_length()).unzip();
    let mut log_probs = vec![0.0; targets.len() * model.vocab_size()];
    model.log_probs(&contexts.concat(), &mut log_probs);
    log_probs
        .chunks_exact(model.vocab_size())
        .zip(targets)
        .map(|(row, target)| row[usize::from(target)])
        .collect()
}

/// ln P of a whole name with its end mark, in nats.
///
/// ```
/// use nextchar::{ngram::Uniform, score::name_log_prob};
///
/// let log_prob = name_log_prob(&Uniform { vocab_size: 27 }, &[1, 2, 2]);
/// assert!((log_prob + 4.0 * 27f64.ln()).abs() < 1e-12); // three letters and the end
/// ```
///
/// # Panics
/// If a token is not below the model's vocabulary size.
pub fn name_log_prob(model: &dyn LanguageModel, name: &[Token]) -> f64 {
    token_log_probs(model, name).iter().sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Names = Vec<(Vec<Token>, u64)>;

    fn names() -> impl Strategy<Value = Names> {
        let name = prop::collection::vec(1u16..5, 0..7);
        prop::collection::vec((name, 1u64..4), 1..12)
    }

    proptest! {
        /// Model and baselines are exactly the mean over all names, letter by letter.
        #[test]
        fn the_report_is_the_mean_over_names(train in names(), held_out in names()) {
            let trigrams = count(&train, 5, 2).unwrap();
            let model = AdditiveNgram::new(&trigrams, 2);
            let report = evaluate(&model, &held_out, &trigrams).unwrap();
            let examples: u64 = held_out.iter().map(|(name, n)| (name.len() as u64 + 1) * n).sum();
            let mean = |model: &dyn LanguageModel| {
                let total: f64 = held_out
                    .iter()
                    .map(|(name, n)| *n as f64 * name_log_prob(model, name))
                    .sum();
                -total / examples as f64
            };
            let close = |left: f64, right: f64| (left - right).abs() < 1e-10;
            prop_assert_eq!(report.examples, examples);
            prop_assert!(close(report.loss, mean(&model)));
            prop_assert!(close(report.bits_per_char, report.loss * std::f64::consts::LOG2_E));
            prop_assert!(close(report.perplexity, report.loss.exp()));
            prop_assert!(close(report.baselines.uniform, 5f64.ln()));
            prop_assert!(close(report.baselines.unigram, mean(&AdditiveNgram::new(&trigrams, 0))));
            prop_assert!(close(report.baselines.bigram, mean(&AdditiveNgram::new(&trigrams, 1))));
        }

        /// A model file that keeps only the bigram counts gives the same baselines.
        #[test]
        fn bigram_counts_are_enough(train in names(), held_out in names()) {
            let from_bigrams = Baselines::new(&count(&train, 5, 1).unwrap(), &held_out);
            prop_assert_eq!(from_bigrams, Baselines::new(&count(&train, 5, 3).unwrap(), &held_out));
        }
    }

    #[test]
    fn nothing_to_predict_is_an_error() {
        let train = count(&[(vec![1], 1)], 3, 1).unwrap();
        assert!(matches!(Baselines::new(&train, &[]), Err(Error::NoNames(_))));
    }
}
