//! The settings that callers choose, by name, and their allowed values.

use std::fmt;

/// A number that a caller or a file provides. Front ends have their own names for it: a flag, a keyword, the label of
/// a field.
///
/// ```
/// use nextchar_core::setting::{Allowed, Setting};
///
/// let error = Setting::LearningRate.check(-1.0, Allowed::Above(0.0)).unwrap_err();
/// assert_eq!(error.to_string(), "the learning rate must be above 0 (got -1)");
/// assert_eq!(Setting::LearningRate.name(), "learning_rate");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "they have the names of the options")]
pub enum Setting {
    VocabSize,
    ContextLength,
    CountsContext,
    EmbeddingDim,
    HiddenSize,
    HiddenLayers,
    Parameters,
    Activation,
    Residual,
    Init,
    Optimizer,
    LearningRate,
    Schedule,
    BatchSize,
    Draw,
    Steps,
    Epochs,
    EvaluateEvery,
    Patience,
    TargetLoss,
    WeightDecay,
    Dropout,
    BatchNorm,
    LabelSmoothing,
    Averaging,
    Networks,
    Distill,
    Temperature,
    TopK,
    TopP,
    MinLength,
    MaxLength,
    Discount,
    NetworkWeight,
    CountsWeight,
}

impl Setting {
    /// The name as an identifier.
    pub fn name(self) -> &'static str {
        match self {
            Setting::VocabSize => "vocab_size",
            Setting::ContextLength => "context_length",
            Setting::CountsContext => "counts_context",
            Setting::EmbeddingDim => "embedding_dim",
            Setting::HiddenSize => "hidden_size",
            Setting::HiddenLayers => "hidden_layers",
            Setting::Parameters => "parameters",
            Setting::Activation => "activation",
            Setting::Residual => "residual",
            Setting::Init => "init",
            Setting::Optimizer => "optimizer",
            Setting::LearningRate => "learning_rate",
            Setting::Schedule => "schedule",
            Setting::BatchSize => "batch_size",
            Setting::Draw => "draw",
            Setting::Steps => "steps",
            Setting::Epochs => "epochs",
            Setting::EvaluateEvery => "evaluate_every",
            Setting::Patience => "patience",
            Setting::TargetLoss => "target_loss",
            Setting::WeightDecay => "weight_decay",
            Setting::Dropout => "dropout",
            Setting::BatchNorm => "batch_norm",
            Setting::LabelSmoothing => "label_smoothing",
            Setting::Averaging => "averaging",
            Setting::Networks => "networks",
            Setting::Distill => "distill",
            Setting::Temperature => "temperature",
            Setting::TopK => "top_k",
            Setting::TopP => "top_p",
            Setting::MinLength => "min_length",
            Setting::MaxLength => "max_length",
            Setting::Discount => "discount",
            Setting::NetworkWeight => "network_weight",
            Setting::CountsWeight => "counts_weight",
        }
    }

    /// Checks a value.
    ///
    /// # Errors
    /// If the value is not allowed; NaN and infinity never are.
    pub fn check(self, value: f64, allowed: Allowed) -> Result<(), OutOfRange> {
        if allowed.contains(value) {
            return Ok(());
        }
        Err(OutOfRange {
            setting: self,
            value: Value(value),
            allowed,
        })
    }

    /// Checks an integer.
    ///
    /// # Errors
    /// As [`Setting::check`].
    pub fn check_integer(self, value: usize, allowed: Allowed) -> Result<(), OutOfRange> {
        self.check(value as f64, allowed)
    }
}

/// The name in words: `learning rate`.
impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name().replace('_', " "))
    }
}

/// A value that is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("the {setting} {} (got {value})", allowed.requirement(value.0))]
pub struct OutOfRange {
    /// The setting.
    pub setting: Setting,
    /// Its value.
    pub value: Value,
    /// The allowed values.
    pub allowed: Allowed,
}

/// A set of allowed finite values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Allowed {
    /// x > this.
    Above(f64),
    /// x ≥ this.
    AtLeast(f64),
    /// x ≤ this.
    AtMost(f64),
    /// From the first to the second, inclusive.
    Within(f64, f64),
    /// At least the first and below the second.
    Below(f64, f64),
    /// Above the first and at most the second.
    UpTo(f64, f64),
}

impl Allowed {
    /// The requirement that a value violates: `must be above 0`.
    pub fn requirement(self, x: f64) -> String {
        if x.is_finite() {
            format!("must be {self}")
        } else {
            format!("must be a finite number, {self}")
        }
    }

    /// Whether a value is allowed.
    pub fn contains(self, x: f64) -> bool {
        x.is_finite()
            && match self {
                Allowed::Above(low) => x > low,
                Allowed::AtLeast(low) => x >= low,
                Allowed::AtMost(high) => x <= high,
                Allowed::Within(low, high) => (low..=high).contains(&x),
                Allowed::Below(low, high) => (low..high).contains(&x),
                Allowed::UpTo(low, high) => x > low && x <= high,
            }
    }
}

/// The part after "must be": `above 0`.
impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Allowed::Above(low) => write!(f, "above {}", Value(low)),
            Allowed::AtLeast(low) => write!(f, "at least {}", Value(low)),
            Allowed::AtMost(high) => write!(f, "at most {}", Value(high)),
            Allowed::Within(low, high) => {
                write!(f, "from {} to {}", Value(low), Value(high))
            }
            Allowed::Below(low, high) => {
                write!(f, "at least {} and below {}", Value(low), Value(high))
            }
            Allowed::UpTo(low, high) => {
                write!(f, "above {} and at most {}", Value(low), Value(high))
            }
        }
    }
}

/// A number for messages: very large and very small ones are shown with an exponent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value(pub f64);

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Value(x) = *self;
        let is_short = x.fract() == 0.0 && x.abs() < 1e12;
        if is_short || !x.is_finite() || (1e-4..1e9).contains(&x.abs()) {
            write!(f, "{x}")
        } else {
            write!(f, "{x:e}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_finite_numbers_is_ever_allowed() {
        let all = [
            Allowed::Above(-1.0),
            Allowed::AtLeast(-1.0),
            Allowed::AtMost(1.0),
            Allowed::Within(-1.0, 1.0),
            Allowed::Below(-1.0, 1.0),
            Allowed::UpTo(-1.0, 1.0),
        ];
        for allowed in all {
            assert!(allowed.contains(0.5), "{allowed}");
            for x in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                assert!(!allowed.contains(x), "{allowed}");
            }
        }
        let ends = |allowed: Allowed| [allowed.contains(-1.0), allowed.contains(1.0)];
        assert_eq!(ends(Allowed::Above(-1.0)), [false, true]);
        assert_eq!(ends(Allowed::Within(-1.0, 1.0)), [true, true]);
        assert_eq!(ends(Allowed::Below(-1.0, 1.0)), [true, false]);
        assert_eq!(ends(Allowed::UpTo(-1.0, 1.0)), [false, true]);
    }

    #[test]
    fn numbers_are_short() {
        for (x, shown) in [
            (0.0, "0"),
            (-1.0, "-1"),
            (0.95, "0.95"),
            (250_000_000.0, "250000000"),
            (1e300, "1e300"),
            (1e-7, "1e-7"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(Value(x).to_string(), shown);
        }
    }
}
