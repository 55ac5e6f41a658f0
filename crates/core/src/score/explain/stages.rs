//! The five stages of one prediction, with every number: context, embeddings, features, layers,
//! probabilities. Computed by the reference path, which is the lecture as text.

use serde::Serialize;

use crate::model::{Network, reference};
use crate::text::{Token, Vocab};

/// Everything that the network computes for one context.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The context's T characters, `_` for padding.
    pub context: Vec<String>,
    /// Their token numbers.
    pub tokens: Vec<Token>,
    /// T rows of width E, looked up.
    pub embeddings: Vec<Vec<f64>>,
    /// [T·E], end to end.
    pub features: Vec<f64>,
    /// One entry for each hidden layer.
    pub hidden: Vec<LayerValues>,
    /// \[V\], before the softmax.
    pub logits: Vec<f64>,
    /// \[V\], in token order, adding up to 1.
    pub probs: Vec<f64>,
    /// The V characters in token order, `_` first.
    pub symbols: Vec<String>,
}

/// What a hidden layer computes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerValues {
    /// z = W·a + b.
    pub preactivation: Vec<f64>,
    /// a = φ(z), and where the layer is [residual](crate::model::ModelConfig::is_residual), + the a before it.
    pub activation: Vec<f64>,
}

/// The stages for a context of [`LanguageModel::context_length`](crate::LanguageModel) tokens.
///
/// # Panics
/// If a token is not in the vocabulary.
pub fn explain(network: &Network, vocab: &Vocab, context: &[Token]) -> Explanation {
    let stages = reference::forward(network.config(), &network.params().to_f64(), context);
    Explanation {
        context: context
            .iter()
            .map(|&token| vocab.symbol(token).to_owned())
            .collect(),
        tokens: context.to_vec(),
        embeddings: stages.embeddings,
        features: stages.features,
        hidden: stages
            .hidden
            .into_iter()
            .map(|layer| LayerValues {
                preactivation: layer.preactivation,
                activation: layer.activation,
            })
            .collect(),
        logits: stages.logits,
        probs: stages
            .log_probs
            .iter()
            .map(|&log_prob| libm::exp(log_prob))
            .collect(),
        symbols: (0..vocab.len())
            .map(|token| vocab.symbol(token as Token).to_owned())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LanguageModel;
    use crate::model::{Activation, Init, ModelConfig, Params};
    use crate::rng::Seed;

    #[test]
    fn stages_end_in_the_models_own_probabilities() {
        for (hidden_sizes, activation, residual) in [
            (vec![], Activation::Tanh, false),
            (vec![20], Activation::Tanh, false),
            (vec![20, 10], Activation::Gelu, false),
            (vec![33, 7, 16], Activation::Relu, false),
            (vec![20, 20, 8], Activation::Gelu, true),
        ] {
            let config = ModelConfig {
                vocab_size: 27,
                context_length: 3,
                embedding_dim: 5,
                hidden_sizes,
                activation,
                residual,
                labels: 0,
            };
            let params = Params::init(&config, Init::Lecture, &Seed::from(1));
            let network = Network::new(config, params).unwrap();
            let found = explain(&network, &Vocab::az(), &[0, 1, 2]);
            assert_eq!(found.context, ["_", "a", "b"]);
            assert_eq!(found.features, found.embeddings.concat());
            assert!((found.probs.iter().sum::<f64>() - 1.0).abs() < 1e-12);
            let expected = network.next_log_probs(&[0, 1, 2]);
            for (prob, log_prob) in found.probs.iter().zip(expected) {
                assert!((prob - log_prob.exp()).abs() < 1e-5);
            }
        }
    }
}
