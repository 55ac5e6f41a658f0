//! Tensors and metadata on their way into a file and out of one that is not to be trusted.

use std::collections::{BTreeMap, HashMap};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{FormatError, MetadataFault};

/// A tensor on its way into the file.
pub(crate) struct Raw {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

/// Whole numbers as a tensor.
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

/// Takes a tensor out of those that are left, if it has the right type.
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

/// The bytes of a file: tensors, and metadata as JSON under a key. Equal content is equal bytes.
pub(crate) fn serialize(
    key: &str,
    metadata: &impl Serialize,
    tensors: &[Raw],
) -> Result<Vec<u8>, FormatError> {
    // Through a value, whose maps are sorted, so that the order of fields never matters.
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

/// The metadata under a key; `None` in a safetensors file that has no such key.
pub(crate) fn metadata_of(bytes: &[u8], key: &str) -> Result<Option<String>, FormatError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(not_safetensors)?;
    let metadata = header.metadata().as_ref();
    Ok(metadata.and_then(|metadata| metadata.get(key)).cloned())
}

/// What every version of the metadata has.
#[derive(Deserialize)]
struct Version {
    #[serde(default)]
    format_version: serde_json::Value,
}

/// Metadata of a version that can be read. The version first: a later one may have other fields.
pub(crate) fn versioned<T: DeserializeOwned>(json: &str, known: u64) -> Result<T, FormatError> {
    let bad = |error| FormatError::from(MetadataFault::Json(error));
    let Version { format_version } = serde_json::from_str(json).map_err(bad)?;
    match format_version.as_u64() {
        Some(found) if found == known => serde_json::from_str(json).map_err(bad),
        Some(found) if found > known => Err(FormatError::FutureVersion { found, known }),
        _ => Err(MetadataFault::NoVersion.into()),
    }
}

pub(crate) fn not_safetensors(error: safetensors::SafeTensorError) -> FormatError {
    FormatError::NotSafetensors(error.to_string())
}
