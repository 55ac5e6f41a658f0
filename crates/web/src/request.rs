//! The arguments of a call: named values as JSON, and bytes.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde_json::{Map, Value};

use crate::fault::Fault;

/// The model that a call refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Slot {
    Run,
    File,
}

/// A byte string of the request, by start and length.
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
            .ok_or_else(|| Fault::new("the request does not contain the bytes that it refers to"))
    }
}

/// The arguments of a call.
pub(crate) struct Given<'a> {
    pub(crate) give: &'a Map<String, Value>,
    pub(crate) bytes: &'a [u8],
}

impl Given<'_> {
    /// Reads the arguments as a type.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        read(self.give)
    }
}

/// Reads named fields as a type. (serde's own conversion from a value also accepts unnamed fields, which would be unused code.)
pub(crate) fn read<T: DeserializeOwned>(fields: &Map<String, Value>) -> Result<T, Fault> {
    let named = fields.iter().map(|(name, value)| (name.as_str(), value));
    Ok(T::deserialize(
        MapDeserializer::<_, serde_json::Error>::new(named),
    )?)
}
