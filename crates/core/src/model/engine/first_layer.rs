//! Step 4, the embedding, and with it the first layer: one table for each position.
//!
//! The first layer sees only embeddings, so its share for token v at position j is a row that
//! can be computed beforehand: T_j = E·W₁ⱼ, [V, H₁]. A context then costs T row additions
//! ([`crate::model::features`]) instead of a (T·E)×H₁ product. With G_j the gradient of T_j:
//! ∂W₁ⱼ = Eᵀ·G_j and ∂E = Σ_j G_j·W₁ⱼᵀ, exactly the concatenation's gradient.

use nextchar_kernels::{Kernels, MatmulShape, Rows, RowsMut, Start, Strided};

use crate::model::engine::packed::PackedLayout;

/// T_j = E·W₁ⱼ for every position j.
///
/// # Shapes
/// `flat` is packed parameters; `tables` [T, V, stride of the first layer].
pub fn tables(kernels: Kernels, layout: &PackedLayout, flat: &[f32], tables: &mut [f32]) {
    let (first, token_count, embedding_dim) =
        (&layout.layers[0], layout.token_count, layout.embedding_dim);
    let weight = &flat[first.weight.clone()];
    let positions = tables
        .chunks_exact_mut(token_count * first.stride)
        .zip(weight.chunks_exact(embedding_dim * first.stride));
    for (table, weight) in positions {
        kernels.matmul(
            MatmulShape {
                rows: token_count,
                inner: embedding_dim,
                columns: first.stride,
            },
            Strided {
                data: &flat[layout.embedding.clone()],
                row_stride: layout.embedding_stride,
                column_stride: 1,
            },
            Rows {
                data: weight,
                stride: first.stride,
            },
            Start::Zero,
            RowsMut {
                data: table,
                stride: first.stride,
            },
        );
    }
}

/// From the gradients of the tables to those of the embedding and the first layer's weight,
/// which are added to `grads`.
///
/// # Shapes
/// `flat` and `grads` packed; `table_grads` as `tables`; `transposed` at least
/// [H₁, padded(E)], scratch.
pub fn tables_backward(
    kernels: Kernels,
    layout: &PackedLayout,
    flat: &[f32],
    table_grads: &[f32],
    transposed: &mut [f32],
    grads: &mut [f32],
) {
    let (first, token_count, embedding_dim) =
        (&layout.layers[0], layout.token_count, layout.embedding_dim);
    let block = embedding_dim * first.stride;
    for (position, table_grad) in table_grads
        .chunks_exact(token_count * first.stride)
        .enumerate()
    {
        let weight =
            first.weight.start + position * block..first.weight.start + (position + 1) * block;
        kernels.matmul(
            MatmulShape {
                rows: embedding_dim,
                inner: token_count,
                columns: first.stride,
            },
            Strided {
                data: &flat[layout.embedding.clone()],
                row_stride: 1,
                column_stride: layout.embedding_stride,
            },
            Rows {
                data: table_grad,
                stride: first.stride,
            },
            Start::Accumulate,
            RowsMut {
                data: &mut grads[weight.clone()],
                stride: first.stride,
            },
        );
        kernels.transpose(
            embedding_dim,
            first.outputs,
            &flat[weight],
            first.stride,
            transposed,
            layout.embedding_stride,
        );
        kernels.matmul(
            MatmulShape {
                rows: token_count,
                inner: first.outputs,
                columns: layout.embedding_stride,
            },
            Strided {
                data: table_grad,
                row_stride: first.stride,
                column_stride: 1,
            },
            Rows {
                data: transposed,
                stride: layout.embedding_stride,
            },
            Start::Accumulate,
            RowsMut {
                data: &mut grads[layout.embedding.clone()],
                stride: layout.embedding_stride,
            },
        );
    }
}
