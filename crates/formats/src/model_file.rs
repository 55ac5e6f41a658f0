//! Writes a model as bytes, and reads a model from untrusted bytes.

use std::collections::BTreeMap;

use nextchar_core::combine::repeats::{Factors, Repeats};
use nextchar_core::data::{CountedWindows, NameList, Split, WindowCounter};
use nextchar_core::model::Network;
use nextchar_core::text::{Token, Tokenizer, Vocab, VocabRecord};
use nextchar_core::{LanguageModel, Mixture};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

use crate::error::{FormatError, MetadataFault};
use crate::front_coding;
use crate::kneser_ney;
use crate::parameters::{self, MAX_NETWORKS, member_prefix, network_tensors};
use crate::record::{Losses, Metadata, Record, check_longest_name};
use crate::state_dict::{self, StateDict};
use crate::tensors::{
    Raw, integers, metadata_of, not_safetensors, read_integers, serialize, take, versioned,
    wrong_shape,
};
use crate::{CHARACTERS_VERSION, FORMAT_VERSION};

const METADATA_KEY: &str = "nextchar";
const BIGRAMS: &str = "nextchar.bigrams";
const RETURNING: &str = "nextchar.returning";
const RETURNING_NAMES: &str = "nextchar.returning.names";
const PARTS: [&str; 3] = ["train", "val", "test"];

/// The contents of a model file.
#[derive(Clone, Debug)]
pub struct ModelFile {
    /// The characters that the model knows.
    pub vocab: Vocab,
    /// The model: a network, counts, or a mixture of them.
    pub model: Mixture,
    /// The names that the model was made from, by part; `None` if it was saved without them.
    pub names: Option<Split>,
    /// The windows of the training names with a context of 1, from which the baselines are computed.
    pub bigrams: CountedWindows,
    /// How the model was made.
    pub record: Record,
}

impl ModelFile {
    /// The bytes of the file; equal models give equal bytes.
    ///
    /// # Errors
    /// [`FormatError::BadMetadata`] if the record cannot be written as JSON, or if names that the model needs
    /// are missing.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        if self.model.repeats().is_some() && self.names.is_none() {
            return Err(MetadataFault::WithoutNames.into());
        }
        let vocab = VocabRecord::from(self.vocab.clone());
        let metadata = Metadata {
            format_version: match vocab {
                VocabRecord::Characters(_) => CHARACTERS_VERSION,
                VocabRecord::Pieces { .. } => FORMAT_VERSION,
            },
            vocab,
            held: self.bigrams.held(),
            networks: self
                .model
                .networks()
                .iter()
                .map(|network| network.config().clone())
                .collect(),
            weights: self.model.weights(),
            kneser_ney: self.model.counts().map(LanguageModel::context_length),
            repeats: self.model.repeats().map(Repeats::factors),
            record: self.record.clone(),
        };
        serialize(METADATA_KEY, &metadata, &self.raw_tensors())
    }

    fn raw_tensors(&self) -> Vec<Raw> {
        let mut raw = network_tensors(self.model.networks());
        if let Some(counts) = self.model.counts() {
            raw.extend(kneser_ney::to_tensors(counts, self.names.is_none()));
        }
        if let Some(repeats) = self.model.repeats() {
            raw.push(floats(RETURNING, repeats.means().iter().copied()));
            let mut own = repeats.own().peekable();
            if own.peek().is_some() {
                raw.push(floats(RETURNING_NAMES, own));
            }
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
        for (part, list) in parts_of(names) {
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

    /// Reads a model file, or a bare PyTorch `state_dict`, trusting nothing in it.
    ///
    /// # Errors
    /// A [`FormatError`] names the first fault.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        Self::from_bytes_with(bytes, &[])
    }

    /// [`ModelFile::from_bytes`] for a model whose tokenizer is not one of the library's.
    ///
    /// # Errors
    /// As [`ModelFile::from_bytes`].
    pub fn from_bytes_with(
        bytes: &[u8],
        tokenizers: &[&'static dyn Tokenizer],
    ) -> Result<Self, FormatError> {
        let Some(json) = metadata_of(bytes, METADATA_KEY)? else {
            return Ok(state_dict::read(bytes)?.into());
        };
        let metadata: Metadata = versioned(&json, FORMAT_VERSION)?;
        let vocab = metadata.vocab.resolve(tokenizers);
        let vocab = vocab.map_err(MetadataFault::Vocab)?;
        if metadata.networks.len() > MAX_NETWORKS {
            let (found, most) = (metadata.networks.len(), MAX_NETWORKS);
            return Err(MetadataFault::TooManyNetworks { found, most }.into());
        }
        let judge = &metadata.record.plausibility;
        if judge.as_ref().is_some_and(|judge| !judge.is_valid(&vocab)) {
            return Err(MetadataFault::BadCalibration.into());
        }
        check_longest_name(metadata.record.longest_name)?;
        for config in &metadata.networks {
            config.validate()?;
            let has_labels = vocab.token_count() - vocab.len() == config.labels;
            if vocab.len() != config.vocab_size || !has_labels {
                let (alphabet, model) = (vocab.len(), config.vocab_size);
                return Err(MetadataFault::OtherAlphabet { alphabet, model }.into());
            }
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(not_safetensors)?;
        let mut left: BTreeMap<String, TensorView<'_>> = tensors.tensors().into_iter().collect();
        let mut networks = Vec::new();
        for (index, config) in metadata.networks.iter().enumerate() {
            let prefix = member_prefix(index, metadata.networks.len());
            let params = parameters::from_tensors(&prefix, config, &mut left)?;
            networks.push(Network::new(config.clone(), params)?);
        }
        let bigrams = read_bigrams(&vocab, metadata.held, &mut left)?;
        let names = read_names(&vocab, &mut left)?;
        let train = names.as_ref().map(|names: &Split| &names.train);
        let counts = metadata
            .kneser_ney
            .map(|length| kneser_ney::from_tensors(&vocab, metadata.held, length, train, &mut left))
            .transpose()?;
        let repeats = metadata
            .repeats
            .map(|factors| read_repeats(&vocab, factors, train, &mut left))
            .transpose()?;
        let model = Mixture::new(networks, counts, metadata.weights)?.with_repeats(repeats);
        if let Some(name) = left.into_keys().next() {
            return Err(FormatError::UnknownTensor(name));
        }
        Ok(ModelFile {
            vocab,
            model,
            names,
            bigrams,
            record: metadata.record,
        })
    }
}

/// The last bytes of a file with these names: their tensors are its last, ordered by tensor name. A file that is
/// stored together with its list can omit them. All counts must be 1.
pub fn last_bytes(names: &Split) -> Vec<u8> {
    let mut parts = parts_of(names);
    parts.sort_by_key(|(part, _)| *part);
    parts
        .into_iter()
        .flat_map(|(_, list)| front_coding::encode(list).0)
        .collect()
}

fn parts_of(names: &Split) -> [(&'static str, &NameList); 3] {
    let lists = [&names.train, &names.val, &names.test];
    std::array::from_fn(|part| (PARTS[part], lists[part]))
}

/// A network that was made by another program, in an unknown way.
impl From<StateDict> for ModelFile {
    fn from(made: StateDict) -> Self {
        ModelFile {
            bigrams: CountedWindows::from_names([], made.vocab.len(), 1)
                .expect("a context of 1 fits any vocabulary"),
            vocab: made.vocab,
            model: made.networks,
            names: None,
            record: Record {
                longest_name: made.longest_name,
                losses: Losses {
                    train: f64::NAN,
                    ..Losses::default()
                },
                ..Record::default()
            },
        }
    }
}

/// Whether the bytes begin like a nextchar model file, which another model may replace.
pub fn is_model_file(bytes: &[u8]) -> bool {
    matches!(metadata_of(bytes, METADATA_KEY), Ok(Some(_)))
}

fn read_bigrams(
    vocab: &Vocab,
    held: usize,
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
    let mut counter = WindowCounter::holding(vocab, held, 1)?;
    let mut sum = 0u64;
    for triple in read_integers(&tensor).chunks_exact(3) {
        let token = |number: u64, count: usize| {
            let known = usize::try_from(number).is_ok_and(|number| number < count);
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
        let context = token(triple[0], vocab.token_count())?;
        counter.add_window(&[context, token(triple[1], vocab.len())?], triple[2]);
    }
    let table = counter.finish();
    if table.pairs() != pairs {
        return Err(bad("a pair occurs twice"));
    }
    Ok(table)
}

/// A tensor of one dimension.
fn floats(name: &str, values: impl Iterator<Item = f32>) -> Raw {
    let bytes: Vec<u8> = values.flat_map(f32::to_le_bytes).collect();
    Raw {
        name: name.into(),
        dtype: Dtype::F32,
        shape: vec![bytes.len() / size_of::<f32>()],
        bytes,
    }
}

/// The factors of repeat names: the mean for every prefix, and that of every name that was seen often.
fn read_repeats(
    vocab: &Vocab,
    factors: Factors,
    train: Option<&NameList>,
    left: &mut BTreeMap<String, TensorView<'_>>,
) -> Result<Repeats, FormatError> {
    let train = train.ok_or(MetadataFault::WithoutNames)?;
    let has_names = left.contains_key(RETURNING_NAMES);
    let mut read = |name| parameters::finite(name, &take(left, name, Dtype::F32)?);
    let means = read(RETURNING)?;
    let own = has_names.then(|| read(RETURNING_NAMES)).transpose()?;
    Ok(Repeats::from_parts(train, vocab, factors, means, own)?)
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
    let decoded = front_coding::decode(tensor.data()).map_err(bad)?;
    let known = |text: &str| vocab.knows(text);
    if let Some(text) = decoded.names().find(|text| text.is_empty() || !known(text)) {
        return Err(bad(format!("{text:?} has characters outside its alphabet")));
    }
    let counts_name = format!("nextchar.counts.{part}");
    let counts = if left.contains_key(&counts_name) {
        read_integers(&take(left, &counts_name, Dtype::I64)?)
    } else {
        vec![1; decoded.len()]
    };
    let in_range = counts
        .iter()
        .all(|&count| (1..=i64::MAX as u64).contains(&count));
    if counts.len() != decoded.len() || !in_range {
        return Err(bad("its counts do not fit".into()));
    }
    Ok(NameList::from_names(decoded.names().zip(counts)))
}
