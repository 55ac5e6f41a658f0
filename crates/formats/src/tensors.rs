//! Tensors and metadata: writing them to a file, and reading them from an untrusted one.

use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{FormatError, MetadataFault};

/// A tensor to be written.
pub(crate) struct Raw {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

/// Integers as a tensor.
pub(crate) fn integers(
    name: String,
    shape: Vec<usize>,
    values: impl IntoIterator<Item = u64>,
) -> Raw {
    Raw {
        name,
        dtype: Dtype::I64,
        shape,
        bytes: values.into_iter().flat_map(u64::to_le_bytes).collect(),
    }
}

/// The numbers of an I64 tensor.
pub(crate) fn read_integers(tensor: &TensorView<'_>) -> Vec<u64> {
    let numbers = tensor.data().chunks_exact(8);
    numbers
        .map(|bytes| u64::from_le_bytes(bytes.try_into().expect("eight bytes")))
        .collect()
}

/// Removes a tensor from the remaining ones, if it has the right type.
pub(crate) fn take<'a>(
    left: &mut BTreeMap<String, TensorView<'a>>,
    name: &str,
    dtype: Dtype,
) -> Result<TensorView<'a>, FormatError> {
    let tensor = left
        .remove(name)
        .ok_or_else(|| FormatError::MissingTensor(name.into()))?;
    if tensor.dtype() == dtype {
        return Ok(tensor);
    }
    Err(FormatError::WrongShape {
        name: name.into(),
        found: format!("{:?}", tensor.dtype()),
        expected: format!("{dtype:?}"),
    })
}

pub(crate) fn wrong_shape(name: &str, tensor: &TensorView<'_>, expected: &str) -> FormatError {
    FormatError::WrongShape {
        name: name.into(),
        found: format!("{:?}", tensor.shape()),
        expected: expected.into(),
    }
}

/// The bytes of a file: tensors, and metadata as JSON under a key. Equal content gives equal bytes.
pub(crate) fn serialize(
    key: &str,
    metadata: &impl Serialize,
    tensors: &[Raw],
) -> Result<Vec<u8>, FormatError> {
    // Converted to a `Value` first, whose maps are sorted, so that the order of fields does not matter.
    let json = serde_json::to_value(metadata)
        .and_then(|value| serde_json::to_string(&value))
        .map_err(MetadataFault::from)?;
    let views = tensors
        .iter()
        .map(|raw| {
            let view = TensorView::new(raw.dtype, raw.shape.clone(), &raw.bytes);
            Ok((raw.name.as_str(), view?))
        })
        .collect::<Result<Vec<_>, safetensors::SafeTensorError>>()
        .map_err(not_safetensors)?;
    let metadata = HashMap::from([(key.to_owned(), json)]);
    safetensors::serialize(views, Some(metadata)).map_err(not_safetensors)
}

/// The metadata under a key; `None` if the safetensors file has no such key.
pub(crate) fn metadata_of(bytes: &[u8], key: &str) -> Result<Option<String>, FormatError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(not_safetensors)?;
    let metadata = header.metadata().as_ref();
    Ok(metadata.and_then(|metadata| metadata.get(key)).cloned())
}

/// Checks that bytes (the first nine are enough) begin like a safetensors file, before the rest is read.
///
/// # Errors
/// [`FormatError::NotSafetensors`] where they do not.
pub fn check_start(bytes: &[u8]) -> Result<(), FormatError> {
    /// The format allows a hundred million bytes.
    const TOO_LONG: u64 = 100_000_001;
    let fault = |what: &str| Err(FormatError::NotSafetensors(what.into()));
    let Some(length) = bytes.first_chunk().copied().map(u64::from_le_bytes) else {
        return fault("header too small");
    };
    match (length, bytes.get(8)) {
        (0, _) => fault("header too small"),
        (TOO_LONG.., _) => fault("header too large"),
        (_, Some(b'{')) => Ok(()),
        (_, Some(_)) => fault("the header is not a JSON object"),
        (_, None) => fault("incomplete metadata, file not fully covered"),
    }
}

/// What all versions of the metadata contain.
#[derive(Deserialize)]
struct Version {
    #[serde(default)]
    format_version: serde_json::Value,
}

/// Metadata of a supported version. The version is checked first: a later one may have other fields.
pub(crate) fn versioned<T: DeserializeOwned>(json: &str, known: u64) -> Result<T, FormatError> {
    let bad = |error| FormatError::from(MetadataFault::Json(error));
    let Version { format_version } = serde_json::from_str(json).map_err(bad)?;
    match format_version.as_u64() {
        Some(found) if (1..=known).contains(&found) => serde_json::from_str(json).map_err(bad),
        Some(found) if found > known => Err(FormatError::FutureVersion { found, known }),
        _ => Err(MetadataFault::NoVersion.into()),
    }
}

pub(crate) fn not_safetensors(error: safetensors::SafeTensorError) -> FormatError {
    FormatError::NotSafetensors(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safetensors_are_known_by_their_first_nine_bytes() {
        let whole = serialize("key", &1, &[]).unwrap();
        check_start(&whole).unwrap();
        check_start(&whole[..9]).unwrap();
        let starts: [&[u8]; 6] = [
            b"",
            b"\0\0\0\0\0\0\0\0\0",
            b"aino\neino\nilma\n",
            &whole[..8],
            b"\x02\0\0\0\0\0\0\0[]",
            &[255; 20],
        ];
        for start in starts {
            let error = check_start(start).unwrap_err();
            assert!(matches!(error, FormatError::NotSafetensors(_)), "{start:?}");
        }
    }
}
