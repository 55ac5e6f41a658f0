//! Step 6: softmax and cross-entropy of a block of rows, and the gradient of the logits.

use nextchar_kernels::Kernels;

use crate::model::engine::batch::Batch;

/// Returns Σ_b Σ_t w_bt·(−ln p_bt) and turns the logits into their gradient, in place:
/// δz_bt = w_b·p_bt − w_bt, where w_b is the sum of the row's weights.
///
/// # Shapes
/// `logits` [rows, stride]; `log_sums` [rows] is a buffer.
pub fn cross_entropy_backward(
    kernels: Kernels,
    batch: &Batch,
    rows: std::ops::Range<usize>,
    vocab_size: usize,
    stride: usize,
    logits: &mut [f32],
    log_sums: &mut [f32],
) -> f64 {
    let mut loss = 0.0;
    for (logits, index) in logits.chunks_exact(stride).zip(rows.clone()) {
        let (targets, weights) = batch.targets_of(index);
        for (&target, &weight) in targets.iter().zip(weights) {
            loss -= f64::from(weight) * f64::from(logits[usize::from(target)]);
        }
    }
    let row_weights = &batch.row_weights[rows.clone()];
    kernels.softmax(logits, stride, vocab_size, row_weights, log_sums);
    for (&weight, &log_sum) in row_weights.iter().zip(&*log_sums) {
        loss += f64::from(weight) * f64::from(log_sum);
    }
    for (deltas, index) in logits.chunks_exact_mut(stride).zip(rows) {
        let (targets, weights) = batch.targets_of(index);
        for (&target, &weight) in targets.iter().zip(weights) {
            deltas[usize::from(target)] -= weight;
        }
    }
    loss
}
