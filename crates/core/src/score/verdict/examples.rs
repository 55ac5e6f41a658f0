//! What the verdict's weights are fitted to: held-out names beside noise that was made from them.

use crate::language_model::LanguageModel;
use crate::numeric::logistic::{Row, logistic_regression};
use crate::rng::{Purpose, Seed};
use crate::score::evaluate::losses::name_log_prob;
use crate::score::verdict::hypotheses::{Evidence, FEATURES, Features, Hypotheses, Measured};
use crate::text::Token;

/// ε: the share of shuffled names, the rest being uniform characters. 0.01 costs little against either.
pub(super) const SHUFFLED_SHARE: f64 = 0.01;
/// Number of negative examples of each kind if there are few names.
const OTHER_WORDS: usize = 2500;
/// The prior odds of two names in a row; random characters have those of a name.
const JOINED_SHARE: f64 = 0.01;
/// How much more the log-odds against two names count than those against random characters. The steeper they are, the
/// less they say about words that are not two names: with 1, the score of every long name would end at them.
const JOINED_SLOPE: f64 = 2.0;
/// The most joined names in the regression.
const JOINED_WORDS: usize = 1000;

/// The weights of both regressions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    pub(super) random: Features,
    pub(super) joined: Option<Features>,
}

impl Weights {
    /// The score of a word, and whether two names in a row are the likelier alternative.
    pub(super) fn score(&self, evidence: &Evidence) -> (f64, bool) {
        let random = dot(&self.random, &evidence.against_random);
        let (Some(weights), Some(features)) = (&self.joined, &evidence.against_joined) else {
            return (random, false);
        };
        let joined = JOINED_SLOPE * dot(weights, features);
        let less = random.min(joined);
        let score = less - libm::log1p(libm::exp(-(random - joined).abs()));
        (score, joined < random)
    }

    /// A lower bound of the [score](Weights::score) of a word, without logarithms: enough for most words. It holds only if
    /// it is finite.
    pub(super) fn least_score(&self, measured: &Measured) -> f64 {
        /// More than the rounding errors.
        const MARGIN: f64 = 1e-6;
        let [least, most] = measured.bounds();
        let random = least_dot(&self.random, &least.against_random, &most.against_random);
        let least = match (&self.joined, least.against_joined, most.against_joined) {
            (Some(weights), Some(least), Some(most)) => {
                let joined = JOINED_SLOPE * least_dot(weights, &least, &most);
                if !(random.is_finite() && joined.is_finite()) {
                    return f64::NAN;
                }
                random.min(joined) - std::f64::consts::LN_2
            }
            _ => random,
        };
        least - MARGIN * (1.0 + least.abs())
    }
}

/// The smallest dot product of the weights with features between two bounds.
fn least_dot(weights: &Features, least: &Features, most: &Features) -> f64 {
    let ends = least.iter().zip(most).zip(weights);
    ends.map(|((least, most), w)| if *w < 0.0 { most * w } else { least * w })
        .sum()
}

fn dot(weights: &Features, features: &Features) -> f64 {
    features.iter().zip(weights).map(|(x, w)| x * w).sum()
}

/// The evidence on held-out names, and on the examples of noise that they are compared with.
pub(super) struct Examples {
    /// By name: itself, then shuffles of it and uniform characters of its length.
    random: Vec<Vec<Row<FEATURES>>>,
    /// By name: itself, then itself with another name after it.
    joined: Vec<Vec<Row<FEATURES>>>,
    names: Vec<Evidence>,
}

impl Examples {
    /// Number of parts of the names, each of which is scored with weights from the others.
    const FOLDS: usize = 5;

    pub(super) fn of(
        model: &dyn LanguageModel,
        hypotheses: &Hypotheses,
        names: &[Vec<Token>],
        log_probs: &[f64],
        seed: &Seed,
    ) -> Self {
        let mut rng = seed.stream(Purpose::Judge, 0);
        let rounds = OTHER_WORDS.div_ceil(names.len()).min(8);
        let kinds = model.vocab_size() as u64 - 1;
        let evidence = |word: &[Token]| hypotheses.evidence(word, name_log_prob(model, word));
        let own: Vec<Evidence> = names
            .iter()
            .zip(log_probs)
            .map(|(name, &log_prob)| hypotheses.evidence(name, log_prob))
            .collect();
        let row = |features, positive, weight| Row {
            features,
            positive,
            weight,
        };
        let mut random = Vec::with_capacity(names.len());
        for (name, own) in names.iter().zip(&own) {
            let mut rows = vec![row(own.against_random, true, 1.0)];
            for _ in 0..rounds {
                let mut shuffled = name.clone();
                for end in (1..shuffled.len()).rev() {
                    shuffled.swap(end, rng.below(end as u64 + 1) as usize);
                }
                let uniform = name.iter().map(|_| 1 + rng.below(kinds) as Token);
                let uniform: Vec<Token> = uniform.collect();
                for (other, share) in [(shuffled, SHUFFLED_SHARE), (uniform, 1.0)] {
                    if other != *name {
                        let features = evidence(&other).against_random;
                        rows.push(row(features, false, share / rounds as f64));
                    }
                }
            }
            random.push(rows);
        }
        let step = names.len().div_ceil(JOINED_WORDS);
        let rounds = JOINED_WORDS.div_ceil(names.len()).min(4);
        let weight = JOINED_SHARE * step as f64 / rounds as f64;
        let mut rng = seed.stream(Purpose::Judge, 1);
        let mut joined = Vec::with_capacity(names.len());
        for (place, (name, own)) in names.iter().zip(&own).enumerate() {
            let own = own.against_joined.map(|features| row(features, true, 1.0));
            let mut rows: Vec<Row<FEATURES>> = own.into_iter().collect();
            let pairs = if place.is_multiple_of(step) {
                rounds
            } else {
                0
            };
            for _ in 0..pairs {
                let other = &names[rng.below(names.len() as u64) as usize];
                let features = evidence(&[&name[..], other].concat()).against_joined;
                rows.extend(features.map(|features| row(features, false, weight)));
            }
            joined.push(rows);
        }
        Examples {
            random,
            joined,
            names: own,
        }
    }

    /// The weights from all names, or from those outside of a fold.
    pub(super) fn weights(&self, without: Option<usize>) -> Weights {
        let fit = |examples: &[Vec<Row<FEATURES>>]| {
            let is_used = |place: usize| without.is_none_or(|fold| place % Self::FOLDS != fold);
            let used = (0..examples.len()).filter(|&place| is_used(place));
            let rows: Vec<Row<FEATURES>> =
                used.flat_map(|place| &examples[place]).copied().collect();
            let has_both = [true, false]
                .iter()
                .all(|&positive| rows.iter().any(|row| row.positive == positive));
            has_both.then(|| logistic_regression(&rows))
        };
        Weights {
            random: fit(&self.random).unwrap_or_default(),
            joined: fit(&self.joined),
        }
    }

    /// The scores of the names, each with weights that were fitted without it.
    pub(super) fn held_out_scores(&self) -> Vec<f64> {
        let folds: Vec<Weights> = (0..Self::FOLDS)
            .map(|fold| self.weights(Some(fold)))
            .collect();
        let folds = folds.iter().cycle();
        let scores = self.names.iter().zip(folds);
        scores
            .map(|(evidence, weights)| weights.score(evidence).0)
            .collect()
    }
}
