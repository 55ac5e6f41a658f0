//! The options of generation: which names, and how to draw them.

use nextchar_core::rng::Seed;
use nextchar_core::sample::{Conditions, SampleConfig};
use serde::{Deserialize, Serialize};

/// A request for names, as files, command lines and pages express it; [`Generate`](crate::Generate) is the same
/// as a chain of calls.
///
/// ```
/// use nextchar::GenerateOptions;
///
/// let json = r#"{"count": 4, "suffix": ["ya"], "min_length": 6, "max_length": 6, "novel": true}"#;
/// let options: GenerateOptions = serde_json::from_str(json)?;
/// assert_eq!((options.temperature, options.unique), (1.0, false));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GenerateOptions {
    /// Number of names, at most.
    pub count: usize,
    /// Values below 1 make likely characters likelier, values above 1 unlikely ones.
    pub temperature: f64,
    /// Every character is one of the `top_k` most probable ones at its position.
    pub top_k: Option<usize>,
    /// Every character is one of the most probable ones that together have this probability.
    pub top_p: Option<f64>,
    /// Minimum length, in characters.
    pub min_length: usize,
    /// Maximum length, in characters; `None` for that of the longest name that the model was made from.
    pub max_length: Option<usize>,
    /// The name begins with one of these, if there are any.
    pub prefix: Vec<String>,
    /// The name ends with one of these, if there are any.
    pub suffix: Vec<String>,
    /// The name contains all of these.
    pub contains: Vec<String>,
    /// The name contains none of these.
    pub exclude: Vec<String>,
    /// The name has only these characters: single ones and ranges, such as `a-mz`.
    pub letters: Option<String>,
    /// The whole name matches one of these regular expressions, if there are any.
    pub pattern: Vec<String>,
    /// The name is in no part of the list that the model was made from.
    pub novel: bool,
    /// No name is drawn twice.
    pub unique: bool,
    /// The seed of the draws.
    pub seed: Seed,
}

impl Default for GenerateOptions {
    /// 20 names without conditions, seed 42.
    fn default() -> Self {
        GenerateOptions {
            count: 20,
            temperature: 1.0,
            top_k: None,
            top_p: None,
            min_length: 1,
            max_length: None,
            prefix: Vec::new(),
            suffix: Vec::new(),
            contains: Vec::new(),
            exclude: Vec::new(),
            letters: None,
            pattern: Vec::new(),
            novel: false,
            unique: false,
            seed: Seed::from(42),
        }
    }
}

impl GenerateOptions {
    /// The conditions, for a model whose longest name has this length.
    pub(crate) fn conditions(&self, longest: usize) -> Conditions {
        Conditions {
            min_length: self.min_length,
            max_length: self.max_length.unwrap_or(longest.max(self.min_length)),
            prefixes: self.prefix.clone(),
            suffixes: self.suffix.clone(),
            contains: self.contains.clone(),
            excludes: self.exclude.clone(),
            letters: self.letters.clone(),
            patterns: self.pattern.clone(),
        }
    }

    /// Temperature, top-k and top-p.
    pub(crate) fn sample_config(&self) -> Result<SampleConfig, nextchar_core::Error> {
        SampleConfig::new(self.temperature, self.top_k, self.top_p)
    }
}
