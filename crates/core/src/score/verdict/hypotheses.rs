//! What a word may be: a name of the list, a name from elsewhere, random characters, or two names in a row.

use std::sync::Arc;

use crate::counts::AdditiveNgram;
use crate::data::CountedWindows;
use crate::error::Error;
use crate::language_model::LanguageModel;
use crate::score::verdict::background::BackgroundTable;
use crate::score::verdict::folding::{Folded, Folding, Group};
use crate::score::verdict::parts::{Bigrams, Foreign, LONGEST, best_split};
use crate::text::{END, Token, Vocab};

/// Number of features, the constant 1 among them.
pub(crate) const FEATURES: usize = 4;

pub(crate) type Features = [f64; FEATURES];

/// Random characters: what a word is if it is not a name.
#[derive(Clone, Debug)]
struct RandomCharacters {
    /// ln of each token's share among the tokens of names, end marks not counted; 0 for the end mark.
    log_shares: Vec<f64>,
    /// ln of every token's share if all are equally likely.
    log_uniform: f64,
    /// ε: the weight of the shares of names relative to equal ones.
    mix: Mix,
}

impl RandomCharacters {
    fn of(table: &CountedWindows, shuffled_share: f64) -> Result<Self, Error> {
        let mut log_shares = AdditiveNgram::with_context(table, 0)?.next_log_probs(&[]);
        let not_end = libm::log1p(-libm::exp(log_shares[usize::from(END)]));
        for log_share in &mut log_shares {
            *log_share -= not_end;
        }
        log_shares[usize::from(END)] = 0.0;
        Ok(RandomCharacters {
            log_uniform: -libm::log(log_shares.len() as f64 - 1.0),
            mix: Mix::new(shuffled_share),
            log_shares,
        })
    }

    /// ln [ε · Π f(token) + (1 − ε) · Π 1 / (V − 1)].
    fn log_prob(&self, word: &[Token]) -> LogSum {
        let shuffled = word
            .iter()
            .map(|&token| self.log_shares[usize::from(token)]);
        let uniform = word.len() as f64 * self.log_uniform;
        self.mix.add(shuffled.sum(), uniform)
    }
}

/// The hypotheses that a verdict compares: the word is a name, of the list or from elsewhere; or it is random
/// characters; or it is two names in a row.
#[derive(Clone, Debug)]
pub(crate) struct Hypotheses {
    random: RandomCharacters,
    folding: Folding,
    /// The background model with its share ω.
    background: Option<(Arc<BackgroundTable>, Mix)>,
    /// `None` with too many classes.
    bigrams: Option<Bigrams>,
}

/// What is known of a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Evidence {
    /// 1, the number of tokens, and ln P of the word as a name and as random characters. There is no steeper function
    /// of the length: it would extrapolate badly to words that are shorter than any name.
    pub against_random: Features,
    /// 1, the number of tokens, and ln P of the word as a name and as two names; `None` if it is too short for two.
    pub against_joined: Option<Features>,
}

impl Hypotheses {
    /// Without a background model. `bigrams` are windows of the training names, with any context length;
    /// `shuffled_share` is ε; `letters` is the vocabulary of the background model.
    ///
    /// # Errors
    /// Those of [`CountedWindows::shorten`].
    pub(crate) fn new(
        bigrams: &CountedWindows,
        vocab: &Vocab,
        letters: &Vocab,
        shuffled_share: f64,
    ) -> Result<Self, Error> {
        let random = RandomCharacters::of(bigrams, shuffled_share)?;
        Ok(Hypotheses {
            folding: Folding::new(vocab, letters, &random.log_shares),
            background: None,
            bigrams: Bigrams::new(bigrams)?,
            random,
        })
    }

    /// With a background model and its share ω.
    pub(crate) fn with_background(self, table: Arc<BackgroundTable>, share: f64) -> Self {
        Hypotheses {
            background: Some((table, Mix::new(share))),
            ..self
        }
    }

    /// Without evidence against two names in a row, for calibrations that do not weigh it.
    pub(crate) fn without_parts(self) -> Self {
        Hypotheses {
            bigrams: None,
            ..self
        }
    }

    /// Whether a background model can say something about the words of this vocabulary.
    pub(crate) fn can_fold(&self) -> bool {
        self.folding.is_possible()
    }

    #[cfg(test)]
    pub(crate) fn folding(&self) -> &Folding {
        &self.folding
    }

    /// ln P of a word according to a background model: its letters, and the accents as frequent as in the list.
    pub(crate) fn in_background(&self, table: &BackgroundTable, word: &[Token]) -> f64 {
        let folded = self.folding.fold(word);
        folded.map_or(f64::NEG_INFINITY, |folded| {
            self.in_letters(table, &folded, word)
        })
    }

    fn in_letters(&self, table: &BackgroundTable, folded: &Folded<'_>, word: &[Token]) -> f64 {
        table.log_prob(&folded.letters) + self.folding.log_share(word)
    }

    /// The group that a word is calibrated in.
    pub(crate) fn group(&self, word: &[Token]) -> Group {
        self.folding.group(word)
    }

    /// What is known of a word whose ln P is `log_prob` according to the list's model.
    pub(crate) fn evidence(&self, word: &[Token], log_prob: f64) -> Evidence {
        self.measure(word, log_prob).evidence()
    }

    /// [`Hypotheses::evidence`] before any logarithm.
    pub(crate) fn measure(&self, word: &[Token], log_prob: f64) -> Measured {
        /// Most words are shorter, in their tokens and in their letters without accents.
        const SHORT: usize = 16;
        let folded = self.background.as_ref();
        let folded = folded.and_then(|_| self.folding.fold(word));
        let letters = folded.as_ref().map_or(0, |folded| folded.letters.len());
        let (in_background, as_two) = match word.len().max(letters) {
            0..SHORT => self.as_names::<SHORT>(word, folded.as_ref()),
            _ => self.as_names::<{ LONGEST + 1 }>(word, folded.as_ref()),
        };
        Measured {
            length: word.len() as f64,
            as_name: match &self.background {
                Some((_, mix)) => mix.add(in_background, log_prob),
                None => LogSum {
                    high: log_prob,
                    low: None,
                },
            },
            as_random: self.random.log_prob(word),
            as_two,
            group: self.group(word),
        }
    }

    /// ln P of a word according to the background model, if there is one, and as two names.
    fn as_names<const N: usize>(
        &self,
        word: &[Token],
        folded: Option<&Folded<'_>>,
    ) -> (f64, Option<f64>) {
        let known = self.background.as_ref().zip(folded);
        let foreign = known
            .and_then(|((table, _), folded)| Foreign::<N>::of(word, table, &self.folding, folded));
        let in_background = match (&foreign, known) {
            (Some(foreign), _) => foreign.whole() + self.folding.log_share(word),
            (None, Some(((table, _), folded))) => self.in_letters(table, folded, word),
            (None, None) => f64::NEG_INFINITY,
        };
        let as_two = |bigrams| best_split(word, bigrams, foreign.as_ref());
        (in_background, self.bigrams.as_ref().and_then(as_two))
    }
}

/// What is known of a word, as sums that are not computed yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    length: f64,
    as_name: LogSum,
    as_random: LogSum,
    as_two: Option<f64>,
    pub(crate) group: Group,
}

impl Measured {
    pub(crate) fn evidence(&self) -> Evidence {
        let (length, as_name) = (self.length, self.as_name.value());
        let as_two = |as_two| [1.0, length, as_name, as_two];
        Evidence {
            against_random: [1.0, length, as_name, self.as_random.value()],
            against_joined: self.as_two.map(as_two),
        }
    }

    /// Evidence with the least and the greatest values that the sums may have.
    pub(crate) fn bounds(&self) -> [Evidence; 2] {
        let (names, randoms) = (self.as_name.bounds(), self.as_random.bounds());
        [0, 1].map(|end| Evidence {
            against_random: [1.0, self.length, names[end], randoms[end]],
            against_joined: self
                .as_two
                .map(|as_two| [1.0, self.length, names[end], as_two]),
        })
    }
}

/// A mixture of two distributions.
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
    fn add(&self, x: f64, y: f64) -> LogSum {
        let (x, y) = (self.log_share + x, self.log_rest + y);
        LogSum {
            high: x.max(y),
            low: Some(x.min(y)),
        }
    }
}

/// ln (exp(high) + exp(low)), to be computed.
#[derive(Clone, Copy, Debug)]
struct LogSum {
    high: f64,
    /// `None` if there is nothing to add.
    low: Option<f64>,
}

impl LogSum {
    fn value(self) -> f64 {
        match self.low {
            Some(low) => self.high + libm::log(1.0 + libm::exp(low - self.high)),
            None => self.high,
        }
    }

    /// A lower and an upper bound of the value, up to rounding errors.
    fn bounds(self) -> [f64; 2] {
        let most = self.low.map_or(0.0, |low| most_added(self.high - low));
        [self.high, self.high + most]
    }
}

/// A bound of ln (1 + exp(−x)) for x ≥ 0: ln (1 + y) ≤ y, and exp(x) ≥ 1 + x + x² / 2.
fn most_added(x: f64) -> f64 {
    std::f64::consts::LN_2.min(1.0 / (1.0 + x + 0.5 * x * x))
}

/// The maximum-likelihood share ω of the second of two models, given ln P of every name under both; one
/// pseudo-observation for each model keeps it away from 0 and 1.
///
/// The likelihood is concave in ω, so the root of its derivative is found by bisection.
pub(crate) fn likeliest_share(log_probs: impl Iterator<Item = (f64, f64)>) -> f64 {
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
        if slope(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The share that names were drawn with is recovered, and no data pushes it out of (0, 1).
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
}
