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

use super::evaluate::name_log_prob;
use super::logistic::{Row, logistic_regression};
use super::ranks::Ranks;
use super::world::World;
use crate::data::{CountedWindows, END, NameList, Token, Vocab};
use crate::error::Error;
use crate::language_model::LanguageModel;
use crate::ngram::AdditiveNgram;
use crate::rng::{Purpose, Seed};

/// Number of statistics, the constant 1 among them.
const FEATURES: usize = 4;
/// ε: how much shuffled names count beside uniform letters. At 0.01 little is lost against either.
const SHUFFLED_SHARE: f64 = 0.01;
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
        let hypotheses = Hypotheses {
            letters: Letters::of(bigrams, SHUFFLED_SHARE)?,
            world: world.as_ref().map(|world| (world, Mix::new(world_share))),
        };
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
    hypotheses: Hypotheses<'static>,
    weights: Features,
    /// The scores of held-out names.
    ranks: Ranks,
}

impl Judge {
    /// A judge; `bigrams` are windows of the training names, of any context length.
    ///
    /// # Errors
    /// Those of [`CountedWindows::shorten`]; [`Error::BadConfig`] where the calibration is of a–z and the
    /// windows are not.
    pub fn new(bigrams: &CountedWindows, plausibility: Plausibility) -> Result<Self, Error> {
        let share = plausibility.world_share;
        if share > 0.0 && bigrams.vocab_size() != Vocab::az().len() {
            let only = "names of the world have a say in models of a–z only";
            return Err(Error::BadConfig(only.into()));
        }
        Ok(Judge {
            hypotheses: Hypotheses {
                letters: Letters::of(bigrams, plausibility.shuffled_share)?,
                world: (share > 0.0).then(|| (World::whole(), Mix::new(share))),
            },
            weights: plausibility.weights,
            ranks: Ranks::new(plausibility.scores),
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

/// Letters without an order: what a word is if it is no name.
#[derive(Clone, Debug)]
struct Letters {
    /// ln of each letter's share among the letters of names; of the end mark, 0.
    log_shares: Vec<f64>,
    /// ln of the share that each would have if all were equal.
    log_uniform: f64,
    /// ε of the former.
    mix: Mix,
}

impl Letters {
    fn of(table: &CountedWindows, shuffled_share: f64) -> Result<Self, Error> {
        let mut log_shares = AdditiveNgram::with_context(table, 0)?.next_log_probs(&[]);
        let letters = libm::log1p(-libm::exp(log_shares[usize::from(END)]));
        for log_share in &mut log_shares {
            *log_share -= letters;
        }
        log_shares[usize::from(END)] = 0.0;
        Ok(Letters {
            log_uniform: -libm::log(log_shares.len() as f64 - 1.0),
            mix: Mix::new(shuffled_share),
            log_shares,
        })
    }

    /// ln [ε · Π f(letter) + (1 − ε) · Π 1 / (V − 1)].
    fn log_prob(&self, word: &[Token]) -> f64 {
        let shuffled = word
            .iter()
            .map(|&token| self.log_shares[usize::from(token)]);
        let uniform = word.len() as f64 * self.log_uniform;
        self.mix.log_add(shuffled.sum(), uniform)
    }
}

/// What a word may be: a name of the list, a name of elsewhere, or letters without an order.
#[derive(Clone, Debug)]
struct Hypotheses<'w> {
    letters: Letters,
    /// With ω.
    world: Option<(&'w World, Mix)>,
}

impl Hypotheses<'_> {
    /// 1; the number of letters; ln P as a name and as another word. Nothing steeper in the length: it would
    /// say strange things of words shorter than any name.
    fn features(&self, word: &[Token], log_prob: f64) -> Features {
        let as_name = match &self.world {
            Some((world, mix)) => mix.log_add(world.log_prob(word), log_prob),
            None => log_prob,
        };
        [1.0, word.len() as f64, as_name, self.letters.log_prob(word)]
    }
}

/// Two distributions mixed.
#[derive(Clone, Copy, Debug)]
struct Mix {
    log_share: f64,
    log_rest: f64,
}

impl Mix {
    fn new(share: f64) -> Self {
        Mix {
            log_share: libm::log(share),
            log_rest: libm::log(1.0 - share),
        }
    }

    /// ln [share · exp(x) + (1 − share) · exp(y)].
    fn log_add(&self, x: f64, y: f64) -> f64 {
        let (x, y) = (self.log_share + x, self.log_rest + y);
        let (low, high) = (x.min(y), x.max(y));
        high + libm::log(1.0 + libm::exp(low - high))
    }
}

/// The share ω under which names are likeliest, each drawn from the second of its two models (ln P of both) with
/// that share and from the first otherwise; one name more of each kind keeps it off 0 and 1.
///
/// The likelihood is concave in ω, so the root of its slope is halved in on.
fn likeliest_share(log_probs: impl Iterator<Item = (f64, f64)>) -> f64 {
    const HALVINGS: usize = 50;
    let ratios: Vec<f64> = log_probs
        .map(|(first, second)| libm::exp((second - first).clamp(-700.0, 700.0)))
        .collect();
    let slope = |share: f64| {
        let of_names = ratios
            .iter()
            .map(|ratio| (ratio - 1.0) / (1.0 + share * (ratio - 1.0)));
        of_names.sum::<f64>() + 1.0 / share - 1.0 / (1.0 - share)
    };
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..HALVINGS {
        let middle = (low + high) / 2.0;
        match slope(middle) > 0.0 {
            true => low = middle,
            false => high = middle,
        }
    }
    (low + high) / 2.0
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
        assert!(fitted.is_valid(&vocab));
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

    /// The share that names were drawn with comes back, and no data pushes it out of 0 … 1.
    #[test]
    fn the_likeliest_share_is_found() {
        let (first, second) = ([0.7_f64, 0.2, 0.1], [0.1_f64, 0.3, 0.6]);
        for share in [0.02, 0.3, 0.9] {
            let names = (0..3).flat_map(|kind| {
                let drawn = share * second[kind] + (1.0 - share) * first[kind];
                let pair = (first[kind].ln(), second[kind].ln());
                std::iter::repeat_n(pair, (drawn * 100_000.0).round() as usize)
            });
            let found = likeliest_share(names);
            assert!((found - share).abs() < 1e-3, "{found} but {share}");
        }
        let sure = |pair| likeliest_share(std::iter::repeat_n(pair, 1000));
        assert!((0.0..0.002).contains(&sure((-1.0, -800.0))) && sure((-1.0, -800.0)) > 0.0);
        assert!((0.998..1.0).contains(&sure((-2000.0, -1.0))));
        assert!((likeliest_share(std::iter::empty()) - 0.5).abs() < 1e-12);
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
}
