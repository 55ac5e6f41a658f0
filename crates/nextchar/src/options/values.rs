//! The values of options, each with its name in files, on command lines and on web pages.

use std::fmt;
use std::str::FromStr;

use nextchar_core::model::{Activation, Init};
use nextchar_core::text::{Characters, Graphemes, Tokenizer};
use nextchar_core::train::Schedule;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value from a short list, with the names that users write.
///
/// ```
/// use nextchar::{Choice, Family};
///
/// assert_eq!(Family::KneserNey.name(), "kneser-ney");
/// assert_eq!(Family::find("mixture"), Some(Family::Mixture));
/// ```
pub trait Choice: Copy + PartialEq + Send + Sync + 'static {
    /// Every value, its name, and a short explanation (empty if the name is enough).
    const ALL: &'static [(Self, &'static str, &'static str)];

    /// The name of the value.
    fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(value, ..)| *value == self);
        found.map_or("", |(_, name, _)| name)
    }

    /// The value with this name.
    fn find(name: &str) -> Option<Self> {
        let found = Self::ALL.iter().find(|(_, known, _)| *known == name);
        found.map(|(value, ..)| *value)
    }
}

/// A text that is not the name of any value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not one of: {}", known.join(", "))]
pub struct UnknownChoice {
    /// The text.
    pub given: String,
    /// The names of the values.
    pub known: Vec<&'static str>,
}

/// The value with this name, or an error with the possible names.
pub(crate) fn parse<T: Choice>(text: &str) -> Result<T, UnknownChoice> {
    T::find(text).ok_or_else(|| UnknownChoice {
        given: text.to_owned(),
        known: T::ALL.iter().map(|(_, name, _)| *name).collect(),
    })
}

/// The text form of a [`Choice`] of this crate: `Display` and `FromStr`.
macro_rules! as_text {
    ($($type:ty),*) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl FromStr for $type {
            type Err = UnknownChoice;

            fn from_str(text: &str) -> Result<Self, UnknownChoice> {
                parse(text)
            }
        }
    )*};
}
pub(crate) use as_text;

as_text!(Tokens, Family, OptimizerName, Draw);

/// What a name is cut into, as [`ReadOptions::tokenizer`](nextchar_core::data::ReadOptions::tokenizer).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tokens {
    /// Characters (code points).
    #[default]
    Characters,
    /// What a reader sees as one character, if two names have it; otherwise its characters.
    Graphemes,
}

impl Choice for Tokens {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Tokens::Characters, "characters", "code points"),
        (
            Tokens::Graphemes,
            "graphemes",
            "what a reader sees as one character, such as क्षा, if two names have it",
        ),
    ];
}

impl Tokens {
    /// The tokenizer that cuts names in this way.
    pub fn tokenizer(self) -> &'static dyn Tokenizer {
        match self {
            Tokens::Characters => &Characters,
            Tokens::Graphemes => &Graphemes,
        }
    }
}

/// The kind of model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// The lecture's network, of any depth.
    Network,
    /// Interpolated modified Kneser–Ney: counting alone.
    KneserNey,
    /// Networks and counts, weighted on the validation names.
    Mixture,
}

impl Choice for Family {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (
            Family::Network,
            "network",
            "The lecture's network, of any depth",
        ),
        (
            Family::KneserNey,
            "kneser-ney",
            "Interpolated modified Kneser–Ney: counting alone",
        ),
        (
            Family::Mixture,
            "mixture",
            "Networks and counts, weighted on the validation names",
        ),
    ];
}

/// How a gradient becomes a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OptimizerName {
    /// Plain stochastic gradient descent.
    Sgd,
    /// Adam with decoupled weight decay.
    Adamw,
}

impl Choice for OptimizerName {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (OptimizerName::Sgd, "sgd", ""),
        (OptimizerName::Adamw, "adamw", ""),
    ];
}

/// What the rows of a batch are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Draw {
    /// Contexts with all their counts, drawn in proportion to them.
    Contexts,
    /// Single windows, drawn uniformly.
    Windows,
    /// Contexts in shuffled passes through all of them, frequent ones split up.
    Passes,
}

impl Choice for Draw {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (
            Draw::Contexts,
            "contexts",
            "Contexts with all their counts, drawn in proportion to them",
        ),
        (Draw::Windows, "windows", "Single windows, drawn uniformly"),
        (
            Draw::Passes,
            "passes",
            "Contexts in shuffled passes through all of them, frequent ones split up",
        ),
    ];
}

impl Choice for Activation {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Activation::Tanh, "tanh", ""),
        (Activation::Relu, "relu", ""),
        (Activation::Gelu, "gelu", ""),
    ];
}

impl Choice for Init {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (
            Init::Kaiming,
            "kaiming",
            "Scaled so that the first loss is near ln V",
        ),
        (
            Init::Lecture,
            "lecture",
            "Everything from N(0, 1), as in part 2: the first loss is near 27",
        ),
    ];
}

impl Choice for Schedule {
    const ALL: &'static [(Self, &'static str, &'static str)] = &[
        (Schedule::Constant, "constant", ""),
        (
            Schedule::Step,
            "step",
            "Divided by ten after half of the steps",
        ),
        (
            Schedule::Cosine,
            "cosine",
            "Warm-up, then half a cosine down to 1 %",
        ),
    ];
}

/// Rows in a step: all of them, or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchSize {
    /// All rows; written `full`.
    Full,
    /// This number.
    Rows(usize),
}

/// The learning rate: a number, or one that a short search finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LearningRate {
    /// Found in 300 steps with growing rates, whose parameters are discarded; written `auto`.
    Auto,
    /// This one, before the schedule is applied.
    Fixed(f64),
}

/// A text that is not a valid [`BatchSize`], [`LearningRate`] or [`Widths`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be {0}")]
pub struct BadValue(&'static str);

const SIZES: BadValue = BadValue("an integer of at least 1 or `full`");
const RATES: BadValue = BadValue("a number or `auto`");
const WIDTHS: BadValue = BadValue("widths such as 200 or 256,128, or `none`");

impl fmt::Display for BatchSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BatchSize::Full => f.write_str("full"),
            BatchSize::Rows(rows) => rows.fmt(f),
        }
    }
}

impl FromStr for BatchSize {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text == "full" {
            return Ok(BatchSize::Full);
        }
        text.parse().map(BatchSize::Rows).map_err(|_| SIZES)
    }
}

impl fmt::Display for LearningRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LearningRate::Auto => f.write_str("auto"),
            LearningRate::Fixed(rate) => rate.fmt(f),
        }
    }
}

impl FromStr for LearningRate {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text == "auto" {
            return Ok(LearningRate::Auto);
        }
        text.parse().map(LearningRate::Fixed).map_err(|_| RATES)
    }
}

impl From<f64> for LearningRate {
    fn from(rate: f64) -> Self {
        LearningRate::Fixed(rate)
    }
}

/// The widths of the hidden layers, in units; empty for a network without hidden layers.
///
/// ```
/// use nextchar::Widths;
///
/// assert_eq!("256,128".parse(), Ok(Widths::from([256, 128])));
/// assert_eq!(Widths::default().to_string(), "none");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Widths(pub Vec<usize>);

impl<const N: usize> From<[usize; N]> for Widths {
    fn from(widths: [usize; N]) -> Self {
        Widths(widths.into())
    }
}

impl From<Vec<usize>> for Widths {
    fn from(widths: Vec<usize>) -> Self {
        Widths(widths)
    }
}

impl fmt::Display for Widths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        let widths: Vec<String> = self.0.iter().map(usize::to_string).collect();
        f.write_str(&widths.join(","))
    }
}

impl FromStr for Widths {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text == "none" {
            return Ok(Widths::default());
        }
        let widths = text.split(',').map(|width| width.trim().parse());
        let widths: Result<Vec<usize>, _> = widths.collect();
        widths.map(Widths).map_err(|_| WIDTHS)
    }
}

/// A number, or a word instead of it.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum NumberOr<N> {
    Number(N),
    Word(String),
}

impl Serialize for BatchSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            BatchSize::Full => serializer.serialize_str("full"),
            BatchSize::Rows(rows) => serializer.serialize_u64(rows as u64),
        }
    }
}

impl<'de> Deserialize<'de> for BatchSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match NumberOr::<usize>::deserialize(deserializer)? {
            NumberOr::Number(rows) => Ok(BatchSize::Rows(rows)),
            NumberOr::Word(word) => word.parse().map_err(serde::de::Error::custom),
        }
    }
}

impl Serialize for LearningRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            LearningRate::Auto => serializer.serialize_str("auto"),
            LearningRate::Fixed(rate) => serializer.serialize_f64(rate),
        }
    }
}

impl<'de> Deserialize<'de> for LearningRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match NumberOr::<f64>::deserialize(deserializer)? {
            NumberOr::Number(rate) => Ok(LearningRate::Fixed(rate)),
            NumberOr::Word(word) => word.parse().map_err(serde::de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names are those that serde writes, so files, command lines and pages agree.
    #[test]
    fn names_are_those_of_files() {
        fn check<T: Choice + Serialize>() {
            for &(value, name, _) in T::ALL {
                assert_eq!(serde_json::to_value(value).unwrap(), name);
                assert!(T::find(value.name()) == Some(value));
            }
        }
        check::<Tokens>();
        check::<Family>();
        check::<OptimizerName>();
        check::<Draw>();
        check::<Activation>();
        check::<Init>();
        check::<Schedule>();
        let error = "perceptron".parse::<Family>().unwrap_err().to_string();
        assert_eq!(
            error,
            "\"perceptron\" is not one of: network, kneser-ney, mixture"
        );
    }

    #[test]
    fn numbers_and_words_are_read_and_written() {
        let read = |json: &str| serde_json::from_str::<BatchSize>(json).ok();
        assert_eq!(read("\"full\""), Some(BatchSize::Full));
        assert_eq!(read("32"), Some(BatchSize::Rows(32)));
        assert_eq!((read("\"all\""), read("-3")), (None, None));
        for rate in [LearningRate::Auto, LearningRate::Fixed(0.01)] {
            let json = serde_json::to_string(&rate).unwrap();
            assert_eq!(serde_json::from_str::<LearningRate>(&json).unwrap(), rate);
            assert_eq!(rate.to_string().parse(), Ok(rate));
        }
        assert!("fast".parse::<LearningRate>().is_err());
        assert!("12,x".parse::<Widths>().is_err());
        assert_eq!(Widths::from([256, 128]).to_string(), "256,128");
    }
}
