//! BFGS: quasi-Newton minimisation of a smooth function of some dozens of variables.

/// Iterations at most.
const ITERATIONS: usize = 40;
/// The search ends once an iteration gains less than this.
const TOLERANCE: f64 = 1e-8;

/// A local minimum of `objective` with 0 < xᵢ < limitᵢ, from `start` (Nocedal and Wright 2006, algorithm 6.1).
///
/// `objective` returns its value at x and writes its gradient. Values should be of the order of 1, such as a mean
/// loss: tolerances are absolute. The constraint is removed by the substitution xᵢ = limitᵢ·σ(uᵢ); starting
/// points within 1 % of a bound are moved that far inside.
pub(crate) fn minimise_in_box(
    start: &[f64],
    limits: &[f64],
    objective: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Vec<f64> {
    let logit = |(x, limit): (&f64, &f64)| {
        let share = (x / limit).clamp(0.01, 0.99);
        libm::log(share / (1.0 - share))
    };
    let mut function = Unbounded { objective, limits };
    let mut at = function.point(start.iter().zip(limits).map(logit).collect());
    let mut inverse = InverseHessian::new(start.len());
    for _ in 0..ITERATIONS {
        let next = line_search(&mut function, &at, &inverse);
        let gain = at.value - next.value;
        if gain.is_nan() || gain <= 0.0 {
            break;
        }
        inverse.update(
            &difference(&next.u, &at.u),
            &difference(&next.gradient, &at.gradient),
        );
        at = next;
        if gain < TOLERANCE {
            break;
        }
    }
    function.bounded(&at.u)
}

/// The objective as a function of u, which has no bounds.
struct Unbounded<'l, F> {
    objective: F,
    limits: &'l [f64],
}

/// A point with the function's value and gradient there.
struct Point {
    u: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
}

impl<F: FnMut(&[f64], &mut [f64]) -> f64> Unbounded<'_, F> {
    /// xᵢ = limitᵢ·σ(uᵢ).
    fn bounded(&self, u: &[f64]) -> Vec<f64> {
        let sigmoid = |(u, limit): (&f64, &f64)| limit / (1.0 + libm::exp(-u));
        u.iter().zip(self.limits).map(sigmoid).collect()
    }

    fn point(&mut self, u: Vec<f64>) -> Point {
        let x = self.bounded(&u);
        let mut gradient = vec![0.0; u.len()];
        let value = (self.objective)(&x, &mut gradient);
        // dx/du = x·(1 − x / limit).
        for ((grad, x), limit) in gradient.iter_mut().zip(&x).zip(self.limits) {
            *grad *= x * (1.0 - x / limit);
        }
        Point { u, value, gradient }
    }
}

/// The first of the steps 1, 1/2, 1/4 … along the quasi-Newton direction that decreases the value sufficiently
/// (Armijo's condition), or else a tiny one.
fn line_search<F: FnMut(&[f64], &mut [f64]) -> f64>(
    function: &mut Unbounded<'_, F>,
    from: &Point,
    inverse: &InverseHessian,
) -> Point {
    let direction: Vec<f64> = inverse.times(&from.gradient).iter().map(|x| -x).collect();
    let slope = dot(&from.gradient, &direction);
    let mut length = 1.0;
    loop {
        let moved = from.u.iter().zip(&direction).map(|(u, d)| u + length * d);
        let next = function.point(moved.collect());
        if next.value <= from.value + 1e-4 * length * slope || length < 1e-6 {
            return next;
        }
        length /= 2.0;
    }
}

/// The approximate inverse of the Hessian, [N, N].
struct InverseHessian {
    size: usize,
    entries: Vec<f64>,
}

impl InverseHessian {
    /// A hundred times the identity: the objective is a mean, so its curvature is small.
    fn new(size: usize) -> Self {
        let entry = |i: usize| f64::from(i.is_multiple_of(size + 1)) * 100.0;
        InverseHessian {
            size,
            entries: (0..size * size).map(entry).collect(),
        }
    }

    fn times(&self, vector: &[f64]) -> Vec<f64> {
        let rows = self.entries.chunks_exact(self.size);
        rows.map(|row| dot(row, vector)).collect()
    }

    /// The BFGS update for a step and the change of the gradient along it. Without positive curvature there is
    /// none, so that the matrix stays positive definite.
    fn update(&mut self, step: &[f64], change: &[f64]) {
        let curvature = dot(step, change);
        if curvature <= 1e-14 || curvature.is_nan() {
            return;
        }
        let turned = self.times(change);
        let scale = (1.0 + dot(change, &turned) / curvature) / curvature;
        for i in 0..self.size {
            for j in 0..self.size {
                self.entries[i * self.size + j] += scale * step[i] * step[j]
                    - (turned[i] * step[j] + step[i] * turned[j]) / curvature;
            }
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    a.iter().zip(b).map(|(a, b)| a - b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rosenbrock's valley with its minimum at (1, 1), scaled to the size of a mean loss.
    fn valley(x: &[f64], gradient: &mut [f64]) -> f64 {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        gradient[0] = 0.01 * (-2.0 * a - 40.0 * b * x[0]);
        gradient[1] = 0.01 * 20.0 * b;
        0.01 * (a * a + 10.0 * b * b)
    }

    #[test]
    fn the_minimum_of_a_valley_is_found() {
        let found = minimise_in_box(&[0.3, 1.6], &[2.0, 2.0], valley);
        assert!(found.iter().all(|x| (x - 1.0).abs() < 0.01), "{found:?}");
    }

    /// The minimum of (x − 5)² + (y − 1)² lies outside: x approaches its limit.
    #[test]
    fn a_minimum_outside_is_approached_from_inside() {
        let objective = |x: &[f64], gradient: &mut [f64]| {
            let (a, b) = (x[0] - 5.0, x[1] - 1.0);
            gradient[0] = 0.02 * a;
            gradient[1] = 0.02 * b;
            0.01 * (a * a + b * b)
        };
        let found = minimise_in_box(&[1.0, 2.0], &[3.0, 4.0], objective);
        assert!(found[0] <= 3.0 && found[0] > 2.99, "{found:?}");
        assert!((found[1] - 1.0).abs() < 0.01, "{found:?}");
    }
}
