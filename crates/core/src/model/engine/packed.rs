//! The parameters as the engine wants them: one flat vector, input-major, rows padded to lanes.
//!
//! Layer l is [in, padded(out)] so that lanes run across outputs and sums run over inputs in
//! index order. Padding is zero, its gradient is zero, so it stays zero. One flat vector makes
//! an optimiser a single loop.

use std::ops::Range;

use nextchar_kernels::padded;

use crate::model::config::ModelConfig;
use crate::model::params::{Linear, Params};

/// Where each tensor stands in the flat vector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedLayout {
    /// Number of tokens: the classes V and the labels.
    pub token_count: usize,
    /// Width of a character's embedding, E.
    pub embedding_dim: usize,
    /// [V + labels, padded(E)].
    pub embedding: Range<usize>,
    /// padded(E).
    pub embedding_stride: usize,
    /// The hidden layers and the output layer, in order.
    pub layers: Vec<PackedLayer>,
    /// Length of the flat vector.
    pub len: usize,
}

/// Where one layer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedLayer {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// padded(outputs), the length of a row.
    pub stride: usize,
    /// [inputs, stride].
    pub weight: Range<usize>,
    /// \[stride\].
    pub bias: Range<usize>,
}

impl PackedLayout {
    /// The layout of a configuration.
    pub fn new(config: &ModelConfig) -> Self {
        let mut end = 0;
        let mut take = |len: usize| {
            end += len;
            end - len..end
        };
        let embedding_stride = padded(config.embedding_dim);
        let embedding = take(config.token_count() * embedding_stride);
        let layers = config
            .layer_shapes()
            .into_iter()
            .map(|(inputs, outputs)| {
                let stride = padded(outputs);
                PackedLayer {
                    inputs,
                    outputs,
                    stride,
                    weight: take(inputs * stride),
                    bias: take(stride),
                }
            })
            .collect();
        PackedLayout {
            token_count: config.token_count(),
            embedding_dim: config.embedding_dim,
            embedding,
            embedding_stride,
            layers,
            len: end,
        }
    }

    /// The flat vector of some parameters.
    pub fn pack(&self, params: &Params) -> Vec<f32> {
        let mut flat = vec![0.0; self.len];
        for (row, values) in flat[self.embedding.clone()]
            .chunks_mut(self.embedding_stride)
            .zip(params.embedding.chunks(self.embedding_dim))
        {
            row[..values.len()].copy_from_slice(values);
        }
        let layers = params.hidden.iter().chain([&params.output]);
        for (packed, layer) in self.layers.iter().zip(layers) {
            let weight = &mut flat[packed.weight.clone()];
            for output in 0..packed.outputs {
                for input in 0..packed.inputs {
                    weight[input * packed.stride + output] =
                        layer.weight[output * packed.inputs + input];
                }
            }
            flat[packed.bias.clone()][..packed.outputs].copy_from_slice(&layer.bias);
        }
        flat
    }

    /// The inverse of [`PackedLayout::pack`].
    pub fn unpack(&self, config: &ModelConfig, flat: &[f32]) -> Params {
        let mut params = Params::zeros(config);
        for (row, values) in flat[self.embedding.clone()]
            .chunks(self.embedding_stride)
            .zip(params.embedding.chunks_mut(config.embedding_dim))
        {
            values.copy_from_slice(&row[..config.embedding_dim]);
        }
        let layers = params.hidden.iter_mut().chain([&mut params.output]);
        for (packed, layer) in self.layers.iter().zip(layers) {
            unpack_layer(packed, flat, layer);
        }
        params
    }
}

fn unpack_layer(packed: &PackedLayer, flat: &[f32], layer: &mut Linear<f32>) {
    let weight = &flat[packed.weight.clone()];
    for output in 0..packed.outputs {
        for input in 0..packed.inputs {
            layer.weight[output * packed.inputs + input] = weight[input * packed.stride + output];
        }
    }
    layer
        .bias
        .copy_from_slice(&flat[packed.bias.clone()][..packed.outputs]);
}
