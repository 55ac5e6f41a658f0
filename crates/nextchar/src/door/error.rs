//! What can go wrong at the door, a variant for each fault.

use std::io;
use std::path::PathBuf;

use nextchar_core::text::UnknownPiece;
use nextchar_formats::FormatError;

/// A fault of names, options, words or files.
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
    /// A fault of the library beneath: options, conditions, names, numbers.
    #[error(transparent)]
    Core(#[from] nextchar_core::Error),

    /// A list that cannot be used.
    #[error("{label}: {fault}")]
    Names {
        /// What the list is called.
        label: String,
        /// What is wrong with it.
        fault: nextchar_core::Error,
    },

    /// Lengths that no name has.
    #[error("no name has at least {shortest} and at most {longest} characters")]
    NoLength {
        /// The shortest that is wanted.
        shortest: usize,
        /// The longest that is wanted.
        longest: usize,
    },

    /// A file that cannot be read or written.
    #[error("{}: {fault}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        fault: io::Error,
    },

    /// A file that is larger than any of its kind.
    #[error("{}: larger than any file of this kind, {largest} bytes", path.display())]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// What is possible, in bytes.
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

    /// A name of no embedded list.
    #[error("there is no embedded list {0:?}")]
    UnknownList(String),

    /// A word or context with a piece (a character, for models of characters) that the model does not know.
    #[error("{text:?}: {fault}")]
    UnknownPiece {
        /// The word.
        text: String,
        /// Which piece, and where.
        fault: UnknownPiece,
    },

    /// A validation or test name with a piece that no training name has.
    #[error("{label}: {fault} of the training names, in {name:?}")]
    HeldOutPiece {
        /// What the list is called.
        label: String,
        /// The name.
        name: String,
        /// Which piece, and where.
        fault: UnknownPiece,
    },

    /// A word without a character.
    #[error("the word is empty")]
    EmptyWord,

    /// A word longer than any name.
    #[error("{text}…: longer than {longest} characters")]
    LongWord {
        /// The beginning of the word.
        text: String,
        /// What is possible, in characters.
        longest: usize,
    },

    /// The names are needed, and the model does not hold them.
    #[error("the model was saved without the names that it was made from")]
    WithoutNames,

    /// Test names are needed, and the model holds none.
    #[error("the model holds no test names")]
    WithoutTestNames,

    /// A verdict is needed, and the model was made from too few names.
    #[error("the model was made from too few names to judge words")]
    NotCalibrated,

    /// A network is needed, and the model only counts.
    #[error("the model only counts: it has no network to look into")]
    WithoutNetwork,

    /// A teacher of other characters than the list's.
    #[error("the teacher knows other characters than the list has")]
    TeacherAlphabet,

    /// Students that look back further than their teacher.
    #[error("a context of {own} is longer than the teacher's, {teacher}")]
    TeacherContext {
        /// The students' context length.
        own: usize,
        /// The teacher's.
        teacher: usize,
    },

    /// A training whose loss left all bounds; the message says when.
    #[error("{0}")]
    Diverged(String),

    /// The system gives no more threads.
    #[error("{number} threads: {fault}")]
    Threads {
        /// How many were asked for.
        number: usize,
        /// What the system says.
        fault: String,
    },
}
