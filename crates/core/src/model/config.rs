//! The shape of the network and how its parameters begin.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::setting::{Allowed, Setting};

/// The nonlinearity φ between layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Activation {
    /// tanh, the lecture's.
    #[default]
    Tanh,
    /// max(0, z).
    Relu,
    /// z·Φ(z) with the exact normal distribution (Hendrycks and Gimpel 2016), as PyTorch's default.
    Gelu,
}

impl Activation {
    /// φ(z).
    pub fn apply(self, z: f64) -> f64 {
        match self {
            Activation::Tanh => libm::tanh(z),
            Activation::Relu => z.max(0.0),
            Activation::Gelu => z * normal_cdf(z),
        }
    }

    /// φ′(z).
    pub fn slope(self, z: f64) -> f64 {
        match self {
            Activation::Tanh => 1.0 - libm::tanh(z) * libm::tanh(z),
            Activation::Relu => f64::from(z > 0.0),
            Activation::Gelu => {
                let density = libm::exp(-0.5 * z * z) / libm::sqrt(std::f64::consts::TAU);
                normal_cdf(z) + z * density
            }
        }
    }

    /// The factor that keeps the variance of a layer's output at that of its input
    /// (He et al. 2015; PyTorch's `calculate_gain`, with ReLU's for GELU).
    pub fn gain(self) -> f64 {
        match self {
            Activation::Tanh => 5.0 / 3.0,
            Activation::Relu | Activation::Gelu => std::f64::consts::SQRT_2,
        }
    }
}

fn normal_cdf(z: f64) -> f64 {
    0.5 * (1.0 + libm::erf(z * std::f64::consts::FRAC_1_SQRT_2))
}

/// How the parameters begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Init {
    /// Hidden layers scaled by the activation's gain over √fan-in, the output layer a twentieth of
    /// 1/√fan-in, biases 0: the first loss is close to ln V.
    #[default]
    Kaiming,
    /// Everything from N(0, 1), as in part 2 of Karpathy's lectures: the first loss is about 27
    /// nats because the network begins confidently wrong.
    Lecture,
}

/// The shape of the network: everything that fixes how many parameters it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelConfig {
    /// V: number of classes, the end mark included.
    pub vocab_size: usize,
    /// T: number of tokens looked back.
    pub context_length: usize,
    /// E: width of a token's embedding.
    pub embedding_dim: usize,
    /// H₁ … H_L: widths of the hidden layers; none makes the model a softmax regression.
    pub hidden_sizes: Vec<usize>,
    /// φ.
    pub activation: Activation,
    /// Whether a hidden layer above the first adds its input to its output, where both are as wide
    /// (He et al. 2016).
    #[serde(default)]
    pub residual: bool,
    /// Number of labels: tokens that stand only in the [`Start`](crate::text::Start) of names. They have
    /// embeddings and no class.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub labels: usize,
}

fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl ModelConfig {
    /// Number of tokens that contexts are made of: the classes and the labels.
    pub fn token_count(&self) -> usize {
        self.vocab_size + self.labels
    }

    /// The largest width of a layer and the largest number of layers that are accepted.
    pub const MAX_WIDTH: usize = 16_384;
    /// The largest number of hidden layers.
    pub const MAX_LAYERS: usize = 64;
    /// The largest number of parameters: 1 GB of them.
    pub const MAX_PARAMETERS: usize = 250_000_000;

    /// Tables of up to so many values (64 MB of them) are always accepted …
    const SMALL_TABLES: usize = 16_000_000;
    /// … and larger ones of up to so many values for each parameter: a small file cannot ask for
    /// gigabytes.
    const TABLES_PER_PARAMETER: usize = 64;

    /// Checks every bound, so that a configuration from a file can be trusted afterwards.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] says which bound was broken; [`Error::ContextTooLong`],
    /// [`Error::TablesTooLarge`].
    pub fn validate(&self) -> Result<(), Error> {
        let most_classes = crate::text::Vocab::MAX_LEN as f64;
        Setting::VocabSize.check_integer(self.vocab_size, Allowed::Within(2.0, most_classes))?;
        Setting::VocabSize.check_integer(self.labels, Allowed::Within(0.0, most_classes))?;
        Setting::VocabSize.check_integer(self.token_count(), Allowed::Within(2.0, most_classes))?;
        Setting::ContextLength.check_integer(self.context_length, Allowed::AtLeast(1.0))?;
        let longest = crate::data::WindowCounter::longest_context(self.token_count());
        if self.context_length > longest {
            return Err(Error::ContextTooLong {
                context_length: self.context_length,
                vocab_size: self.token_count(),
                longest,
            });
        }
        let width = Allowed::Within(1.0, Self::MAX_WIDTH as f64);
        Setting::EmbeddingDim.check_integer(self.embedding_dim, width)?;
        let most_layers = Allowed::AtMost(Self::MAX_LAYERS as f64);
        Setting::HiddenLayers.check_integer(self.hidden_sizes.len(), most_layers)?;
        for &hidden in &self.hidden_sizes {
            Setting::HiddenSize.check_integer(hidden, width)?;
        }
        let parameters = self.parameter_count().unwrap_or(usize::MAX);
        let most_parameters = Allowed::AtMost(Self::MAX_PARAMETERS as f64);
        Setting::Parameters.check_integer(parameters, most_parameters)?;
        let most = (Self::TABLES_PER_PARAMETER * parameters)
            .clamp(Self::SMALL_TABLES, Self::MAX_PARAMETERS);
        match self.table_values() {
            Some(count) if count <= most => Ok(()),
            _ => Err(Error::TablesTooLarge {
                vocab_size: self.vocab_size,
                context_length: self.context_length,
                width: self.layer_shapes()[0].1,
            }),
        }
    }

    /// Values of the first layer's tables, T·V·H₁, or `None` where they overflow.
    fn table_values(&self) -> Option<usize> {
        let width = self.layer_shapes()[0].1;
        self.context_length
            .checked_mul(self.token_count())?
            .checked_mul(width)
    }

    /// Width of the concatenated features, T·E.
    pub fn feature_dim(&self) -> usize {
        self.context_length * self.embedding_dim
    }

    /// (inputs, outputs) of every layer, the output layer last.
    pub fn layer_shapes(&self) -> Vec<(usize, usize)> {
        let mut widths = vec![self.feature_dim()];
        widths.extend(&self.hidden_sizes);
        widths.push(self.vocab_size);
        widths.windows(2).map(|pair| (pair[0], pair[1])).collect()
    }

    /// Whether hidden layer `index` (from 0) adds its input to its output.
    pub fn is_residual(&self, index: usize) -> bool {
        let widths = &self.hidden_sizes;
        self.residual && index > 0 && index < widths.len() && widths[index] == widths[index - 1]
    }

    /// Number of parameters, or `None` where it overflows.
    pub fn parameter_count(&self) -> Option<usize> {
        let embedding = self.token_count().checked_mul(self.embedding_dim)?;
        self.layer_shapes()
            .iter()
            .try_fold(embedding, |sum, &(inputs, outputs)| {
                sum.checked_add(inputs.checked_add(1)?.checked_mul(outputs)?)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lectures_network_has_11897_parameters() {
        let config = ModelConfig {
            vocab_size: 27,
            context_length: 3,
            embedding_dim: 10,
            hidden_sizes: vec![200],
            activation: Activation::Tanh,
            residual: false,
            labels: 0,
        };
        assert_eq!(config.parameter_count(), Some(11_897));
        assert!(config.validate().is_ok());
    }

    #[test]
    fn absurd_shapes_are_refused() {
        let config = |context_length, embedding_dim, hidden: usize| ModelConfig {
            vocab_size: 27,
            context_length,
            embedding_dim,
            hidden_sizes: vec![hidden],
            activation: Activation::Tanh,
            residual: false,
            labels: 0,
        };
        assert!(config(25, 10, 10).validate().is_err());
        assert!(config(3, 0, 10).validate().is_err());
        assert!(config(3, 10, 0).validate().is_err());
        assert!(config(3, 10, usize::MAX).validate().is_err());
        assert!(config(24, 16_384, 16_384).validate().is_err());
        // Fewer than half a million parameters, and tables of 7 billion values.
        let bomb = ModelConfig {
            vocab_size: 60_000,
            hidden_sizes: vec![16_384, 1],
            ..config(7, 1, 1)
        };
        assert!(bomb.parameter_count().unwrap() < 500_000);
        assert!(
            bomb.validate()
                .unwrap_err()
                .to_string()
                .contains("too much memory")
        );
        let wide = ModelConfig {
            vocab_size: 5_000,
            hidden_sizes: vec![512],
            ..config(6, 32, 1)
        };
        assert!(wide.validate().is_ok());
    }
}
