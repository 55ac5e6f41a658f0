//! Steps 4 to 6 in plain f64 loops: the lecture as code, slow on purpose, and the oracle that every fast path is
//! tested against.
//!
//! The input is a context c₁ … c_T with the counts n(t) of the tokens that followed it.
//!
//! | step | function | formula |
//! |---|---|---|
//! | 4. embedding lookup | [`embedding_lookup`] | e_j = E\[c_j\] |
//! | 5. concatenation | [`concatenate`] | x = \[e₁ … e_T\] |
//! | 5. hidden layers | [`hidden_layer`] | z_l = W_l a_{l−1} + b_l, a_l = φ(z_l) with a₀ = x; a residual layer adds a_{l−1} |
//! | 5. logits | [`linear`] | z = W_o a_L + b_o |
//! | 6. softmax | [`log_softmax`] | ln p_t = z_t − ln Σ_s exp z_s |
//! | 6. cross-entropy | [`cross_entropy`] | loss = −Σ_t n(t) ln p_t / N |
//!
//! The backward pass of every step follows its forward pass. [`forward`] and [`backward`] run them in order.
//!
//! Bengio et al. 2003, "A Neural Probabilistic Language Model", without its direct connections.

use crate::data::CountedWindows;
use crate::model::config::{Activation, ModelConfig};
use crate::model::params::{Linear, Params};
use crate::text::Token;

// Step 4: embedding.

/// One row of the embedding matrix \[V, E\] for each token of the context.
pub fn embedding_lookup(
    embedding: &[f64],
    embedding_dim: usize,
    context: &[Token],
) -> Vec<Vec<f64>> {
    context
        .iter()
        .map(|&token| embedding[usize::from(token) * embedding_dim..][..embedding_dim].to_vec())
        .collect()
}

/// Backward through lookup and concatenation: adds the gradient of each position to the row of its token.
pub fn embedding_backward(
    context: &[Token],
    embedding_dim: usize,
    delta_features: &[f64],
    grads: &mut [f64],
) {
    for (&token, delta) in context.iter().zip(delta_features.chunks(embedding_dim)) {
        let row = &mut grads[usize::from(token) * embedding_dim..][..embedding_dim];
        add(row, delta);
    }
}

// Step 5: concatenation, hidden layers, logits.

/// The vectors of all positions, end to end: the features of the context.
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

/// Backward through z = W x + b: adds to the gradients of W and b, and returns that of x.
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

/// a = φ(z).
pub fn activate(activation: Activation, z: &[f64]) -> Vec<f64> {
    z.iter().map(|&z| activation.apply(z)).collect()
}

/// Backward through a = φ(z): δz = δa · φ′(z).
pub fn activate_backward(activation: Activation, z: &[f64], delta: &[f64]) -> Vec<f64> {
    z.iter()
        .zip(delta)
        .map(|(&z, &delta)| delta * activation.slope(z))
        .collect()
}

/// The values of one hidden layer for one context.
#[derive(Clone, Debug, PartialEq)]
pub struct HiddenValues {
    /// z = W x + b, before the nonlinearity.
    pub preactivation: Vec<f64>,
    /// φ(z), plus x if the layer is residual.
    pub activation: Vec<f64>,
}

/// a = φ(W x + b), plus x if the layer is residual.
pub fn hidden_layer(
    layer: &Linear<f64>,
    activation: Activation,
    is_residual: bool,
    x: &[f64],
) -> HiddenValues {
    let preactivation = linear(layer, x);
    let mut activation = activate(activation, &preactivation);
    if is_residual {
        add(&mut activation, x);
    }
    HiddenValues {
        preactivation,
        activation,
    }
}

/// Backward through a hidden layer with input x and preactivation z: adds to the gradients of W and b, and returns
/// those of z and x.
pub fn hidden_layer_backward(
    layer: &Linear<f64>,
    activation: Activation,
    is_residual: bool,
    [x, z]: [&[f64]; 2],
    delta: &[f64],
    grads: &mut Linear<f64>,
) -> [Vec<f64>; 2] {
    let delta_z = activate_backward(activation, z, delta);
    let mut delta_x = linear_backward(layer, x, &delta_z, grads);
    if is_residual {
        add(&mut delta_x, delta);
    }
    [delta_z, delta_x]
}

/// a ← a + b.
fn add(a: &mut [f64], b: &[f64]) {
    for (a, b) in a.iter_mut().zip(b) {
        *a += b;
    }
}

/// Batch normalisation of one unit over weighted rows, in place: z ← γ·(z − μ)/√(σ² + ε) + β.
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

// Step 6: softmax and cross-entropy.

/// ln p = z − ln Σ exp z. The largest logit is subtracted first, so that nothing overflows.
pub fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|&z| libm::exp(z - largest)).sum();
    let log_sum = largest + libm::log(sum);
    logits.iter().map(|&z| z - log_sum).collect()
}

/// −Σ_t n(t) ln p_t in nats, not yet divided by N.
pub fn cross_entropy(log_probs: &[f64], targets: &[Token], counts: &[u64]) -> f64 {
    targets
        .iter()
        .zip(counts)
        .map(|(&target, &count)| -(count as f64) * log_probs[usize::from(target)])
        .sum()
}

/// Backward through softmax and cross-entropy: the gradient of the logits, Σ_s n(s) · p_t − n(t).
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

// All steps.

/// Every intermediate value of the forward pass of one context.
#[derive(Clone, Debug, PartialEq)]
pub struct Forward {
    /// T vectors of width E.
    pub embeddings: Vec<Vec<f64>>,
    /// \[T·E\].
    pub features: Vec<f64>,
    /// z and a of each hidden layer.
    pub hidden: Vec<HiddenValues>,
    /// \[V\].
    pub logits: Vec<f64>,
    /// \[V\], nats.
    pub log_probs: Vec<f64>,
}

impl Forward {
    /// The input of layer `index`: the features, or the activations of the layer below. The output layer comes
    /// after the hidden layers.
    fn input(&self, index: usize) -> &[f64] {
        match index.checked_sub(1) {
            None => &self.features,
            Some(below) => &self.hidden[below].activation,
        }
    }
}

/// From a context to the distribution of the next token.
pub fn forward(config: &ModelConfig, params: &Params<f64>, context: &[Token]) -> Forward {
    let embeddings = embedding_lookup(&params.embedding, config.embedding_dim, context);
    let features = concatenate(&embeddings);
    let mut hidden: Vec<HiddenValues> = Vec::new();
    for (index, layer) in params.hidden.iter().enumerate() {
        let x = hidden.last().map_or(&features, |below| &below.activation);
        let is_residual = config.is_residual(index);
        hidden.push(hidden_layer(layer, config.activation, is_residual, x));
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

/// The gradients with respect to the intermediate values of one context.
#[derive(Clone, Debug, PartialEq)]
pub struct Backward {
    /// \[V\].
    pub logits: Vec<f64>,
    /// z and a of each hidden layer.
    pub hidden: Vec<HiddenValues>,
    /// \[T·E\].
    pub features: Vec<f64>,
}

/// From the distribution back to the embedding: adds the gradient of the cross-entropy of a context's targets to
/// `grads`.
pub fn backward(
    config: &ModelConfig,
    params: &Params<f64>,
    context: &[Token],
    values: &Forward,
    (targets, counts): (&[Token], &[u64]),
    grads: &mut Params<f64>,
) -> Backward {
    let logits = cross_entropy_backward(&values.log_probs, targets, counts);
    let depth = params.hidden.len();
    let last = values.input(depth);
    let mut delta = linear_backward(&params.output, last, &logits, &mut grads.output);
    let mut hidden = Vec::with_capacity(depth);
    for index in (0..depth).rev() {
        let [preactivation, delta_x] = hidden_layer_backward(
            &params.hidden[index],
            config.activation,
            config.is_residual(index),
            [values.input(index), &values.hidden[index].preactivation],
            &delta,
            &mut grads.hidden[index],
        );
        hidden.push(HiddenValues {
            preactivation,
            activation: std::mem::replace(&mut delta, delta_x),
        });
    }
    hidden.reverse();
    embedding_backward(context, config.embedding_dim, &delta, &mut grads.embedding);
    Backward {
        logits,
        hidden,
        features: delta,
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

/// The mean loss and its gradient with respect to every parameter.
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
        let targets = (row.targets, row.counts);
        backward(config, params, row.context, &values, targets, &mut grads);
    }
    let examples = table.examples() as f64;
    for tensor in grads.tensors_mut() {
        for grad in tensor {
            *grad /= examples;
        }
    }
    (total / examples, grads)
}
