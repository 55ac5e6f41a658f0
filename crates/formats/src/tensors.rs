//! Tensors on their way into a file and out of one that is not to be trusted.

use std::collections::{BTreeMap, HashMap};

use safetensors::SafeTensorError;
use safetensors::tensor::{Dtype, TensorView};

use crate::error::FormatError;

/// A tensor on its way into the file.
pub(crate) struct Raw {
    pub(crate) name: String,
    pub(crate) dtype: Dtype,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

impl Raw {
    /// The bytes of a file of these tensors.
    pub(crate) fn serialize(
        tensors: &[Raw],
        metadata: HashMap<String, String>,
    ) -> Result<Vec<u8>, FormatError> {
        let views = tensors
            .iter()
            .map(|raw| {
                let view = TensorView::new(raw.dtype, raw.shape.clone(), &raw.bytes);
                Ok((raw.name.as_str(), view?))
            })
            .collect::<Result<Vec<_>, SafeTensorError>>();
        views
            .and_then(|views| safetensors::serialize(views, Some(metadata)))
            .map_err(|error| FormatError::NotSafetensors(error.to_string()))
    }
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
