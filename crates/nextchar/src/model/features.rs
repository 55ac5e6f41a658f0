//! Step 5, the concatenation: z₁ = b₁ + Σ_j T_j[c_j], one row of each position's table.

use nextchar_kernels::Kernels;

use super::packed::PackedLayer;
use crate::data::Token;

/// The preactivation of the first layer for a block of contexts.
///
/// # Shapes
/// `contexts` [B, T], `tables` [T, V, stride], `out` [B, stride].
#[allow(clippy::too_many_arguments)] // see `embedding`
pub fn forward(
    kernels: Kernels,
    first: &PackedLayer,
    context_length: usize,
    vocab_size: usize,
    flat: &[f32],
    contexts: &[Token],
    tables: &[f32],
    out: &mut [f32],
) {
    let bias = &flat[first.bias.clone()];
    kernels.sum_rows(
        contexts,
        context_length,
        vocab_size,
        tables,
        bias,
        first.stride,
        out,
    );
}

/// Adds each context's gradient to the table rows that it read, and to the bias.
///
/// # Shapes
/// `deltas` [B, stride], `table_grads` [T, V, stride], `bias_grad` [stride].
#[allow(clippy::too_many_arguments)] // see `embedding`
pub fn backward(
    kernels: Kernels,
    first: &PackedLayer,
    context_length: usize,
    vocab_size: usize,
    contexts: &[Token],
    deltas: &[f32],
    table_grads: &mut [f32],
    bias_grad: &mut [f32],
) {
    kernels.scatter_rows(
        contexts,
        context_length,
        vocab_size,
        deltas,
        first.stride,
        table_grads,
        bias_grad,
    );
}
