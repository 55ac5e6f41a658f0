//! What can be wrong with a model file, a variant for each fault.

use nextchar_core::text::BadVocab;

/// A fault in the bytes of a model file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The outer format is broken: truncated, wrong sizes, not safetensors at all.
    #[error("it is not a whole safetensors file ({0}); train or copy it again")]
    NotSafetensors(String),
    /// A safetensors file of another program.
    #[error(
        "it is a safetensors file, but not a model: neither nextchar's metadata nor a tensor `embedding.weight` is in it"
    )]
    NotNextchar,
    /// A safetensors file that is no checkpoint.
    #[error("it is a safetensors file, but not a checkpoint of nextchar's")]
    NotCheckpoint,
    /// A file of a later version of this library.
    #[error(
        "it has format version {found} and this program reads version {known}; update nextchar"
    )]
    FutureVersion {
        /// What the file says.
        found: u64,
        /// What can be read.
        known: u64,
    },
    /// The metadata cannot be understood.
    #[error("its metadata are damaged: {0}")]
    BadMetadata(#[from] MetadataFault),
    /// A tensor is not there.
    #[error("the tensor `{0}` is missing")]
    MissingTensor(String),
    /// A tensor that this format does not have.
    #[error("it has an unknown tensor `{0}`")]
    UnknownTensor(String),
    /// A tensor of another type or shape than the metadata say.
    #[error("the tensor `{name}` is {found} where the metadata say {expected}")]
    WrongShape {
        /// The tensor's name.
        name: String,
        /// Type and shape that are there.
        found: String,
        /// Type and shape that should be.
        expected: String,
    },
    /// NaN or infinity among the parameters.
    #[error("the tensor `{name}` holds {value} at place {place}: not a usable parameter")]
    NotFinite {
        /// The tensor's name.
        name: String,
        /// Which value.
        place: usize,
        /// What it is.
        value: f32,
    },
    /// The lists or counts contradict themselves.
    #[error("its `{name}` is damaged: {what}")]
    BadList {
        /// The tensor's name.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// A configuration that no network can have.
    #[error(transparent)]
    Model(#[from] nextchar_core::Error),
}

/// What is wrong with metadata.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataFault {
    /// Not the JSON that it should be.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// The same, of another program's key.
    #[error("`{key}`: {fault}")]
    Hints {
        /// Where it is.
        key: &'static str,
        /// What is wrong with it.
        fault: serde_json::Error,
    },
    /// A vocabulary that cannot be.
    #[error(transparent)]
    Vocab(#[from] BadVocab),
    /// Nothing says which version of the format it is.
    #[error("no format version")]
    NoVersion,
    /// More networks than a file can have.
    #[error("{found} networks; at most {most} are possible")]
    TooManyNetworks {
        /// How many there are, as far as they were counted.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// A calibration of verdicts whose numbers leave their ranges.
    #[error("a calibration that cannot be")]
    BadCalibration,
    /// An alphabet of another size than the model's.
    #[error("an alphabet of {alphabet} classes for a model of {model}")]
    OtherAlphabet {
        /// Classes of the alphabet.
        alphabet: usize,
        /// Classes of the model.
        model: usize,
    },
    /// Nothing says which characters the classes are.
    #[error(
        "nothing says which characters its {classes} classes are: save it with \
         metadata={{\"{key}\": json.dumps({{\"vocab\": \"…\"}})}}, the characters in token order"
    )]
    NoAlphabet {
        /// Classes of the model.
        classes: usize,
        /// Where the alphabet should be.
        key: &'static str,
    },
    /// An estimate of how often names repeat, without the names.
    #[error("how often whole names repeat, without the names")]
    WithoutNames,
    /// A longest name that no list has.
    #[error("a longest name of {length} characters; at most {most} are possible")]
    LongestName {
        /// What it says.
        length: usize,
        /// What is possible.
        most: usize,
    },
    /// A model without a network, where one is needed.
    #[error("no network")]
    NoNetwork,
    /// Networks that cannot be in one file of this kind.
    #[error("networks of different activations")]
    MixedActivations,
    /// A first layer whose inputs are not a multiple of the embedding's width.
    #[error("{features} features are not a multiple of the embedding width {embedding_dim}")]
    OddFeatures {
        /// Inputs of the first layer.
        features: usize,
        /// Width of an embedding.
        embedding_dim: usize,
    },
}
