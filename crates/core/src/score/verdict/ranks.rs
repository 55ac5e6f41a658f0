//! Ranks among a fixed set of numbers, for millions of queries.

/// Sorted numbers with an index: buckets of equal width between the smallest and the largest number, so that a
/// query searches one bucket instead of all numbers.
#[derive(Clone, Debug)]
pub(crate) struct Ranks {
    sorted: Vec<f64>,
    /// The start of each bucket in `sorted`, and the end of the last one.
    starts: Vec<u32>,
    /// Buckets per unit.
    per_unit: f64,
}

impl Ranks {
    /// The ranks among finite numbers in ascending order.
    pub fn new(sorted: Vec<f64>) -> Self {
        let buckets = 2 * sorted.len() + 1;
        let width = match (sorted.first(), sorted.last()) {
            (Some(first), Some(last)) if first < last => last - first,
            _ => 1.0,
        };
        let mut ranks = Ranks {
            starts: Vec::with_capacity(buckets + 1),
            per_unit: buckets as f64 / width,
            sorted,
        };
        for bucket in 0..=buckets {
            let before = |x: &f64| bucket == buckets || ranks.bucket(*x, buckets) < bucket;
            ranks
                .starts
                .push(ranks.sorted.partition_point(before) as u32);
        }
        ranks
    }

    /// The number of numbers.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// The number of numbers below `x`.
    pub fn below(&self, x: f64) -> usize {
        let bucket = self.bucket(x, self.starts.len() - 1);
        let (start, end) = (
            self.starts[bucket] as usize,
            self.starts[bucket + 1] as usize,
        );
        // Buckets are monotonic in the number, so all numbers of other buckets are decided.
        start + self.sorted[start..end].partition_point(|&other| other < x)
    }

    /// The bucket of a number; the outermost buckets also hold everything beyond them.
    fn bucket(&self, x: f64, buckets: usize) -> usize {
        let least = self.sorted.first().copied().unwrap_or(0.0);
        (((x - least) * self.per_unit) as usize).min(buckets - 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranks_equal_a_linear_search(
            mut numbers in prop::collection::vec(-1e3..1e3_f64, 0..60),
            far in -1e9..1e9_f64,
            doubled in 0usize..4,
        ) {
            for _ in 0..doubled {
                numbers.extend_from_within(..numbers.len().min(5));
            }
            numbers.sort_by(f64::total_cmp);
            let ranks = Ranks::new(numbers.clone());
            prop_assert_eq!(ranks.len(), numbers.len());
            let between = numbers.windows(2).map(|pair| pair[0].midpoint(pair[1]));
            let ends = [far, f64::INFINITY, f64::NEG_INFINITY];
            for x in numbers.iter().copied().chain(between).chain(ends) {
                let expected = numbers.iter().filter(|&&other| other < x).count();
                prop_assert_eq!(ranks.below(x), expected, "{}", x);
            }
        }
    }
}
