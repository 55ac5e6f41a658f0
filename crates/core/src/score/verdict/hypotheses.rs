//! What a word may be: a name of the list, a name of elsewhere, or letters without an order.

use crate::counts::AdditiveNgram;
use crate::data::CountedWindows;
use crate::error::Error;
use crate::language_model::LanguageModel;
use crate::score::verdict::world::World;
use crate::text::{END, Token};

/// Number of statistics, the constant 1 among them.
pub(crate) const FEATURES: usize = 4;

pub(crate) type Features = [f64; FEATURES];

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
pub(crate) struct Hypotheses<'w> {
    letters: Letters,
    /// With ω.
    world: Option<(&'w World, Mix)>,
}

impl<'w> Hypotheses<'w> {
    /// `bigrams` are windows of the training names, of any context length; of shuffled names and of the world's
    /// the shares ε and ω.
    ///
    /// # Errors
    /// Those of [`CountedWindows::shorten`].
    pub fn new(
        bigrams: &CountedWindows,
        shuffled_share: f64,
        world: Option<(&'w World, f64)>,
    ) -> Result<Self, Error> {
        Ok(Hypotheses {
            letters: Letters::of(bigrams, shuffled_share)?,
            world: world.map(|(world, share)| (world, Mix::new(share))),
        })
    }

    /// 1; the number of letters; ln P as a name and as another word. Nothing steeper in the length: it would
    /// say strange things of words shorter than any name.
    pub fn features(&self, word: &[Token], log_prob: f64) -> Features {
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
        match slope(middle) > 0.0 {
            true => low = middle,
            false => high = middle,
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
