//! Step 5, concatenation: z₁ = b₁ + Σ_j T_j[c_j], with one row of each position's table.

use nextchar_kernels::{Contexts, Kernels};

use crate::model::engine::packed::PackedLayer;

/// The preactivation of the first layer for a block of contexts.
///
/// # Shapes
/// `contexts` [B, T], `tables` [T, V, stride], `out` [B, stride].
pub fn forward(
    kernels: Kernels,
    first: &PackedLayer,
    flat: &[f32],
    contexts: Contexts<'_>,
    tables: &[f32],
    out: &mut [f32],
) {
    let bias = &flat[first.bias.clone()];
    kernels.sum_rows(contexts, tables, bias, first.stride, out);
}

/// Adds the gradient of each context to the table rows that it used, and to the bias.
///
/// # Shapes
/// `contexts` [B, T], `deltas` [B, stride], `table_grads` [T, V, stride], `bias_grad` [stride].
pub fn backward(
    kernels: Kernels,
    first: &PackedLayer,
    contexts: Contexts<'_>,
    deltas: &[f32],
    table_grads: &mut [f32],
    bias_grad: &mut [f32],
) {
    kernels.scatter_rows(contexts, deltas, first.stride, table_grads, bias_grad);
}
