//! A command line from options: what a search for options or a page prints, so that a run can be repeated.

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{TrainOptions, Widths};

impl TrainOptions {
    /// The words of a command line that gives these options; what is as usual is not mentioned.
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
    /// assert_eq!(words, ["--preset", "kaiming", "--hidden", "64,32", "--batch-norm"]);
    /// assert!(TrainOptions::default().to_arguments().is_empty());
    /// ```
    pub fn to_arguments(&self) -> Vec<String> {
        arguments_of(self, &TrainOptions::default())
    }
}

/// The words of a command line for every field that differs from the usual value: its name with hyphens,
/// and its value unless it is `true`. Fields are written as serde writes them, in their order.
///
/// # Panics
/// If the type is not a struct of plain values.
pub fn arguments_of<T: Serialize>(options: &T, usual: &T) -> Vec<String> {
    let (given, usual) = (fields(options), fields(usual));
    let mut words = Vec::new();
    for (name, value) in given {
        if value.is_null() || value == Value::Bool(false) {
            continue;
        }
        if usual.iter().any(|known| *known == (name.clone(), value.clone())) {
            continue;
        }
        words.push(format!("--{}", name.replace('_', "-")));
        words.extend(word(value));
    }
    words
}

/// A value as one word; none for a switch.
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

/// The fields of a struct in the order in which it declares them, which JSON's own maps do not keep.
struct Fields(Vec<(String, Value)>);

fn fields(of: &impl Serialize) -> Vec<(String, Value)> {
    let json = serde_json::to_string(of).expect("options are JSON");
    let Fields(fields) = serde_json::from_str(&json).expect("options are a struct");
    fields
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Fields;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a struct")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(InOrder)
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
            "--hidden none --learning-rate auto --batch full --steps 300 --dropout 0 --seed a b"
        );
    }
}
