//! What names are drawn from: a model, the state before a name's first token, and what is done to P.

use crate::language_model::{LanguageModel, State};
use crate::sample::config::SampleConfig;

/// The distribution that every method draws from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) model: &'a dyn LanguageModel,
    /// The state of an empty name.
    pub(crate) start: State,
    /// Temperature, top-k, top-p.
    pub(crate) config: SampleConfig,
}
