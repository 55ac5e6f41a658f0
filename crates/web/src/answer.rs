//! The answer to a call: JSON, numbers and byte strings.

use serde_json::{Value, json};

use crate::fault::Fault;

/// An answer under construction. In its JSON, `{"$f32": [start, length]}` stands for numbers of
/// [`Answer::floats`], `{"$bytes": [start, length]}` for bytes.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    json: Value,
    floats: Vec<f32>,
    bytes: Vec<u8>,
}

impl Answer {
    /// A failure, marked by the key `fault`.
    pub(crate) fn fault(message: &str) -> Self {
        Fault::new(message).into()
    }

    /// A success, marked by the key `back`.
    pub(crate) fn finish(mut self, json: Value) -> Self {
        self.json = json!({ "back": json });
        self
    }

    /// Adds numbers; returns their reference for the JSON.
    pub(crate) fn floats(&mut self, numbers: impl IntoIterator<Item = f32>) -> Value {
        let start = self.floats.len();
        self.floats.extend(numbers);
        json!({"$f32": [start, self.floats.len() - start]})
    }

    /// The same for f64 numbers, which are rounded.
    pub(crate) fn rounded(&mut self, numbers: &[f64]) -> Value {
        self.floats(numbers.iter().map(|&x| x as f32))
    }

    /// Adds bytes; returns their reference for the JSON.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Value {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        json!({"$bytes": [start, bytes.len()]})
    }

    /// The layout that is passed to JavaScript; see `abi`.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let json = self.json.to_string();
        let lengths = [json.len(), self.bytes.len(), self.floats.len()];
        let mut out =
            Vec::with_capacity(12 + 4 * self.floats.len() + json.len() + self.bytes.len());
        out.extend(lengths.iter().flat_map(|&len| (len as u32).to_le_bytes()));
        out.extend(self.floats.iter().flat_map(|x| x.to_le_bytes()));
        out.extend(json.as_bytes());
        out.extend(&self.bytes);
        out
    }
}

impl From<Fault> for Answer {
    fn from(fault: Fault) -> Self {
        Answer {
            json: json!({ "fault": fault }),
            ..Answer::default()
        }
    }
}
