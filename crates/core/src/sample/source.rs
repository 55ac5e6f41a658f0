//! What every method of drawing starts from.

use crate::language_model::{LanguageModel, State};
use crate::rng::Stream;
use crate::sample::config::SampleConfig;

/// The distribution of names: a model, where it starts, and how its probabilities are changed.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub(crate) model: &'a dyn LanguageModel,
    /// The state of an empty name.
    pub(crate) start: State,
    /// Temperature, top-k, top-p.
    pub(crate) config: SampleConfig,
}

/// How names are drawn from a [`Source`].
#[derive(Clone)]
pub(crate) struct Setup<'a> {
    pub(crate) source: Source<'a>,
    /// The random numbers. Methods use streams of different indices: see their `FIRST_` constants.
    pub(crate) stream: Stream,
    /// Whether to draw without replacement.
    pub(crate) unique: bool,
    /// Whether most names are expected to fit, so that free draws come first.
    pub(crate) likely: bool,
}
