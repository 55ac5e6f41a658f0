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
//! regression of held-out names against their shuffles and uniform characters of the same lengths.
//!
//! A word may also be two names in a row. A second regression, against joined held-out names, weighs ln P of the word
//! against that of its likeliest two parts. The score is that of both alternatives together: −ln (e⁻ʳ + e⁻ʲ), where r
//! and j are the log-odds against random characters and against two names.
//!
//! The verdict depends on the rank of a word's score among the scores of held-out names, each computed with weights
//! that were fitted without it: a threshold of 1 % rejects 1 % of real names. Two things keep that promise. Held-out
//! names that are spelling variants of training names would flatter the model, so they are left out where there are
//! enough others; what is promised is then promised for names unlike those of the list, and more than kept for names
//! like them. And every [group](Group) of words has an offset, because a model knows little of rare characters: names
//! with accents score lower than others.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::{CountedWindows, NameList};
use crate::error::{Error, NoNames};
use crate::language_model::LanguageModel;
use crate::rng::Seed;
use crate::score::evaluate::losses::name_log_prob;
use crate::score::verdict::background::BackgroundModel;
use crate::score::verdict::examples::{Examples, SHUFFLED_SHARE, Weights};
use crate::score::verdict::folding::Group;
use crate::score::verdict::hypotheses::{Features, Hypotheses, Measured, likeliest_share};
use crate::score::verdict::near::have_near_duplicates;
use crate::score::verdict::ranks::Ranks;
use crate::text::{Token, Vocab, folded};

/// The most held-out scores that are kept.
const SCORES: usize = 1001;
/// The fewest held-out names that allow a calibration.
pub const MIN_NAMES_TO_CALIBRATE: usize = 20;
/// The fewest held-out names that are ranked among without those that have near-duplicates.
const MIN_DISTANT_NAMES: usize = 100;

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
    /// The weights of the features of two names in a row; `None` in files from before it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    joined: Option<Features>,
    /// What is added to the scores of words of each [`Group`]; 0 in files from before it was recorded.
    #[serde(default, skip_serializing_if = "are_zero")]
    offsets: [f64; Group::ALL.len()],
}

fn are_zero(offsets: &[f64; Group::ALL.len()]) -> bool {
    *offsets == [0.0; Group::ALL.len()]
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
    /// Whether the word is more like two names in a row than like random characters.
    pub is_joined: bool,
}

impl Verdict {
    /// Whether the word passes if a share `false_rejection` of real names may be rejected.
    pub fn is_plausible(&self, false_rejection: f64) -> bool {
        self.percentile >= 100.0 * false_rejection
    }
}

impl Plausibility {
    /// Fits a calibration on held-out names; `None` if there are fewer than [`MIN_NAMES_TO_CALIBRATE`].
    /// `bigrams` are windows of the training names, with any context length. `train` are those names, or none if they
    /// are not known. A background model is used if the vocabulary has letters that it knows.
    ///
    /// # Errors
    /// [`Error::UnknownPiece`] for a name that its vocabulary cannot represent.
    pub fn fit(
        model: &dyn LanguageModel,
        bigrams: &CountedWindows,
        vocab: &Vocab,
        train: &NameList,
        held_out: &NameList,
        background: Option<&BackgroundModel>,
        seed: &Seed,
    ) -> Result<Option<Self>, Error> {
        if held_out.len() < MIN_NAMES_TO_CALIBRATE {
            return Ok(None);
        }
        let names = held_out.encoded(vocab)?;
        let log_probs: Vec<f64> = names
            .iter()
            .map(|name| name_log_prob(model, name))
            .collect();
        let letters = background.map_or(vocab, BackgroundModel::vocab);
        let mut hypotheses = Hypotheses::new(bigrams, vocab, letters, SHUFFLED_SHARE)?;
        let mut background_share = 0.0;
        if let Some(background) = background.filter(|_| hypotheses.can_fold()) {
            // The held-out names stand for new ones, so the background model must not know them either.
            let table = background.table_without(held_out)?;
            let of_background = names
                .iter()
                .map(|name| hypotheses.in_background(&table, name));
            background_share = likeliest_share(log_probs.iter().copied().zip(of_background));
            hypotheses = hypotheses.with_background(Arc::new(table), background_share);
        }
        let examples = Examples::of(model, &hypotheses, &names, &log_probs, seed);
        let scores = examples.held_out_scores();
        let near = have_near_duplicates(
            &names,
            train
                .names()
                .map(|name| vocab.encode(name.text).unwrap_or_default()),
        );
        let groups: Vec<Group> = names.iter().map(|name| hypotheses.group(name)).collect();
        let offsets = offsets(&scores, &groups);
        let scores: Vec<f64> = scores
            .iter()
            .zip(&groups)
            .map(|(score, &group)| score + offsets[group as usize])
            .collect();
        let distant = scores.iter().zip(&near).filter(|&(_, &is_near)| !is_near);
        let distant: Vec<f64> = distant.map(|(&score, _)| score).collect();
        let weights = examples.weights(None);
        Ok(Some(Plausibility {
            weights: weights.random,
            scores: thinned(match distant.len() {
                MIN_DISTANT_NAMES.. => distant,
                _ => scores,
            }),
            background_share,
            shuffled_share: SHUFFLED_SHARE,
            joined: weights.joined,
            offsets,
        }))
    }

    /// Whether every number is within its range and the scores ascend, because files cannot be trusted. Files
    /// have a share of the background model only if `vocab` has letters that it knows.
    pub fn is_valid(&self, vocab: &Vocab) -> bool {
        let has_letter = |piece| folded(piece).is_some_and(|letters| !letters.is_empty());
        let finite = |numbers: &[f64]| numbers.iter().all(|x| x.is_finite());
        finite(&self.weights)
            && finite(&self.scores)
            && finite(&self.offsets)
            && self.joined.is_none_or(|weights| finite(&weights))
            && (0.0..1.0).contains(&self.background_share)
            && (self.background_share == 0.0 || vocab.pieces().any(has_letter))
            && 0.0 < self.shuffled_share
            && self.shuffled_share < 1.0
            && (1..=SCORES).contains(&self.scores.len())
            && self.scores.is_sorted()
    }
}

/// What has to be added to the scores of each group so that the lowest of its names score like the lowest of the
/// largest group. Groups with too few names are left as they are.
fn offsets(scores: &[f64], groups: &[Group]) -> [f64; Group::ALL.len()] {
    let of_group = |group| -> Vec<f64> {
        let own = scores
            .iter()
            .zip(groups)
            .filter(|&(_, &other)| other == group);
        own.map(|(&score, _)| score).collect()
    };
    let by_group = Group::ALL.map(of_group);
    let largest = by_group.iter().max_by_key(|scores| scores.len());
    let expected = largest.map_or(0.0, |scores| lowest(scores));
    by_group.map(|scores| match scores.len() {
        MIN_NAMES_TO_CALIBRATE.. => expected - lowest(&scores),
        _ => 0.0,
    })
}

/// The mean of the lowest tenth, which is what a verdict depends on, and less subject to chance than one quantile.
fn lowest(scores: &[f64]) -> f64 {
    let mut scores = scores.to_vec();
    scores.sort_by(f64::total_cmp);
    let lowest = &scores[..scores.len().div_ceil(10)];
    lowest.iter().sum::<f64>() / lowest.len().max(1) as f64
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
/// let (train, val) = (&parts.train, &parts.val);
/// let fitted = Plausibility::fit(&model, &table, &vocab, train, val, None, &Seed::from(42))?;
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
    weights: Weights,
    /// By group.
    offsets: [f64; Group::ALL.len()],
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
        let letters = background.map_or(vocab, BackgroundModel::vocab);
        let mut hypotheses = Hypotheses::new(bigrams, vocab, letters, plausibility.shuffled_share)?;
        if plausibility.background_share > 0.0 {
            let background = background.filter(|_| hypotheses.can_fold());
            let table = background.ok_or(Error::NoBackgroundModel)?.table()?;
            hypotheses = hypotheses.with_background(table, plausibility.background_share);
        }
        if plausibility.joined.is_none() {
            hypotheses = hypotheses.without_parts();
        }
        Ok(Judge {
            hypotheses,
            weights: Weights {
                random: plausibility.weights,
                joined: plausibility.joined,
            },
            offsets: plausibility.offsets,
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
        self.verdict_on(&self.hypotheses.measure(word, log_prob))
    }

    /// [`Judge::verdict`], or `None` if a bound of the score already shows that the word passes when a share
    /// `false_rejection` of real names may be rejected. It shows it for most names, and faster than the score is computed.
    ///
    /// # Panics
    /// If a token is not in the vocabulary.
    pub fn doubt(&self, word: &[Token], log_prob: f64, false_rejection: f64) -> Option<Verdict> {
        let measured = self.hypotheses.measure(word, log_prob);
        let least = self.weights.least_score(&measured) + self.offsets[measured.group as usize];
        let passes = || self.ranked(least, false).is_plausible(false_rejection);
        let is_clear = least.is_finite() && passes();
        (!is_clear).then(|| self.verdict_on(&measured))
    }

    fn verdict_on(&self, measured: &Measured) -> Verdict {
        let (score, is_joined) = self.weights.score(&measured.evidence());
        self.ranked(score + self.offsets[measured.group as usize], is_joined)
    }

    fn ranked(&self, score: f64, is_joined: bool) -> Verdict {
        let below = self.ranks.below(score);
        Verdict {
            score,
            percentile: 100.0 * below as f64 / self.ranks.len() as f64,
            is_joined,
        }
    }
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
    use crate::rng::Purpose;
    use crate::score::verdict::hypotheses::FEATURES;

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
        let (train, val) = (&parts.train, &parts.val);
        let fitted = Plausibility::fit(&model, &bigrams, &vocab, train, val, background, &seed)
            .unwrap()
            .unwrap();
        assert!(fitted.background_share > 0.0);
        assert!(fitted.is_valid(&vocab));
        let judge = Judge::new(&bigrams, &vocab, fitted, background).unwrap();
        let verdict = |word: &[Token]| judge.verdict(word, name_log_prob(&model, word));
        // A word that the bound lets pass does pass; most names are such words.
        let doubt = |word: &[Token]| {
            let log_prob = name_log_prob(&model, word);
            let (doubt, verdict) = (judge.doubt(word, log_prob, 0.01), verdict(word));
            assert_eq!(doubt.unwrap_or(verdict), verdict);
            assert!(doubt.is_some() || verdict.is_plausible(0.01));
            doubt.is_some()
        };
        let mut doubts = 0;
        let mut rng = seed.stream(Purpose::Judge, 9);
        let (mut real, mut shuffled, mut random) = (Vec::new(), Vec::new(), Vec::new());
        let test = parts.test.encoded(&vocab).unwrap();
        for name in &test {
            real.push(verdict(name).score);
            doubts += usize::from(doubt(name));
            let mut other = name.clone();
            for end in (1..other.len()).rev() {
                other.swap(end, rng.below(end as u64 + 1) as usize);
            }
            if other != *name {
                shuffled.push(verdict(&other).score);
                doubt(&other);
            }
            let uniform: Vec<Token> = name.iter().map(|_| 1 + rng.below(26) as Token).collect();
            random.push(verdict(&uniform).score);
        }
        assert!(4 * doubts < test.len(), "{doubts} of {}", test.len());
        let (against_shuffled, against_random) = (auc(&real, &shuffled), auc(&real, &random));
        println!("AUC against shuffles {against_shuffled:.4}, against random {against_random:.5}");
        assert!(against_shuffled > 0.98 && against_random > 0.9993);
        // The promise is more than kept for names that the calibration has not seen: most are spelling variants.
        for (promised, low, high) in [(0.01, 0.002, 0.012), (0.05, 0.02, 0.05)] {
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
            joined: None,
            offsets: [0.0; 3],
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
        let [accents, other_script] =
            ["äöü", "αβγ"].map(|characters| Vocab::from_characters(characters.chars()).unwrap());
        for (background_share, vocab, valid) in [
            (0.5, Vocab::az(), true),
            (0.5, accents, true),
            (0.0, other_script.clone(), true),
            (0.5, other_script, false),
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

    /// The same number of classes is not enough: the background model knows Latin letters only.
    #[test]
    fn a_background_model_judges_words_of_its_own_letters_only() {
        let plausibility = Plausibility {
            weights: [1.0; FEATURES],
            scores: vec![0.0],
            background_share: 0.5,
            shuffled_share: 0.05,
            joined: None,
            offsets: [0.0; 3],
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

    /// Without its accents a name is one that the background model knows; with them it is a rarer spelling of it.
    #[test]
    fn the_background_model_knows_names_without_their_accents() {
        let vocab = Vocab::from_characters("aeilmnorséñ'".chars()).unwrap();
        let names =
            NameList::from_names(["noémie", "marino", "señora", "o'mara"].map(|name| (name, 1)));
        let table = CountedWindows::from_list(&names, &vocab, 1).unwrap();
        let known = NameList::from_names(["noemie", "elena", "marion"].map(|name| (name, 1)));
        let background = BackgroundModel::new(known, Vocab::az()).unwrap();
        let background = background.table().unwrap();
        let hypotheses = Hypotheses::new(&table, &vocab, &Vocab::az(), 0.01).unwrap();
        let log_prob = |word| hypotheses.in_background(&background, &vocab.encode(word).unwrap());
        let (plain, accented) = (log_prob("noemie"), log_prob("noémie"));
        assert!(
            accented < plain && accented > plain - 3.0,
            "{accented} {plain}"
        );
        let both = libm::exp(log_prob("e")) + libm::exp(log_prob("é"));
        let e = background.log_prob(&Vocab::az().encode("e").unwrap());
        assert!((both - libm::exp(e)).abs() < 1e-12);
        let group = |word| hypotheses.group(&vocab.encode(word).unwrap());
        assert_eq!(
            ["o'mara", "noémie"].map(group),
            [Group::Plain, Group::Accented]
        );
    }

    /// Names with accents are less likely, so they are calibrated apart.
    #[test]
    fn each_group_has_an_offset() {
        let vocab = Vocab::from_characters("abé".chars()).unwrap();
        let table = CountedWindows::from_names([(&[1, 2][..], 1)], vocab.len(), 1).unwrap();
        let plausibility = Plausibility {
            weights: [0.0, 0.0, 1.0, 0.0],
            scores: vec![-4.0, -3.0],
            background_share: 0.0,
            shuffled_share: 0.05,
            joined: None,
            offsets: [0.0, 3.0, 0.0],
        };
        let judge = Judge::new(&table, &vocab, plausibility, None).unwrap();
        let percentile = |word| {
            let word = vocab.encode(word).unwrap();
            judge.verdict(&word, -6.5).percentile
        };
        assert_eq!((percentile("ab"), percentile("aé")), (0.0, 50.0));
        let scores: Vec<f64> = (0..150).map(f64::from).collect();
        let groups = |rare| -> Vec<Group> {
            let group = |place| {
                if place < rare {
                    Group::Accented
                } else {
                    Group::Plain
                }
            };
            (0..150).map(group).collect()
        };
        // The lowest tenth of 50 to 149 has a mean of 54.5, that of 0 to 49 one of 2.
        assert_eq!(offsets(&scores, &groups(50)), [0.0, 52.5, 0.0]);
        assert_eq!(offsets(&scores, &groups(19)), [0.0; 3]);
    }

    /// What the splits share is computed once; the result is that of scoring both parts for each.
    #[test]
    fn the_best_split_is_the_likeliest_pair_of_parts() {
        use crate::score::verdict::parts::{Bigrams, Foreign, best_split};
        let vocab = Vocab::from_characters("aeilmnorstßé".chars()).unwrap();
        let names =
            NameList::from_names(["noémie", "marion", "rosé", "stroß"].map(|name| (name, 1)));
        let table = CountedWindows::from_list(&names, &vocab, 1).unwrap();
        let bigrams = Bigrams::new(&table).unwrap().unwrap();
        let model = crate::counts::AdditiveNgram::with_context(&table, 1).unwrap();
        let known = NameList::from_names(["noemie", "elena", "marion"].map(|name| (name, 1)));
        let background = BackgroundModel::new(known, Vocab::az()).unwrap();
        let background = background.table().unwrap();
        let hypotheses = Hypotheses::new(&table, &vocab, &Vocab::az(), 0.01).unwrap();
        let as_name = |part: &[Token]| {
            name_log_prob(&model, part).max(hypotheses.in_background(&background, part))
        };
        for text in [
            "elenamarion",
            "noémierosé",
            "stroßmaßos",
            "anna",
            "aßéo",
            "ßßßß",
        ] {
            let word = vocab.encode(text).unwrap();
            let splits =
                (2..=word.len() - 2).map(|place| as_name(&word[..place]) + as_name(&word[place..]));
            let expected = splits.max_by(f64::total_cmp).unwrap();
            let folded = hypotheses.folding().fold(&word).unwrap();
            let foreign = Foreign::<65>::of(&word, &background, hypotheses.folding(), &folded);
            let found = best_split(&word, &bigrams, foreign.as_ref()).unwrap();
            assert!(
                (found - expected).abs() < 1e-4,
                "{text}: {found} but {expected}"
            );
        }
        let short = vocab.encode("ana").unwrap();
        assert_eq!(best_split::<65>(&short, &bigrams, None), None);
    }
}
