//! The checkpoint of a training run: everything needed to resume it, as bytes that are not trusted either.
//!
//! One safetensors file, like the model; `docs/format.md` describes its tensors and metadata.

use std::collections::BTreeMap;

use nextchar_core::model::{ModelConfig, Network, Params};
use nextchar_core::train::{Evaluation, Progress, StopReason, TrainState, Trained};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::error::{FormatError, MetadataFault};
use crate::parameters;
use crate::tensors::{Raw, metadata_of, not_safetensors, serialize, take, versioned, wrong_shape};

/// The checkpoint version that this library reads and writes.
pub const CHECKPOINT_VERSION: u64 = 1;

const METADATA_KEY: &str = "nextchar.checkpoint";
const PASS: &str = "run.pass";
const NORMS: &str = "run.norms";
/// A training run has at most the networks of one model, and a student.
const MAX_FINISHED: usize = 101;

/// A training run that can be resumed: the finished networks, and the one being trained.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// Version of the program that wrote it.
    pub program: String,
    /// What determines the result, by option name: a run can only be resumed with the same values.
    pub options: BTreeMap<String, String>,
    /// The command line that set them, by option.
    pub arguments: BTreeMap<String, Vec<String>>,
    /// The shape of every network.
    pub shape: ModelConfig,
    /// The finished networks, in order.
    pub finished: Vec<Trained>,
    /// The state of the next one, if its training has started.
    pub state: Option<TrainState>,
}

/// All metadata, as stored in the file.
#[derive(Debug, Serialize, Deserialize)]
struct Metadata {
    format_version: u64,
    program: String,
    options: BTreeMap<String, String>,
    arguments: BTreeMap<String, Vec<String>>,
    shape: ModelConfig,
    finished: Vec<Finished>,
    run: Option<Run>,
}

/// Metadata of a finished network.
#[derive(Debug, Serialize, Deserialize)]
struct Finished {
    first_loss: f64,
    steps: u64,
    best_step: u64,
    epochs: f64,
    stop: StopReason,
    evaluations: Vec<Evaluation>,
}

/// Metadata of the network being trained.
#[derive(Debug, Serialize, Deserialize)]
struct Run {
    #[serde(flatten)]
    progress: Progress,
    /// Which tensors are present.
    average: bool,
    moments: bool,
}

impl Checkpoint {
    /// The bytes of the file.
    ///
    /// # Errors
    /// [`FormatError::BadMetadata`] if the metadata cannot be written as JSON.
    pub fn to_bytes(&self) -> Result<Vec<u8>, FormatError> {
        let finished = self.finished.iter().map(|trained| Finished {
            first_loss: trained.first_loss,
            steps: trained.steps,
            best_step: trained.best_step,
            epochs: trained.epochs,
            stop: trained.stop,
            evaluations: trained.evaluations.clone(),
        });
        let metadata = Metadata {
            format_version: CHECKPOINT_VERSION,
            program: self.program.clone(),
            options: self.options.clone(),
            arguments: self.arguments.clone(),
            shape: self.shape.clone(),
            finished: finished.collect(),
            run: self.state.as_ref().map(|state| Run {
                progress: state.progress.clone(),
                average: state.average.is_some(),
                moments: state.moments.is_some(),
            }),
        };
        serialize(METADATA_KEY, &metadata, &self.raw_tensors())
    }

    fn raw_tensors(&self) -> Vec<Raw> {
        let mut raw = Vec::new();
        for (index, trained) in self.finished.iter().enumerate() {
            let params = trained.network.params();
            raw.extend(parameters::to_tensors(
                &finished_prefix(index),
                &self.shape,
                params,
            ));
        }
        let Some(state) = &self.state else { return raw };
        let [first, second] = match &state.moments {
            Some([first, second]) => [Some(first), Some(second)],
            None => [None, None],
        };
        for (prefix, params) in [
            ("run.parameters.", Some(&state.params)),
            ("run.average.", state.average.as_ref()),
            ("run.first_moment.", first),
            ("run.second_moment.", second),
            ("run.best.", Some(&state.best)),
        ] {
            let tensors = |params| parameters::to_tensors(prefix, &self.shape, params);
            raw.extend(params.into_iter().flat_map(tensors));
        }
        if !state.norms.is_empty() {
            let values = state.norms.iter();
            raw.push(Raw {
                name: NORMS.into(),
                dtype: Dtype::F32,
                shape: vec![state.norms.len()],
                bytes: values.flat_map(|value| value.to_le_bytes()).collect(),
            });
        }
        raw.push(Raw {
            name: PASS.into(),
            dtype: Dtype::U32,
            shape: vec![state.pass.len()],
            bytes: state
                .pass
                .iter()
                .flat_map(|row| row.to_le_bytes())
                .collect(),
        });
        raw
    }

    /// The number of planned steps, if a network is being trained.
    pub fn steps(&self) -> Option<u64> {
        let run = self.state.as_ref().map(|state| &state.progress.evaluations);
        let done = self.finished.last().map(|trained| &trained.evaluations);
        run.or(done)?.last().map(|look| look.steps)
    }

    /// Reads a checkpoint, trusting nothing in it. [`nextchar_core::train::resume`] checks whether its state
    /// fits the table and the options of a run.
    ///
    /// # Errors
    /// A [`FormatError`] names the first fault.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        let json = metadata_of(bytes, METADATA_KEY)?.ok_or(FormatError::NotCheckpoint)?;
        let metadata: Metadata = versioned(&json, CHECKPOINT_VERSION)?;
        metadata.shape.validate()?;
        if metadata.finished.len() > MAX_FINISHED {
            let (found, most) = (metadata.finished.len(), MAX_FINISHED);
            return Err(MetadataFault::TooManyNetworks { found, most }.into());
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(not_safetensors)?;
        let mut left: BTreeMap<String, TensorView<'_>> = tensors.tensors().into_iter().collect();
        let shape = metadata.shape;
        let mut read = |prefix: &str, left: &mut _| parameters::from_tensors(prefix, &shape, left);
        let mut finished = Vec::new();
        for (index, told) in metadata.finished.into_iter().enumerate() {
            let params = read(&finished_prefix(index), &mut left)?;
            finished.push(told.with(Network::new(shape.clone(), params)?));
        }
        let state = match metadata.run {
            Some(run) => Some(read_state(run, &mut read, &mut left)?),
            None => None,
        };
        if let Some(name) = left.into_keys().next() {
            return Err(FormatError::UnknownTensor(name));
        }
        Ok(Checkpoint {
            program: metadata.program,
            options: metadata.options,
            arguments: metadata.arguments,
            shape,
            finished,
            state,
        })
    }
}

impl Finished {
    fn with(self, network: Network) -> Trained {
        Trained {
            network,
            first_loss: self.first_loss,
            steps: self.steps,
            best_step: self.best_step,
            epochs: self.epochs,
            stop: self.stop,
            evaluations: self.evaluations,
        }
    }
}

/// Whether the bytes begin like a checkpoint.
pub fn is_checkpoint(bytes: &[u8]) -> bool {
    matches!(metadata_of(bytes, METADATA_KEY), Ok(Some(_)))
}

fn finished_prefix(index: usize) -> String {
    format!("finished.{index}.")
}

type Tensors<'a> = BTreeMap<String, TensorView<'a>>;

fn read_state<'a>(
    run: Run,
    read: &mut impl FnMut(&str, &mut Tensors<'a>) -> Result<Params, FormatError>,
    left: &mut Tensors<'a>,
) -> Result<TrainState, FormatError> {
    let mut optional = |there: bool, prefix: &str, left: &mut Tensors<'a>| {
        there.then(|| read(prefix, left)).transpose()
    };
    let average = optional(run.average, "run.average.", left)?;
    let first = optional(run.moments, "run.first_moment.", left)?;
    let second = optional(run.moments, "run.second_moment.", left)?;
    let params = read("run.parameters.", left)?;
    let best = read("run.best.", left)?;
    let pass = take(left, PASS, Dtype::U32)?;
    if pass.shape().len() != 1 {
        return Err(wrong_shape(PASS, &pass, "[rows]"));
    }
    let rows = pass.data().chunks_exact(4);
    let norms = match left.contains_key(NORMS) {
        true => parameters::finite(NORMS, &take(left, NORMS, Dtype::F32)?)?,
        false => Vec::new(),
    };
    Ok(TrainState {
        progress: run.progress,
        params,
        average,
        moments: first.zip(second).map(|(first, second)| [first, second]),
        norms,
        best,
        pass: rows
            .map(|bytes| u32::from_le_bytes(bytes.try_into().expect("four bytes")))
            .collect(),
    })
}
