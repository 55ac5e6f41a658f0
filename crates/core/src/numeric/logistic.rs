//! Logistic regression with few features: maximum-likelihood weights, by Newton's method.

use crate::numeric::newton::{Convex, Derivatives, minimise};

/// One observation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<const N: usize> {
    pub features: [f64; N],
    pub positive: bool,
    /// How many times it counts.
    pub weight: f64,
}

/// The weights w that maximise the likelihood of P(positive | x) = 1 / (1 + exp(−w·x)), with a small ridge
/// penalty on each.
pub(crate) fn logistic_regression<const N: usize>(rows: &[Row<N>]) -> [f64; N] {
    minimise(&PenalisedLoss { rows })
}

const RIDGE: f64 = 1e-3;

/// −ln likelihood + ridge / 2 · |w|².
struct PenalisedLoss<'a, const N: usize> {
    rows: &'a [Row<N>],
}

impl<const N: usize> Convex<N> for PenalisedLoss<'_, N> {
    fn value(&self, weights: &[f64; N]) -> f64 {
        let losses = self.rows.iter().map(|row| {
            let score = dot(&row.features, weights);
            let against = if row.positive { -score } else { score };
            // ln(1 + exp(x)) without overflow.
            row.weight * (against.max(0.0) + libm::log1p(libm::exp(-against.abs())))
        });
        losses.sum::<f64>() + RIDGE / 2.0 * dot(weights, weights)
    }

    fn descent(&self, weights: &[f64; N]) -> Derivatives<N> {
        let mut gradient = weights.map(|w| -RIDGE * w);
        let mut hessian = [[0.0; N]; N];
        for (i, row) in hessian.iter_mut().enumerate() {
            row[i] = RIDGE;
        }
        for row in self.rows {
            let x = &row.features;
            let p = 1.0 / (1.0 + libm::exp(-dot(x, weights)));
            let label = f64::from(u8::from(row.positive));
            for i in 0..N {
                gradient[i] += row.weight * (label - p) * x[i];
                for j in 0..N {
                    hessian[i][j] += row.weight * p * (1.0 - p) * x[i] * x[j];
                }
            }
        }
        Derivatives { gradient, hessian }
    }
}

fn dot<const N: usize>(x: &[f64; N], weights: &[f64; N]) -> f64 {
    x.iter().zip(weights).map(|(x, w)| x * w).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_the_log_odds() {
        // Three in four rows with x = 1 are positive, and one in four with x = 0: odds of 3 and 1/3.
        let row = |x: f64, positive, weight| Row {
            features: [1.0, x],
            positive,
            weight,
        };
        let rows = [
            row(1.0, true, 3e4),
            row(1.0, false, 1e4),
            row(0.0, true, 1e4),
            row(0.0, false, 3e4),
        ];
        let [constant, slope] = logistic_regression(&rows);
        assert!((constant + 3f64.ln()).abs() < 1e-4, "{constant}");
        assert!((slope - 2.0 * 3f64.ln()).abs() < 1e-4, "{slope}");
    }

    #[test]
    fn perfectly_separable_rows_keep_weights_finite() {
        let rows: Vec<Row<2>> = (0..50)
            .map(|i| Row {
                features: [1.0, f64::from(i) - 24.5],
                positive: i > 24,
                weight: 1.0,
            })
            .collect();
        let weights = logistic_regression(&rows);
        assert!(
            weights.iter().all(|w| w.is_finite()) && weights[1] > 1.0,
            "{weights:?}"
        );
    }
}
