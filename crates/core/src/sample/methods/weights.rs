//! Drawing a token by weights that are products of a probability and a mass.

use crate::text::Token;

/// A product that is 0 only if a factor is: underflow must not make a possible token impossible.
#[inline]
pub(crate) fn times(p: f64, mass: f64) -> f64 {
    let product = p * mass;
    if product == 0.0 && p > 0.0 && mass > 0.0 {
        f64::MIN_POSITIVE
    } else {
        product
    }
}

/// The first token whose running sum of weights exceeds the threshold; never one of weight 0.
pub(crate) fn pick(weights: &[f64], threshold: f64) -> Token {
    let (mut sum, mut last) = (0.0, 0);
    for (place, &weight) in weights.iter().enumerate() {
        sum += weight;
        if weight > 0.0 {
            last = place;
            if threshold < sum {
                break;
            }
        }
    }
    last as Token
}
