//! The lecture's stages for one context, with every number, by the f64 reference path.

use serde::ser::{Serialize, Serializer};

use crate::data::{Token, Vocab};
use crate::model::{Network, reference};

/// Every intermediate value on the way from a context to the distribution of the next character.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Explanation {
    /// 1. The context's T symbols and their numbers.
    pub context: Vec<ContextSymbol>,
    /// 2. [T, E]: the row of the embedding that each of them looks up.
    pub embeddings: Vec<Vec<f64>>,
    /// 3. [T·E]: the rows end to end.
    pub features: Vec<f64>,
    /// 4. Layer 1 … layer L.
    pub hidden: Vec<HiddenLayer>,
    /// 5. [V]: a score for each class, in token order.
    pub logits: Vec<f64>,
    /// 5. [V]: softmax of the scores, by symbol in token order, the end mark as `_`.
    #[serde(serialize_with = "as_map")]
    pub probs: Vec<(char, f64)>,
}

/// One place of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ContextSymbol {
    /// The character, `_` for padding.
    pub symbol: char,
    /// Its number.
    pub token: Token,
}

/// What one hidden layer computed.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct HiddenLayer {
    /// z = W a + b, before the nonlinearity.
    pub preactivation: Vec<f64>,
    /// φ(z).
    pub activation: Vec<f64>,
}

/// Follows a context through a network.
///
/// # Shapes
/// `context` [T], as [`Vocab::context`] makes it.
///
/// # Panics
/// If the context has another length than the network's, a token is not below the vocabulary's
/// size, or vocabulary and network differ in size.
pub fn explain(network: &Network, vocab: &Vocab, context: &[Token]) -> Explanation {
    let config = network.config();
    assert_eq!(context.len(), config.context_length, "a whole context");
    assert_eq!(vocab.len(), config.vocab_size, "network and vocabulary of one size");
    let values = reference::forward(config, &network.params().to_f64(), context);
    let symbol_of = |&token: &Token| ContextSymbol {
        symbol: vocab.symbol(token),
        token,
    };
    Explanation {
        context: context.iter().map(symbol_of).collect(),
        embeddings: values.embeddings,
        features: values.features,
        hidden: values
            .hidden
            .into_iter()
            .map(|layer| HiddenLayer {
                preactivation: layer.preactivation,
                activation: layer.activation,
            })
            .collect(),
        logits: values.logits,
        probs: (0..)
            .zip(values.log_probs)
            .map(|(token, log_prob)| (vocab.symbol(token), libm::exp(log_prob)))
            .collect(),
    }
}

/// Pairs as an object, in their order.
fn as_map<S: Serializer, K: Serialize, V: Serialize>(
    pairs: &[(K, V)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language_model::LanguageModel;
    use crate::model::{Activation, Init, ModelConfig, Params};
    use crate::rng::Seed;

    fn network(hidden_sizes: Vec<usize>) -> Network {
        let config = ModelConfig {
            vocab_size: 27,
            context_length: 3,
            embedding_dim: 4,
            hidden_sizes,
            activation: Activation::Tanh,
        };
        let params = Params::init(&config, Init::Lecture, &Seed::from(5));
        Network::new(config, params).unwrap()
    }

    #[test]
    fn every_stage_has_its_shape() {
        let vocab = Vocab::az();
        let context = vocab.context("ab", 3).unwrap();
        let explanation = explain(&network(vec![8, 6]), &vocab, &context);
        let symbols: String = explanation.context.iter().map(|place| place.symbol).collect();
        assert_eq!(symbols, "_ab");
        assert_eq!(explanation.embeddings.concat(), explanation.features);
        assert_eq!(explanation.features.len(), 12);
        let widths: Vec<usize> = explanation.hidden.iter().map(|h| h.activation.len()).collect();
        assert_eq!(widths, [8, 6]);
        assert_eq!((explanation.logits.len(), explanation.probs.len()), (27, 27));
        assert_eq!((explanation.probs[0].0, explanation.probs[26].0), ('_', 'z'));
        let sum: f64 = explanation.probs.iter().map(|(_, prob)| prob).sum();
        assert!((sum - 1.0).abs() < 1e-12);
    }

    #[test]
    fn probabilities_are_those_of_the_network() {
        let vocab = Vocab::az();
        for hidden_sizes in [vec![], vec![16], vec![12, 9]] {
            let network = network(hidden_sizes);
            for prefix in ["", "a", "abb", "zz"] {
                let context = vocab.context(prefix, 3).unwrap();
                let explanation = explain(&network, &vocab, &context);
                let log_probs = network.next_log_probs(&context);
                for ((_, prob), log_prob) in explanation.probs.iter().zip(log_probs) {
                    assert!((prob - log_prob.exp()).abs() < 1e-5, "{prefix}");
                }
            }
        }
    }
}
