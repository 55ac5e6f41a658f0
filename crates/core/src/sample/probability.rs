//! The probability of the conditions, and the method by which it was found.

use serde::Serialize;

/// A method of drawing names from the conditional distribution, which also determines how exactly the
/// probability of the conditions is known.
///
/// By default, a [`Generator`](super::Generator) uses free draws if a maximum length is the only condition.
/// Otherwise it uses the dynamic program where that is small (contexts of up to three characters, or
/// conditions that few names satisfy), and free draws where it is not. If less than a quarter of the first
/// 128 free draws satisfy the conditions, it continues with the dynamic program or with bounds. It does the
/// same when drawing without replacement, once free draws hardly produce new names. It returns to free draws where
/// the bounds hardly fall and give no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Free draws, of which those that satisfy the conditions are kept. The probability is a relative
    /// frequency.
    Draws,
    /// The dynamic program. The probability is exact.
    Exact,
    /// Upper bounds that become tighter with use. The probability is estimated and has a certain upper bound.
    Bounds,
}

/// Smaller probabilities are only known to be smaller than this: terms of their sums may have underflowed.
const TINY: f64 = 1e-290;

/// An estimated probability with an interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Probability {
    /// The best estimate.
    pub estimate: f64,
    /// About two standard errors below the estimate. Equal to it if the probability is exact, but 0 if that is
    /// below 1e-290.
    pub low: f64,
    /// About two standard errors above the estimate, but at most the certain upper bound. Without any name so far, a
    /// larger probability would have given one with probability 1 − e⁻⁴, 98 %, whenever the draws were ended. Equal
    /// to the estimate if the probability is exact, but 1e-290 if that is smaller.
    pub high: f64,
    /// How it was found.
    pub method: Method,
}

impl Probability {
    /// A computed probability.
    pub(crate) fn exact(p: f64) -> Self {
        let underflows = 0.0 < p && p < TINY;
        Probability {
            estimate: p,
            low: if underflows { 0.0 } else { p },
            high: if underflows { TINY } else { p },
            method: Method::Exact,
        }
    }

    /// The fraction of free draws that were kept, with Wilson's score interval for two standard errors
    /// (Wilson 1927).
    pub(crate) fn of_draws(kept: u64, attempts: u64) -> Self {
        let (kept, attempts) = (kept as f64, attempts as f64);
        if attempts == 0.0 {
            return Probability {
                estimate: 1.0,
                low: 0.0,
                high: 1.0,
                method: Method::Draws,
            };
        }
        let (p, z2) = (kept / attempts, 4.0);
        let middle = (p + z2 / (2.0 * attempts)) / (1.0 + z2 / attempts);
        let spread = libm::sqrt(z2 * (p * (1.0 - p) / attempts + z2 / (4.0 * attempts * attempts)));
        let spread = spread / (1.0 + z2 / attempts);
        Probability {
            estimate: p,
            low: (middle - spread).max(0.0).min(p),
            high: (middle + spread).min(1.0).max(p),
            method: Method::Draws,
        }
    }
}
