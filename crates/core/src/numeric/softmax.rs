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
    let logs = log_sums(logits.to_vec(), width);
    for (row, log) in logits.chunks_exact_mut(width).zip(logs) {
        subtract(row, log);
    }
}

/// Subtracts ln Σ exp from every row of length `width`, in a single subtraction: the probabilities of each row
/// then add up to 1.
pub(crate) fn normalise(log_probs: &mut [f64], width: usize) {
    let largest: Vec<f64> = log_probs.chunks_exact(width).map(largest).collect();
    let mut shifted = log_probs.to_vec();
    for (row, largest) in shifted.chunks_exact_mut(width).zip(&largest) {
        subtract(row, *largest);
    }
    let logs = log_sums(shifted, width);
    for ((row, largest), log) in log_probs.chunks_exact_mut(width).zip(largest).zip(logs) {
        subtract(row, largest + log);
    }
}

fn subtract(row: &mut [f64], constant: f64) {
    row.iter_mut().for_each(|value| *value -= constant);
}

/// ln Σ exp of every row.
fn log_sums(mut values: Vec<f64>, width: usize) -> Vec<f64> {
    let kernels = Kernels::best(Arithmetic::Unfused);
    kernels.exp_f64(&mut values);
    let mut sums = row_sums(&values, width);
    kernels.log_f64(&mut sums);
    sums
}

/// The sum of every row, in the order of its values. Each addition waits for the one before, so four rows are added up
/// side by side.
pub(crate) fn row_sums(values: &[f64], width: usize) -> Vec<f64> {
    const ROWS: usize = 4;
    let mut sums = Vec::with_capacity(values.len() / width);
    let groups = values.chunks_exact(ROWS * width);
    let rest = groups.remainder().chunks_exact(width);
    for group in groups {
        let (one, others) = group.split_at(width);
        let (two, others) = others.split_at(width);
        let (three, four) = others.split_at(width);
        let mut side_by_side = [0.0; ROWS];
        for (((one, two), three), four) in one.iter().zip(two).zip(three).zip(four) {
            for (sum, value) in side_by_side.iter_mut().zip([one, two, three, four]) {
                *sum += value;
            }
        }
        sums.extend(side_by_side);
    }
    sums.extend(rest.map(|row| row.iter().fold(0.0, |sum, value| sum + value)));
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In any group, a row has the sum of its values in order.
    #[test]
    fn sums_of_rows_have_one_order() {
        let values: Vec<f64> = (0..7 * 27).map(|i| f64::from(i * i % 101).sqrt()).collect();
        let expected = values.chunks(27).map(|row| row.iter().sum());
        assert_eq!(row_sums(&values, 27), expected.collect::<Vec<f64>>());
    }

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
