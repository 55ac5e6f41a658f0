//! Logistic regression with few features: weights of maximum likelihood, by Newton's method.

/// One observation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<const N: usize> {
    pub features: [f64; N],
    pub positive: bool,
    /// How often it counts.
    pub weight: f64,
}

/// The weights w under which P(positive | x) = 1 / (1 + exp(−w·x)) is likeliest, with a trace of ridge
/// on each.
///
/// A step that lowers the likelihood is halved until it does not, so that the iteration cannot run away.
pub(crate) fn logistic_regression<const N: usize>(rows: &[Row<N>]) -> [f64; N] {
    const ITERATIONS: usize = 50;
    let mut weights = [0.0; N];
    let mut loss = penalised_loss(rows, &weights);
    for _ in 0..ITERATIONS {
        let (gradient, hessian) = derivatives(rows, &weights);
        let mut step = solve(hessian, gradient);
        let (next, next_loss) = loop {
            let mut next = weights;
            for (w, step) in next.iter_mut().zip(step) {
                *w += step;
            }
            let next_loss = penalised_loss(rows, &next);
            let longest = step
                .iter()
                .fold(0.0, |longest: f64, x| longest.max(x.abs()));
            if next_loss <= loss || longest < TINY {
                break (next, next_loss);
            }
            step = step.map(|x| x / 2.0);
        };
        let gain = loss - next_loss;
        if gain >= 0.0 {
            (weights, loss) = (next, next_loss);
        }
        if gain <= TINY * loss {
            break;
        }
    }
    weights
}

const RIDGE: f64 = 1e-3;
const TINY: f64 = 1e-10;

fn dot<const N: usize>(x: &[f64; N], weights: &[f64; N]) -> f64 {
    x.iter().zip(weights).map(|(x, w)| x * w).sum()
}

/// −ln likelihood + ridge / 2 · |w|².
fn penalised_loss<const N: usize>(rows: &[Row<N>], weights: &[f64; N]) -> f64 {
    let losses = rows.iter().map(|row| {
        let score = dot(&row.features, weights);
        let against = if row.positive { -score } else { score };
        // ln(1 + exp(x)) without overflow.
        row.weight * (against.max(0.0) + libm::log1p(libm::exp(-against.abs())))
    });
    losses.sum::<f64>() + RIDGE / 2.0 * dot(weights, weights)
}

/// The gradient of the log-likelihood, and minus its second derivatives.
fn derivatives<const N: usize>(rows: &[Row<N>], weights: &[f64; N]) -> ([f64; N], [[f64; N]; N]) {
    let mut gradient = weights.map(|w| -RIDGE * w);
    let mut hessian = [[0.0; N]; N];
    for (i, row) in hessian.iter_mut().enumerate() {
        row[i] = RIDGE;
    }
    for row in rows {
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
    (gradient, hessian)
}

/// Gauss's elimination with pivots; the matrix is positive definite.
fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> [f64; N] {
    for column in 0..N {
        let size = |row: &usize| a[*row][column].abs();
        let pivot = (column..N)
            .max_by(|x, y| size(x).total_cmp(&size(y)))
            .expect("there is a row left");
        a.swap(column, pivot);
        b.swap(column, pivot);
        for row in column + 1..N {
            let upper = a[column];
            let factor = a[row][column] / upper[column];
            for (x, upper) in a[row].iter_mut().zip(upper) {
                *x -= factor * upper;
            }
            b[row] -= factor * b[column];
        }
    }
    for row in (0..N).rev() {
        for k in row + 1..N {
            b[row] -= a[row][k] * b[k];
        }
        b[row] /= a[row][row];
    }
    b
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_those_of_the_odds() {
        // Of x = 1, three in four are positive, of x = 0, one in four: odds of 3 and 1/3.
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
    fn what_is_told_apart_perfectly_stays_finite() {
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
