//! Eigenvectors of small symmetric matrices, by Jacobi rotations.

/// The eigenvalues of a symmetric matrix in descending order, each with its unit eigenvector.
///
/// Each sweep rotates every entry above the diagonal to zero in turn (Jacobi 1846); entries that are negligible
/// beside their diagonal are skipped. Each vector has the sign that makes its largest entry positive.
pub(crate) fn eigenvectors(mut matrix: Vec<Vec<f64>>) -> Vec<(f64, Vec<f64>)> {
    const SWEEPS: usize = 50;
    let dim = matrix.len();
    let mut vectors: Vec<Vec<f64>> = (0..dim)
        .map(|row| {
            (0..dim)
                .map(|column| f64::from(u8::from(row == column)))
                .collect()
        })
        .collect();
    for _ in 0..SWEEPS {
        for p in 0..dim {
            for q in p + 1..dim {
                if matrix[p][q].abs() <= f64::EPSILON * (matrix[p][p] * matrix[q][q]).abs().sqrt() {
                    continue;
                }
                let theta = (matrix[q][q] - matrix[p][p]) / (2.0 * matrix[p][q]);
                let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
                let sine = tangent * cosine;
                let rotate = |x: f64, y: f64| (cosine * x - sine * y, sine * x + cosine * y);
                for row in &mut matrix {
                    (row[p], row[q]) = rotate(row[p], row[q]);
                }
                let [first, second] = matrix.get_disjoint_mut([p, q]).expect("two rows");
                for (x, y) in first.iter_mut().zip(second) {
                    (*x, *y) = rotate(*x, *y);
                }
                for row in &mut vectors {
                    (row[p], row[q]) = rotate(row[p], row[q]);
                }
            }
        }
    }
    let mut found: Vec<(f64, Vec<f64>)> = (0..dim)
        .map(|column| {
            let vector: Vec<f64> = vectors.iter().map(|row| row[column]).collect();
            let largest = vector
                .iter()
                .copied()
                .fold(0.0, |a: f64, b| if b.abs() > a.abs() { b } else { a });
            let sign = if largest < 0.0 { -1.0 } else { 1.0 };
            (
                matrix[column][column],
                vector.iter().map(|x| sign * x).collect(),
            )
        })
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A·v = λ·v, unit length, descending eigenvalues, and the trace is preserved.
        #[test]
        fn eigenvectors_are_eigenvectors(
            entries in prop::collection::vec(-1.0f64..1.0, 25), dim in 1usize..6,
        ) {
            let matrix: Vec<Vec<f64>> = (0..dim).map(|row| (0..dim)
                .map(|column| entries[row.min(column) * 5 + row.max(column)]).collect()).collect();
            let found = eigenvectors(matrix.clone());
            let trace: f64 = (0..dim).map(|index| matrix[index][index]).sum();
            prop_assert!((found.iter().map(|(value, _)| value).sum::<f64>() - trace).abs() < 1e-9);
            prop_assert!(found.is_sorted_by(|a, b| a.0 >= b.0));
            for (value, vector) in &found {
                prop_assert!((vector.iter().map(|x| x * x).sum::<f64>() - 1.0).abs() < 1e-9);
                for (row, expected) in matrix.iter().zip(vector) {
                    let product: f64 = row.iter().zip(vector).map(|(a, x)| a * x).sum();
                    prop_assert!((product - value * expected).abs() < 1e-9);
                }
            }
        }
    }
}
