//! Temperature: p^(1/τ), renormalised. Below 1 likely letters become likelier, above 1 rarer.

use crate::error::Error;

/// Checks that a temperature is a finite number above 0.
///
/// # Errors
/// [`Error::BadSampling`] says what it was.
pub fn check_temperature(temperature: f64) -> Result<(), Error> {
    if temperature.is_finite() && temperature > 0.0 {
        return Ok(());
    }
    Err(Error::BadSampling(format!(
        "a temperature of {temperature} (above 0 and finite is possible, 1 changes nothing)"
    )))
}

/// Divides natural-log probabilities by a temperature and renormalises them; p = 0 stays 0.
///
/// The most likely token always keeps a probability above 0, however low the temperature.
///
/// ```
/// use nextchar::sample::apply_temperature;
///
/// let mut log_probs = [0.8f64.ln(), 0.2f64.ln(), f64::NEG_INFINITY];
/// apply_temperature(&mut log_probs, 0.5); // squares: 0.64 and 0.04
/// assert!((log_probs[0].exp() - 16.0 / 17.0).abs() < 1e-12);
/// assert_eq!(log_probs[2], f64::NEG_INFINITY);
/// ```
pub fn apply_temperature(log_probs: &mut [f64], temperature: f64) {
    let largest = log_probs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if largest == f64::NEG_INFINITY {
        return; // nothing is possible, and nothing becomes so
    }
    let mut sum = 0.0;
    for log_prob in log_probs.iter_mut() {
        *log_prob = (*log_prob - largest) / temperature;
        sum += libm::exp(*log_prob);
    }
    let log_sum = libm::log(sum);
    for log_prob in log_probs {
        *log_prob -= log_sum;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_positive_finite_temperatures_are_accepted() {
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(check_temperature(bad), Err(Error::BadSampling(_))), "{bad}");
        }
        assert!(check_temperature(f64::MIN_POSITIVE).is_ok());
    }

    #[test]
    fn an_impossible_row_is_left_alone() {
        let mut log_probs = [f64::NEG_INFINITY; 3];
        apply_temperature(&mut log_probs, 0.5);
        assert_eq!(log_probs, [f64::NEG_INFINITY; 3]);
    }

    proptest! {
        /// At any temperature: a distribution, in the same order, with zeros where they were.
        #[test]
        fn stays_a_distribution(
            weights in prop::collection::vec(
                prop_oneof![Just(0.0f64), 1e-12..1.0f64], 1..30),
            exponent in -300f64..300.0,
        ) {
            let total: f64 = weights.iter().sum();
            prop_assume!(total > 0.0);
            let mut log_probs: Vec<f64> = weights.iter().map(|w| (w / total).ln()).collect();
            apply_temperature(&mut log_probs, 10f64.powf(exponent));
            let sum: f64 = log_probs.iter().map(|x| x.exp()).sum();
            prop_assert!((sum - 1.0).abs() < 1e-12, "{}", sum);
            for (left, x) in weights.iter().zip(&log_probs) {
                prop_assert!(*left > 0.0 || *x == f64::NEG_INFINITY);
                for (right, y) in weights.iter().zip(&log_probs) {
                    prop_assert!(left > right || x <= y);
                }
            }
        }

        #[test]
        fn one_changes_nothing(weights in prop::collection::vec(1e-9..1.0f64, 1..30)) {
            let total: f64 = weights.iter().sum();
            let before: Vec<f64> = weights.iter().map(|w| (w / total).ln()).collect();
            let mut after = before.clone();
            apply_temperature(&mut after, 1.0);
            for (before, after) in before.iter().zip(after) {
                prop_assert!((before - after).abs() < 1e-12);
            }
        }
    }
}
