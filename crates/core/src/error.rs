//! What can go wrong in the library, a variant for each fault.
//!
//! A text says what was found and where. What to do about it is a value, [`Hint`], which each front end puts
//! into its own words: a flag, a keyword, a button.

use crate::setting::{OutOfRange, Setting, Value};

/// A fault of the input or the options.
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
    /// A number that cannot be.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),

    /// A setting that has no effect beside another one.
    #[error("the {setting} has no effect {beside}")]
    Unused {
        /// The setting that is not used.
        setting: Setting,
        /// What makes it useless, such as "in a model that only counts".
        beside: &'static str,
    },

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

    /// A longer context than that of the windows that were counted.
    #[error("a context of {context_length}, but the counts have contexts of {longest}")]
    LongerThanCounts {
        /// What was asked for.
        context_length: usize,
        /// What the counts have.
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

    /// A network whose tables are large for its few parameters.
    #[error(
        "{vocab_size} classes, a context of {context_length} and a first layer of width {width} at once \
         need too much memory for so few parameters"
    )]
    TablesTooLarge {
        /// Number of classes.
        vocab_size: usize,
        /// The context's length.
        context_length: usize,
        /// The first layer's outputs.
        width: usize,
    },

    /// Parameters of other sizes than the configuration says.
    #[error("the tensors have other sizes than the configuration says")]
    WrongParameters,

    /// Vector instructions that this machine lacks.
    #[error("this machine has no {0} instructions")]
    NoInstructions(String),

    /// Batch normalisation, with batches whose rows count differently.
    #[error(
        "batch normalisation needs passes through the contexts, or at most 64 windows in a batch"
    )]
    BatchNormBatches,

    /// Weight decay is part of AdamW alone.
    #[error("weight decay has no effect with plain SGD")]
    DecayWithSgd,

    /// A mixture without a part.
    #[error("a mixture needs a network or counts")]
    EmptyMixture,

    /// Parts of a mixture, or of a verdict, that speak of different characters.
    #[error("the parts of the model have different vocabularies")]
    DifferentVocabularies,

    /// Another number of discounts than counts have levels.
    #[error("there are {found} discounts for {levels} levels of counts")]
    WrongDiscounts {
        /// How many there are.
        found: usize,
        /// How many there should be.
        levels: usize,
    },

    /// How often names repeat cannot be estimated.
    #[error("how often whole names repeat cannot be estimated: {0}")]
    NoRepeats(NoRepeats),

    /// A calibration that belongs to a model of other characters.
    #[error("the background model of names has a say in models of a–z only")]
    WorldNeedsAz,

    /// The loss left all bounds.
    #[error(
        "training diverged at step {step}: the loss left all bounds; try a smaller learning rate, such as {}",
        smaller(*learning_rate)
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

    /// Free draws without replacement, asked for by that method.
    #[error("free draws cannot exclude names that were drawn before; another method can")]
    UniqueDraws,

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

    /// Something else than a list of names.
    #[error("it is {what}, not a list of names")]
    NotAList {
        /// What it is, by its first bytes.
        what: &'static str,
        /// What to do with it.
        hint: Hint,
    },

    /// A double quote that swallows rows.
    #[error("line {line}: a double quote opens here and is not closed at the end of its cell")]
    OpenQuote {
        /// Where it opens, from 1.
        line: u64,
    },

    /// A row larger than memory should hold.
    #[error("line {line}: a row of more than a million bytes{}", match quote {
        Some(quote) => format!(": the double quote that opens in line {quote} is not closed"),
        None => String::new(),
    })]
    RowTooLong {
        /// Where it begins, from 1.
        line: u64,
        /// The line of the double quote that is open.
        quote: Option<u64>,
    },

    /// A line that the alphabet cannot hold, where every line must be usable.
    #[error("line {line}, character {column}: {reason}, in {text:?}")]
    RejectedLine {
        /// Line number, from 1.
        line: u64,
        /// Place in the name, in characters from 1.
        column: usize,
        /// The first characters of the line.
        text: String,
        /// What is wrong.
        reason: String,
        /// Whether another alphabet would take it.
        is_outside_az: bool,
    },

    /// A column that the table does not have.
    #[error("there is no column {wanted:?}; {}", match columns.as_slice() {
        [] => "it is empty".to_owned(),
        columns => format!("its columns are: {}", listed(columns)),
    })]
    NoColumn {
        /// What was asked for.
        wanted: String,
        /// What there is.
        columns: Vec<String>,
    },

    /// A name that several columns have.
    #[error("{} columns have the name {wanted:?}: number {}", positions.len(), {
        let positions: Vec<String> = positions.iter().map(usize::to_string).collect();
        positions.join(" and ")
    })]
    AmbiguousColumn {
        /// What was asked for.
        wanted: String,
        /// Their places, from 1.
        positions: Vec<usize>,
    },

    /// No line of a plain list can be used and the first has separators; or a table's column of names is not
    /// given and more than one is possible.
    #[error("it looks like a table (its columns: {})", listed(columns))]
    LooksLikeCsv {
        /// What its first line holds.
        columns: Vec<String>,
    },

    /// Nothing was left to learn from.
    #[error("there is no name in it: {0}")]
    NoNames(NoNames),

    /// No character at all, or more than tokens can number.
    #[error(
        "the data has no usable alphabet: between 1 and 65,535 different characters are possible"
    )]
    BadAlphabet,
}

/// Why a list has no name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoNames {
    /// Every line was rejected.
    #[error("no line can be used, the first because of line {line}, character {column}: {reason}")]
    Rejected {
        /// The first line that was rejected, from 1.
        line: u64,
        /// Place in the name, in characters from 1.
        column: usize,
        /// What is wrong.
        reason: String,
        /// Whether another alphabet would take it.
        is_outside_az: bool,
    },
    /// Every name was too short or too long.
    #[error("none of its {names} names has {shortest} to {longest} characters")]
    Lengths {
        /// How many there are.
        names: u64,
        /// The shortest that was wanted.
        shortest: usize,
        /// The longest that was wanted.
        longest: usize,
    },
    /// Every row had another value in the column of the filter.
    #[error("none of its {rows} rows passes the filter")]
    Filtered {
        /// How many there are.
        rows: u64,
    },
    /// Nothing but blank lines.
    #[error("all of its lines are blank")]
    Blank,
    /// Nothing at all.
    #[error("it is empty")]
    Empty,
    /// The split left no name for training.
    #[error("no name was left to learn from")]
    NothingToLearn,
    /// Counts without a window.
    #[error("there is no window to learn from")]
    NoWindow,
    /// Nothing to compare words with.
    #[error("there is nothing to calibrate by")]
    NothingToCalibrate,
}

/// Why it cannot be estimated how often whole names repeat (Good and Turing).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRepeats {
    /// There are windows in place of names.
    #[error("counts of windows hold no names")]
    Counts,
    /// The model file could not use the estimate.
    #[error("the model file would hold no names")]
    NamesNotSaved,
    /// Each name is there once.
    #[error("each name is in the list once")]
    NoDuplicates,
    /// The numbers leave their bounds.
    #[error("its factors are out of range; the model knows too little of its list")]
    OutOfRange,
}

/// What to do about a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Hint {
    /// Say which column holds the names.
    NameColumn,
    /// Give one of several columns another name.
    RenameColumn,
    /// Take whatever characters the data has, rather than a–z.
    AnyCharacter,
    /// Skip lines that cannot be used.
    SkipLines,
    /// Skip lines that cannot be used, or take whatever characters the data has.
    SkipLinesOrAnyCharacter,
    /// Close the double quote; one that belongs to a cell is written twice, within quotes.
    CloseQuote,
    /// Count duplicates, or take counts from a column.
    CountDuplicates,
    /// Keep the names in the model file.
    KeepNames,
    /// A context of at most this length.
    Context(usize),
    /// Use the optimiser that has weight decay.
    UseAdamW,
    /// Unpack the file first, with this program.
    Unpack(&'static str),
    /// Save the table as CSV.
    SaveAsCsv,
    /// Save the text as UTF-8.
    SaveAsUtf8,
    /// It is a model: it is used, rather than learnt from.
    UseAsModel,
    /// Windows that were counted elsewhere may be meant.
    CountsOrCsv,
    /// Write the names of the objects, one a line.
    OneNameALine,
}

impl Error {
    /// What to do about it, as far as the library knows.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Error::LooksLikeCsv { .. } => Some(Hint::NameColumn),
            Error::AmbiguousColumn { .. } => Some(Hint::RenameColumn),
            Error::NotAList { hint, .. } => Some(*hint),
            Error::OpenQuote { .. } | Error::RowTooLong { quote: Some(_), .. } => {
                Some(Hint::CloseQuote)
            }
            Error::RejectedLine { is_outside_az, .. } => Some(if *is_outside_az {
                Hint::SkipLinesOrAnyCharacter
            } else {
                Hint::SkipLines
            }),
            Error::NoNames(NoNames::Rejected {
                is_outside_az: true,
                ..
            }) => Some(Hint::AnyCharacter),
            Error::LongerThanCounts { longest, .. } | Error::ContextTooLong { longest, .. } => {
                Some(Hint::Context(*longest))
            }
            Error::DecayWithSgd => Some(Hint::UseAdamW),
            Error::NoRepeats(NoRepeats::NoDuplicates) => Some(Hint::CountDuplicates),
            Error::NoRepeats(NoRepeats::NamesNotSaved) => Some(Hint::KeepNames),
            _ => None,
        }
    }
}

/// A learning rate to try after one that diverged.
fn smaller(learning_rate: f64) -> Value {
    const USUAL: f64 = 0.01;
    Value(if learning_rate > 1.0 {
        USUAL
    } else {
        learning_rate / 10.0
    })
}

/// Columns for a message: not too many, none too long, nothing that a terminal would obey.
fn listed(columns: &[String]) -> String {
    const SHOWN: usize = 12;
    const LONGEST: usize = 40;
    let short = |column: &String| {
        let mut text: String = column.chars().take(LONGEST).collect();
        if column.chars().nth(LONGEST).is_some() {
            text.push('…');
        }
        text.replace(|c: char| c.is_control(), "\u{fffd}")
    };
    let mut shown: Vec<String> = columns.iter().take(SHOWN).map(short).collect();
    if columns.len() > SHOWN {
        shown.push(format!("… {} more", columns.len() - SHOWN));
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_stays_short_whatever_the_columns() {
        let columns = vec!["x\u{1b}".repeat(500); 500];
        for error in [
            Error::LooksLikeCsv {
                columns: columns.clone(),
            },
            Error::NoColumn {
                wanted: "name".into(),
                columns,
            },
        ] {
            let text = error.to_string();
            assert!(text.chars().count() < 700, "{text}");
            assert!(
                text.contains("488 more") && !text.contains('\u{1b}'),
                "{text}"
            );
        }
    }

    #[test]
    fn a_smaller_learning_rate_is_a_usual_one() {
        let told = |learning_rate| {
            Error::Diverged {
                step: 3,
                learning_rate,
            }
            .to_string()
        };
        assert!(told(1e300).ends_with("such as 0.01"));
        assert!(told(0.5).ends_with("such as 0.05"));
    }
}
