//! Backpropagation through one prediction: the gradient of −ln P(target | context) with respect to everything that
//! [`explain`](crate::score::explain()) shows. Computed by the reference implementation, the lecture as text.

use crate::model::reference::{Backward, Forward, HiddenValues, backward, forward};
use crate::model::{Network, Params};
use crate::text::Token;

/// One prediction, forward and backward.
#[derive(Clone, Debug, PartialEq)]
pub struct ExampleGradient {
    /// Every value of the forward pass.
    pub forward: Forward,
    /// −ln P(target | context), nats.
    pub loss: f64,
    /// \[V\]: p − 1 at the target, p elsewhere.
    pub logits: Vec<f64>,
    /// The gradients with respect to z and a of each hidden layer.
    pub hidden: Vec<LayerGradient>,
    /// \[T·E\]: the gradient with respect to the features.
    pub features: Vec<f64>,
    /// The gradient with respect to every parameter.
    pub params: Params<f64>,
}

/// The gradient at one hidden layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerGradient {
    /// With respect to its preactivation z.
    pub preactivation: Vec<f64>,
    /// With respect to its activation a.
    pub activation: Vec<f64>,
}

/// The gradient of one example: a context of [`LanguageModel::context_length`](crate::LanguageModel)
/// tokens, and the token that follows.
///
/// # Panics
/// If a token is not in the vocabulary.
pub fn example_gradient(network: &Network, context: &[Token], target: Token) -> ExampleGradient {
    let (config, params) = (network.config(), network.params().to_f64());
    let values = forward(config, &params, context);
    let mut grads = Params::zeros(config);
    let targets = (&[target][..], &[1][..]);
    let Backward {
        logits,
        hidden,
        features,
    } = backward(config, &params, context, &values, targets, &mut grads);
    let layer = |values: HiddenValues| LayerGradient {
        preactivation: values.preactivation,
        activation: values.activation,
    };
    ExampleGradient {
        loss: -values.log_probs[usize::from(target)],
        logits,
        hidden: hidden.into_iter().map(layer).collect(),
        features,
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

    /// The gradients of single windows add up to the reference's gradient of their table.
    #[test]
    fn gradients_add_up_to_the_references() {
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
