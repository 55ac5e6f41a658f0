//! A network's parameters as tensors with PyTorch's names, after a prefix.

use std::collections::BTreeMap;

use nextchar_core::model::{ModelConfig, Network, Params};
use safetensors::tensor::{Dtype, TensorView};

use crate::error::FormatError;
use crate::tensors::{Raw, take, wrong_shape};

/// The tensors of a network's parameters.
pub(crate) fn to_tensors<'a>(
    prefix: &'a str,
    config: &ModelConfig,
    params: &'a Params,
) -> impl Iterator<Item = Raw> + 'a {
    let infos = Params::<f32>::tensor_infos(config);
    let pairs = infos.into_iter().zip(params.tensors());
    pairs.map(move |(info, values)| Raw {
        name: format!("{prefix}{}", info.name),
        dtype: Dtype::F32,
        shape: info.shape,
        bytes: values.iter().flat_map(|x| x.to_le_bytes()).collect(),
    })
}

/// Reads the parameters of a valid configuration from untrusted tensors.
///
/// # Errors
/// A [`FormatError`] names the first tensor that is missing, has the wrong shape, or is not finite.
pub(crate) fn from_tensors(
    prefix: &str,
    config: &ModelConfig,
    left: &mut BTreeMap<String, TensorView<'_>>,
) -> Result<Params, FormatError> {
    let mut infos = Params::<f32>::tensor_infos(config);
    for info in &mut infos {
        info.name.insert_str(0, prefix);
    }
    let mut values = Vec::with_capacity(infos.len());
    // Sizes first: no memory is allocated for parameters that are not in the file.
    for info in &infos {
        let tensor = take(left, &info.name, Dtype::F32)?;
        if tensor.shape() != info.shape {
            let expected = format!("{:?}", info.shape);
            return Err(wrong_shape(&info.name, &tensor, &expected));
        }
        values.push(tensor);
    }
    let mut params = Params::zeros(config);
    for ((info, tensor), out) in infos.iter().zip(&values).zip(params.tensors_mut()) {
        out.copy_from_slice(&finite(&info.name, tensor)?);
    }
    Ok(params)
}

/// The values of an F32 tensor.
///
/// # Errors
/// [`FormatError::NotFinite`] names the first value that is not finite.
pub(crate) fn finite(name: &str, tensor: &TensorView<'_>) -> Result<Vec<f32>, FormatError> {
    let numbers = tensor.data().chunks_exact(4).enumerate();
    let value = |(place, bytes): (usize, &[u8])| {
        let value = f32::from_le_bytes(bytes.try_into().expect("four bytes"));
        match value.is_finite() {
            true => Ok(value),
            false => Err(FormatError::NotFinite {
                name: name.into(),
                place,
                value,
            }),
        }
    };
    numbers.map(value).collect()
}

/// The largest number of networks in a model.
pub(crate) const MAX_NETWORKS: usize = 100;

/// The prefix of the tensor names, if there are several networks.
pub(crate) fn member_prefix(index: usize, networks: usize) -> String {
    match networks {
        1 => String::new(),
        _ => format!("member.{index}."),
    }
}

/// The parameters of networks, with PyTorch's names.
pub(crate) fn network_tensors(networks: &[Network]) -> Vec<Raw> {
    let mut raw = Vec::new();
    for (index, network) in networks.iter().enumerate() {
        let prefix = member_prefix(index, networks.len());
        let (config, params) = (network.config(), network.params());
        raw.extend(to_tensors(&prefix, config, params));
    }
    raw
}
