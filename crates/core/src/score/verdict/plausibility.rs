//! Whether a word is plausible as a name of the list: one calibrated verdict.
//!
//! A word that is not a name is modelled as random characters: drawn uniformly, or with the frequencies that
//! characters have in names, which is what a shuffled name looks like. The most powerful test of one hypothesis
//! against another is their likelihood ratio (Neyman and Pearson 1933), here
//!
//! ln [(1 − ω) · P(word) + ω · B(word)] − ln [ε · Π f(token) + (1 − ε) · Π 1 / (V − 1)]
//!
//! where P is the model, B the [background model](BackgroundModel) and f the frequencies of tokens in names. The
//! share ω of names that the background model explains better is its maximum-likelihood estimate on held-out
//! names. No model knows names exactly, so the weights of both terms and of the length are fitted by a logistic
//! regression of held-out names against their shuffles and uniform characters of the same lengths. The verdict
//! depends on the rank of a word's score among the scores of held-out names, each computed with weights that
//! were fitted without it: a threshold of 1 % rejects 1 % of real names.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::{CountedWindows, NameList};
use crate::error::{Error, NoNames};
use crate::language_model::LanguageModel;
use crate::numeric::logistic::{Row, logistic_regression};
use crate::rng::{Purpose, Seed};
use crate::score::evaluate::losses::name_log_prob;
use crate::score::verdict::background::BackgroundModel;
use crate::score::verdict::hypotheses::{FEATURES, Features, Hypotheses, likeliest_share};
use crate::score::verdict::ranks::Ranks;
use crate::text::{Token, Vocab};

/// ε: the share of shuffled names, the rest being uniform characters. 0.01 costs little against either.
const SHUFFLED_SHARE: f64 = 0.01;
/// The most held-out scores that are kept.
const SCORES: usize = 1001;
/// The fewest held-out names that allow a calibration.
pub const MIN_NAMES_TO_CALIBRATE: usize = 20;
/// Number of negative examples of each kind if there are few names.
const OTHER_WORDS: usize = 2500;

/// A fitted calibration: what separates names of a list from other words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plausibility {
    /// The weights of the features.
    weights: Features,
    /// Scores of held-out names, ascending; evenly spaced quantiles if there are many.
    scores: Vec<f64>,
    /// ω; 0 without a background model.
    #[serde(default, rename = "world_share")]
    background_share: f64,
    /// ε.
    #[serde(default = "unrecorded_shuffled_share")]
    shuffled_share: f64,
}

/// The value of ε in files from before it was recorded.
fn unrecorded_shuffled_share() -> f64 {
    0.05
}

/// The judgement of a word.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// The log-odds of being a name, up to a constant.
    pub score: f64,
    /// Share of held-out names with a lower score, in percent.
    pub percentile: f64,
}

impl Verdict {
    /// Whether the word passes if a share `false_rejection` of real names may be rejected.
    pub fn is_plausible(&self, false_rejection: f64) -> bool {
        self.percentile >= 100.0 * false_rejection
    }
}

impl Plausibility {
    /// Fits a calibration on held-out names; `None` if there are fewer than [`MIN_NAMES_TO_CALIBRATE`].
    /// `bigrams` are windows of the training names, with any context length. A background model is used if its
    /// vocabulary is the same.
    ///
    /// # Errors
    /// [`Error::UnknownPiece`] for a name that its vocabulary cannot represent.
    pub fn fit(
        model: &dyn LanguageModel,
        bigrams: &CountedWindows,
        vocab: &Vocab,
        held_out: &NameList,
        background: Option<&BackgroundModel>,
        seed: &Seed,
    ) -> Result<Option<Self>, Error> {
        const FOLDS: usize = 5;
        if held_out.len() < MIN_NAMES_TO_CALIBRATE {
            return Ok(None);
        }
        let names = held_out.encoded(vocab)?;
        let log_probs: Vec<f64> = names
            .iter()
            .map(|name| name_log_prob(model, name))
            .collect();
        // The held-out names stand for new ones, so the background model must not know them either.
        let table = background
            .filter(|background| background.vocab() == vocab)
            .map(|background| background.table_without(held_out))
            .transpose()?;
        let background_share = table.as_ref().map_or(0.0, |table| {
            let of_background = names.iter().map(|name| table.log_prob(name));
            likeliest_share(log_probs.iter().copied().zip(of_background))
        });
        let background = table.map(|table| (Arc::new(table), background_share));
        let hypotheses = Hypotheses::new(bigrams, SHUFFLED_SHARE, background)?;
        let rows = rows(model, &hypotheses, &names, &log_probs, seed);
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
            background_share,
            shuffled_share: SHUFFLED_SHARE,
        }))
    }

    /// Whether every number is within its range and the scores ascend, because files cannot be trusted. Files
    /// have a share of the background model only if `vocab` is a–z.
    pub fn is_valid(&self, vocab: &Vocab) -> bool {
        let finite = |numbers: &[f64]| numbers.iter().all(|x| x.is_finite());
        finite(&self.weights)
            && finite(&self.scores)
            && (0.0..1.0).contains(&self.background_share)
            && (self.background_share == 0.0 || *vocab == Vocab::az())
            && 0.0 < self.shuffled_share
            && self.shuffled_share < 1.0
            && (1..=SCORES).contains(&self.scores.len())
            && self.scores.is_sorted()
    }
}

/// Judges words by a calibration.
///
/// ```
/// use nextchar_core::counts::KneserNey;
/// use nextchar_core::data::{CountedWindows, EMBEDDED_LISTS, ReadOptions, SplitOptions, split};
/// use nextchar_core::rng::Seed;
/// use nextchar_core::score::{Judge, Plausibility, name_log_prob};
/// use nextchar_core::text::Vocab;
///
/// # fn main() -> Result<(), nextchar_core::Error> {
/// let (names, _) = EMBEDDED_LISTS[0].read(&ReadOptions::default())?;
/// let (parts, vocab) = (split(names, &SplitOptions::default()), Vocab::az());
/// let table = CountedWindows::from_list(&parts.train, &vocab, 3)?;
/// let model = KneserNey::closed_form(&table)?;
///
/// let fitted = Plausibility::fit(&model, &table, &vocab, &parts.val, None, &Seed::from(42))?;
/// let judge = Judge::new(&table, &vocab, fitted.expect("enough names"), None)?;
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
    hypotheses: Hypotheses,
    weights: Features,
    /// The scores of held-out names.
    ranks: Ranks,
}

impl Judge {
    /// A judge; `bigrams` are windows of the training names, with any context length, over `vocab`. The
    /// background model must be the one that the calibration was fitted with.
    ///
    /// # Errors
    /// Those of [`CountedWindows::shorten`]; [`Error::DifferentVocabularies`] if the windows have another
    /// number of classes; [`Error::NoBackgroundModel`] if the calibration was fitted with a background model
    /// and there is none for this vocabulary.
    pub fn new(
        bigrams: &CountedWindows,
        vocab: &Vocab,
        plausibility: Plausibility,
        background: Option<&BackgroundModel>,
    ) -> Result<Self, Error> {
        if bigrams.vocab_size() != vocab.len() {
            return Err(Error::DifferentVocabularies);
        }
        let share = plausibility.background_share;
        let background = if share > 0.0 {
            let background = background.filter(|background| background.vocab() == vocab);
            Some((background.ok_or(Error::NoBackgroundModel)?.table()?, share))
        } else {
            None
        };
        Ok(Judge {
            hypotheses: Hypotheses::new(bigrams, plausibility.shuffled_share, background)?,
            weights: plausibility.weights,
            ranks: Ranks::new(plausibility.scores),
        })
    }

    /// The same weights, ranking among other names.
    ///
    /// # Errors
    /// [`Error::UnknownPiece`] for a name that the vocabulary cannot represent; [`Error::NoNames`] for an empty
    /// list.
    pub fn calibrated(
        mut self,
        model: &dyn LanguageModel,
        vocab: &Vocab,
        names: &NameList,
    ) -> Result<Self, Error> {
        if names.is_empty() {
            return Err(Error::NoNames(NoNames::NothingToCalibrate));
        }
        let score = |name: &Vec<Token>| self.verdict(name, name_log_prob(model, name)).score;
        let scores = names.encoded(vocab)?.iter().map(score).collect();
        self.ranks = Ranks::new(thinned(scores));
        Ok(self)
    }

    /// The number of held-out scores that a word is ranked among.
    pub fn ranked_among(&self) -> usize {
        self.ranks.len()
    }

    /// The verdict on a word whose ln P, the end mark included, is `log_prob` nats.
    ///
    /// # Panics
    /// If a token is not in the vocabulary.
    pub fn verdict(&self, word: &[Token], log_prob: f64) -> Verdict {
        let score = score(&self.weights, &self.hypotheses.features(word, log_prob));
        let below = self.ranks.below(score);
        Verdict {
            score,
            percentile: 100.0 * below as f64 / self.ranks.len() as f64,
        }
    }
}

fn score(weights: &Features, features: &Features) -> f64 {
    features.iter().zip(weights).map(|(x, w)| x * w).sum()
}

/// The rows of the regression: for each name itself, then shuffles of it and uniform characters of its length.
fn rows(
    model: &dyn LanguageModel,
    hypotheses: &Hypotheses,
    names: &[Vec<Token>],
    log_probs: &[f64],
    seed: &Seed,
) -> Vec<Vec<Row<FEATURES>>> {
    let mut rng = seed.stream(Purpose::Judge, 0);
    let rounds = OTHER_WORDS.div_ceil(names.len()).min(8);
    let kinds = model.vocab_size() as u64 - 1;
    let row = |word: &[Token], log_prob, positive, weight| Row {
        features: hypotheses.features(word, log_prob),
        positive,
        weight,
    };
    let mut rows = Vec::with_capacity(names.len());
    for (name, &log_prob) in names.iter().zip(log_probs) {
        let mut own = vec![row(name, log_prob, true, 1.0)];
        for _ in 0..rounds {
            let mut shuffled = name.clone();
            for end in (1..shuffled.len()).rev() {
                shuffled.swap(end, rng.below(end as u64 + 1) as usize);
            }
            let uniform = name.iter().map(|_| 1 + rng.below(kinds) as Token);
            let uniform: Vec<Token> = uniform.collect();
            for (other, share) in [(shuffled, SHUFFLED_SHARE), (uniform, 1.0)] {
                if other != *name {
                    let log_prob = name_log_prob(model, &other);
                    own.push(row(&other, log_prob, false, share / rounds as f64));
                }
            }
        }
        rows.push(own);
    }
    rows
}

/// The scores in ascending order; of more than [`SCORES`], evenly spaced ones including both ends.
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
    use crate::counts::KneserNey;
    use crate::data::{BACKGROUND_NAMES, EMBEDDED_LISTS, ReadOptions, SplitOptions, split};
    use crate::executor::Serial;

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

    /// Counts alone, on the Indian names: held-out names against their shuffles and random characters.
    #[test]
    fn names_are_separated_from_shuffles_and_from_random_characters() {
        let vocab = Vocab::az();
        let (names, _) = EMBEDDED_LISTS[0].read(&ReadOptions::default()).unwrap();
        let parts = split(names, &SplitOptions::default());
        let model = KneserNey::fit(&parts.train, &vocab, 5, &Serial).unwrap();
        let bigrams = CountedWindows::from_list(&parts.train, &vocab, 1).unwrap();
        let seed = Seed::from(1);
        let (others, _) = BACKGROUND_NAMES.read(&ReadOptions::default()).unwrap();
        let background = BackgroundModel::new(others, vocab.clone()).unwrap();
        let background = Some(&background);
        let fitted = Plausibility::fit(&model, &bigrams, &vocab, &parts.val, background, &seed)
            .unwrap()
            .unwrap();
        assert!(fitted.background_share > 0.0);
        assert!(fitted.is_valid(&vocab));
        let judge = Judge::new(&bigrams, &vocab, fitted, background).unwrap();
        let verdict = |word: &[Token]| judge.verdict(word, name_log_prob(&model, word));
        let mut rng = seed.stream(Purpose::Judge, 9);
        let (mut real, mut shuffled, mut random) = (Vec::new(), Vec::new(), Vec::new());
        let test = parts.test.encoded(&vocab).unwrap();
        for name in &test {
            real.push(verdict(name).score);
            let mut other = name.clone();
            for end in (1..other.len()).rev() {
                other.swap(end, rng.below(end as u64 + 1) as usize);
            }
            if other != *name {
                shuffled.push(verdict(&other).score);
            }
            let uniform: Vec<Token> = name.iter().map(|_| 1 + rng.below(26) as Token).collect();
            random.push(verdict(&uniform).score);
        }
        let (against_shuffled, against_random) = (auc(&real, &shuffled), auc(&real, &random));
        println!("AUC against shuffles {against_shuffled:.4}, against random {against_random:.5}");
        assert!(against_shuffled > 0.98 && against_random > 0.9993);
        // The promise holds for names that the calibration has not seen.
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
            background_share: 0.0,
            shuffled_share: 0.05,
        };
        let table = CountedWindows::from_names([(&[1, 2][..], 1)], 3, 1).unwrap();
        let ab = Vocab::from_characters("ab".chars()).unwrap();
        let scores = plausibility(vec![-4.0, -3.0, -3.0, -1.0]);
        let judge = Judge::new(&table, &ab, scores, None).unwrap();
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
        let is_valid = |plausibility: Plausibility| plausibility.is_valid(&Vocab::az());
        assert!(is_valid(plausibility(kept.clone())));
        assert!(!is_valid(plausibility(vec![])) && !is_valid(plausibility(vec![2.0, 1.0])));
        let other_characters = Vocab::from_characters("äöü".chars()).unwrap();
        for (background_share, vocab, valid) in [
            (0.5, Vocab::az(), true),
            (0.0, other_characters.clone(), true),
            (0.5, other_characters, false),
            (1.0, Vocab::az(), false),
            (f64::NAN, Vocab::az(), false),
        ] {
            let plausibility = Plausibility {
                background_share,
                ..plausibility(kept.clone())
            };
            assert_eq!(plausibility.is_valid(&vocab), valid, "{background_share}");
        }
    }

    /// The same number of classes is not enough: the background model knows its own characters only.
    #[test]
    fn a_background_model_judges_words_of_its_own_vocabulary_only() {
        let plausibility = Plausibility {
            weights: [1.0; FEATURES],
            scores: vec![0.0],
            background_share: 0.5,
            shuffled_share: 0.05,
        };
        let greek: Vec<char> = "αβγδεζηθικλμνξοπρςστυφχψωά".chars().collect();
        let greek = Vocab::from_characters(greek).unwrap();
        let table = CountedWindows::from_names([(&[1, 2][..], 1)], greek.len(), 1).unwrap();
        assert_eq!(greek.len(), Vocab::az().len());
        let names = NameList::from_names([("ab", 1)]);
        let background = BackgroundModel::new(names, Vocab::az()).unwrap();
        let judge = |vocab| Judge::new(&table, vocab, plausibility.clone(), Some(&background));
        assert_eq!(judge(&greek).unwrap_err(), Error::NoBackgroundModel);
        let alone = Judge::new(&table, &Vocab::az(), plausibility.clone(), None);
        assert_eq!(alone.unwrap_err(), Error::NoBackgroundModel);
        let ab = Vocab::from_characters("ab".chars()).unwrap();
        assert_eq!(judge(&ab).unwrap_err(), Error::DifferentVocabularies);
        assert!(judge(&Vocab::az()).is_ok());
    }
}
