//! What can go wrong in the library, a variant for each fault.

/// A fault of the input or the options; its text says what was found and what to do.
///
/// ```
/// use nextchar_core::Error;
/// use nextchar_core::text::Vocab;
/// use nextchar_core::sample::Conditions;
///
/// let never = Conditions::default().length(1..=9).prefix("ab").excluding("b");
/// let error = never.compile(&Vocab::az()).err().unwrap();
/// assert!(matches!(error, Error::Impossible(_)));
/// assert_eq!(error.to_string(), "no name of 1 to 9 characters begins with ab and is without b");
/// ```
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A window does not fit the 128 bits that it is counted in.
    #[error(
        "a context of {context_length} is too long for {vocab_size} classes: at most {longest} can be counted"
    )]
    ContextTooLong {
        /// What was asked for.
        context_length: usize,
        /// Number of classes.
        vocab_size: usize,
        /// The longest that fits.
        longest: usize,
    },

    /// Counts of n-grams that would not fit into memory.
    #[error(
        "counts with a context of {context_length} take more than 2 GB of memory: try a shorter context of the counts"
    )]
    TooManyCounts {
        /// The context's length.
        context_length: usize,
    },

    /// A shape of network that cannot be built.
    #[error("the network cannot have {0}")]
    BadConfig(String),

    /// The loss left all bounds.
    #[error(
        "training diverged at step {step}: the loss left all bounds; try a smaller learning rate, such as {}",
        learning_rate / 10.0
    )]
    Diverged {
        /// Steps done.
        step: u64,
        /// The learning rate that was asked for.
        learning_rate: f64,
    },

    /// A state of a run that is not one of these options and tables.
    #[error("the saved state of training cannot be used: {0}")]
    BadState(String),

    /// A regular expression, or a set of letters, that cannot be used.
    #[error("the pattern {pattern:?} cannot be used: {what}")]
    BadPattern {
        /// As it was given.
        pattern: String,
        /// What is wrong with it.
        what: String,
    },

    /// Conditions that no name fits.
    #[error("{0}")]
    Impossible(String),

    /// A name with a character that is not in the vocabulary.
    #[error("{name:?}, character {column}: '{}' is not in the alphabet of the training names",
        piece.escape_debug()
    )]
    UnknownPiece {
        /// The name.
        name: String,
        /// The piece of text, a character in most vocabularies.
        piece: String,
        /// Its place, from 1.
        column: usize,
    },

    /// The input could not be read.
    #[error("{0}")]
    Read(String),
    /// A line that the alphabet cannot hold, where every line must be usable.
    #[error(
        "line {line}, character {column}: {reason}, in {text:?}; without --strict such lines are skipped{remedy}"
    )]
    RejectedLine {
        /// Line number, from 1.
        line: u64,
        /// Place in the name, in characters from 1.
        column: usize,
        /// The beginning of the line.
        text: String,
        /// What is wrong.
        reason: String,
        /// What else can be done.
        remedy: &'static str,
    },
    /// A column that the table does not have.
    #[error("there is no column {wanted:?}; {}", match columns.as_slice() {
        [] => "it is empty".to_owned(),
        columns => format!("its columns are: {}", columns.join(", ")),
    })]
    NoColumn {
        /// What was asked for.
        wanted: String,
        /// What there is.
        columns: Vec<String>,
    },
    /// No line of a plain list can be used and the first has separators.
    #[error(
        "it looks like a table; name the column of the names with --column (its columns: {})",
        columns.join(", ")
    )]
    LooksLikeCsv {
        /// What its first line holds.
        columns: Vec<String>,
    },
    /// Nothing was left to learn from.
    #[error("there is no name in it: {0}")]
    NoNames(String),
    /// No character at all, or more than tokens can number.
    #[error(
        "the data has no usable alphabet: between 1 and 65,535 different characters are possible"
    )]
    BadAlphabet,

    /// Conditions of generation that cannot be met.
    #[error("generation cannot have {0}")]
    BadSampling(String),
}
