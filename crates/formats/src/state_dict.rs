//! A bare `state_dict`: a network's tensors with PyTorch's names, as PyTorch itself saves them.
//!
//! The shapes determine V, E, T and the layers. What they do not determine is JSON under the metadata key
//! `network`, in which every field is optional ([`Hints`]).

use std::collections::BTreeMap;

use nextchar_core::combine::mixture::{Mixture, Weights};
use nextchar_core::model::{Activation, ModelConfig, Network};
use nextchar_core::text::Vocab;
use safetensors::tensor::{SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::error::{FormatError, MetadataFault};
use crate::parameters::{self, MAX_NETWORKS, network_tensors};
use crate::record::check_longest_name;
use crate::tensors::{metadata_of, not_safetensors, serialize, wrong_shape};

/// The metadata key.
const HINTS: &str = "network";

/// The length limit of generated names, if the length of the longest training name is unknown.
pub const USUAL_LONGEST_NAME: usize = 20;

/// What the shapes do not determine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hints {
    /// The characters in token order, without the end mark; by default a–z if there are 27 classes.
    pub vocab: Option<Vocab>,
    /// The activation of every hidden layer; by default tanh.
    pub activation: Activation,
    /// Whether layers after the first add their input to their output, if both have the same width; by default no.
    pub residual: bool,
    /// The length of the longest training name; by default [`USUAL_LONGEST_NAME`].
    pub longest_name: Option<usize>,
}

/// The contents of such a file.
pub(crate) struct StateDict {
    pub(crate) vocab: Vocab,
    /// A network, or the average of several.
    pub(crate) networks: Mixture,
    pub(crate) longest_name: usize,
}

/// The networks as a `state_dict`; several have the prefixes `member.0.`, `member.1.` …
///
/// # Errors
/// [`FormatError::BadMetadata`] if there is no network, or if their activations or residual layers differ.
pub fn to_bytes(
    vocab: &Vocab,
    networks: &[Network],
    longest_name: usize,
) -> Result<Vec<u8>, FormatError> {
    let first = networks.first().ok_or(MetadataFault::NoNetwork)?.config();
    let kind = |config: &ModelConfig| (config.activation, config.residual);
    if networks
        .iter()
        .any(|network| kind(network.config()) != kind(first))
    {
        return Err(MetadataFault::MixedActivations.into());
    }
    let hints = Hints {
        vocab: Some(vocab.clone()),
        activation: first.activation,
        residual: first.residual,
        longest_name: Some(longest_name),
    };
    serialize(HINTS, &hints, &network_tensors(networks))
}

/// Reads a file without nextchar's metadata, if its tensors are those of a network.
///
/// # Errors
/// [`FormatError::NotNextchar`] if they are not; otherwise the first fault.
pub(crate) fn read(bytes: &[u8]) -> Result<StateDict, FormatError> {
    let hints = metadata_of(bytes, HINTS)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(not_safetensors)?;
    let mut left: BTreeMap<String, TensorView<'_>> = tensors.tensors().into_iter().collect();
    let members = (0..=MAX_NETWORKS)
        .take_while(|&index| left.contains_key(&format!("member.{index}.embedding.weight")))
        .count();
    if members == 0 && !left.contains_key("embedding.weight") {
        return Err(FormatError::NotNextchar);
    }
    if members > MAX_NETWORKS {
        let (found, most) = (members, MAX_NETWORKS);
        return Err(MetadataFault::TooManyNetworks { found, most }.into());
    }
    let hints: Hints = hints
        .map_or(Ok(Hints::default()), |json| serde_json::from_str(&json))
        .map_err(|fault| MetadataFault::Hints { key: HINTS, fault })?;
    let longest_name = hints.longest_name.unwrap_or(USUAL_LONGEST_NAME);
    check_longest_name(longest_name)?;
    let prefixes: Vec<String> = match members {
        0 => vec![String::new()],
        _ => (0..members)
            .map(|index| format!("member.{index}."))
            .collect(),
    };
    let mut networks = Vec::new();
    for prefix in &prefixes {
        let config = config_of(prefix, &hints, &left)?;
        let params = parameters::from_tensors(prefix, &config, &mut left)?;
        networks.push(Network::new(config, params)?);
    }
    if let Some(name) = left.into_keys().next() {
        return Err(FormatError::UnknownTensor(name));
    }
    let networks = Mixture::new(networks, None, Weights::default())?;
    let vocab = vocab_of(&hints, networks.networks()[0].config().vocab_size)?;
    Ok(StateDict {
        vocab,
        networks,
        longest_name,
    })
}

/// The configuration that follows from a member's shapes.
fn config_of(
    prefix: &str,
    hints: &Hints,
    tensors: &BTreeMap<String, TensorView<'_>>,
) -> Result<ModelConfig, FormatError> {
    let matrix = |name: &str| {
        let name = format!("{prefix}{name}.weight");
        let tensor = tensors
            .get(&name)
            .ok_or_else(|| FormatError::MissingTensor(name.clone()))?;
        match *tensor.shape() {
            [rows, columns] if rows > 0 && columns > 0 => Ok((rows, columns)),
            _ => Err(wrong_shape(&name, tensor, "[rows, columns]")),
        }
    };
    let (token_count, embedding_dim) = matrix("embedding")?;
    let labels = hints.vocab.as_ref();
    let labels = labels.map_or(0, |vocab| vocab.token_count() - vocab.len());
    let hidden: Vec<(usize, usize)> = (0..=ModelConfig::MAX_LAYERS)
        .map(|index| format!("hidden.{index}"))
        .take_while(|name| tensors.contains_key(&format!("{prefix}{name}.weight")))
        .map(|name| matrix(&name))
        .collect::<Result<_, _>>()?;
    let (_, features) = match hidden.first() {
        Some(&first) => first,
        None => matrix("output")?,
    };
    if features % embedding_dim != 0 {
        let fault = MetadataFault::OddFeatures {
            features,
            embedding_dim,
        };
        return Err(fault.into());
    }
    let config = ModelConfig {
        vocab_size: token_count.saturating_sub(labels),
        context_length: features / embedding_dim,
        embedding_dim,
        hidden_sizes: hidden.into_iter().map(|(outputs, _)| outputs).collect(),
        activation: hints.activation,
        residual: hints.residual,
        labels,
    };
    config.validate()?;
    Ok(config)
}

fn vocab_of(hints: &Hints, size: usize) -> Result<Vocab, FormatError> {
    let vocab = match &hints.vocab {
        Some(vocab) => vocab.clone(),
        None if size == Vocab::az().len() => Vocab::az(),
        None => {
            let (classes, key) = (size, HINTS);
            return Err(MetadataFault::NoAlphabet { classes, key }.into());
        }
    };
    let (alphabet, model) = (vocab.len(), size);
    if alphabet != model {
        return Err(MetadataFault::OtherAlphabet { alphabet, model }.into());
    }
    Ok(vocab)
}
