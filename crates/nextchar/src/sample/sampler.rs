//! One name: the last T characters in, the next one drawn from P(c), until the end mark.

use rustc_hash::FxHashMap;

use super::temperature::Temperature;
use crate::data::{END, Token};
use crate::language_model::LanguageModel;
use crate::rng::{Purpose, Seed, Stream};

/// How many contexts' distributions are kept; beyond it the cache begins anew.
const CACHED_CONTEXTS: usize = 1 << 16;

/// Draws whole names from a model.
pub struct NameSampler<'a> {
    model: &'a dyn LanguageModel,
    temperature: Temperature,
    max_length: usize,
    rng: Stream,
    cache: FxHashMap<Vec<Token>, Distribution>,
}

/// What was drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// The name's tokens, without the end mark.
    pub tokens: Vec<Token>,
    /// ln P(name) by the model itself, before temperature, the end mark included; `None` where the
    /// longest length was passed before an end mark came.
    pub log_prob: Option<f64>,
}

/// The next token's distribution in one context.
#[derive(Debug)]
struct Distribution {
    /// Running sums of the probabilities after temperature.
    cumulative: Vec<f64>,
    /// The model's own log-probabilities.
    log_probs: Vec<f64>,
}

impl<'a> NameSampler<'a> {
    /// A sampler; the seed decides what it draws.
    pub fn new(
        model: &'a dyn LanguageModel,
        temperature: Temperature,
        max_length: usize,
        seed: &Seed,
    ) -> Self {
        NameSampler {
            model,
            temperature,
            max_length,
            rng: seed.stream(Purpose::Sample, 0),
            cache: FxHashMap::default(),
        }
    }

    /// Draws one name; gives up on it as soon as it is longer than the longest allowed.
    pub fn draw(&mut self) -> Draw {
        let context_length = self.model.context_length();
        // Padding, then the name: its last T tokens are always the context.
        let mut tokens = vec![END; context_length];
        let mut log_prob = 0.0;
        let log_prob = loop {
            let context = &tokens[tokens.len() - context_length..];
            if self.cache.len() >= CACHED_CONTEXTS {
                self.cache.clear();
            }
            if !self.cache.contains_key(context) {
                let distribution = Distribution::new(self.model, self.temperature, context);
                self.cache.insert(context.to_vec(), distribution);
            }
            let distribution = &self.cache[context];
            let token = distribution.pick(self.rng.uniform());
            log_prob += distribution.log_probs[usize::from(token)];
            if token == END {
                break Some(log_prob);
            }
            if tokens.len() - context_length == self.max_length {
                break None;
            }
            tokens.push(token);
        };
        Draw {
            tokens: tokens.split_off(context_length),
            log_prob,
        }
    }
}

impl Distribution {
    fn new(model: &dyn LanguageModel, temperature: Temperature, context: &[Token]) -> Self {
        let log_probs = model.next_log_probs(context);
        let mut cumulative = log_probs.clone();
        temperature.apply(&mut cumulative);
        let mut sum = 0.0;
        for value in &mut cumulative {
            sum += *value;
            *value = sum;
        }
        Distribution {
            cumulative,
            log_probs,
        }
    }

    /// The first token whose running sum passes `uniform` times the whole. One with p = 0 adds
    /// nothing to the sum and is never the first to pass, whatever the rounding.
    fn pick(&self, uniform: f64) -> Token {
        let whole = self.cumulative[self.cumulative.len() - 1];
        let threshold = uniform * whole;
        // uniform < 1, but the product may round up to the whole: then the last step up is meant.
        let place = if threshold < whole {
            self.cumulative.partition_point(|&sum| sum <= threshold)
        } else {
            self.cumulative.partition_point(|&sum| sum < whole)
        };
        place as Token
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn distribution(probs: &[f64]) -> Distribution {
        let cumulative = probs
            .iter()
            .scan(0.0, |sum, p| {
                *sum += p;
                Some(*sum)
            })
            .collect();
        Distribution {
            cumulative,
            log_probs: Vec::new(),
        }
    }

    proptest! {
        /// p = 0 is never drawn, under any rounding.
        #[test]
        fn the_impossible_is_never_drawn(
            probs in prop::collection::vec(prop_oneof![Just(0.0), 0.0..1.0f64, Just(1e-300)], 1..30),
            uniform in prop_oneof![Just(0.0), 0.0..1.0f64, Just(1.0 - f64::EPSILON / 2.0)],
        ) {
            prop_assume!(probs.iter().any(|&p| p > 1e-12));
            let token = distribution(&probs).pick(uniform);
            prop_assert!(probs[usize::from(token)] > 0.0);
        }
    }

    #[test]
    fn edges_belong_to_the_next_token() {
        let distribution = distribution(&[0.0, 0.25, 0.0, 0.75, 0.0]);
        assert_eq!(distribution.pick(0.0), 1);
        assert_eq!(distribution.pick(0.249), 1);
        assert_eq!(distribution.pick(0.25), 3);
        assert_eq!(distribution.pick(1.0 - f64::EPSILON / 2.0), 3);
    }
}
