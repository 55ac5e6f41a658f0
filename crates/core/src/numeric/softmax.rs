//! Softmax in log space, for many rows at once.

use nextchar_kernels::{Arithmetic, Kernels};

use crate::numeric::fold::largest;

/// ln p = z − ln Σ exp z, in place: every row of length `width` holds logits before and log-probabilities after.
///
/// The largest logit is subtracted first, which is a rounding of its own: use [`normalise`] for values that are
/// log-probabilities up to a small constant.
pub(crate) fn log_softmax(logits: &mut [f64], width: usize) {
    for row in logits.chunks_exact_mut(width) {
        subtract(row, largest(row));
    }
    let exps = exps(logits.to_vec());
    for (row, exps) in logits.chunks_exact_mut(width).zip(exps.chunks_exact(width)) {
        subtract(row, libm::log(exps.iter().sum()));
    }
}

/// Subtracts ln Σ exp from every row of length `width`, in a single subtraction: the probabilities of each row
/// then add up to 1.
pub(crate) fn normalise(log_probs: &mut [f64], width: usize) {
    let shifted = log_probs.chunks_exact(width).flat_map(|row| {
        let largest = largest(row);
        row.iter().map(move |x| x - largest)
    });
    let exps = exps(shifted.collect());
    for (row, exps) in log_probs
        .chunks_exact_mut(width)
        .zip(exps.chunks_exact(width))
    {
        subtract(row, largest(row) + libm::log(exps.iter().sum()));
    }
}

fn subtract(row: &mut [f64], constant: f64) {
    row.iter_mut().for_each(|value| *value -= constant);
}

fn exps(mut values: Vec<f64>) -> Vec<f64> {
    Kernels::best(Arithmetic::Unfused).exp_f64(&mut values);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows are independent, large logits do not overflow, and differences within a row are kept.
    #[test]
    fn rows_become_distributions() {
        let logits = [0.0, 1.0, 2.0, 1000.0, 999.0, f64::NEG_INFINITY];
        for normaliser in [log_softmax, normalise] {
            let mut rows = logits;
            normaliser(&mut rows, 3);
            for row in rows.chunks(3) {
                let sum: f64 = row.iter().map(|x| x.exp()).sum();
                assert!((sum - 1.0).abs() < 1e-12, "{row:?}");
                assert!(((row[0] - row[1]).abs() - 1.0).abs() < 1e-12, "{row:?}");
            }
            assert_eq!(rows[5], f64::NEG_INFINITY);
        }
    }
}
