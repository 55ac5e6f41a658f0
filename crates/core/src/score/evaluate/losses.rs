//! Held-out loss, always compared with counting.

use serde::{Deserialize, Serialize};

use crate::counts::{AdditiveNgram, KneserNey, Uniform};
use crate::data::CountedWindows;
use crate::error::Error;
use crate::executor::Executor;
use crate::language_model::{LanguageModel, loss};
use crate::text::{END, Start, Token};

/// Losses of the simplest models on the same names, in nats per predicted character.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baselines {
    /// ln V: every character equally likely.
    pub uniform: f64,
    /// Character frequencies of the training names, add-one.
    pub unigram: f64,
    /// Character frequencies after each character, add-one.
    pub bigram: f64,
    /// Interpolated modified Kneser–Ney with the model's own context length, cross-fitted.
    pub kneser_ney: Option<f64>,
    /// The same with the context length that was best on the validation names.
    pub best_kneser_ney: Option<f64>,
    /// That context length.
    pub best_kneser_ney_context: Option<usize>,
}

/// Counting models of the training names, which every evaluation is compared with.
#[derive(Clone, Debug)]
pub struct Rivals {
    /// Windows with a context of at least 1.
    pub bigrams: CountedWindows,
    /// Kneser–Ney with the model's context length.
    pub kneser_ney: Option<KneserNey>,
    /// Kneser–Ney with the context length that was best on the validation names.
    pub best_kneser_ney: Option<KneserNey>,
}

impl Rivals {
    /// The longest context that any of them uses.
    pub fn context_length(&self) -> usize {
        let found = [&self.kneser_ney, &self.best_kneser_ney];
        let lengths = found
            .into_iter()
            .flatten()
            .map(LanguageModel::context_length);
        lengths.max().unwrap_or(1)
    }
}

/// How well a model predicts some names.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Nats per predicted character, end marks included.
    pub loss: f64,
    /// The same in bits: loss / ln 2.
    pub bits_per_char: f64,
    /// exp(loss): the number of equally likely characters with the same loss.
    pub perplexity: f64,
    /// Number of predicted characters.
    pub examples: u64,
    /// The losses of counting on the same names.
    pub baselines: Baselines,
}

/// The loss of a model on the windows of some names, and the losses of its rivals.
///
/// # Errors
/// [`Error::LongerThanCounts`] if `names` has shorter contexts than the model or a rival.
pub fn evaluate(
    model: &dyn LanguageModel,
    names: &CountedWindows,
    rivals: &Rivals,
    executor: &dyn Executor,
) -> Result<Report, Error> {
    let on = |names: &CountedWindows, model: &dyn LanguageModel| {
        let table = names.shorten(model.context_length())?;
        Ok::<_, Error>(loss(model, &table, executor))
    };
    let loss_of = |model: &dyn LanguageModel| on(names, model);
    let loss = loss_of(model)?;
    let counted = |counts: &Option<KneserNey>| {
        let counts = counts.as_ref();
        counts.map(|counts| loss_of(counts)).transpose()
    };
    // The simplest models look at one character at most: their table follows from that of the pairs.
    let pairs = names.shorten(1)?;
    let best = rivals.best_kneser_ney.as_ref();
    let uniform = Uniform {
        vocab_size: model.vocab_size(),
    };
    Ok(Report {
        loss,
        bits_per_char: loss / std::f64::consts::LN_2,
        perplexity: libm::exp(loss),
        examples: names.examples(),
        baselines: Baselines {
            uniform: on(&pairs, &uniform)?,
            unigram: on(&pairs, &AdditiveNgram::with_context(&rivals.bigrams, 0)?)?,
            bigram: on(&pairs, &AdditiveNgram::with_context(&rivals.bigrams, 1)?)?,
            kneser_ney: counted(&rivals.kneser_ney)?,
            best_kneser_ney: counted(&rivals.best_kneser_ney)?,
            best_kneser_ney_context: best.map(LanguageModel::context_length),
        },
    })
}

/// ln p of each token of a name, the end mark included, in nats.
pub fn token_log_probs(model: &dyn LanguageModel, name: &[Token]) -> Vec<f64> {
    token_log_probs_after(model, &Start::default(), name)
}

/// [`token_log_probs`] of a name after a start with a label.
pub fn token_log_probs_after(model: &dyn LanguageModel, start: &Start, name: &[Token]) -> Vec<f64> {
    let mut states = vec![model.start(start)];
    for (place, &token) in name.iter().enumerate() {
        states.push(model.next(states[place], token));
    }
    let vocab_size = model.vocab_size();
    let mut log_probs = vec![0.0; states.len() * vocab_size];
    model.log_probs(&states, &mut log_probs);
    name.iter()
        .chain(&[END])
        .zip(log_probs.chunks_exact(vocab_size))
        .map(|(&target, log_probs)| log_probs[usize::from(target)])
        .collect()
}

/// ln P(name), the end mark included, in nats.
pub fn name_log_prob(model: &dyn LanguageModel, name: &[Token]) -> f64 {
    token_log_probs(model, name).iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::Serial;

    #[test]
    fn a_report_is_consistent() {
        let names: Vec<(Vec<Token>, u64)> = vec![(vec![1, 2], 1), (vec![2], 3)];
        let counted = names.iter().map(|(name, count)| (name.as_slice(), *count));
        let table = CountedWindows::from_names(counted, 3, 1).unwrap();
        let model = AdditiveNgram::new(table.clone());
        let rivals = Rivals {
            bigrams: table.clone(),
            kneser_ney: None,
            best_kneser_ney: None,
        };
        let report = evaluate(&model, &table, &rivals, &Serial).unwrap();
        assert_eq!(report.examples, 9);
        assert_eq!(report.loss, report.baselines.bigram);
        assert!((report.perplexity.log2() - report.bits_per_char).abs() < 1e-12);
        assert!((report.baselines.uniform - 3f64.ln()).abs() < 1e-12);
        let sum: f64 = names
            .iter()
            .map(|(name, count)| *count as f64 * name_log_prob(&model, name))
            .sum();
        assert!((report.loss + sum / 9.0).abs() < 1e-12);
    }
}
