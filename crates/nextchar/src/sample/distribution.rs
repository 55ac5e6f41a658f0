//! One context's next-token distribution, ready to draw from.

use super::temperature::apply_temperature;
use crate::data::Token;

/// The tokens that can be drawn, in token order, with running sums of their probabilities.
///
/// A token whose probability is 0 is not in it, so no rounding can ever draw it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Distribution {
    choices: Box<[Choice]>,
}

/// A token that can be drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Choice {
    /// What is drawn.
    pub token: Token,
    /// ln p of the model itself, whatever the temperature, in nats.
    pub log_prob: f64,
    /// The probabilities up to and including this token.
    cumulative: f64,
}

impl Distribution {
    /// The distribution of a model's answer [V] at a temperature.
    pub fn new(log_probs: &[f64], temperature: Option<f64>) -> Self {
        let mut tempered = log_probs.to_vec();
        if let Some(temperature) = temperature {
            apply_temperature(&mut tempered, temperature);
        }
        let mut cumulative = 0.0;
        let choices = (0..)
            .zip(log_probs.iter().zip(&tempered))
            .filter_map(|(token, (&log_prob, &tempered))| {
                let prob = libm::exp(tempered);
                (prob > 0.0).then(|| {
                    cumulative += prob;
                    Choice {
                        token,
                        log_prob,
                        cumulative,
                    }
                })
            })
            .collect();
        Distribution { choices }
    }

    /// The token for a uniform number in [0, 1); `None` where no token is possible at all.
    ///
    /// The sums are not taken to end at exactly 1: the number is scaled by what they end at.
    pub fn draw(&self, uniform: f64) -> Option<Choice> {
        let last = self.choices.last()?;
        let place = uniform * last.cumulative;
        let index = self.choices.partition_point(|choice| choice.cumulative <= place);
        Some(*self.choices.get(index).unwrap_or(last))
    }

    /// Number of tokens that can be drawn.
    pub fn len(&self) -> usize {
        self.choices.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LARGEST_UNIFORM: f64 = 1.0 - f64::EPSILON / 2.0;

    #[test]
    fn the_ends_of_the_unit_interval_draw_possible_tokens() {
        let zero = f64::NEG_INFINITY;
        let half = 0.5f64.ln();
        let distribution = Distribution::new(&[zero, half, zero, half, zero], None);
        let token = |uniform| distribution.draw(uniform).unwrap().token;
        assert_eq!((token(0.0), token(LARGEST_UNIFORM)), (1, 3));
        assert_eq!((token(0.499), token(0.501)), (1, 3));
    }

    #[test]
    fn nothing_is_drawn_from_nothing() {
        for impossible in [f64::NEG_INFINITY, f64::NAN] {
            assert_eq!(Distribution::new(&[impossible; 3], None).draw(0.5), None);
        }
    }

    proptest! {
        /// Also where the probabilities do not add up to 1, and beyond the last sum.
        #[test]
        fn zero_is_never_drawn(
            weights in prop::collection::vec(
                prop_oneof![Just(0.0f64), 0.0..1.0f64, Just(1e-320), Just(1e-17)], 1..40),
            uniform in prop_oneof![
                Just(0.0), Just(LARGEST_UNIFORM), Just(1.0), Just(2.0), 0.0..1.0f64],
            temperature in prop::option::of(0.01..100f64),
        ) {
            let log_probs: Vec<f64> = weights.iter().map(|w| w.ln()).collect();
            match Distribution::new(&log_probs, temperature).draw(uniform) {
                Some(choice) => prop_assert!(weights[usize::from(choice.token)] > 0.0),
                None => prop_assert!(log_probs.iter().all(|&x| libm::exp(x) == 0.0)),
            }
        }
    }
}
