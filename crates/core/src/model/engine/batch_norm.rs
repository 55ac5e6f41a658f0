//! Batch normalisation of hidden preactivations during training. It is folded into the weights at the end, so saved
//! networks are plain.
//!
//! For each unit, over the rows r of a block with shares p_r = w_r / Σw of their weights (a row represents as many
//! windows as its counts add up to):
//!
//! μ = Σ p_r z_r,  σ² = Σ p_r (z_r − μ)² + ε,  ẑ_r = (z_r − μ) / σ,  y_r = γ·ẑ_r + β
//!
//! (Ioffe and Szegedy 2015, algorithm 1). Using the statistics of blocks of at most 64 rows instead of the whole
//! batch is the ghost batch normalisation of Hoffer et al. 2017.

use std::ops::Range;

use crate::data::CountedWindows;
use crate::error::Error;
use crate::executor::Executor;
use crate::model::config::ModelConfig;
use crate::model::engine::packed::PackedLayout;
use crate::model::network::Network;
use crate::model::params::Params;

/// ε: keeps the division finite if all rows are equal.
const EPSILON: f32 = 1e-5;
/// The most contexts of the training table that the folded statistics are computed from.
const MAX_CONTEXTS: usize = 16_384;
/// Rows whose moments are computed together.
const BLOCK_ROWS: usize = 256;

/// The places of γ and β of every hidden layer in the flat vector, after the network's parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchNorm {
    layers: Vec<NormLayer>,
    /// Length of the flat vector including them.
    pub len: usize,
}

/// γ and β of one hidden layer, each \[padded(H)\].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NormLayer {
    /// γ.
    pub scale: Range<usize>,
    /// β.
    pub shift: Range<usize>,
}

impl BatchNorm {
    /// The places for the hidden layers of a network.
    pub fn new(layout: &PackedLayout) -> Self {
        let mut len = layout.len;
        let mut take = |stride: usize| {
            len += stride;
            len - stride..len
        };
        let hidden = &layout.layers[..layout.layers.len() - 1];
        let layers = hidden.iter().map(|layer| NormLayer {
            scale: take(layer.stride),
            shift: take(layer.stride),
        });
        BatchNorm {
            layers: layers.collect(),
            len,
        }
    }

    /// γ and β of hidden layer `index` (from 0); `None` for the output layer.
    pub fn layer(&self, index: usize) -> Option<&NormLayer> {
        self.layers.get(index)
    }

    /// Appends γ = 1 and β = 0 to the network's parameters.
    pub fn begin(&self, flat: &mut Vec<f32>) {
        flat.resize(self.len, 0.0);
        for layer in &self.layers {
            flat[layer.scale.clone()].fill(1.0);
        }
    }

    /// The parameters of an equivalent plain network, with μ and σ computed over the training table under these
    /// parameters: W ← γ/σ·W and b ← γ/σ·(b − μ) + β, from the first layer up. Of a large table every n-th context
    /// is used.
    ///
    /// # Errors
    /// [`Error::WrongParameters`] if the parameters do not match the configuration.
    pub fn fold(
        &self,
        config: &ModelConfig,
        mut params: Params,
        flat: &[f32],
        table: &CountedWindows,
        executor: &dyn Executor,
    ) -> Result<Params, Error> {
        for (index, place) in self.layers.iter().enumerate() {
            let network = Network::new(config.clone(), params)?;
            let (means, deviations) = moments(&network, index, table, executor);
            params = network.params().clone();
            let layer = &mut params.hidden[index];
            let (scale, shift) = (&flat[place.scale.clone()], &flat[place.shift.clone()]);
            let weights = layer.weight.chunks_exact_mut(layer.inputs);
            for (unit, (weights, bias)) in weights.zip(&mut layer.bias).enumerate() {
                let factor = f64::from(scale[unit]) / deviations[unit];
                for weight in weights {
                    *weight = (f64::from(*weight) * factor) as f32;
                }
                let centred = f64::from(*bias) - means[unit];
                *bias = (centred * factor + f64::from(shift[unit])) as f32;
            }
        }
        Ok(params)
    }
}

/// μ and σ of a hidden layer's preactivations over a table, each \[H\].
fn moments(
    network: &Network,
    layer: usize,
    table: &CountedWindows,
    executor: &dyn Executor,
) -> (Vec<f64>, Vec<f64>) {
    let width = network.config().hidden_sizes[layer];
    let rows: Vec<usize> = (0..table.len())
        .step_by(table.len().div_ceil(MAX_CONTEXTS))
        .collect();
    // For each block: Σ w·z and Σ w·z² of every unit.
    let mut blocks = vec![(vec![0.0; width], vec![0.0; width]); rows.len().div_ceil(BLOCK_ROWS)];
    executor.for_each(&mut blocks, |index, (first, second)| {
        let rows = &rows[index * BLOCK_ROWS..((index + 1) * BLOCK_ROWS).min(rows.len())];
        let contexts: Vec<_> = rows
            .iter()
            .flat_map(|&row| table.row(row).context)
            .copied()
            .collect();
        network.preactivations(&contexts, layer, |row, values| {
            let weight = table.totals()[rows[row]] as f64;
            for ((first, second), &z) in first.iter_mut().zip(&mut *second).zip(values) {
                *first += weight * f64::from(z);
                *second += weight * f64::from(z) * f64::from(z);
            }
        });
    });
    let total: f64 = rows.iter().map(|&row| table.totals()[row] as f64).sum();
    let (mut means, mut squares) = (vec![0.0; width], vec![0.0; width]);
    for (first, second) in &blocks {
        for unit in 0..width {
            means[unit] += first[unit] / total;
            squares[unit] += second[unit] / total;
        }
    }
    let deviation = |(square, mean): (f64, &f64)| {
        libm::sqrt((square - mean * mean).max(0.0) + f64::from(EPSILON))
    };
    let deviations = squares.into_iter().zip(&means).map(deviation).collect();
    (means, deviations)
}

/// What the backward pass of a block needs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Normalized {
    /// ẑ, [B, padded(H)].
    values: Vec<f32>,
    /// 1/σ, \[padded(H)\].
    inverse: Vec<f32>,
    /// p_r, \[B\].
    shares: Vec<f32>,
}

impl Normalized {
    /// Turns z into y, in place.
    ///
    /// # Shapes
    /// `values` [B, stride], `weights` \[B\], `scale` and `shift` \[stride\].
    pub(crate) fn forward(
        &mut self,
        values: &mut [f32],
        weights: &[f32],
        scale: &[f32],
        shift: &[f32],
    ) {
        let stride = scale.len();
        let total: f32 = weights.iter().sum();
        self.shares.clear();
        self.shares
            .extend(weights.iter().map(|weight| weight / total));
        let mut means = std::mem::take(&mut self.inverse);
        weighted_sums(&self.shares, values, &mut means, stride, |z| z);
        for row in values.chunks_exact_mut(stride) {
            for (z, mean) in row.iter_mut().zip(&means) {
                *z -= mean;
            }
        }
        self.inverse = means;
        weighted_sums(&self.shares, values, &mut self.inverse, stride, |z| z * z);
        for x in &mut self.inverse {
            *x = 1.0 / (*x + EPSILON).sqrt();
        }
        self.values.clear();
        self.values.extend_from_slice(values);
        let kept = self.values.chunks_exact_mut(stride);
        for (row, kept) in values.chunks_exact_mut(stride).zip(kept) {
            for unit in 0..stride {
                kept[unit] *= self.inverse[unit];
                row[unit] = scale[unit] * kept[unit] + shift[unit];
            }
        }
    }

    /// Turns δy into δz, in place, and adds to the gradients of γ and β.
    ///
    /// ∂γ = Σ δy·ẑ, ∂β = Σ δy, δz_r = γ/σ·(δy_r − p_r·(∂β + ẑ_r·∂γ)), the sums over this block.
    ///
    /// # Shapes
    /// As [`Normalized::forward`].
    pub(crate) fn backward(
        &self,
        deltas: &mut [f32],
        scale: &[f32],
        scale_grad: &mut [f32],
        shift_grad: &mut [f32],
        sums: &mut [Vec<f32>; 2],
    ) {
        let stride = scale.len();
        let [by_scale, by_shift] = sums;
        for sum in [&mut *by_scale, &mut *by_shift] {
            sum.clear();
            sum.resize(stride, 0.0);
        }
        for (row, kept) in deltas
            .chunks_exact(stride)
            .zip(self.values.chunks_exact(stride))
        {
            for unit in 0..stride {
                by_scale[unit] += row[unit] * kept[unit];
                by_shift[unit] += row[unit];
            }
        }
        for unit in 0..stride {
            scale_grad[unit] += by_scale[unit];
            shift_grad[unit] += by_shift[unit];
        }
        let rows = deltas.chunks_exact_mut(stride);
        for ((row, kept), share) in rows.zip(self.values.chunks_exact(stride)).zip(&self.shares) {
            for unit in 0..stride {
                let common = share * (by_shift[unit] + kept[unit] * by_scale[unit]);
                row[unit] = scale[unit] * self.inverse[unit] * (row[unit] - common);
            }
        }
    }
}

/// Writes Σ_r p_r·f(z_r) of every column to `sums`.
fn weighted_sums(
    shares: &[f32],
    values: &[f32],
    sums: &mut Vec<f32>,
    stride: usize,
    f: impl Fn(f32) -> f32,
) {
    sums.clear();
    sums.resize(stride, 0.0);
    for (row, share) in values.chunks_exact(stride).zip(shares) {
        for (sum, &z) in sums.iter_mut().zip(row) {
            *sum += share * f(z);
        }
    }
}
