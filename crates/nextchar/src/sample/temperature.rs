//! Temperature: p^(1/τ), renormalised. Below 1 the likely becomes likelier.

use crate::error::Error;

/// A temperature τ > 0; 1 leaves the model's distribution as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Temperature(f64);

impl Default for Temperature {
    fn default() -> Self {
        Temperature(1.0)
    }
}

impl Temperature {
    /// A checked temperature.
    ///
    /// # Errors
    /// [`Error::BadSampling`] unless it is a finite number above 0.
    pub fn new(value: f64) -> Result<Self, Error> {
        if value.is_finite() && value > 0.0 {
            Ok(Temperature(value))
        } else {
            Err(Error::BadSampling(format!(
                "a temperature of {value} (a number above 0 is possible, such as 0.8)"
            )))
        }
    }

    /// Turns log-probabilities into probabilities ∝ p^(1/τ), in place. What was impossible stays so.
    pub fn apply(self, log_probs: &mut [f64]) {
        let largest = log_probs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for value in log_probs.iter_mut() {
            *value = libm::exp((*value - largest) / self.0);
            sum += *value;
        }
        for value in log_probs {
            *value /= sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_are_renormalised() {
        let mut values = [0.5f64.ln(), 0.25f64.ln(), f64::NEG_INFINITY, 0.25f64.ln()];
        Temperature::new(0.5).unwrap().apply(&mut values);
        for (found, expected) in values.iter().zip([4.0 / 6.0, 1.0 / 6.0, 0.0, 1.0 / 6.0]) {
            assert!((found - expected).abs() < 1e-12);
        }
        let mut cold = [-1.0, -1.1, -1.2];
        Temperature::new(1e-9).unwrap().apply(&mut cold);
        assert_eq!(cold, [1.0, 0.0, 0.0]);
    }

    #[test]
    fn only_positive_numbers_are_temperatures() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Temperature::new(bad).is_err());
        }
    }
}
