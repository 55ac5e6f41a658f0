//! Writing a model as bytes, and reading bytes that are not to be trusted.

use std::collections::{BTreeMap, HashMap};

use nextchar::data::{CountedWindows, NameList, Split, Token, Vocab, WindowCounter};
use nextchar::model::{ModelConfig, Network, Params};
use nextchar::{LanguageModel, Mixture};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::FORMAT_VERSION;
use crate::error::FormatError;
use crate::front_coding;
use crate::kneser_ney;
use crate::record::{Metadata, Record};
use crate::state_dict;
use crate::tensors::{Raw, integers, read_integers, take, wrong_shape};

const METADATA_KEY: &str = "nextchar";
const BIGRAMS: &str = "nextchar.bigrams";
/// More networks than this are not mixed.
pub(crate) const MAX_NETWORKS: usize = 100;
const PARTS: [&str; 3] = ["train", "val", "test"];

/// Everything that a model file holds.
#[derive(Clone, Debug)]
pub struct ModelFile {
    /// The characters that the model knows.
    pub vocab: Vocab,
    /// The model: a network, counts, or a mixture of them.
    pub model: Mixture,
    /// The names that the model was made from, by part; `None` where they were left out.
    pub names: Option<Split>,
    /// Windows of the training names with a context of 1: what the baselines are counted from.
    pub bigrams: CountedWindows,
    /// How the model was made.
    pub record: Record,
}

impl ModelFile {
    /// The bytes of the file: the same for equal models.
    ///
    /// # Errors
    /// [`FormatError::BadMetadata`] where the record cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        let metadata = Metadata {
            format_version: FORMAT_VERSION,
            vocab: self.vocab.clone(),
            networks: self
                .model
                .networks()
                .iter()
                .map(|network| network.config().clone())
                .collect(),
            weights: self.model.weights(),
            kneser_ney: self.model.counts().map(LanguageModel::context_length),
            record: self.record.clone(),
        };
        // Through a value, whose maps are sorted, so that the order of fields never matters.
        let json = serde_json::to_value(&metadata)
            .and_then(|value| serde_json::to_string(&value))
            .map_err(|error| FormatError::BadMetadata(error.to_string()))?;
        Raw::serialize(
            &self.raw_tensors(),
            HashMap::from([(METADATA_KEY.to_owned(), json)]),
        )
    }

    fn raw_tensors(&self) -> Vec<Raw> {
        let mut raw = network_tensors(self.model.networks());
        if let Some(counts) = self.model.counts() {
            raw.extend(kneser_ney::to_tensors(counts, self.names.is_none()));
        }
        let triples = self.bigrams.rows().flat_map(|row| {
            let pairs = row.targets.iter().zip(row.counts);
            pairs.flat_map(move |(&target, &count)| [row.context[0].into(), target.into(), count])
        });
        raw.push(integers(
            BIGRAMS.into(),
            vec![self.bigrams.pairs(), 3],
            triples,
        ));
        let Some(names) = &self.names else { return raw };
        for (part, list) in PARTS.iter().zip([&names.train, &names.val, &names.test]) {
            let (bytes, counts) = front_coding::encode(list);
            raw.push(Raw {
                name: format!("nextchar.names.{part}"),
                dtype: Dtype::U8,
                shape: vec![bytes.len()],
                bytes,
            });
            if counts.iter().any(|&count| count != 1) {
                let shape = vec![counts.len()];
                raw.push(integers(format!("nextchar.counts.{part}"), shape, counts));
            }
        }
        raw
    }

    /// Reads a model file, or a bare `state_dict` of PyTorch's, trusting nothing in it.
    ///
    /// # Errors
    /// A [`FormatError`] names the first fault.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        let Some(metadata) = read_metadata(bytes)? else {
            return state_dict::read(bytes);
        };
        if metadata.networks.len() > MAX_NETWORKS {
            return Err(FormatError::BadMetadata(format!(
                "{} networks, and {MAX_NETWORKS} at most are possible",
                metadata.networks.len()
            )));
        }
        let judge = &metadata.record.plausibility;
        if judge.as_ref().is_some_and(|judge| !judge.is_valid()) {
            return Err(FormatError::BadMetadata(
                "a calibration that cannot be".into(),
            ));
        }
        for config in &metadata.networks {
            config.validate()?;
            if metadata.vocab.len() != config.vocab_size {
                return Err(FormatError::BadMetadata(format!(
                    "an alphabet of {} classes for a model of {}",
                    metadata.vocab.len(),
                    config.vocab_size
                )));
            }
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(not_safetensors)?;
        let mut left: BTreeMap<String, TensorView<'_>> = tensors.tensors().into_iter().collect();
        let configs = metadata.networks.iter().enumerate();
        let networks = configs
            .map(|(index, config)| {
                let prefix = member_prefix(index, metadata.networks.len());
                read_network(config, &prefix, &mut left)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let bigrams = read_bigrams(&metadata.vocab, &mut left)?;
        let names = read_names(&metadata.vocab, &mut left)?;
        let train = names.as_ref().map(|names: &Split| &names.train);
        let counts = metadata
            .kneser_ney
            .map(|length| kneser_ney::from_tensors(&metadata.vocab, length, train, &mut left))
            .transpose()?;
        let model = Mixture::new(networks, counts, metadata.weights)?;
        if let Some(name) = left.into_keys().next() {
            return Err(FormatError::UnknownTensor(name));
        }
        Ok(ModelFile {
            vocab: metadata.vocab,
            model,
            names,
            bigrams,
            record: metadata.record,
        })
    }
}

/// Whether the bytes begin like one of nextchar's model files: it may be replaced by another.
pub fn is_model_file(bytes: &[u8]) -> bool {
    SafeTensors::read_metadata(bytes).is_ok_and(|(_, header)| {
        header
            .metadata()
            .as_ref()
            .is_some_and(|m| m.contains_key(METADATA_KEY))
    })
}

pub(crate) fn not_safetensors(error: safetensors::SafeTensorError) -> FormatError {
    FormatError::NotSafetensors(error.to_string())
}

/// The metadata; `None` where the file has none of ours.
fn read_metadata(bytes: &[u8]) -> Result<Option<Metadata>, FormatError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(not_safetensors)?;
    let metadata = header.metadata().as_ref();
    let Some(json) = metadata.and_then(|metadata| metadata.get(METADATA_KEY)) else {
        return Ok(None);
    };
    let bad = |error: serde_json::Error| FormatError::BadMetadata(error.to_string());
    // The version first: a later format may have other fields.
    let value: serde_json::Value = serde_json::from_str(json).map_err(bad)?;
    match value
        .get("format_version")
        .and_then(serde_json::Value::as_u64)
    {
        Some(FORMAT_VERSION) => serde_json::from_value(value).map(Some).map_err(bad),
        Some(found) if found > FORMAT_VERSION => Err(FormatError::FutureVersion {
            found,
            known: FORMAT_VERSION,
        }),
        _ => Err(FormatError::BadMetadata("no format version".into())),
    }
}

/// What stands before the tensors' names where there are several networks.
pub(crate) fn member_prefix(index: usize, networks: usize) -> String {
    match networks {
        1 => String::new(),
        _ => format!("member.{index}."),
    }
}

/// The parameters of networks, under PyTorch's names.
pub(crate) fn network_tensors(networks: &[Network]) -> Vec<Raw> {
    let mut raw = Vec::new();
    for (index, network) in networks.iter().enumerate() {
        let infos = Params::<f32>::tensor_infos(network.config());
        for (info, values) in infos.into_iter().zip(network.params().tensors()) {
            raw.push(Raw {
                name: format!("{}{}", member_prefix(index, networks.len()), info.name),
                dtype: Dtype::F32,
                shape: info.shape,
                bytes: values.iter().flat_map(|x| x.to_le_bytes()).collect(),
            });
        }
    }
    raw
}

/// Takes a network of this shape out of the tensors that are left.
pub(crate) fn read_network(
    config: &ModelConfig,
    prefix: &str,
    left: &mut BTreeMap<String, TensorView<'_>>,
) -> Result<Network, FormatError> {
    let mut infos = Params::<f32>::tensor_infos(config);
    for info in &mut infos {
        info.name.insert_str(0, prefix);
    }
    let mut values = Vec::with_capacity(infos.len());
    // Sizes first: no memory is taken for parameters that are not in the file.
    for info in &infos {
        let tensor = take(left, &info.name, Dtype::F32)?;
        if tensor.shape() != info.shape {
            return Err(wrong_shape(
                &info.name,
                &tensor,
                &format!("{:?}", info.shape),
            ));
        }
        values.push(tensor);
    }
    let mut params = Params::zeros(config);
    for ((info, tensor), out) in infos.iter().zip(&values).zip(params.tensors_mut()) {
        for (place, (out, bytes)) in out
            .iter_mut()
            .zip(tensor.data().chunks_exact(4))
            .enumerate()
        {
            let value = f32::from_le_bytes(bytes.try_into().expect("four bytes"));
            if !value.is_finite() {
                return Err(FormatError::NotFinite {
                    name: info.name.clone(),
                    place,
                    value,
                });
            }
            *out = value;
        }
    }
    Ok(Network::new(config.clone(), params)?)
}

fn read_bigrams(
    vocab: &Vocab,
    left: &mut BTreeMap<String, TensorView<'_>>,
) -> Result<CountedWindows, FormatError> {
    let tensor = take(left, BIGRAMS, Dtype::I64)?;
    let &[pairs, 3] = tensor.shape() else {
        return Err(wrong_shape(BIGRAMS, &tensor, "[pairs, 3]"));
    };
    let bad = |what: &str| FormatError::BadList {
        name: BIGRAMS.into(),
        what: what.into(),
    };
    let mut counter = WindowCounter::new(vocab.len(), 1)?;
    let mut sum = 0u64;
    for triple in read_integers(&tensor).chunks_exact(3) {
        let token = |number: u64| {
            let known = usize::try_from(number).is_ok_and(|number| number < vocab.len());
            known
                .then_some(number as Token)
                .ok_or_else(|| bad("a token is not in the alphabet"))
        };
        if triple[2] == 0 || triple[2] > i64::MAX as u64 {
            return Err(bad("a count is out of range"));
        }
        sum = sum
            .checked_add(triple[2])
            .ok_or_else(|| bad("its counts are too large"))?;
        counter.add_window(&[token(triple[0])?, token(triple[1])?], triple[2]);
    }
    let table = counter.finish();
    if table.pairs() != pairs {
        return Err(bad("a pair stands in it twice"));
    }
    Ok(table)
}

fn read_names(
    vocab: &Vocab,
    left: &mut BTreeMap<String, TensorView<'_>>,
) -> Result<Option<Split>, FormatError> {
    if !left.contains_key("nextchar.names.train") {
        return Ok(None);
    }
    let [train, val, test] = PARTS.map(|part| read_list(vocab, left, part));
    Ok(Some(Split {
        train: train?,
        val: val?,
        test: test?,
    }))
}

fn read_list(
    vocab: &Vocab,
    left: &mut BTreeMap<String, TensorView<'_>>,
    part: &str,
) -> Result<NameList, FormatError> {
    let name = format!("nextchar.names.{part}");
    let bad = |what: String| FormatError::BadList {
        name: name.clone(),
        what,
    };
    let tensor = take(left, &name, Dtype::U8)?;
    let texts = front_coding::decode(tensor.data()).map_err(bad)?;
    if let Some(text) = texts
        .iter()
        .find(|text| text.is_empty() || vocab.encode(text).is_err())
    {
        return Err(bad(format!("{text:?} is not of its alphabet")));
    }
    let counts_name = format!("nextchar.counts.{part}");
    let counts = if left.contains_key(&counts_name) {
        read_integers(&take(left, &counts_name, Dtype::I64)?)
    } else {
        vec![1; texts.len()]
    };
    let in_range = counts
        .iter()
        .all(|&count| (1..=i64::MAX as u64).contains(&count));
    if counts.len() != texts.len() || !in_range {
        return Err(bad("its counts do not fit".into()));
    }
    let names = texts.into_iter().zip(counts);
    Ok(NameList::from_names(names))
}
