//! What can be wrong with a model file, a variant for each fault.

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
    BadMetadata(String),
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
