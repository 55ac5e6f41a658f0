//! A bare `state_dict`: a network's tensors under PyTorch's names, as PyTorch itself saves them.
//!
//! The shapes tell V, E, T and the layers. What they cannot tell stands in the one metadata key
//! `network` as JSON, every field of which may be left out ([`Hints`]).

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

/// The longest name that is generated where nothing says what the longest training name was.
pub const USUAL_LONGEST_NAME: usize = 20;

/// What shapes do not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hints {
    /// The characters in token order, without the end mark; a–z where there are 27 classes.
    pub vocab: Option<Vocab>,
    /// φ of every hidden layer; tanh.
    pub activation: Activation,
    /// Whether layers above the first add their input, where both are as wide; no.
    pub residual: bool,
    /// Length of the longest training name; [`USUAL_LONGEST_NAME`].
    pub longest_name: Option<usize>,
}

/// What such a file holds.
pub(crate) struct StateDict {
    pub(crate) vocab: Vocab,
    /// A network, or the average of several.
    pub(crate) networks: Mixture,
    pub(crate) longest_name: usize,
}

/// The networks as a `state_dict`; several under `member.0.`, `member.1.` …
///
/// # Errors
/// [`FormatError::BadMetadata`] where there is none, or their activations or residual layers differ.
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

/// Reads a file without nextchar's own metadata, if its tensors are a network's.
///
/// # Errors
/// [`FormatError::NotNextchar`] where they are not; otherwise the first fault.
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

/// The configuration that a member's shapes tell.
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
    let (vocab_size, embedding_dim) = matrix("embedding")?;
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
        vocab_size,
        context_length: features / embedding_dim,
        embedding_dim,
        hidden_sizes: hidden.into_iter().map(|(outputs, _)| outputs).collect(),
        activation: hints.activation,
        residual: hints.residual,
        labels: 0,
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
