//! The way back of one prediction: the gradient of −ln P(target | context) for every part that
//! [`explain`](crate::score::explain()) shows. Computed by the reference path, which is the lecture as text.

use crate::model::reference::{
    Forward, activate_backward, cross_entropy_backward, embed_backward, forward, linear_backward,
};
use crate::model::{Network, Params};
use crate::text::Token;

/// One prediction, forward and backward.
#[derive(Clone, Debug, PartialEq)]
pub struct ExampleGradient {
    /// Every value on the way forward.
    pub forward: Forward,
    /// −ln P(target | context), nats.
    pub loss: f64,
    /// \[V\]: p − 1 at the target, p elsewhere.
    pub logits: Vec<f64>,
    /// For each hidden layer: of z, and of a.
    pub hidden: Vec<LayerGradient>,
    /// \[T·E\]: each position's share.
    pub features: Vec<f64>,
    /// Of every parameter.
    pub params: Params<f64>,
}

/// The gradient at one hidden layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerGradient {
    /// Of its preactivation z.
    pub preactivation: Vec<f64>,
    /// Of its activation a.
    pub activation: Vec<f64>,
}

/// The gradient of one example: a context of [`LanguageModel::context_length`](crate::LanguageModel)
/// tokens, and what followed.
///
/// # Panics
/// If a token is not in the vocabulary.
pub fn example_gradient(network: &Network, context: &[Token], target: Token) -> ExampleGradient {
    let (config, params) = (network.config(), network.params().to_f64());
    let values = forward(config, &params, context);
    let mut grads = Params::zeros(config);
    let below = |index: usize| match index {
        0 => &values.features,
        _ => &values.hidden[index - 1].activation,
    };
    let logits = cross_entropy_backward(&values.log_probs, &[target], &[1]);
    let depth = params.hidden.len();
    let mut delta = linear_backward(&params.output, below(depth), &logits, &mut grads.output);
    let mut hidden = Vec::with_capacity(depth);
    for index in (0..depth).rev() {
        let z = &values.hidden[index].preactivation;
        let preactivation = activate_backward(config.activation, z, &delta);
        let (layer, grad) = (&params.hidden[index], &mut grads.hidden[index]);
        let mut next = linear_backward(layer, below(index), &preactivation, grad);
        if config.is_residual(index) {
            for (next, skipped) in next.iter_mut().zip(&delta) {
                *next += skipped;
            }
        }
        hidden.push(LayerGradient {
            preactivation,
            activation: std::mem::replace(&mut delta, next),
        });
    }
    hidden.reverse();
    embed_backward(context, config.embedding_dim, &delta, &mut grads.embedding);
    ExampleGradient {
        loss: -values.log_probs[usize::from(target)],
        logits,
        hidden,
        features: delta,
        params: grads,
        forward: values,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::CountedWindows;
    use crate::model::reference::loss_and_gradients;
    use crate::model::{Activation, Init, ModelConfig};
    use crate::rng::Seed;

    /// The parameters' gradients are the reference's for a table of this one window.
    #[test]
    fn parameters_have_the_references_gradient() {
        let config = ModelConfig {
            vocab_size: 5,
            context_length: 2,
            embedding_dim: 3,
            hidden_sizes: vec![6, 6],
            activation: Activation::Gelu,
            residual: true,
            labels: 0,
        };
        let params = Params::init(&config, Init::Lecture, &Seed::from(1));
        let network = Network::new(config.clone(), params).unwrap();
        let names: [(&[Token], u64); 1] = [(&[3, 1, 3, 4], 1)];
        let table = CountedWindows::from_names(names, 5, 2).unwrap();
        let mut sum = Params::<f64>::zeros(&config);
        let mut loss = 0.0;
        for row in table.rows() {
            let one = example_gradient(&network, row.context, row.targets[0]);
            assert_eq!(one.hidden.len(), 2);
            assert_eq!(one.logits, one.params.output.bias);
            loss += one.loss;
            for (sum, grads) in sum.tensors_mut().into_iter().zip(one.params.tensors()) {
                for (sum, grad) in sum.iter_mut().zip(grads) {
                    *sum += grad;
                }
            }
        }
        let (mean, grads) = loss_and_gradients(&config, &network.params().to_f64(), &table);
        assert!((loss / 5.0 - mean).abs() < 1e-12);
        for (sum, grads) in sum.tensors().into_iter().zip(grads.tensors()) {
            for (sum, grad) in sum.iter().zip(grads) {
                assert!((sum / 5.0 - grad).abs() < 1e-12);
            }
        }
    }
}
