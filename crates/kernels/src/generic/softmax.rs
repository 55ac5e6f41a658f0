//! softmax.rs: converts logits to weighted probabilities, and computes the logarithm of the normaliser, row by row.

use crate::generic::elementwise::load_partial;
use crate::generic::functions::{exp, ln};
use crate::vector::{Kernel, LANES, Vector};

/// See `Kernels::softmax`.
pub(crate) struct Softmax<'a> {
    pub(crate) logits: &'a mut [f32],
    pub(crate) stride: usize,
    pub(crate) vocab_size: usize,
    pub(crate) row_weights: &'a [f32],
    pub(crate) log_sums: &'a mut [f32],
}

impl Kernel for Softmax<'_> {
    #[inline(always)]
    fn run<V: Vector>(self, zero: V) {
        let whole = self.vocab_size / LANES;
        let partial = self.vocab_size % LANES;
        let used = self.vocab_size.div_ceil(LANES);
        let real = load_partial(zero, &[1.0; LANES][..partial]);
        let real = zero.less(real);
        let nothing = zero.like(f32::NEG_INFINITY);

        // Sixteen rows at a time, so that their logarithms are computed together.
        let rows = self.logits.chunks_mut(LANES * self.stride);
        let sums = self.log_sums.chunks_mut(LANES);
        for ((rows, weights), log_sums) in rows.zip(self.row_weights.chunks(LANES)).zip(sums) {
            let mut row_maxima = [0.0; LANES];
            let mut row_sums = [1.0; LANES];
            for (index, row) in rows.chunks_exact_mut(self.stride).enumerate() {
                let (row, _) = row.as_chunks_mut::<LANES>();
                let (row, padding) = row.split_at_mut(used);
                if whole < used {
                    V::select(real, zero.load(&row[whole]), nothing).store(&mut row[whole]);
                }
                let mut largest = nothing;
                for lanes in row.iter() {
                    largest = zero.load(lanes).max(largest);
                }
                let largest = largest.reduce_max();
                let mut sum = zero;
                for lanes in row.iter_mut() {
                    let power = exp(zero.load(lanes) - zero.like(largest));
                    power.store(lanes);
                    sum = sum + power;
                }
                let sum = sum.reduce_add();
                let scale = zero.like(weights[index] / sum);
                for lanes in row.iter_mut() {
                    (zero.load(lanes) * scale).store(lanes);
                }
                padding.as_flattened_mut().fill(0.0);
                row_maxima[index] = largest;
                row_sums[index] = sum;
            }
            let mut result = [0.0; LANES];
            (ln(zero.load(&row_sums)) + zero.load(&row_maxima)).store(&mut result);
            log_sums.copy_from_slice(&result[..log_sums.len()]);
        }
    }
}
