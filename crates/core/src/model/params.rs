//! The parameters of the network, which is also the type of their gradients.
//!
//! Tensors have PyTorch's names and PyTorch's [out, in] layout; files and the reference path use
//! them as they are. The engine works on [`crate::model::packed`] copies.

use crate::model::config::{Activation, Init, ModelConfig};
use crate::rng::{Purpose, Seed};

/// A layer's weight [out, in] and bias \[out\].
#[derive(Clone, Debug, PartialEq)]
pub struct Linear<F> {
    /// Number of inputs.
    pub inputs: usize,
    /// Number of outputs.
    pub outputs: usize,
    /// [outputs, inputs], row after row.
    pub weight: Vec<F>,
    /// \[outputs\].
    pub bias: Vec<F>,
}

/// All parameters of a network, or their gradients.
#[derive(Clone, Debug, PartialEq)]
pub struct Params<F = f32> {
    /// [V, E]: one learnable vector for each token.
    pub embedding: Vec<F>,
    /// The hidden layers 1 … L.
    pub hidden: Vec<Linear<F>>,
    /// From the last hidden layer to the V logits.
    pub output: Linear<F>,
}

/// One tensor with its name and shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// PyTorch's name, such as `hidden.0.weight`.
    pub name: String,
    /// Rows and columns, or the length of a bias.
    pub shape: Vec<usize>,
}

impl TensorInfo {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it holds no value at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<F: Copy + Default> Linear<F> {
    fn zeros(inputs: usize, outputs: usize) -> Self {
        Linear {
            inputs,
            outputs,
            weight: vec![F::default(); inputs * outputs],
            bias: vec![F::default(); outputs],
        }
    }
}

impl<F: Copy + Default> Params<F> {
    /// All zero, in the shapes of a configuration.
    pub fn zeros(config: &ModelConfig) -> Self {
        let mut layers: Vec<Linear<F>> = config
            .layer_shapes()
            .into_iter()
            .map(|(inputs, outputs)| Linear::zeros(inputs, outputs))
            .collect();
        let output = layers.pop().expect("there is always an output layer");
        Params {
            embedding: vec![F::default(); config.token_count() * config.embedding_dim],
            hidden: layers,
            output,
        }
    }

    /// Name and shape of every tensor, in the order of [`Params::tensors`].
    pub fn tensor_infos(config: &ModelConfig) -> Vec<TensorInfo> {
        let mut infos = vec![TensorInfo {
            name: "embedding.weight".into(),
            shape: vec![config.token_count(), config.embedding_dim],
        }];
        let layers = config.layer_shapes();
        for (index, &(inputs, outputs)) in layers.iter().enumerate() {
            let name = if index + 1 == layers.len() {
                "output".to_string()
            } else {
                format!("hidden.{index}")
            };
            infos.push(TensorInfo {
                name: format!("{name}.weight"),
                shape: vec![outputs, inputs],
            });
            infos.push(TensorInfo {
                name: format!("{name}.bias"),
                shape: vec![outputs],
            });
        }
        infos
    }

    /// The values of every tensor: embedding, then weight and bias of each layer.
    pub fn tensors(&self) -> Vec<&[F]> {
        let mut tensors: Vec<&[F]> = vec![&self.embedding];
        for layer in self.hidden.iter().chain([&self.output]) {
            tensors.push(&layer.weight);
            tensors.push(&layer.bias);
        }
        tensors
    }

    /// The same for writing.
    pub fn tensors_mut(&mut self) -> Vec<&mut Vec<F>> {
        let mut tensors = vec![&mut self.embedding];
        for layer in self.hidden.iter_mut().chain([&mut self.output]) {
            tensors.push(&mut layer.weight);
            tensors.push(&mut layer.bias);
        }
        tensors
    }

    /// Number of parameters.
    pub fn count(&self) -> usize {
        self.tensors().iter().map(|tensor| tensor.len()).sum()
    }
}

impl Params<f32> {
    /// The first parameters for a seed.
    pub fn init(config: &ModelConfig, init: Init, seed: &Seed) -> Self {
        let mut rng = seed.stream(Purpose::Init, 0);
        let mut params = Params::zeros(config);
        let mut fill = |values: &mut Vec<f32>, scale: f64| {
            for value in values {
                *value = (scale * rng.normal()) as f32;
            }
        };
        fill(&mut params.embedding, 1.0);
        for layer in &mut params.hidden {
            fill(
                &mut layer.weight,
                init.hidden_scale(config.activation, layer.inputs),
            );
            fill(&mut layer.bias, init.bias_scale());
        }
        fill(
            &mut params.output.weight,
            init.output_scale(params.output.inputs),
        );
        fill(&mut params.output.bias, init.bias_scale());
        params
    }

    /// The same values in double precision, for the reference path.
    pub fn to_f64(&self) -> Params<f64> {
        let linear = |layer: &Linear<f32>| Linear {
            inputs: layer.inputs,
            outputs: layer.outputs,
            weight: layer.weight.iter().map(|&x| f64::from(x)).collect(),
            bias: layer.bias.iter().map(|&x| f64::from(x)).collect(),
        };
        Params {
            embedding: self.embedding.iter().map(|&x| f64::from(x)).collect(),
            hidden: self.hidden.iter().map(linear).collect(),
            output: linear(&self.output),
        }
    }

    /// Whether every value is a finite number.
    pub fn is_finite(&self) -> bool {
        self.tensors()
            .iter()
            .all(|tensor| tensor.iter().all(|value| value.is_finite()))
    }
}

impl Init {
    fn hidden_scale(self, activation: Activation, inputs: usize) -> f64 {
        match self {
            Init::Kaiming => activation.gain() / (inputs.max(1) as f64).sqrt(),
            Init::Lecture => 1.0,
        }
    }

    /// A twentieth of 1/√fan-in keeps the first logits near 0, so the first loss is near ln V.
    fn output_scale(self, inputs: usize) -> f64 {
        match self {
            Init::Kaiming => 0.05 / (inputs.max(1) as f64).sqrt(),
            Init::Lecture => 1.0,
        }
    }

    fn bias_scale(self) -> f64 {
        match self {
            Init::Kaiming => 0.0,
            Init::Lecture => 1.0,
        }
    }
}
