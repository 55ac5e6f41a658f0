//! What a call is given: named values as JSON, and bytes beside them.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde_json::{Map, Value};

use crate::fault::Fault;

/// Which of the two models a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Slot {
    Run,
    File,
}

/// Byte strings of the request, by where they begin and how long they are.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Bytes {
    #[serde(rename = "$bytes")]
    range: (usize, usize),
}

impl Bytes {
    pub(crate) fn of<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], Fault> {
        let (start, length) = self.range;
        bytes
            .get(start..start.saturating_add(length))
            .ok_or_else(|| Fault::new("a request without the bytes that it names"))
    }
}

/// A request as a call sees it.
pub(crate) struct Given<'a> {
    pub(crate) give: &'a Map<String, Value>,
    pub(crate) bytes: &'a [u8],
}

impl Given<'_> {
    /// What is given, as a type.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        read(self.give)
    }
}

/// Named fields as a type. (serde's own way from a value takes unnamed ones too: code that nobody calls.)
pub(crate) fn read<T: DeserializeOwned>(fields: &Map<String, Value>) -> Result<T, Fault> {
    let named = fields.iter().map(|(name, value)| (name.as_str(), value));
    Ok(T::deserialize(
        MapDeserializer::<_, serde_json::Error>::new(named),
    )?)
}
