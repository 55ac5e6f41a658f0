//! Whether a word is plausible as a name of the list: one calibrated verdict.
//!
//! A word that is no name is thought of as letters drawn blindly, or as the letters of names in a wrong
//! order. The strongest test of one hypothesis against another is their likelihood ratio (Neyman and
//! Pearson 1933), here
//!
//! ln P(word) − ln [ε · Π f(letter) + (1 − ε) · Π 1 / (V − 1)]
//!
//! with f the frequencies of letters in names. No model knows P exactly, so how much both terms and the
//! length weigh is learnt from held-out names, their shuffles and uniform letters of their lengths by a
//! logistic regression. What counts for the verdict is the rank of a word's score among the scores of
//! held-out names, each by weights that have not seen it: a threshold at 1 % rejects 1 % of real names.

use serde::{Deserialize, Serialize};

use super::evaluate::name_log_prob;
use super::logistic::{Row, logistic_regression};
use crate::data::{CountedWindows, END, NameList, Token, Vocab};
use crate::error::Error;
use crate::language_model::LanguageModel;
use crate::ngram::AdditiveNgram;
use crate::rng::{Purpose, Seed};

/// Number of statistics, the constant 1 among them.
const FEATURES: usize = 4;
/// ε: how much shuffled names count beside uniform letters. At 0.05 little is lost against either.
const SHUFFLED_SHARE: f64 = 0.05;
/// Held-out scores that are kept, at most.
const SCORES: usize = 1001;
/// Fewer held-out names than this calibrate nothing.
pub const MIN_NAMES_TO_CALIBRATE: usize = 20;
/// Words that are no names, of each kind, that it is learnt from where names are few.
const OTHER_WORDS: usize = 2500;

type Features = [f64; FEATURES];

/// What tells names of a list from other words: weights, and the scores of held-out names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plausibility {
    /// The weights of the statistics.
    weights: Features,
    /// Scores of held-out names, ascending; of many, evenly spaced ones.
    scores: Vec<f64>,
}

/// What is said of a word.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The log-odds of a name against another word, up to a constant.
    pub score: f64,
    /// Share of held-out names with a lower score, in percent.
    pub percentile: f64,
}

impl Verdict {
    /// Whether the word passes where a share `false_rejection` of real names may be rejected.
    pub fn is_plausible(&self, false_rejection: f64) -> bool {
        self.percentile >= 100.0 * false_rejection
    }
}

impl Plausibility {
    /// Learns from held-out names; `None` where there are fewer than [`MIN_NAMES_TO_CALIBRATE`].
    /// `bigrams` are windows of the training names, of any context length.
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
        const FOLDS: usize = 5;
        if held_out.len() < MIN_NAMES_TO_CALIBRATE {
            return Ok(None);
        }
        let letters = Letters::of(bigrams)?;
        let names = encoded(held_out, vocab)?;
        let rows = rows(model, &letters, &names, seed);
        let mut scores = Vec::with_capacity(names.len());
        for fold in 0..FOLDS {
            let is_in_fold = |index: &usize| index % FOLDS == fold;
            let others = (0..rows.len()).filter(|index| !is_in_fold(index));
            let others: Vec<Row<FEATURES>> =
                others.flat_map(|index| &rows[index]).copied().collect();
            let weights = logistic_regression(&others);
            let own = (0..rows.len()).filter(is_in_fold);
            scores.extend(own.map(|index| score(&weights, &rows[index][0].features)));
        }
        Ok(Some(Plausibility {
            weights: logistic_regression(&rows.concat()),
            scores: thinned(scores),
        }))
    }

    /// Whether every number is finite and the scores ascend: files are not to be trusted.
    pub fn is_valid(&self) -> bool {
        let finite = |numbers: &[f64]| numbers.iter().all(|x| x.is_finite());
        finite(&self.weights)
            && finite(&self.scores)
            && (1..=SCORES).contains(&self.scores.len())
            && self.scores.is_sorted()
    }
}

/// A calibration with what it takes to judge words by it.
///
/// ```
/// use nextchar::data::{CountedWindows, EMBEDDED_LISTS, ReadOptions, SplitOptions, Vocab, split};
/// use nextchar::ngram::KneserNey;
/// use nextchar::rng::Seed;
/// use nextchar::score::{Judge, Plausibility, name_log_prob};
///
/// # fn main() -> Result<(), nextchar::Error> {
/// let (names, _) = EMBEDDED_LISTS[0].read(&ReadOptions::default())?;
/// let (parts, vocab) = (split(names, &SplitOptions::default()), Vocab::az());
/// let table = CountedWindows::from_list(&parts.train, &vocab, 3)?;
/// let model = KneserNey::closed_form(&table)?;
///
/// let learnt = Plausibility::fit(&model, &table, &vocab, &parts.val, &Seed::from(42))?;
/// let judge = Judge::new(&table, learnt.expect("enough names"))?;
/// let is_plausible = |word: &str| {
///     let word = vocab.encode(word).unwrap();
///     judge.verdict(&word, name_log_prob(&model, &word)).is_plausible(0.01)
/// };
/// assert!(is_plausible("nishanka") && !is_plausible("qzxvkj"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Judge {
    letters: Letters,
    plausibility: Plausibility,
}

impl Judge {
    /// A judge; `bigrams` are windows of the training names, of any context length.
    ///
    /// # Errors
    /// Those of [`CountedWindows::shorten`].
    pub fn new(bigrams: &CountedWindows, plausibility: Plausibility) -> Result<Self, Error> {
        Ok(Judge {
            letters: Letters::of(bigrams)?,
            plausibility,
        })
    }

    /// The same weights with other names to rank among.
    ///
    /// # Errors
    /// [`Error::UnknownCharacter`] of a name that the vocabulary cannot hold; [`Error::NoNames`] for
    /// an empty list.
    pub fn calibrated(
        mut self,
        model: &dyn LanguageModel,
        vocab: &Vocab,
        names: &NameList,
    ) -> Result<Self, Error> {
        if names.is_empty() {
            return Err(Error::NoNames("there is nothing to calibrate by".into()));
        }
        let score = |name: &Vec<Token>| self.verdict(name, name_log_prob(model, name)).score;
        self.plausibility.scores = thinned(encoded(names, vocab)?.iter().map(score).collect());
        Ok(self)
    }

    /// How many scores of held-out names a word is ranked among.
    pub fn ranked_among(&self) -> usize {
        self.plausibility.scores.len()
    }

    /// What is said of a word whose ln P, the end mark included, is `log_prob` nats.
    ///
    /// # Panics
    /// If a token is not in the vocabulary.
    pub fn verdict(&self, word: &[Token], log_prob: f64) -> Verdict {
        let Plausibility { weights, scores } = &self.plausibility;
        let score = score(weights, &features(&self.letters, word, log_prob));
        let below = scores.partition_point(|&other| other < score);
        Verdict {
            score,
            percentile: 100.0 * below as f64 / scores.len() as f64,
        }
    }
}

/// Letters without an order: what a word is if it is no name.
#[derive(Clone, Debug)]
struct Letters {
    /// ln of each letter's share among the letters of names; of the end mark, 0.
    log_shares: Vec<f64>,
    /// ln of the share that each would have if all were equal.
    log_uniform: f64,
}

impl Letters {
    fn of(table: &CountedWindows) -> Result<Self, Error> {
        let mut log_shares = AdditiveNgram::with_context(table, 0)?.next_log_probs(&[]);
        let letters = libm::log1p(-libm::exp(log_shares[usize::from(END)]));
        for log_share in &mut log_shares {
            *log_share -= letters;
        }
        log_shares[usize::from(END)] = 0.0;
        Ok(Letters {
            log_uniform: -libm::log(log_shares.len() as f64 - 1.0),
            log_shares,
        })
    }

    /// ln [ε · Π f(letter) + (1 − ε) · Π 1 / (V − 1)].
    fn log_prob(&self, word: &[Token]) -> f64 {
        let shuffled = word
            .iter()
            .map(|&token| self.log_shares[usize::from(token)]);
        let shuffled = libm::log(SHUFFLED_SHARE) + shuffled.sum::<f64>();
        let uniform = libm::log(1.0 - SHUFFLED_SHARE) + word.len() as f64 * self.log_uniform;
        let (low, high) = (shuffled.min(uniform), shuffled.max(uniform));
        high + libm::log1p(libm::exp(low - high))
    }
}

/// 1; the number of letters; ln P as a name and as another word. Nothing steeper in the length: it would
/// say strange things of words shorter than any name.
fn features(letters: &Letters, word: &[Token], log_prob: f64) -> Features {
    let n = word.len() as f64;
    [1.0, n, log_prob, letters.log_prob(word)]
}

fn score(weights: &Features, features: &Features) -> f64 {
    features.iter().zip(weights).map(|(x, w)| x * w).sum()
}

/// For each name: itself, then shuffles of it and uniform letters of its length.
fn rows(
    model: &dyn LanguageModel,
    letters: &Letters,
    names: &[Vec<Token>],
    seed: &Seed,
) -> Vec<Vec<Row<FEATURES>>> {
    let mut rng = seed.stream(Purpose::Judge, 0);
    let rounds = OTHER_WORDS.div_ceil(names.len()).min(8);
    let kinds = model.vocab_size() as u64 - 1;
    let row = |word: &[Token], positive, weight| Row {
        features: features(letters, word, name_log_prob(model, word)),
        positive,
        weight,
    };
    let mut rows = Vec::with_capacity(names.len());
    for name in names {
        let mut own = vec![row(name, true, 1.0)];
        for _ in 0..rounds {
            let mut shuffled = name.clone();
            for end in (1..shuffled.len()).rev() {
                shuffled.swap(end, rng.below(end as u64 + 1) as usize);
            }
            let uniform = name.iter().map(|_| 1 + rng.below(kinds) as Token);
            let uniform: Vec<Token> = uniform.collect();
            for (other, share) in [(shuffled, SHUFFLED_SHARE), (uniform, 1.0)] {
                if other != *name {
                    own.push(row(&other, false, share / rounds as f64));
                }
            }
        }
        rows.push(own);
    }
    rows
}

pub(super) fn encoded(list: &NameList, vocab: &Vocab) -> Result<Vec<Vec<Token>>, Error> {
    let encode = |text: &str| vocab.encode(text).map_err(|unknown| unknown.of(text));
    list.names().map(|name| encode(name.text)).collect()
}

/// Sorted scores; of more than [`SCORES`], evenly spaced ones with both ends.
fn thinned(mut scores: Vec<f64>) -> Vec<f64> {
    scores.sort_by(f64::total_cmp);
    if scores.len() <= SCORES {
        return scores;
    }
    let last = scores.len() - 1;
    let at = |i: usize| scores[(i * last + (SCORES - 1) / 2) / (SCORES - 1)];
    (0..SCORES).map(at).collect()
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
        let model = KneserNey::fit(&parts.train, &vocab, 5, &Serial).unwrap();
        let bigrams = CountedWindows::from_list(&parts.train, &vocab, 1).unwrap();
        let seed = Seed::from(1);
        let fitted = Plausibility::fit(&model, &bigrams, &vocab, &parts.val, &seed)
            .unwrap()
            .unwrap();
        assert!(fitted.is_valid());
        let judge = Judge::new(&bigrams, fitted).unwrap();
        let verdict = |word: &[Token]| judge.verdict(word, name_log_prob(&model, word));
        let mut rng = seed.stream(Purpose::Judge, 9);
        let (mut real, mut shuffled, mut random) = (Vec::new(), Vec::new(), Vec::new());
        let test = encoded(&parts.test, &vocab).unwrap();
        for name in &test {
            real.push(verdict(name).score);
            let mut other = name.clone();
            for end in (1..other.len()).rev() {
                other.swap(end, rng.below(end as u64 + 1) as usize);
            }
            if other != *name {
                shuffled.push(verdict(&other).score);
            }
            let letters: Vec<Token> = name.iter().map(|_| 1 + rng.below(26) as Token).collect();
            random.push(verdict(&letters).score);
        }
        let (against_shuffled, against_random) = (auc(&real, &shuffled), auc(&real, &random));
        println!("AUC against shuffles {against_shuffled:.4}, against random {against_random:.5}");
        assert!(against_shuffled > 0.975 && against_random > 0.9985);
        // What is promised holds for names that the calibration has not seen.
        for (promised, low, high) in [(0.01, 0.004, 0.02), (0.05, 0.035, 0.065)] {
            let rejected = test
                .iter()
                .filter(|name| !verdict(name).is_plausible(promised));
            let share = rejected.count() as f64 / test.len() as f64;
            println!("--false-rejection {promised}: {share:.4}");
            assert!((low..high).contains(&share), "{promised}: {share}");
        }
    }

    #[test]
    fn ranks_are_shares_of_the_held_out_names() {
        let plausibility = |scores: Vec<f64>| Plausibility {
            weights: [0.0, 0.0, 1.0, 0.0],
            scores,
        };
        let table = CountedWindows::from_names([(&[1, 2][..], 1)], 3, 1).unwrap();
        let judge = Judge::new(&table, plausibility(vec![-4.0, -3.0, -3.0, -1.0])).unwrap();
        let percentile = |log_prob| judge.verdict(&[1], log_prob).percentile;
        assert_eq!(
            [-5.0, -4.0, -3.5, -3.0, -2.0, 0.0].map(percentile),
            [0.0, 0.0, 25.0, 25.0, 75.0, 100.0]
        );
        let many: Vec<f64> = (0..5001).rev().map(f64::from).collect();
        let kept = thinned(many);
        assert_eq!(
            (kept.len(), kept[0], kept[10], kept[1000]),
            (1001, 0.0, 50.0, 5000.0)
        );
        assert!(plausibility(kept).is_valid());
        assert!(!plausibility(vec![]).is_valid() && !plausibility(vec![2.0, 1.0]).is_valid());
    }
}
