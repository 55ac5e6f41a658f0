//! Whether a word is plausible as a name of the list: one calibrated verdict.
//!
//! A word that is no name is thought of as letters drawn blindly, or as the letters of names in a wrong
//! order. The strongest test of one hypothesis against another is their likelihood ratio (Neyman and
//! Pearson 1933), here
//!
//! ln [(1 − ω) · P(word) + ω · W(word)] − ln [ε · Π f(letter) + (1 − ε) · Π 1 / (V − 1)]
//!
//! with P the model, W names of the world (for models of a–z; `world.rs`) and f the frequencies of letters in
//! names. The share ω of names that the world explains better is the likeliest one, given held-out names. No
//! model knows names exactly, so how much both terms and the length weigh is learnt from held-out names, their
//! shuffles and uniform letters of their lengths by a logistic regression. What counts for the verdict is the
//! rank of a word's score among the scores of held-out names, each by weights that have not seen it: a
//! threshold at 1 % rejects 1 % of real names.

use serde::{Deserialize, Serialize};

use crate::data::{CountedWindows, NameList};
use crate::error::{Error, NoNames};
use crate::language_model::LanguageModel;
use crate::numeric::logistic::{Row, logistic_regression};
use crate::rng::{Purpose, Seed};
use crate::score::evaluate::losses::name_log_prob;
use crate::score::verdict::hypotheses::{FEATURES, Features, Hypotheses, likeliest_share};
use crate::score::verdict::ranks::Ranks;
use crate::score::verdict::world::World;
use crate::text::{Token, Vocab};

/// ε: how much shuffled names count beside uniform letters. At 0.01 little is lost against either.
const SHUFFLED_SHARE: f64 = 0.01;
/// Held-out scores that are kept, at most.
const SCORES: usize = 1001;
/// Fewer held-out names than this calibrate nothing.
pub const MIN_NAMES_TO_CALIBRATE: usize = 20;
/// Words that are no names, of each kind, that it is learnt from where names are few.
const OTHER_WORDS: usize = 2500;

/// What tells names of a list from other words: weights, and the scores of held-out names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plausibility {
    /// The weights of the statistics.
    weights: Features,
    /// Scores of held-out names, ascending; of many, evenly spaced ones.
    scores: Vec<f64>,
    /// ω; 0 where the world's names have no say.
    #[serde(default)]
    world_share: f64,
    /// ε.
    #[serde(default = "shuffled_share_at_first")]
    shuffled_share: f64,
}

/// What ε was before it was written down.
fn shuffled_share_at_first() -> f64 {
    0.05
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
    /// [`Error::UnknownPiece`] of a name that the vocabulary cannot hold.
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
        let names = encoded(held_out, vocab)?;
        let log_probs: Vec<f64> = names
            .iter()
            .map(|name| name_log_prob(model, name))
            .collect();
        // The held-out names stand for new ones, so the world may not know them either.
        let world = (*vocab == Vocab::az()).then(|| World::without(held_out));
        let world = world.transpose()?;
        let world_share = world.as_ref().map_or(0.0, |world| {
            let of_world = names.iter().map(|name| world.log_prob(name));
            likeliest_share(log_probs.iter().copied().zip(of_world))
        });
        let known = world.as_ref().map(|world| (world, world_share));
        let hypotheses = Hypotheses::new(bigrams, SHUFFLED_SHARE, known)?;
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
            world_share,
            shuffled_share: SHUFFLED_SHARE,
        }))
    }

    /// Whether every number is in its range and the scores ascend: files are not to be trusted. Names of the
    /// world have a say only where `vocab` is a–z.
    pub fn is_valid(&self, vocab: &Vocab) -> bool {
        let finite = |numbers: &[f64]| numbers.iter().all(|x| x.is_finite());
        finite(&self.weights)
            && finite(&self.scores)
            && (0.0..1.0).contains(&self.world_share)
            && (self.world_share == 0.0 || *vocab == Vocab::az())
            && 0.0 < self.shuffled_share
            && self.shuffled_share < 1.0
            && (1..=SCORES).contains(&self.scores.len())
            && self.scores.is_sorted()
    }
}

/// A calibration with what it takes to judge words by it.
///
/// ```
/// use nextchar_core::data::{CountedWindows, EMBEDDED_LISTS, ReadOptions, SplitOptions, split};
/// use nextchar_core::text::Vocab;
/// use nextchar_core::counts::KneserNey;
/// use nextchar_core::rng::Seed;
/// use nextchar_core::score::{Judge, Plausibility, name_log_prob};
///
/// # fn main() -> Result<(), nextchar_core::Error> {
/// let (names, _) = EMBEDDED_LISTS[0].read(&ReadOptions::default())?;
/// let (parts, vocab) = (split(names, &SplitOptions::default()), Vocab::az());
/// let table = CountedWindows::from_list(&parts.train, &vocab, 3)?;
/// let model = KneserNey::closed_form(&table)?;
///
/// let learnt = Plausibility::fit(&model, &table, &vocab, &parts.val, &Seed::from(42))?;
/// let judge = Judge::new(&table, &vocab, learnt.expect("enough names"))?;
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
    hypotheses: Hypotheses<'static>,
    weights: Features,
    /// The scores of held-out names.
    ranks: Ranks,
}

impl Judge {
    /// A judge; `bigrams` are windows of the training names, of any context length, over `vocab`.
    ///
    /// # Errors
    /// Those of [`CountedWindows::shorten`]; [`Error::DifferentVocabularies`] where the windows have another
    /// number of classes, [`Error::WorldNeedsAz`] where the calibration is of a–z and the vocabulary is not.
    pub fn new(
        bigrams: &CountedWindows,
        vocab: &Vocab,
        plausibility: Plausibility,
    ) -> Result<Self, Error> {
        if bigrams.vocab_size() != vocab.len() {
            return Err(Error::DifferentVocabularies);
        }
        let share = plausibility.world_share;
        if share > 0.0 && *vocab != Vocab::az() {
            return Err(Error::WorldNeedsAz);
        }
        Ok(Judge {
            hypotheses: Hypotheses::new(
                bigrams,
                plausibility.shuffled_share,
                (share > 0.0).then(|| (World::whole(), share)),
            )?,
            weights: plausibility.weights,
            ranks: Ranks::new(plausibility.scores),
        })
    }

    /// The same weights with other names to rank among.
    ///
    /// # Errors
    /// [`Error::UnknownPiece`] of a name that the vocabulary cannot hold; [`Error::NoNames`] for
    /// an empty list.
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
        let scores = encoded(names, vocab)?.iter().map(score).collect();
        self.ranks = Ranks::new(thinned(scores));
        Ok(self)
    }

    /// How many scores of held-out names a word is ranked among.
    pub fn ranked_among(&self) -> usize {
        self.ranks.len()
    }

    /// What is said of a word whose ln P, the end mark included, is `log_prob` nats.
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

/// For each name: itself, then shuffles of it and uniform letters of its length.
fn rows(
    model: &dyn LanguageModel,
    hypotheses: &Hypotheses<'_>,
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

pub(crate) fn encoded(list: &NameList, vocab: &Vocab) -> Result<Vec<Vec<Token>>, Error> {
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
    use crate::counts::KneserNey;
    use crate::data::{EMBEDDED_LISTS, ReadOptions, SplitOptions, split};
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
        assert!(fitted.is_valid(&vocab));
        let judge = Judge::new(&bigrams, &vocab, fitted).unwrap();
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
        assert!(against_shuffled > 0.98 && against_random > 0.9993);
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
            world_share: 0.0,
            shuffled_share: 0.05,
        };
        let table = CountedWindows::from_names([(&[1, 2][..], 1)], 3, 1).unwrap();
        let ab = Vocab::from_characters("ab".chars()).unwrap();
        let judge = Judge::new(&table, &ab, plausibility(vec![-4.0, -3.0, -3.0, -1.0])).unwrap();
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
        let other_letters = Vocab::from_characters("äöü".chars()).unwrap();
        for (world_share, vocab, valid) in [
            (0.5, Vocab::az(), true),
            (0.0, other_letters.clone(), true),
            (0.5, other_letters, false),
            (1.0, Vocab::az(), false),
            (f64::NAN, Vocab::az(), false),
        ] {
            let plausibility = Plausibility {
                world_share,
                ..plausibility(kept.clone())
            };
            assert_eq!(plausibility.is_valid(&vocab), valid, "{world_share}");
        }
    }

    /// As many classes as a–z has are not enough: the background model knows these letters only.
    #[test]
    fn names_of_the_world_judge_words_of_their_letters_only() {
        let plausibility = Plausibility {
            weights: [1.0; FEATURES],
            scores: vec![0.0],
            world_share: 0.5,
            shuffled_share: 0.05,
        };
        let greek: Vec<char> = "αβγδεζηθικλμνξοπρςστυφχψωά".chars().collect();
        let greek = Vocab::from_characters(greek).unwrap();
        let table = CountedWindows::from_names([(&[1, 2][..], 1)], greek.len(), 1).unwrap();
        assert_eq!(greek.len(), Vocab::az().len());
        let judge = |vocab| Judge::new(&table, vocab, plausibility.clone());
        assert_eq!(judge(&greek).unwrap_err(), Error::WorldNeedsAz);
        let ab = Vocab::from_characters("ab".chars()).unwrap();
        assert_eq!(judge(&ab).unwrap_err(), Error::DifferentVocabularies);
        assert!(judge(&Vocab::az()).is_ok());
    }
}
