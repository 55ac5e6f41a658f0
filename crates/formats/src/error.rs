//! Everything that can be wrong with a model file, with a variant for each fault.

use nextchar_core::text::BadVocab;

/// A fault in the bytes of a model file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The outer format is broken: truncated, wrong sizes, not safetensors at all.
    #[error("it is not a complete safetensors file ({0}); train or copy it again")]
    NotSafetensors(String),
    /// A safetensors file of another program.
    #[error(
        "it is a safetensors file, but not a model: it has neither nextchar's metadata nor a tensor `embedding.weight`"
    )]
    NotNextchar,
    /// A safetensors file that is not a checkpoint.
    #[error("it is a safetensors file, but not a checkpoint of nextchar")]
    NotCheckpoint,
    /// A file of a later version of this library.
    #[error(
        "it has format version {found}, but this program reads only up to version {known}; update nextchar"
    )]
    FutureVersion {
        /// The version of the file.
        found: u64,
        /// The latest version that can be read.
        known: u64,
    },
    /// The metadata are unusable.
    #[error("its metadata are damaged: {0}")]
    BadMetadata(#[from] MetadataFault),
    /// A tensor is missing.
    #[error("the tensor `{0}` is missing")]
    MissingTensor(String),
    /// A tensor that this format does not have.
    #[error("it has an unknown tensor `{0}`")]
    UnknownTensor(String),
    /// A tensor with another type or shape than in the metadata.
    #[error("the tensor `{name}` is {found}, but the metadata say {expected}")]
    WrongShape {
        /// The tensor's name.
        name: String,
        /// Its type and shape.
        found: String,
        /// The type and shape in the metadata.
        expected: String,
    },
    /// NaN or infinity among the parameters.
    #[error(
        "the tensor `{name}` contains {value} at index {place}, which is not a usable parameter"
    )]
    NotFinite {
        /// The tensor's name.
        name: String,
        /// Its index.
        place: usize,
        /// The value.
        value: f32,
    },
    /// The lists or counts are inconsistent.
    #[error("its `{name}` is damaged: {what}")]
    BadList {
        /// The tensor's name.
        name: String,
        /// What is wrong.
        what: String,
    },
    /// An invalid configuration of a network.
    #[error(transparent)]
    Model(#[from] nextchar_core::Error),
}

/// What is wrong with the metadata.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetadataFault {
    /// Invalid JSON.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// Invalid JSON under the key for files of other programs.
    #[error("`{key}`: {fault}")]
    Hints {
        /// The key.
        key: &'static str,
        /// What is wrong with it.
        fault: serde_json::Error,
    },
    /// An invalid vocabulary.
    #[error(transparent)]
    Vocab(#[from] BadVocab),
    /// The format version is missing.
    #[error("no format version")]
    NoVersion,
    /// More networks than a file may have.
    #[error("{found} networks; at most {most} are allowed")]
    TooManyNetworks {
        /// Their number, as far as they were counted.
        found: usize,
        /// The largest allowed number.
        most: usize,
    },
    /// A calibration of verdicts with numbers out of range.
    #[error("the numbers of the calibration are out of range")]
    BadCalibration,
    /// An alphabet of another size than the model's.
    #[error("an alphabet of {alphabet} classes for a model of {model}")]
    OtherAlphabet {
        /// Classes of the alphabet.
        alphabet: usize,
        /// Classes of the model.
        model: usize,
    },
    /// The characters of the classes are unknown.
    #[error(
        "the characters of its {classes} classes are unknown: save it with \
         metadata={{\"{key}\": json.dumps({{\"vocab\": \"…\"}})}}, the characters in token order"
    )]
    NoAlphabet {
        /// Classes of the model.
        classes: usize,
        /// The key where the alphabet should be.
        key: &'static str,
    },
    /// An estimate of how often names repeat, without the names.
    #[error("an estimate of how often whole names repeat, without the names")]
    WithoutNames,
    /// An impossible length of the longest name.
    #[error("a longest name of {length} characters; at most {most} are allowed")]
    LongestName {
        /// The length in the file.
        length: usize,
        /// The largest possible length.
        most: usize,
    },
    /// A model without a network, where one is needed.
    #[error("no network")]
    NoNetwork,
    /// Networks that one file of this kind cannot contain.
    #[error("networks with different activations")]
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
