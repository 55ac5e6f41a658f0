//! A model as the calls see it, whether it is in training, was finished or was opened.

use nextchar::data::Split;
use nextchar::model::{ModelConfig, Network};
use nextchar::text::{Token, Vocab};
use nextchar::{Error, Generate, LanguageModel, Mixture, Model, Usual, Workers};
use serde_json::Value;

/// The model in the slot "file".
pub(crate) struct Opened {
    pub(crate) model: Model,
    pub(crate) bytes: Vec<u8>,
}

/// A model in either slot.
pub(crate) struct Shown<'a> {
    pub(crate) vocab: &'a Vocab,
    pub(crate) networks: &'a [Network],
    pub(crate) model: &'a dyn LanguageModel,
    /// The whole model, if it consists of more than its first network.
    pub(crate) whole: Option<&'a Mixture>,
    pub(crate) step: Option<u64>,
    /// The names that it was made from.
    pub(crate) parts: Option<&'a Split>,
    /// What these names are like.
    pub(crate) usual: Usual,
}

impl Shown<'_> {
    /// The first network.
    pub(crate) fn network(&self) -> Result<&Network, Error> {
        self.networks.first().ok_or(Error::WithoutNetwork)
    }
}

impl<'a> Shown<'a> {
    /// Draws new names.
    pub(crate) fn generate(&self) -> Generate<'a> {
        let usual = self.usual.clone();
        Generate::new(self.model, self.vocab, self.parts, usual).workers(Workers::serial())
    }
}

/// The symbols of all tokens.
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
