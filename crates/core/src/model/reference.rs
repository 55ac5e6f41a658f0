//! Steps 4 to 6 in plain f64 loops: the lecture made readable, slow on purpose, the oracle that
//! every fast path is tested against.
//!
//! One row is one context c₁ … c_T with the counts n(t) of the tokens that followed it.
//!
//! | step | formula |
//! |---|---|
//! | [`embed`] | e_j = E\[c_j\] |
//! | [`concatenate`] | x = \[e₁ … e_T\] |
//! | [`linear`], [`activate`] | z_l = W_l a_{l−1} + b_l, a_l = φ(z_l), a₀ = x; if residual, + a_{l−1} |
//! | [`linear`] | logits z = W_o a_L + b_o |
//! | [`log_softmax`] | ln p_t = z_t − ln Σ_s exp z_s |
//! | [`cross_entropy`] | loss = −Σ_t n(t) ln p_t / N |
//!
//! Bengio et al. 2003, "A Neural Probabilistic Language Model", without its direct connections.

use crate::data::CountedWindows;
use crate::model::config::{Activation, ModelConfig};
use crate::model::params::{Linear, Params};
use crate::text::Token;

/// Every intermediate value of one context's way through the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward {
    /// T vectors of width E: the rows of the embedding that the context looks up.
    pub embeddings: Vec<Vec<f64>>,
    /// \[T·E\]: the same, end to end.
    pub features: Vec<f64>,
    /// For each hidden layer its z_l and a_l.
    pub hidden: Vec<HiddenValues>,
    /// \[V\].
    pub logits: Vec<f64>,
    /// \[V\], nats.
    pub log_probs: Vec<f64>,
}

/// What one hidden layer computed for one context.
#[derive(Clone, Debug, PartialEq)]
pub struct HiddenValues {
    /// z = W a + b, before the nonlinearity.
    pub preactivation: Vec<f64>,
    /// φ(z), and the layer's input added where it is residual.
    pub activation: Vec<f64>,
}

/// Step 4: one row of the embedding matrix \[V, E\] for each token of the context.
pub fn embed(embedding: &[f64], embedding_dim: usize, context: &[Token]) -> Vec<Vec<f64>> {
    context
        .iter()
        .map(|&token| embedding[usize::from(token) * embedding_dim..][..embedding_dim].to_vec())
        .collect()
}

/// Step 5: the vectors end to end, the feature vector of the context.
pub fn concatenate(embeddings: &[Vec<f64>]) -> Vec<f64> {
    embeddings.concat()
}

/// z = W x + b.
pub fn linear(layer: &Linear<f64>, x: &[f64]) -> Vec<f64> {
    let mut z = layer.bias.clone();
    for (out, z) in z.iter_mut().enumerate() {
        for (input, x) in x.iter().enumerate() {
            *z += layer.weight[out * layer.inputs + input] * x;
        }
    }
    z
}

/// a = φ(z).
pub fn activate(activation: Activation, z: &[f64]) -> Vec<f64> {
    z.iter().map(|&z| activation.apply(z)).collect()
}

/// a ← a + b, the residual connection forward and backward.
fn add(a: &mut [f64], b: &[f64]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a += b;
    }
}

/// ln p = z − ln Σ exp z, with the largest z taken out first so that nothing overflows.
pub fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|&z| libm::exp(z - largest)).sum();
    let log_sum = largest + libm::log(sum);
    logits.iter().map(|&z| z - log_sum).collect()
}

/// Step 6: −Σ_t n(t) ln p_t, in nats, not yet divided by N.
pub fn cross_entropy(log_probs: &[f64], targets: &[Token], counts: &[u64]) -> f64 {
    targets
        .iter()
        .zip(counts)
        .map(|(&target, &count)| -(count as f64) * log_probs[usize::from(target)])
        .sum()
}

/// Steps 4 and 5: from a context to the distribution of the next token.
pub fn forward(config: &ModelConfig, params: &Params<f64>, context: &[Token]) -> Forward {
    let embeddings = embed(&params.embedding, config.embedding_dim, context);
    let features = concatenate(&embeddings);
    let mut hidden: Vec<HiddenValues> = Vec::new();
    for (index, layer) in params.hidden.iter().enumerate() {
        let input = hidden.last().map_or(&features, |below| &below.activation);
        let preactivation = linear(layer, input);
        let mut activation = activate(config.activation, &preactivation);
        if config.is_residual(index) {
            add(&mut activation, input);
        }
        hidden.push(HiddenValues {
            preactivation,
            activation,
        });
    }
    let last = hidden.last().map_or(&features, |below| &below.activation);
    let logits = linear(&params.output, last);
    let log_probs = log_softmax(&logits);
    Forward {
        embeddings,
        features,
        hidden,
        logits,
        log_probs,
    }
}

/// Batch normalisation of one unit over rows with weights, in place: z ← γ·(z − μ)/√(σ² + ε) + β.
pub fn batch_norm(z: &mut [f64], weights: &[f64], scale: f64, shift: f64, epsilon: f64) {
    let total: f64 = weights.iter().sum();
    let mean = |f: &dyn Fn(f64) -> f64, z: &[f64]| -> f64 {
        z.iter().zip(weights).map(|(&z, w)| w * f(z)).sum::<f64>() / total
    };
    let centre = mean(&|z| z, z);
    let variance = mean(&|z| (z - centre) * (z - centre), z);
    for z in z {
        *z = scale * (*z - centre) / libm::sqrt(variance + epsilon) + shift;
    }
}

/// The gradient through z = W x + b: adds to those of W and b, returns that of x.
///
/// ∂W = δ xᵀ, ∂b = δ, ∂x = Wᵀ δ.
pub fn linear_backward(
    layer: &Linear<f64>,
    x: &[f64],
    delta: &[f64],
    grads: &mut Linear<f64>,
) -> Vec<f64> {
    let mut delta_x = vec![0.0; x.len()];
    for (out, &delta) in delta.iter().enumerate() {
        grads.bias[out] += delta;
        for (input, &x) in x.iter().enumerate() {
            grads.weight[out * layer.inputs + input] += delta * x;
            delta_x[input] += layer.weight[out * layer.inputs + input] * delta;
        }
    }
    delta_x
}

/// The gradient through a = φ(z): δz = δa · φ′(z).
pub fn activate_backward(activation: Activation, z: &[f64], delta: &[f64]) -> Vec<f64> {
    z.iter()
        .zip(delta)
        .map(|(&z, &delta)| delta * activation.slope(z))
        .collect()
}

/// The gradient of the cross-entropy with respect to the logits: Σ_s n(s) · p_t − n(t).
pub fn cross_entropy_backward(log_probs: &[f64], targets: &[Token], counts: &[u64]) -> Vec<f64> {
    let total: u64 = counts.iter().sum();
    let mut delta: Vec<f64> = log_probs
        .iter()
        .map(|&log_prob| total as f64 * libm::exp(log_prob))
        .collect();
    for (&target, &count) in targets.iter().zip(counts) {
        delta[usize::from(target)] -= count as f64;
    }
    delta
}

/// The gradient through the look-up: each position's share goes to the row of its token.
pub fn embed_backward(
    context: &[Token],
    embedding_dim: usize,
    delta_features: &[f64],
    grads: &mut [f64],
) {
    for (&token, delta) in context.iter().zip(delta_features.chunks(embedding_dim)) {
        let row = &mut grads[usize::from(token) * embedding_dim..][..embedding_dim];
        for (grad, delta) in row.iter_mut().zip(delta) {
            *grad += delta;
        }
    }
}

/// Mean loss of a table of counted windows, in nats per predicted token.
pub fn loss(config: &ModelConfig, params: &Params<f64>, table: &CountedWindows) -> f64 {
    let total: f64 = table
        .rows()
        .map(|row| {
            let log_probs = forward(config, params, row.context).log_probs;
            cross_entropy(&log_probs, row.targets, row.counts)
        })
        .sum();
    total / table.examples() as f64
}

/// The loss and its gradient with respect to every parameter.
pub fn loss_and_gradients(
    config: &ModelConfig,
    params: &Params<f64>,
    table: &CountedWindows,
) -> (f64, Params<f64>) {
    let mut grads = Params::zeros(config);
    let mut total = 0.0;
    for row in table.rows() {
        let values = forward(config, params, row.context);
        total += cross_entropy(&values.log_probs, row.targets, row.counts);

        let delta_logits = cross_entropy_backward(&values.log_probs, row.targets, row.counts);
        let last = values
            .hidden
            .last()
            .map_or(&values.features, |h| &h.activation);
        let mut delta = linear_backward(&params.output, last, &delta_logits, &mut grads.output);
        for index in (0..params.hidden.len()).rev() {
            let below = match index {
                0 => &values.features,
                _ => &values.hidden[index - 1].activation,
            };
            let delta_z = activate_backward(
                config.activation,
                &values.hidden[index].preactivation,
                &delta,
            );
            let skipped = delta;
            delta = linear_backward(
                &params.hidden[index],
                below,
                &delta_z,
                &mut grads.hidden[index],
            );
            if config.is_residual(index) {
                add(&mut delta, &skipped);
            }
        }
        embed_backward(
            row.context,
            config.embedding_dim,
            &delta,
            &mut grads.embedding,
        );
    }
    let examples = table.examples() as f64;
    for tensor in grads.tensors_mut() {
        for grad in tensor {
            *grad /= examples;
        }
    }
    (total / examples, grads)
}
