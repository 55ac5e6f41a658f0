//! The loss of a batch and its gradient, block by block, shard by shard.
//!
//! Rows are cut into shards whose number follows from the number of rows alone; each shard goes
//! through its rows in blocks that stay in cache and adds up a gradient of its own; gradients are
//! reduced in shard order. So the bits do not depend on who computes what.

use nextchar_kernels::{Contexts, Kernels, RowsMut, Start};

use crate::executor::Executor;
use crate::model::config::{Activation, ModelConfig};
use crate::model::engine::batch::Batch;
use crate::model::engine::batch_norm::{BatchNorm, Normalized};
use crate::model::engine::packed::PackedLayout;
use crate::model::engine::{features, first_layer, hidden, loss};

/// Rows that go forward and backward together.
const BLOCK_ROWS: usize = 64;
/// A shard is worth its own gradient and a thread from this many rows on.
const SHARD_ROWS: usize = 256;
/// More shards than this cost more to reduce than they bring.
const MAX_SHARDS: usize = 8;

/// A power of two, so that two, four or eight threads have equal work.
fn shard_count(rows: usize) -> usize {
    let worth = (rows / SHARD_ROWS).clamp(1, MAX_SHARDS);
    1 << worth.ilog2()
}

/// Units of the hidden layers that a step leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dropout {
    /// The probability of being left out; 0 leaves all in.
    pub rate: f32,
    /// Decides which: another in every step.
    pub key: u32,
}

/// Scratch memory for gradients, made once for a network and used for every step.
#[derive(Debug)]
pub struct Backprop {
    config: ModelConfig,
    layout: PackedLayout,
    kernels: Kernels,
    dropout: Dropout,
    norm: Option<BatchNorm>,
    /// T_j for every position, [T, V, H₁].
    tables: Vec<f32>,
    /// Wᵀ of every layer above the first, [outputs, inputs' stride].
    transposed: Vec<Vec<f32>>,
    /// W₁ⱼᵀ of one position, [H₁, padded(E)].
    transposed_first: Vec<f32>,
    shards: Vec<Shard>,
}

/// What one shard computes with and adds up.
#[derive(Debug)]
struct Shard {
    loss: f64,
    /// G_j for every position, [T, V, H₁].
    table_grads: Vec<f32>,
    /// Gradients of all but the embedding and the first weight, in the packed layout's places
    /// from the first bias on.
    grads: Vec<f32>,
    /// Activations of every layer; the last are the logits and then their gradient.
    values: Vec<Vec<f32>>,
    slopes: Vec<Vec<f32>>,
    /// The gradient on its way down, one vector a layer.
    deltas: Vec<Vec<f32>>,
    /// The gradient that goes around a residual layer.
    skipped: Vec<f32>,
    /// What batch normalisation keeps of every hidden layer, and its scratch.
    normalized: Vec<Normalized>,
    norm_sums: [Vec<f32>; 2],
    log_sums: Vec<f32>,
}

impl Backprop {
    /// Scratch memory for a configuration.
    pub fn new(config: &ModelConfig, kernels: Kernels) -> Self {
        let layout = PackedLayout::new(config);
        let first = &layout.layers[0];
        let tables = vec![0.0; config.context_length * config.token_count() * first.stride];
        let transposed = layout
            .layers
            .windows(2)
            .map(|pair| vec![0.0; pair[1].outputs * pair[0].stride])
            .collect();
        let transposed_first = vec![0.0; first.outputs * layout.embedding_stride];
        Backprop {
            config: config.clone(),
            kernels,
            dropout: Dropout::default(),
            norm: None,
            tables,
            transposed,
            transposed_first,
            shards: Vec::new(),
            layout,
        }
    }

    /// The same with batch normalisation of every hidden layer: γ and β stand behind the packed
    /// parameters.
    pub fn with_batch_norm(mut self) -> Self {
        self.norm = Some(BatchNorm::new(&self.layout));
        self
    }

    /// Where γ and β stand, if there are any.
    pub fn batch_norm(&self) -> Option<&BatchNorm> {
        self.norm.as_ref()
    }

    /// Length of the flat vectors.
    pub fn flat_len(&self) -> usize {
        self.norm.as_ref().map_or(self.layout.len, |norm| norm.len)
    }

    /// The layout of the packed parameters and gradients.
    pub fn layout(&self) -> &PackedLayout {
        &self.layout
    }

    /// The batch's loss in nats; its gradient is written to `grads`.
    ///
    /// # Shapes
    /// `flat` and `grads` packed, [`Backprop::flat_len`].
    pub fn loss_and_gradients(
        &mut self,
        flat: &[f32],
        batch: &Batch,
        dropout: Dropout,
        grads: &mut [f32],
        executor: &dyn Executor,
    ) -> f64 {
        self.dropout = dropout;
        self.prepare(flat);
        let count = shard_count(batch.len());
        while self.shards.len() < count {
            let shard = Shard::new(&self.layout, self.flat_len(), self.tables.len());
            self.shards.push(shard);
        }
        let shard_rows = batch.len().div_ceil(count);
        let mut shards = std::mem::take(&mut self.shards);
        executor.for_each(&mut shards[..count], |index, shard| {
            let rows = index * shard_rows..((index + 1) * shard_rows).min(batch.len());
            shard.run(self, flat, batch, rows);
        });
        let loss = shards[..count].iter().map(|shard| shard.loss).sum();
        self.reduce(&mut shards[..count], flat, grads);
        self.shards = shards;
        loss
    }

    /// What all rows share: the first layer's tables and the transposed weights.
    fn prepare(&mut self, flat: &[f32]) {
        first_layer::tables(self.kernels, &self.layout, flat, &mut self.tables);
        for (pair, transposed) in self.layout.layers.windows(2).zip(&mut self.transposed) {
            let (below, layer) = (&pair[0], &pair[1]);
            self.kernels.transpose(
                layer.inputs,
                layer.outputs,
                &flat[layer.weight.clone()],
                layer.stride,
                transposed,
                below.stride,
            );
        }
    }

    /// Whether the slopes of a hidden layer are kept for the way back: where its output is not φ(z).
    fn keeps_slopes(&self, index: usize) -> bool {
        let gelu = self.config.activation == Activation::Gelu;
        gelu || self.dropout.rate > 0.0 || self.config.is_residual(index)
    }

    /// Adds the shards up in order and finishes the first layer.
    fn reduce(&mut self, shards: &mut [Shard], flat: &[f32], grads: &mut [f32]) {
        let (sum, others) = shards.split_first_mut().expect("there is always a shard");
        for other in others {
            self.kernels
                .axpy(1.0, &other.table_grads, &mut sum.table_grads);
            self.kernels.axpy(1.0, &other.grads, &mut sum.grads);
        }
        let rest = self.layout.layers[0].bias.start;
        grads[..rest].fill(0.0);
        grads[rest..].copy_from_slice(&sum.grads);
        first_layer::tables_backward(
            self.kernels,
            &self.layout,
            flat,
            &sum.table_grads,
            &mut self.transposed_first,
            grads,
        );
    }
}

impl Shard {
    fn new(layout: &PackedLayout, flat_len: usize, tables: usize) -> Self {
        let block = |stride: usize| vec![0.0; BLOCK_ROWS * stride];
        let blocks: Vec<Vec<f32>> = layout.layers.iter().map(|l| block(l.stride)).collect();
        Shard {
            loss: 0.0,
            table_grads: vec![0.0; tables],
            grads: vec![0.0; flat_len - layout.layers[0].bias.start],
            normalized: vec![Normalized::default(); blocks.len() - 1],
            norm_sums: Default::default(),
            slopes: blocks.clone(),
            deltas: blocks.clone(),
            values: blocks,
            skipped: Vec::new(),
            log_sums: vec![0.0; BLOCK_ROWS],
        }
    }

    fn run(
        &mut self,
        shared: &Backprop,
        flat: &[f32],
        batch: &Batch,
        rows: std::ops::Range<usize>,
    ) {
        self.loss = 0.0;
        self.table_grads.fill(0.0);
        self.grads.fill(0.0);
        let block_rows = match shared.norm {
            // Blocks of equal size: the statistics of one or two rows would be none.
            Some(_) => rows.len().div_ceil(rows.len().div_ceil(BLOCK_ROWS).max(1)),
            None => BLOCK_ROWS,
        };
        let mut start = rows.start;
        while start < rows.end {
            let end = (start + block_rows).min(rows.end);
            self.forward(shared, flat, batch, start..end);
            self.backward(shared, flat, batch, start..end);
            start = end;
        }
    }

    /// Features, hidden layers and logits of one block.
    fn forward(
        &mut self,
        shared: &Backprop,
        flat: &[f32],
        batch: &Batch,
        rows: std::ops::Range<usize>,
    ) {
        let (kernels, config, count) = (shared.kernels, &shared.config, rows.len());
        let layers = &shared.layout.layers;
        features::forward(
            kernels,
            &layers[0],
            flat,
            contexts_of(batch, &rows, config),
            &shared.tables,
            &mut self.values[0][..count * layers[0].stride],
        );
        for (index, pair) in layers.windows(2).enumerate() {
            let (below, layer) = (&pair[0], &pair[1]);
            let (lower, upper) = self.values.split_at_mut(index + 1);
            let (earlier, input) = lower.split_at_mut(index);
            let input = &mut input[0][..count * below.stride];
            let slopes = &mut self.slopes[index][..count * below.stride];
            if let Some(norm) = shared.norm.as_ref().and_then(|norm| norm.layer(index)) {
                let (scale, shift) = (&flat[norm.scale.clone()], &flat[norm.shift.clone()]);
                let weights = &batch.row_weights[rows.clone()];
                self.normalized[index].forward(input, weights, scale, shift);
            }
            hidden::activate(kernels, config.activation, input, slopes);
            if shared.keeps_slopes(index) {
                hidden::slopes(kernels, config.activation, input, slopes);
            }
            let Dropout { rate, key } = shared.dropout;
            if rate > 0.0 {
                let key = key.wrapping_add(index as u32);
                let first = (rows.start * below.stride) as u32;
                kernels.dropout(rate, key, first, input, slopes);
            }
            if config.is_residual(index) {
                kernels.axpy(1.0, &earlier[index - 1][..input.len()], input);
            }
            let out = &mut upper[0][..count * layer.stride];
            hidden::linear(kernels, layer, flat, input, below.stride, out);
        }
    }

    /// Cross-entropy, and the gradient back through every layer of one block.
    fn backward(
        &mut self,
        shared: &Backprop,
        flat: &[f32],
        batch: &Batch,
        rows: std::ops::Range<usize>,
    ) {
        let (kernels, config, count) = (shared.kernels, &shared.config, rows.len());
        let layers = &shared.layout.layers;
        let offset = layers[0].bias.start;
        let top = layers.len() - 1;
        let logits = &mut self.values[top][..count * layers[top].stride];
        self.loss += loss::cross_entropy_backward(
            kernels,
            batch,
            rows.clone(),
            config.vocab_size,
            layers[top].stride,
            logits,
            &mut self.log_sums[..count],
        );
        std::mem::swap(&mut self.values[top], &mut self.deltas[top]);
        for index in (1..=top).rev() {
            let (below, layer) = (&layers[index - 1], &layers[index]);
            let (lower, upper) = self.deltas.split_at_mut(index);
            let deltas = &upper[0][..count * layer.stride];
            let input = &self.values[index - 1][..count * below.stride];
            let weights = layer.weight.start - offset..layer.bias.end - offset;
            let (weight_grad, bias_grad) =
                self.grads[weights].split_at_mut(layer.inputs * layer.stride);
            hidden::linear_backward_weight(
                kernels,
                layer,
                input,
                below.stride,
                deltas,
                weight_grad,
                bias_grad,
            );
            let out = &mut lower[index - 1][..count * below.stride];
            let start = match config.is_residual(index) {
                true => {
                    out.copy_from_slice(&self.skipped);
                    Start::Accumulate
                }
                false => Start::Zero,
            };
            let out = RowsMut {
                data: out,
                stride: below.stride,
            };
            let transposed = &shared.transposed[index - 1];
            hidden::linear_backward_input(kernels, layer, transposed, deltas, start, out);
            let out = &mut lower[index - 1][..count * below.stride];
            if config.is_residual(index - 1) {
                self.skipped.clear();
                self.skipped.extend_from_slice(out);
            }
            let slopes = match shared.keeps_slopes(index - 1) {
                true => &self.slopes[index - 1][..count * below.stride],
                false => &[],
            };
            hidden::activate_backward(kernels, config.activation, input, slopes, out);
            if let Some(norm) = shared.norm.as_ref().and_then(|norm| norm.layer(index - 1)) {
                let (scale, shift) = self.grads[norm.scale.start - offset..norm.shift.end - offset]
                    .split_at_mut(norm.scale.len());
                let sums = &mut self.norm_sums;
                self.normalized[index - 1].backward(
                    out,
                    &flat[norm.scale.clone()],
                    scale,
                    shift,
                    sums,
                );
            }
        }
        features::backward(
            kernels,
            &layers[0],
            contexts_of(batch, &rows, config),
            &self.deltas[0][..count * layers[0].stride],
            &mut self.table_grads,
            &mut self.grads[..layers[0].stride],
        );
    }
}

fn contexts_of<'a>(
    batch: &'a Batch,
    rows: &std::ops::Range<usize>,
    config: &ModelConfig,
) -> Contexts<'a> {
    let length = config.context_length;
    Contexts {
        tokens: &batch.contexts[rows.start * length..rows.end * length],
        length,
        vocab_size: config.token_count(),
    }
}
