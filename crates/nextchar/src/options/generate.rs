//! The options of generation: which names, and how to draw them.

use nextchar_core::data::MAX_NAME_LENGTH;
use nextchar_core::rng::Seed;
use nextchar_core::sample::{Conditions, SampleConfig, Spelling};
use nextchar_formats::Sampling;
use serde::{Deserialize, Serialize};

/// A request for names, as files, command lines and pages express it; [`Generate`](crate::Generate) is the same
/// as a chain of calls.
///
/// ```
/// use nextchar::GenerateOptions;
///
/// let json = r#"{"count": 4, "suffix": ["ya"], "min_length": 6, "max_length": 6, "novel": true}"#;
/// let options: GenerateOptions = serde_json::from_str(json)?;
/// assert_eq!((options.temperature, options.unique), (None, false));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct GenerateOptions {
    /// Number of names, at most.
    pub count: usize,
    /// Values below 1 make likely characters likelier, values above 1 unlikely ones; `None` for the model's own value.
    pub temperature: Option<f64>,
    /// Every character is one of the `top_k` most probable ones at its position.
    pub top_k: Option<usize>,
    /// Every character is one of the most probable ones that together have this probability; `None` for the model's own
    /// value.
    pub top_p: Option<f64>,
    /// Minimum length, in characters; `None` for that of the shortest name that the model was made from.
    pub min_length: Option<usize>,
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
            temperature: None,
            top_k: None,
            top_p: None,
            min_length: None,
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

/// What the names of a list are like: the defaults of a model where [`GenerateOptions`] leave something open.
#[derive(Clone, Debug)]
pub struct Usual {
    /// The length of the shortest name, in characters.
    pub shortest: usize,
    /// The length of the longest name, in characters.
    pub longest: usize,
    /// How the names are spelled; `None` for names of letters only.
    pub spelling: Option<Spelling>,
    /// The temperature and top-p that suit the list.
    pub sampling: Sampling,
}

impl Default for Usual {
    /// Names of any length, drawn from the unchanged model.
    fn default() -> Self {
        Usual {
            shortest: 1,
            longest: MAX_NAME_LENGTH,
            spelling: None,
            sampling: Sampling::default(),
        }
    }
}

impl GenerateOptions {
    /// The conditions on names of a model. Lengths that are asked for are those that a reader counts; `has_segments` tells
    /// whether they can differ from the numbers of tokens.
    pub(crate) fn conditions(&self, usual: &Usual, has_segments: bool) -> Conditions {
        let asked = (self.min_length, self.max_length);
        let (shortest, longest, graphemes) = match asked {
            (Some(_), _) | (_, Some(_)) if has_segments => {
                let longest = self.max_length.unwrap_or(MAX_NAME_LENGTH);
                (
                    1,
                    MAX_NAME_LENGTH,
                    Some(self.min_length.unwrap_or(1)..=longest),
                )
            }
            _ => {
                let longest = usual.longest.max(self.min_length.unwrap_or(1));
                let longest = self.max_length.unwrap_or(longest);
                let shortest = self.min_length.unwrap_or(usual.shortest.min(longest));
                (shortest, longest, None)
            }
        };
        Conditions {
            min_length: shortest,
            max_length: longest,
            graphemes,
            prefixes: self.prefix.clone(),
            suffixes: self.suffix.clone(),
            contains: self.contains.clone(),
            excludes: self.exclude.clone(),
            letters: self.letters.clone(),
            patterns: self.pattern.clone(),
            spelling: usual.spelling.clone(),
        }
    }

    /// Whether there is any condition on single names.
    pub(crate) fn is_conditioned(&self) -> bool {
        let free = GenerateOptions::default();
        let conditions = |options: &Self| options.conditions(&Usual::default(), false);
        self.novel || conditions(self) != conditions(&free)
    }

    /// Whether there is a condition on the characters of names.
    fn has_texts(&self) -> bool {
        let texts = [
            &self.prefix,
            &self.suffix,
            &self.contains,
            &self.exclude,
            &self.pattern,
        ];
        self.letters.is_some() || texts.iter().any(|texts| !texts.is_empty())
    }

    /// Temperature, top-k and top-p. A model's own values apply only as a whole, and not under conditions on the
    /// characters, which they could make impossible.
    pub(crate) fn sample_config(
        &self,
        usual: Sampling,
    ) -> Result<SampleConfig, nextchar_core::Error> {
        let Sampling { temperature, top_p } = match (self.temperature, self.top_p, self.top_k) {
            (None, None, None) if !self.has_texts() => usual,
            _ => Sampling::default(),
        };
        SampleConfig::new(
            self.temperature.unwrap_or(temperature),
            self.top_k,
            self.top_p.or((top_p < 1.0).then_some(top_p)),
        )
    }
}
