//! Folds over slices with several independent accumulators, so that comparisons overlap.

/// The largest number; NaN is ignored. Negative infinity for an empty slice.
pub(crate) fn largest(values: &[f64]) -> f64 {
    let larger = |most: f64, value: f64| if value > most { value } else { most };
    fold_in_lanes(values, f64::NEG_INFINITY, larger)
}

/// Folds `values` with eight accumulators that all begin with `start` and are combined at the end.
///
/// `pick` must be associative and commutative, and `start` its identity: minimum and maximum qualify, a
/// floating-point sum does not.
#[inline]
pub(crate) fn fold_in_lanes(values: &[f64], start: f64, pick: impl Fn(f64, f64) -> f64) -> f64 {
    const WIDTH: usize = 8;
    let mut lanes = [start; WIDTH];
    for chunk in values.chunks(WIDTH) {
        for (lane, &value) in lanes.iter_mut().zip(chunk) {
            *lane = pick(*lane, value);
        }
    }
    lanes.into_iter().fold(start, pick)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_found_in_every_lane_and_nan_is_ignored() {
        for length in 1..20 {
            for place in 0..length {
                let mut values = vec![-3.0; length];
                values[place] = 2.0;
                assert_eq!(largest(&values), 2.0, "place {place} of {length}");
                values.push(f64::NAN);
                assert_eq!(largest(&values), 2.0, "beside NaN");
            }
        }
        assert_eq!(largest(&[]), f64::NEG_INFINITY);
    }
}
