//! How P(next token) is changed before a draw: temperature, then top-k, then top-p.

use nextchar_kernels::{Arithmetic, Kernels};

use crate::error::Error;
use crate::numeric::fold::largest;
use crate::numeric::softmax::row_sums;
use crate::setting::{Allowed, Setting};
use crate::text::END;

/// Temperature τ, top-k and top-p. The default draws from the unchanged model.
///
/// First p ← p^(1/τ), renormalised. Then all but the `top_k` most probable tokens get probability 0. Of the
/// rest, the smallest set of most probable tokens whose sum reaches `top_p` is kept (Holtzman et al. 2020,
/// "nucleus"). Of equally probable tokens, the first in the vocabulary is preferred. A token with probability
/// 0 is never drawn.
///
/// ```
/// use nextchar_core::sample::SampleConfig;
///
/// let ln = |p: [f64; 4]| p.map(f64::ln);
/// let mut probs = ln([0.4, 0.3, 0.2, 0.1]);
/// SampleConfig::new(1.0, Some(3), Some(0.7)).unwrap().apply(&mut probs);
/// assert!((probs[0] - 4.0 / 7.0).abs() < 1e-12 && probs[2..] == [0.0, 0.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleConfig {
    temperature: f64,
    top_k: Option<usize>,
    top_p: Option<f64>,
}

impl Default for SampleConfig {
    fn default() -> Self {
        SampleConfig {
            temperature: 1.0,
            top_k: None,
            top_p: None,
        }
    }
}

impl SampleConfig {
    /// Checks the values; `None` switches a filter off.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] unless the temperature is a finite number above 0, `top_k` at least 1 and
    /// `top_p` above 0 and at most 1.
    pub fn new(temperature: f64, top_k: Option<usize>, top_p: Option<f64>) -> Result<Self, Error> {
        Setting::Temperature.check(temperature, Allowed::Above(0.0))?;
        if let Some(number) = top_k {
            Setting::TopK.check_integer(number, Allowed::AtLeast(1.0))?;
        }
        if let Some(share) = top_p {
            Setting::TopP.check(share, Allowed::UpTo(0.0, 1.0))?;
        }
        Ok(SampleConfig {
            temperature,
            top_k,
            top_p,
        })
    }

    /// Turns log-probabilities into the probabilities of a draw, in place; they add up to 1. An impossible
    /// token stays impossible. If the model's parameters overflow and give NaN, the name ends.
    pub fn apply(&self, log_probs: &mut [f64]) {
        self.apply_to_rows(log_probs, log_probs.len());
    }

    /// [`SampleConfig::apply`] to rows of length `width`.
    pub(crate) fn apply_to_rows(&self, log_probs: &mut [f64], width: usize) {
        for row in log_probs.chunks_exact_mut(width) {
            let largest = largest(row);
            for value in row.iter_mut() {
                *value -= largest;
            }
            if self.temperature != 1.0 {
                row.iter_mut().for_each(|value| *value /= self.temperature);
            }
        }
        Kernels::best(Arithmetic::Unfused).exp_f64(log_probs);
        let (probs, is_cut) = (log_probs, self.top_k.is_some() || self.top_p.is_some());
        let sums = row_sums(probs, width);
        for (row, sum) in probs.chunks_exact_mut(width).zip(sums) {
            if sum.is_nan() {
                row.fill(0.0);
                row[usize::from(END)] = 1.0;
                continue;
            }
            debug_assert!(sum > 0.0);
            row.iter_mut().for_each(|weight| *weight /= sum);
            if is_cut {
                self.cut(row);
            }
        }
    }

    /// Keeps only the most probable tokens.
    fn cut(&self, probs: &mut [f64]) {
        let mut order: Vec<usize> = (0..probs.len()).collect();
        order.sort_by(|&a, &b| probs[b].total_cmp(&probs[a]).then(a.cmp(&b)));
        let kept = self.top_k.unwrap_or(probs.len()).min(probs.len());
        let mut dropped = order.split_off(kept);
        if let Some(share) = self.top_p {
            let total: f64 = order.iter().map(|&token| probs[token]).sum();
            let mut sum = 0.0;
            let enough = order.iter().position(|&token| {
                sum += probs[token];
                sum >= share * total
            });
            dropped.extend(order.split_off(enough.map_or(kept, |last| last + 1)));
        }
        for token in dropped {
            probs[token] = 0.0;
        }
        normalise(probs);
    }
}

fn normalise(weights: &mut [f64]) {
    let sum: f64 = weights.iter().sum();
    for weight in weights {
        *weight /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(config: SampleConfig, probs: &[f64]) -> Vec<f64> {
        let mut values: Vec<f64> = probs.iter().map(|p| p.ln()).collect();
        config.apply(&mut values);
        values
    }

    fn assert_close(found: &[f64], expected: &[f64]) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found} {expected}");
            assert_eq!(*found == 0.0, *expected == 0.0);
        }
    }

    #[test]
    fn nan_ends_the_name() {
        for mut values in [
            [f64::NAN; 3],
            [f64::NEG_INFINITY; 3],
            [-1.0, f64::NAN, -2.0],
        ] {
            SampleConfig::default().apply(&mut values);
            assert_eq!(values, [1.0, 0.0, 0.0]);
        }
    }

    #[test]
    fn powers_are_renormalised() {
        let config = |temperature| SampleConfig::new(temperature, None, None).unwrap();
        let found = applied(config(0.5), &[0.5, 0.25, 0.0, 0.25]);
        assert_close(&found, &[4.0 / 6.0, 1.0 / 6.0, 0.0, 1.0 / 6.0]);
        let mut cold = [-1.0, -1.1, -1.2];
        config(1e-9).apply(&mut cold);
        assert_eq!(cold, [1.0, 0.0, 0.0]);
    }

    #[test]
    fn the_least_probable_are_dropped() {
        let config = |k, p| SampleConfig::new(1.0, k, p).unwrap();
        let probs = [0.1, 0.4, 0.1, 0.4];
        assert_close(
            &applied(config(Some(1), None), &probs),
            &[0.0, 1.0, 0.0, 0.0],
        );
        assert_close(
            &applied(config(Some(3), None), &probs),
            &[1.0 / 9.0, 4.0 / 9.0, 0.0, 4.0 / 9.0],
        );
        assert_close(
            &applied(config(None, Some(0.5)), &probs),
            &[0.0, 0.5, 0.0, 0.5],
        );
        assert_close(
            &applied(config(None, Some(1e-9)), &probs),
            &[0.0, 1.0, 0.0, 0.0],
        );
        assert_close(&applied(config(Some(9), Some(1.0)), &probs), &probs);
        // Top-p refers to the tokens that top-k kept: 0.4 of 0.9 is less than half.
        assert_close(
            &applied(config(Some(3), Some(0.5)), &probs),
            &[0.0, 0.5, 0.0, 0.5],
        );
        assert_close(
            &applied(config(Some(2), Some(0.5)), &probs),
            &[0.0, 1.0, 0.0, 0.0],
        );
    }

    #[test]
    fn invalid_values_are_refused() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(SampleConfig::new(bad, None, None).is_err());
        }
        for bad in [0.0, -1.0, f64::NAN, 1.1] {
            assert!(SampleConfig::new(1.0, None, Some(bad)).is_err());
        }
        assert!(SampleConfig::new(1.0, Some(0), None).is_err());
    }
}
