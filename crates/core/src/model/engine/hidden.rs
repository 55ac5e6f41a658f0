//! Step 5, layers 1 … L of the MLP: a = φ(z), and z = W·a + b for the next layer.

use nextchar_kernels::{Kernels, MatmulShape, Rows, RowsMut, Start, Strided};

use crate::model::config::Activation;
use crate::model::engine::packed::PackedLayer;

/// a = φ(z) in place. GELU also writes φ′(z) to `slopes`; the others leave it unchanged.
pub fn activate(kernels: Kernels, activation: Activation, values: &mut [f32], slopes: &mut [f32]) {
    match activation {
        Activation::Tanh => kernels.tanh(values),
        Activation::Relu => kernels.relu(values),
        Activation::Gelu => kernels.gelu(values, slopes),
    }
}

/// a = φ(z) in place, without a backward pass.
pub fn activate_only(kernels: Kernels, activation: Activation, values: &mut [f32]) {
    match activation {
        Activation::Gelu => kernels.gelu_value(values),
        _ => activate(kernels, activation, values, &mut []),
    }
}

/// Writes φ′(z) to `slopes`, computed from the activations, unless [`activate`] has done so already.
pub fn slopes(kernels: Kernels, activation: Activation, activations: &[f32], slopes: &mut [f32]) {
    if activation != Activation::Gelu {
        slopes.fill(1.0);
        activate_backward(kernels, activation, activations, &[], slopes);
    }
}

/// δz = δa · φ′(z) in place, from the slopes if there are any, otherwise from the activations (tanh, ReLU).
pub fn activate_backward(
    kernels: Kernels,
    activation: Activation,
    activations: &[f32],
    slopes: &[f32],
    deltas: &mut [f32],
) {
    match activation {
        _ if !slopes.is_empty() => kernels.multiply(slopes, deltas),
        Activation::Tanh => kernels.tanh_backward(activations, deltas),
        Activation::Relu => kernels.relu_backward(activations, deltas),
        Activation::Gelu => unreachable!("GELU keeps its slopes"),
    }
}

/// z = a·W + b for a block of rows.
///
/// # Shapes
/// `input` [B, input_stride], `out` [B, layer.stride].
pub fn linear(
    kernels: Kernels,
    layer: &PackedLayer,
    flat: &[f32],
    input: &[f32],
    input_stride: usize,
    out: &mut [f32],
) {
    kernels.matmul(
        MatmulShape {
            rows: out.len() / layer.stride,
            inner: layer.inputs,
            columns: layer.stride,
        },
        Strided {
            data: input,
            row_stride: input_stride,
            column_stride: 1,
        },
        Rows {
            data: &flat[layer.weight.clone()],
            stride: layer.stride,
        },
        Start::Bias(&flat[layer.bias.clone()]),
        RowsMut {
            data: out,
            stride: layer.stride,
        },
    );
}

/// ∂W += aᵀ·δ, ∂b += Σ δ.
///
/// # Shapes
/// `input` [B, input_stride], `deltas` [B, layer.stride], `weight_grad` [inputs, stride],
/// `bias_grad` [stride].
pub fn linear_backward_weight(
    kernels: Kernels,
    layer: &PackedLayer,
    input: &[f32],
    input_stride: usize,
    deltas: &[f32],
    weight_grad: &mut [f32],
    bias_grad: &mut [f32],
) {
    kernels.matmul(
        MatmulShape {
            rows: layer.inputs,
            inner: deltas.len() / layer.stride,
            columns: layer.stride,
        },
        Strided {
            data: input,
            row_stride: 1,
            column_stride: input_stride,
        },
        Rows {
            data: deltas,
            stride: layer.stride,
        },
        Start::Accumulate,
        RowsMut {
            data: weight_grad,
            stride: layer.stride,
        },
    );
    kernels.sum_columns(deltas, layer.stride, bias_grad);
}

/// δa = δz·Wᵀ, added to the contents of `out` if `start` says so.
///
/// # Shapes
/// `transposed` [outputs, stride of `out`], `deltas` [B, layer.stride].
pub fn linear_backward_input(
    kernels: Kernels,
    layer: &PackedLayer,
    transposed: &[f32],
    deltas: &[f32],
    start: Start<'_>,
    out: RowsMut<'_>,
) {
    let input_stride = out.stride;
    kernels.matmul(
        MatmulShape {
            rows: out.data.len() / input_stride,
            inner: layer.outputs,
            columns: input_stride,
        },
        Strided {
            data: deltas,
            row_stride: layer.stride,
            column_stride: 1,
        },
        Rows {
            data: transposed,
            stride: input_stride,
        },
        start,
        out,
    );
}
