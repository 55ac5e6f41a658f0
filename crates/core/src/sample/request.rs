//! Which names are wanted, and how many.

use crate::data::NameList;
use crate::sample::conditions::Conditions;
use crate::sample::config::SampleConfig;
use crate::sample::probability::Method;
use crate::text::Start;

/// Which names a [`Generator`](super::Generator) draws, and how many.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Number of names.
    pub count: usize,
    /// Temperature, top-k, top-p.
    pub config: SampleConfig,
    /// What precedes the first token of every name.
    pub start: Start,
    /// The conditions on every name.
    pub conditions: Conditions,
    /// Names that are never drawn, such as those of the list that the model was trained on.
    pub unwanted: Vec<&'a NameList>,
    /// Whether to draw without replacement: no name twice.
    pub unique: bool,
    /// Number of consecutive draws without a name after which the generator gives up. An attempt of a method that is
    /// slower than free draws, and worth more, counts as several of them.
    pub tries: u64,
    /// Whether most names of the model are expected to meet the conditions. Then free draws come first, which is
    /// faster; the distribution is the same.
    pub likely: bool,
    /// The method of drawing; `None` picks the fastest. The distribution is the same. If the dynamic program
    /// would be too large, another method is used, and [`Outcome::probability`](super::Outcome::probability)
    /// names it.
    pub method: Option<Method>,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Request {
            count: 20,
            config: SampleConfig::default(),
            start: Start::default(),
            conditions: Conditions::default(),
            unwanted: Vec::new(),
            unique: false,
            tries: 1_000_000,
            likely: false,
            method: None,
        }
    }
}
