//! Newton's method for convex functions of a few variables.

use std::ops::RangeInclusive;

/// Gradient and Hessian of a function of N variables at a point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Derivatives<const N: usize> {
    pub gradient: [f64; N],
    pub hessian: [[f64; N]; N],
}

/// A function of N variables that [`minimise`] can handle.
pub(crate) trait Convex<const N: usize> {
    /// Its value at x, a positive number.
    fn value(&self, x: &[f64; N]) -> f64;

    /// Minus its gradient, and its Hessian, which must be positive definite.
    fn descent(&self, x: &[f64; N]) -> Derivatives<N>;
}

/// The minimum of a convex function, starting at the origin.
///
/// A step that would increase the value is halved until it does not, so the iteration cannot diverge. It ends
/// once a step gains less than a 10⁻¹⁰ share of the value.
pub(crate) fn minimise<const N: usize>(function: &impl Convex<N>) -> [f64; N] {
    const ITERATIONS: usize = 50;
    const TINY: f64 = 1e-10;
    let mut x = [0.0; N];
    let mut value = function.value(&x);
    for _ in 0..ITERATIONS {
        let Derivatives { gradient, hessian } = function.descent(&x);
        let mut step = solve(hessian, gradient);
        let (next, next_value) = loop {
            let mut next = x;
            for (x, step) in next.iter_mut().zip(step) {
                *x += step;
            }
            let next_value = function.value(&next);
            let longest = step
                .iter()
                .fold(0.0, |longest: f64, x| longest.max(x.abs()));
            if next_value <= value || longest < TINY {
                break (next, next_value);
            }
            step = step.map(|x| x / 2.0);
        };
        let gain = value - next_value;
        if gain >= 0.0 {
            (x, value) = (next, next_value);
        }
        if gain <= TINY * value {
            break;
        }
    }
    x
}

/// The maximum of a concave function of two variables within a square, by full Newton steps from `start` that
/// are clamped to the square.
///
/// `derivatives` gives the gradient, and minus the Hessian as its entries (0, 0), (0, 1) and (1, 1). There is
/// no line search: use it for functions that are close to quadratic.
pub(crate) fn maximise_pair(
    start: [f64; 2],
    bounds: RangeInclusive<f64>,
    mut derivatives: impl FnMut([f64; 2]) -> ([f64; 2], [f64; 3]),
) -> [f64; 2] {
    const ITERATIONS: usize = 20;
    const TOLERANCE: f64 = 1e-9;
    let (low, high) = bounds.into_inner();
    let mut x = start;
    for _ in 0..ITERATIONS {
        let (gradient, curvature) = derivatives(x);
        let step = solve_pair(curvature, gradient);
        for (x, step) in x.iter_mut().zip(step) {
            *x = (*x + step).clamp(low, high);
        }
        if step[0].abs() + step[1].abs() < TOLERANCE {
            break;
        }
    }
    x
}

/// The solution of A·x = b for the symmetric matrix A with entries (0, 0), (0, 1) and (1, 1), by its inverse.
fn solve_pair([a, b, d]: [f64; 3], [x, y]: [f64; 2]) -> [f64; 2] {
    let determinant = a * d - b * b;
    [(d * x - b * y) / determinant, (a * y - b * x) / determinant]
}

/// The solution of A·x = b for a positive definite A, by Gaussian elimination with partial pivoting.
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
    use proptest::prelude::*;

    use super::*;

    /// cosh(x − 1) + cosh(3·(y + 2)) + 1: a full Newton step from the origin overshoots wildly.
    struct Steep;

    impl Convex<2> for Steep {
        fn value(&self, [x, y]: &[f64; 2]) -> f64 {
            (x - 1.0).cosh() + (3.0 * (y + 2.0)).cosh() + 1.0
        }

        fn descent(&self, [x, y]: &[f64; 2]) -> Derivatives<2> {
            let (u, v) = (x - 1.0, 3.0 * (y + 2.0));
            Derivatives {
                gradient: [-u.sinh(), -3.0 * v.sinh()],
                hessian: [[u.cosh(), 0.0], [0.0, 9.0 * v.cosh()]],
            }
        }
    }

    #[test]
    fn the_minimum_is_found() {
        let [x, y] = minimise(&Steep);
        assert!((x - 1.0).abs() < 1e-4 && (y + 2.0).abs() < 1e-4, "{x} {y}");
    }

    /// −(x − 1)² − (x − 1)·(y − 3) − (y − 3)², first with its maximum inside the square, then outside.
    #[test]
    fn the_maximum_is_clamped_to_its_bounds() {
        let derivatives = |[x, y]: [f64; 2]| {
            let (u, v) = (x - 1.0, y - 3.0);
            ([-2.0 * u - v, -u - 2.0 * v], [2.0, 1.0, 2.0])
        };
        let [x, y] = maximise_pair([0.0, 0.0], 0.0..=10.0, derivatives);
        assert!((x - 1.0).abs() < 1e-9 && (y - 3.0).abs() < 1e-9, "{x} {y}");
        assert_eq!(maximise_pair([0.0, 0.0], 0.0..=2.0, derivatives)[1], 2.0);
    }

    proptest! {
        /// A·x = b for A = MᵀM + I, by elimination and, for two variables, by the inverse.
        #[test]
        fn systems_are_solved(entries in prop::array::uniform9(-2.0f64..2.0), b in prop::array::uniform3(-2.0f64..2.0)) {
            let m = |row: usize, column: usize| entries[row * 3 + column];
            let mut a = [[0.0; 3]; 3];
            for (i, row) in a.iter_mut().enumerate() {
                for (j, x) in row.iter_mut().enumerate() {
                    *x = (0..3).map(|k| m(k, i) * m(k, j)).sum::<f64>() + f64::from(u8::from(i == j));
                }
            }
            let x = solve(a, b);
            for (row, b) in a.iter().zip(b) {
                let product: f64 = row.iter().zip(x).map(|(a, x)| a * x).sum();
                prop_assert!((product - b).abs() < 1e-9);
            }
            let pair = solve_pair([a[0][0], a[0][1], a[1][1]], [b[0], b[1]]);
            let expected = solve([[a[0][0], a[0][1]], [a[0][1], a[1][1]]], [b[0], b[1]]);
            for (found, expected) in pair.into_iter().zip(expected) {
                prop_assert!((found - expected).abs() < 1e-9);
            }
        }
    }
}
