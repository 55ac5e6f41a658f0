//! Whether a word is plausible as a name of the list: one verdict from several statistics.
//!
//! No single statistic tells names both from their own letters shuffled and from random letters, so
//! several are combined by a logistic regression that learns from held-out names, their shuffles and
//! uniform letters of their lengths. What counts for the verdict is the rank of a word's score among
//! the held-out names: a threshold at the 1 % quantile rejects 1 % of real names.

use serde::{Deserialize, Serialize};

use super::evaluate::name_log_prob;
use crate::data::{CountedWindows, NameList, Token, Vocab};
use crate::error::Error;
use crate::language_model::LanguageModel;
use crate::ngram::AdditiveNgram;
use crate::rng::{Purpose, Seed};

/// Number of statistics, the constant 1 among them.
const FEATURES: usize = 9;
/// Points of the distribution of held-out scores that are kept, beside the smallest.
const QUANTILES: usize = 1000;
/// Fewer held-out names than this calibrate nothing.
pub const MIN_NAMES_TO_CALIBRATE: usize = 20;

/// What a word's log-probabilities say of it.
type Features = [f64; FEATURES];

/// A calibrated judge of words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plausibility {
    /// The weights of the statistics.
    weights: Features,
    /// Scores of held-out names at 0, 0.1, … 100 %.
    quantiles: Vec<f64>,
}

/// What is said of a word.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The combined score: log-odds of a name against a shuffled or random word.
    pub score: f64,
    /// Share of held-out names with a lower score, in percent.
    pub percentile: f64,
}

impl Plausibility {
    /// Learns the weights from held-out names; `None` where there are fewer than
    /// [`MIN_NAMES_TO_CALIBRATE`].
    ///
    /// # Errors
    /// [`Error::UnknownCharacter`] of a name that the vocabulary cannot hold.
    pub fn fit(
        model: &dyn LanguageModel,
        bigrams: &CountedWindows,
        vocab: &Vocab,
        held_out: &NameList,
        seed: &Seed,
    ) -> Result<Option<Self>, Error> {
        if held_out.len() < MIN_NAMES_TO_CALIBRATE {
            return Ok(None);
        }
        let unigram = AdditiveNgram::with_context(bigrams, 0)?;
        let mut rng = seed.stream(Purpose::Judge, 0);
        let (mut names, mut rows) = (Vec::new(), Vec::new());
        for name in encoded(held_out, vocab)? {
            let own = features(model, &unigram, &name);
            names.push(own);
            rows.push((own, 1.0, 1.0));
            let mut shuffled = name.clone();
            for end in (1..shuffled.len()).rev() {
                shuffled.swap(end, rng.below(end as u64 + 1) as usize);
            }
            let letters = vocab.len() as u64 - 1;
            let random: Vec<Token> = name
                .iter()
                .map(|_| 1 + rng.below(letters) as Token)
                .collect();
            for other in [shuffled, random] {
                if other != name {
                    rows.push((features(model, &unigram, &other), 0.0, 1.0));
                }
            }
        }
        let mut fitted = Plausibility {
            weights: logistic_regression(&rows),
            quantiles: Vec::new(),
        };
        fitted.quantiles = quantiles(names.iter().map(|row| fitted.score(row)));
        Ok(Some(fitted))
    }

    /// The same weights with other names to rank among.
    ///
    /// # Errors
    /// [`Error::UnknownCharacter`] of a name that the vocabulary cannot hold; [`Error::NoNames`] for
    /// an empty list.
    pub fn calibrated(
        &self,
        judge: &Judge<'_>,
        vocab: &Vocab,
        names: &NameList,
    ) -> Result<Self, Error> {
        if names.is_empty() {
            return Err(Error::NoNames("there is nothing to calibrate by".into()));
        }
        let words = encoded(names, vocab)?;
        let scores = words.iter().map(|name| self.score(&judge.features(name)));
        Ok(Plausibility {
            weights: self.weights,
            quantiles: quantiles(scores),
        })
    }

    fn score(&self, features: &Features) -> f64 {
        features.iter().zip(&self.weights).map(|(x, w)| x * w).sum()
    }

    fn percentile(&self, score: f64) -> f64 {
        let below = self.quantiles.partition_point(|&quantile| quantile < score);
        100.0 * below as f64 / self.quantiles.len() as f64
    }

    /// Whether every number is finite and the quantiles ascend: files are not to be trusted.
    pub fn is_valid(&self) -> bool {
        let finite = |numbers: &[f64]| numbers.iter().all(|x| x.is_finite());
        finite(&self.weights)
            && finite(&self.quantiles)
            && self.quantiles.len() == QUANTILES + 1
            && self.quantiles.is_sorted()
    }
}

/// A model with what it takes to judge words by it.
#[derive(Clone, Copy)]
pub struct Judge<'a> {
    model: &'a dyn LanguageModel,
    unigram: &'a AdditiveNgram,
}

impl<'a> Judge<'a> {
    /// A judge; `unigram` is [`AdditiveNgram::with_context`] 0 of the training names.
    pub fn new(model: &'a dyn LanguageModel, unigram: &'a AdditiveNgram) -> Self {
        Judge { model, unigram }
    }

    fn features(&self, word: &[Token]) -> Features {
        features(self.model, self.unigram, word)
    }

    /// What the calibration says of a word.
    pub fn verdict(&self, plausibility: &Plausibility, word: &[Token]) -> Verdict {
        let score = plausibility.score(&self.features(word));
        Verdict {
            score,
            percentile: plausibility.percentile(score),
        }
    }
}

/// The surprise of each token of a word, the end mark included: ln p, nats.
pub fn token_log_probs(model: &dyn LanguageModel, word: &[Token]) -> Vec<f64> {
    let rows: Vec<(Vec<Token>, Token)> =
        crate::data::windows(word, model.context_length()).collect();
    let contexts: Vec<Token> = rows
        .iter()
        .flat_map(|(context, _)| context)
        .copied()
        .collect();
    let vocab_size = model.vocab_size();
    let mut log_probs = vec![0.0; rows.len() * vocab_size];
    model.log_probs(&contexts, &mut log_probs);
    rows.iter()
        .zip(log_probs.chunks_exact(vocab_size))
        .map(|((_, target), row)| row[usize::from(*target)])
        .collect()
}

/// 1; the mean ln p of the tokens and its square; the worst token and the worst two in a row; the mean
/// gain over letter frequencies, and those; 1 / length; the total.
fn features(model: &dyn LanguageModel, unigram: &AdditiveNgram, word: &[Token]) -> Features {
    let tokens = token_log_probs(model, word);
    let n = tokens.len() as f64;
    let total: f64 = tokens.iter().sum();
    let worst = tokens.iter().copied().fold(0.0, f64::min);
    let frequencies = name_log_prob(unigram, word);
    let mean = total / n;
    let pair = tokens
        .windows(2)
        .map(|pair| pair[0] + pair[1])
        .fold(0.0, f64::min);
    [
        1.0,
        mean,
        mean * mean,
        worst,
        pair,
        (total - frequencies) / n,
        frequencies / n,
        1.0 / n,
        total / 10.0,
    ]
}

pub(super) fn encoded(list: &NameList, vocab: &Vocab) -> Result<Vec<Vec<Token>>, Error> {
    let encode = |text: &str| {
        vocab
            .encode(text)
            .map_err(|unknown| Error::UnknownCharacter {
                name: text.to_owned(),
                character: unknown.character,
                column: unknown.column,
            })
    };
    list.names().map(|name| encode(name.text)).collect()
}

/// The values at 0, 0.1, … 100 % of some scores.
fn quantiles(scores: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = scores.collect();
    sorted.sort_by(f64::total_cmp);
    let at = |i: usize| sorted[i * (sorted.len() - 1) / QUANTILES];
    (0..=QUANTILES).map(at).collect()
}

/// Weights of maximum likelihood with a trace of ridge, by Newton's method (rows: features, label,
/// weight).
fn logistic_regression(rows: &[(Features, f64, f64)]) -> Features {
    const ITERATIONS: usize = 30;
    const RIDGE: f64 = 1e-3;
    let mut weights = [0.0; FEATURES];
    for _ in 0..ITERATIONS {
        let mut gradient = weights.map(|w| -RIDGE * w);
        let mut hessian = [[0.0; FEATURES]; FEATURES];
        for (i, row) in hessian.iter_mut().enumerate() {
            row[i] = RIDGE;
        }
        for (x, label, weight) in rows {
            let score: f64 = x.iter().zip(&weights).map(|(x, w)| x * w).sum();
            let p = 1.0 / (1.0 + libm::exp(-score));
            for i in 0..FEATURES {
                gradient[i] += weight * (label - p) * x[i];
                for j in 0..FEATURES {
                    hessian[i][j] += weight * p * (1.0 - p) * x[i] * x[j];
                }
            }
        }
        let step = solve(hessian, gradient);
        for (w, step) in weights.iter_mut().zip(step) {
            *w += step.clamp(-5.0, 5.0);
        }
        if step.iter().all(|step| step.abs() < 1e-10) {
            break;
        }
    }
    weights
}

/// Gauss's elimination with pivots; the matrix is positive definite.
fn solve(mut a: [[f64; FEATURES]; FEATURES], mut b: Features) -> Features {
    for column in 0..FEATURES {
        let size = |row: &usize| a[*row][column].abs();
        let pivot = (column..FEATURES)
            .max_by(|x, y| size(x).total_cmp(&size(y)))
            .expect("there is a row left");
        a.swap(column, pivot);
        b.swap(column, pivot);
        for row in column + 1..FEATURES {
            let upper = a[column];
            let factor = a[row][column] / upper[column];
            for (x, upper) in a[row].iter_mut().zip(upper) {
                *x -= factor * upper;
            }
            b[row] -= factor * b[column];
        }
    }
    for row in (0..FEATURES).rev() {
        for k in row + 1..FEATURES {
            b[row] -= a[row][k] * b[k];
        }
        b[row] /= a[row][row];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{EMBEDDED_LISTS, ReadOptions, SplitOptions, split};
    use crate::executor::Serial;
    use crate::ngram::KneserNey;

    /// P(score of a name > score of another word), ties half.
    fn auc(names: &[f64], others: &[f64]) -> f64 {
        let mut others = others.to_vec();
        others.sort_by(f64::total_cmp);
        let below = |x: &f64| {
            let less = others.partition_point(|other| other < x);
            let same = others.partition_point(|other| other <= x) - less;
            less as f64 + 0.5 * same as f64
        };
        names.iter().map(below).sum::<f64>() / (names.len() * others.len()) as f64
    }

    /// Counting alone, on the Indian names: held-out names against their shuffles and random letters.
    #[test]
    fn names_are_told_from_shuffles_and_from_random_letters() {
        let vocab = Vocab::az();
        let (names, _) = EMBEDDED_LISTS[0].read(&ReadOptions::default()).unwrap();
        let parts = split(names, &SplitOptions::default());
        let table = CountedWindows::from_list(&parts.train, &vocab, 5).unwrap();
        let model = KneserNey::fit(&parts.train, &vocab, 5, &Serial).unwrap();
        let bigrams = table.shorten(1).unwrap();
        let seed = Seed::from(1);
        let fitted = Plausibility::fit(&model, &bigrams, &vocab, &parts.val, &seed)
            .unwrap()
            .unwrap();
        assert!(fitted.is_valid());
        let unigram = AdditiveNgram::with_context(&bigrams, 0).unwrap();
        let judge = Judge::new(&model, &unigram);
        let mut rng = seed.stream(Purpose::Judge, 9);
        let (mut real, mut shuffled, mut random) = (Vec::new(), Vec::new(), Vec::new());
        for name in encoded(&parts.test, &vocab).unwrap() {
            let score = |word: &[Token]| judge.verdict(&fitted, word).score;
            real.push(score(&name));
            let mut other = name.clone();
            for end in (1..other.len()).rev() {
                other.swap(end, rng.below(end as u64 + 1) as usize);
            }
            if other != name {
                shuffled.push(score(&other));
            }
            let letters: Vec<Token> = name.iter().map(|_| 1 + rng.below(26) as Token).collect();
            random.push(score(&letters));
        }
        let (against_shuffled, against_random) = (auc(&real, &shuffled), auc(&real, &random));
        println!("AUC against shuffles {against_shuffled:.4}, against random {against_random:.5}");
        assert!(against_shuffled > 0.96 && against_random > 0.998);
        // A threshold at 5 % rejects about 5 % of names that the calibration has not seen.
        let threshold = fitted.quantiles[50];
        let rejected = real.iter().filter(|&&score| score < threshold).count() as f64;
        let share = rejected / real.len() as f64;
        assert!((0.03..0.07).contains(&share), "{share}");
    }
}
