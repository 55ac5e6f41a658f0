//! Everything that can go wrong in this library, with a variant for each fault.

use std::io;
use std::path::PathBuf;

use nextchar_core::text::UnknownPiece;
use nextchar_formats::FormatError;

/// A fault in names, options, words or files.
///
/// ```
/// use nextchar::{Error, Model};
///
/// let error = Model::load("no such file.safetensors").unwrap_err();
/// assert!(matches!(error, Error::File { .. }));
/// assert!(error.to_string().starts_with("no such file.safetensors: "));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A fault that the core library found: options, conditions, names, numbers.
    #[error(transparent)]
    Core(#[from] nextchar_core::Error),

    /// A list that cannot be used.
    #[error("{label}: {fault}")]
    Names {
        /// The name of the list.
        label: String,
        /// What is wrong with it.
        fault: nextchar_core::Error,
    },

    /// Lengths that no name has.
    #[error("no name has at least {shortest} and at most {longest} characters")]
    NoLength {
        /// The minimum length.
        shortest: usize,
        /// The maximum length.
        longest: usize,
    },

    /// A file that cannot be read or written.
    #[error("{}: {fault}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// The message of the system.
        fault: io::Error,
    },

    /// A file that is too large for its kind.
    #[error("{}: the file is too large: at most {largest} bytes are allowed", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// The largest size, in bytes.
        largest: u64,
    },

    /// Bytes that are not a model.
    #[error(transparent)]
    Format(#[from] FormatError),

    /// A file that is not a model.
    #[error("{}: {fault}", path.display())]
    ModelFile {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        fault: FormatError,
    },

    /// A model that a format cannot hold.
    #[cfg(feature = "export")]
    #[error(transparent)]
    Export(#[from] crate::export::ExportError),

    /// A file of counts that cannot be used.
    #[cfg(feature = "parquet")]
    #[error("{}: {fault}", path.display())]
    Counts {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        fault: nextchar_formats::counts::CountsError,
    },

    /// Counts of a character outside a–z, where only those are allowed.
    #[error("{}: {character:?} is not one of a–z", path.display())]
    CountsAlphabet {
        /// Which file.
        path: PathBuf,
        /// The character.
        character: char,
    },

    /// Parquet is needed, and the library was built without its feature `parquet`.
    #[error("this build cannot read or write Parquet")]
    WithoutParquet,

    /// A list too small to hold names out, where that is needed.
    #[error("{label}: too few names to hold any out")]
    TooFewNames {
        /// The name of the list.
        label: String,
    },

    /// An unknown name of an embedded list.
    #[error("there is no embedded list {0:?}")]
    UnknownList(String),

    /// A word or context with a piece (a character, for models of characters) that the model does not know.
    #[error("{text:?}: {fault}")]
    UnknownPiece {
        /// The word.
        text: String,
        /// The piece, and its position.
        fault: UnknownPiece,
    },

    /// A validation or test name with a piece that no training name has.
    #[error("{label}: {fault} of the training names, in {name:?}")]
    HeldOutPiece {
        /// The name of the list.
        label: String,
        /// The name.
        name: String,
        /// The piece, and its position.
        fault: UnknownPiece,
    },

    /// A word without characters.
    #[error("the word is empty")]
    EmptyWord,

    /// A word longer than any name.
    #[error("{text}…: longer than {longest} characters")]
    LongWord {
        /// The start of the word.
        text: String,
        /// The maximum length, in characters.
        longest: usize,
    },

    /// The names are needed, and the model does not contain them.
    #[error("the model was saved without the names that it was made from")]
    WithoutNames,

    /// Test names are needed, and the model contains none.
    #[error("the model contains no test names")]
    WithoutTestNames,

    /// A verdict is needed, and the model was made from too few names.
    #[error("the model was made from too few names to judge words")]
    NotCalibrated,

    /// A network is needed, and the model only counts.
    #[error("the model only counts: it has no network to inspect")]
    WithoutNetwork,

    /// A teacher whose alphabet is not that of the list.
    #[error("the alphabet of the teacher is not that of the list")]
    TeacherAlphabet,

    /// Students with longer contexts than their teacher.
    #[error("a context of {own} is longer than the teacher's ({teacher})")]
    TeacherContext {
        /// The students' context length.
        own: usize,
        /// The teacher's.
        teacher: usize,
    },

    /// A training that diverged; the message tells when.
    #[error("{0}")]
    Diverged(String),

    /// The system provides no more threads.
    #[error("cannot start {number} threads: {fault}")]
    Threads {
        /// The requested number.
        number: usize,
        /// The message of the system.
        fault: String,
    },
}
