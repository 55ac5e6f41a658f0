//! A command line from options: a search for options and the web page print it, so that a run can be repeated.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{TrainOptions, Widths};

impl TrainOptions {
    /// The words of a command line that gives these options; those at their defaults are omitted.
    ///
    /// ```
    /// use nextchar::{Preset, TrainOptions};
    ///
    /// let options = TrainOptions {
    ///     hidden: Some([64, 32].into()),
    ///     batch_norm: true,
    ///     ..TrainOptions::preset(Preset::Kaiming)
    /// };
    /// let words = options.to_arguments();
    /// assert_eq!(words, ["--batch-norm", "--hidden", "64,32", "--preset", "kaiming"]);
    /// assert!(TrainOptions::default().to_arguments().is_empty());
    /// ```
    pub fn to_arguments(&self) -> Vec<String> {
        arguments_of(self, &TrainOptions::default())
    }
}

/// The words of a command line for every field that differs from its default, in the order of their names: the
/// name with hyphens, and the value unless it is `true`.
///
/// # Panics
/// If the type is not a struct of plain values.
pub fn arguments_of<T: Serialize>(options: &T, usual: &T) -> Vec<String> {
    let (given, usual) = (fields(options), fields(usual));
    let mut words = Vec::new();
    for (name, value) in given {
        let is_off = value.is_null() || value == Value::Bool(false);
        if is_off || usual.get(&name) == Some(&value) {
            continue;
        }
        words.push(format!("--{}", name.replace('_', "-")));
        words.extend(word(value));
    }
    words
}

fn fields(of: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(of) {
        Ok(Value::Object(fields)) => fields,
        _ => panic!("options are a struct of plain values"),
    }
}

/// A value as one word; `None` for a switch.
fn word(value: Value) -> Option<String> {
    match value {
        Value::Bool(_) => None,
        Value::String(text) => Some(text),
        Value::Number(number) => Some(match number.as_f64() {
            Some(real) if number.is_f64() => real.to_string(),
            _ => number.to_string(),
        }),
        Value::Array(_) => {
            let widths: Widths = serde_json::from_value(value).expect("lists are widths");
            Some(widths.to_string())
        }
        Value::Object(_) | Value::Null => panic!("an option is a plain value"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BatchSize, LearningRate};

    #[test]
    fn every_kind_of_value_is_written() {
        let options = TrainOptions {
            hidden: Some(Widths::default()),
            batch: Some(BatchSize::Full),
            learning_rate: Some(LearningRate::Auto),
            dropout: Some(0.0),
            steps: Some(300),
            seed: "a b".parse().unwrap(),
            ..TrainOptions::default()
        };
        assert_eq!(
            options.to_arguments().join(" "),
            "--batch full --dropout 0 --hidden none --learning-rate auto --seed a b --steps 300"
        );
    }
}
