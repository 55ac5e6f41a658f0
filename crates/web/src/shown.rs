//! A model as calls see it, whether it is learning, was finished or was opened.

use nextchar::model::{ModelConfig, Network};
use nextchar::text::{Token, Vocab};
use nextchar::{LanguageModel, Mixture};
use nextchar_formats::ModelFile;
use serde_json::Value;

use crate::fault::Fault;

/// The model in the slot "file".
pub(crate) struct Opened {
    pub(crate) file: ModelFile,
    pub(crate) bytes: Vec<u8>,
}

/// A model, whichever slot it stands in.
pub(crate) struct Shown<'a> {
    pub(crate) vocab: &'a Vocab,
    pub(crate) networks: &'a [Network],
    pub(crate) model: &'a dyn LanguageModel,
    /// The whole model where it is more than its first network.
    pub(crate) whole: Option<&'a Mixture>,
    pub(crate) step: Option<u64>,
}

impl Shown<'_> {
    /// The first network.
    pub(crate) fn network(&self) -> Result<&Network, Fault> {
        let none = || Fault::new("this model only counts: it has no network to look into");
        self.networks.first().ok_or_else(none)
    }
}

/// All characters by token.
pub(crate) fn symbols(vocab: &Vocab) -> Vec<String> {
    let tokens = 0..vocab.len() as Token;
    tokens
        .map(|token| vocab.symbol(token).to_string())
        .collect()
}

/// A network's shape, as in the model file.
pub(crate) fn shape(config: &ModelConfig) -> Value {
    serde_json::to_value(config).expect("a shape is JSON")
}
