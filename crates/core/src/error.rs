//! Everything that can go wrong in the library, with a variant for each fault.
//!
//! A message says what was found and where. The remedy is a value, [`Hint`], which each front end renders in its own
//! terms: a flag, a keyword, a button.

use nextchar_kernels::InstructionSet;

use crate::setting::{OutOfRange, Setting, Value};

/// A fault in the input or the options.
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
    /// A number that is not allowed.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),

    /// A setting that has no effect in combination with another one.
    #[error("the {setting} has no effect {beside}")]
    Unused {
        /// The setting without effect.
        setting: Setting,
        /// Where it has no effect, such as "in a model that only counts".
        beside: &'static str,
    },

    /// A window that does not fit into the 128 bits in which windows are counted.
    #[error(
        "a context of {context_length} is too long for {vocab_size} classes: at most {longest} can be counted"
    )]
    ContextTooLong {
        /// What was requested.
        context_length: usize,
        /// Number of classes.
        vocab_size: usize,
        /// The longest context that fits.
        longest: usize,
    },

    /// A context that is longer than that of the counted windows.
    #[error("a context of {context_length}, but the counts have contexts of {longest}")]
    LongerThanCounts {
        /// What was requested.
        context_length: usize,
        /// The context length of the counts.
        longest: usize,
    },

    /// Counts of n-grams that need too much memory.
    #[error(
        "counts with a context of {context_length} take more than 2 GB of memory: try a shorter context of the counts"
    )]
    TooManyCounts {
        /// Length of the contexts.
        context_length: usize,
    },

    /// A network whose tables are too large for its few parameters.
    #[error(
        "{vocab_size} classes, a context of {context_length} and a first layer of width {width} at once \
         need too much memory for so few parameters"
    )]
    TablesTooLarge {
        /// Number of classes.
        vocab_size: usize,
        /// Length of the contexts.
        context_length: usize,
        /// Number of outputs of the first layer.
        width: usize,
    },

    /// Tensors whose sizes do not match the configuration.
    #[error("the sizes of the tensors do not match the configuration")]
    WrongParameters,

    /// Vector instructions that this machine lacks.
    #[error("this machine has no {}{instruction_set} instructions", if *fused { "fused " } else { "" })]
    NoInstructions {
        /// The instructions.
        instruction_set: InstructionSet,
        /// Whether a fused multiply-add is needed, too.
        fused: bool,
    },

    /// Batch normalisation with batches whose rows have different weights.
    #[error(
        "batch normalisation needs passes through the contexts, or at most 64 windows in a batch"
    )]
    BatchNormBatches,

    /// Weight decay without AdamW.
    #[error("weight decay has no effect with plain SGD")]
    DecayWithSgd,

    /// A mixture without parts.
    #[error("a mixture needs a network or counts")]
    EmptyMixture,

    /// Parts of a mixture, or of a verdict, with different vocabularies.
    #[error("the parts of the model have different vocabularies")]
    DifferentVocabularies,

    /// A number of discounts that does not match the levels of the counts.
    #[error("there are {found} discounts for {levels} levels of counts")]
    WrongDiscounts {
        /// Number of discounts.
        found: usize,
        /// Number of levels.
        levels: usize,
    },

    /// Repeat names that cannot be estimated.
    #[error("how often whole names repeat cannot be estimated: {0}")]
    NoRepeats(NoRepeats),

    /// A calibration that was fitted with a background model, and none for this vocabulary.
    #[error("the calibration needs a background model of names over the same vocabulary")]
    NoBackgroundModel,

    /// A loss that grew beyond all bounds.
    #[error(
        "training diverged at step {step}: the loss grew beyond all bounds; try a smaller learning rate, such as {}",
        smaller(*learning_rate)
    )]
    Diverged {
        /// Steps done.
        step: u64,
        /// The learning rate of the run.
        learning_rate: f64,
    },

    /// A state that does not belong to the options and tables of a run.
    #[error("the saved state of training cannot be used: {0}")]
    BadState(BadState),

    /// A regular expression, or a set of characters, that cannot be used.
    #[error("the pattern {pattern:?} cannot be used: {what}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        what: String,
    },

    /// Conditions that no name satisfies.
    #[error("no name {0}")]
    Impossible(Impossible),

    /// Conditions whose automata together are too large.
    #[error(
        "the conditions together need more than {limit} states: use fewer or simpler conditions"
    )]
    TooManyStates {
        /// The most that are possible.
        limit: usize,
    },

    /// Conditions on a model of too many classes: their automata have a row of edges for every state.
    #[error("exact conditions need a model of at most {limit} classes; this one has {classes}")]
    TooManyClasses {
        /// V.
        classes: usize,
        /// The most that are possible.
        limit: usize,
    },

    /// Names without duplicates, requested from a method that cannot exclude any.
    #[error("free draws cannot exclude names that were drawn before; another method can")]
    UniqueDraws,

    /// A name with a piece that is not in the vocabulary.
    #[error("{name:?}, character {column}: '{}' is not in the alphabet of the training names",
        piece.escape_debug()
    )]
    UnknownPiece {
        /// The name.
        name: String,
        /// The piece of text, in most vocabularies a character.
        piece: String,
        /// Its position, from 1.
        column: usize,
    },

    /// Input that could not be read.
    #[error("{0}")]
    Read(String),

    /// A file that is not a list of names.
    #[error("it is {what}, not a list of names")]
    NotAList {
        /// What it is, according to its first bytes.
        what: &'static str,
        /// What to do with it.
        hint: Hint,
    },

    /// A double quote that is never closed.
    #[error("line {line}: a double quote opens here and is not closed at the end of its cell")]
    OpenQuote {
        /// Where it opens, from 1.
        line: u64,
    },

    /// A row that is too large.
    #[error("line {line}: a row of more than a million bytes{}", match quote {
        Some(quote) => format!(": the double quote that opens in line {quote} is not closed"),
        None => String::new(),
    })]
    RowTooLong {
        /// Where it begins, from 1.
        line: u64,
        /// The line of an open double quote, if there is one.
        quote: Option<u64>,
    },

    /// A line that cannot be used, where every line must be usable.
    #[error("line {line}, character {column}: {reason}, in {text:?}")]
    RejectedLine {
        /// Line number, from 1.
        line: u64,
        /// Position in the name, in characters from 1.
        column: usize,
        /// The first characters of the line.
        text: String,
        /// What is wrong.
        reason: String,
        /// Whether another alphabet would accept it.
        is_outside_az: bool,
    },

    /// An unknown column.
    #[error("there is no column {wanted:?}; {}", match columns.as_slice() {
        [] => "it is empty".to_owned(),
        columns => format!("its columns are: {}", listed(columns)),
    })]
    NoColumn {
        /// What was requested.
        wanted: String,
        /// The columns of the table.
        columns: Vec<String>,
        /// Whether they are the cells of a first line, which is data if the table has no header.
        is_first_line: bool,
    },

    /// A name of several columns.
    #[error("{} columns have the name {wanted:?}: numbers {}", positions.len(), {
        let positions: Vec<String> = positions.iter().map(usize::to_string).collect();
        positions.join(" and ")
    })]
    AmbiguousColumn {
        /// What was requested.
        wanted: String,
        /// The positions of these columns, from 1.
        positions: Vec<usize>,
    },

    /// A column of names that is not text.
    #[error("the column {column:?} {kind}, not text; {}", match columns.as_slice() {
        [] => "no column is text".to_owned(),
        columns => format!("the columns of text are: {}", listed(columns)),
    })]
    NotText {
        /// Its name.
        column: String,
        /// A phrase, such as "contains integers (INT64)".
        kind: String,
        /// The columns of text.
        columns: Vec<String>,
    },

    /// A column whose values can be neither compared with a text nor read as weights.
    #[error("the column {column:?} {kind}, which can be neither a filter nor weights")]
    NoCells {
        /// Its name.
        column: String,
        /// A phrase, such as "is nested (a list)".
        kind: String,
    },

    /// A table without a selected column: no line of a plain list is usable and the first one has separators, or
    /// several columns could contain the names.
    #[error("it looks like a table (its columns: {})", listed(columns))]
    LooksLikeCsv {
        /// The cells of its first line.
        columns: Vec<String>,
    },

    /// JSON objects without a selected key, of which several could contain the names.
    #[error("each line is a JSON object (its keys: {})", listed(keys))]
    LooksLikeJson {
        /// The keys of the first object.
        keys: Vec<String>,
    },

    /// An input without names.
    #[error("it contains no names: {0}")]
    NoNames(NoNames),

    /// No characters, or more than there can be tokens.
    #[error("the data has no usable alphabet: it must have 1 to 65,535 different characters")]
    BadAlphabet,
}

/// Which conditions no name satisfies. Conditions are phrases such as `begins with "sh"`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    /// The lengths exclude each other.
    #[error("has at least {shortest} and at most {longest} characters")]
    Lengths {
        /// The smallest allowed length.
        shortest: usize,
        /// The largest allowed length.
        longest: usize,
    },
    /// One condition cannot be met in this alphabet.
    #[error("of {shortest} to {longest} characters of this alphabet {condition}{}", if *ignores_case {
        ": names are in lower case; (?i) before the pattern matches either case"
    } else {
        ""
    })]
    One {
        /// The smallest allowed length.
        shortest: usize,
        /// The largest allowed length.
        longest: usize,
        /// The condition.
        condition: String,
        /// Whether it could be met if its pattern ignored case.
        ignores_case: bool,
    },
    /// Two conditions exclude each other.
    #[error("of {shortest} to {longest} characters {first} and {second}")]
    Two {
        /// The smallest allowed length.
        shortest: usize,
        /// The largest allowed length.
        longest: usize,
        /// One condition.
        first: String,
        /// The other.
        second: String,
    },
    /// Several conditions exclude each other.
    #[error(
        "of {shortest} to {longest} characters {condition} and satisfies the other conditions too"
    )]
    Together {
        /// The smallest allowed length.
        shortest: usize,
        /// The largest allowed length.
        longest: usize,
        /// The last of them.
        condition: String,
    },
}

/// Why there are no names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoNames {
    /// Every line was rejected.
    #[error("no line can be used; the first fault is in line {line}, character {column}: {reason}")]
    Rejected {
        /// The first line that was rejected, from 1.
        line: u64,
        /// Position in the name, in characters from 1.
        column: usize,
        /// What is wrong.
        reason: String,
        /// Whether another alphabet would accept it.
        is_outside_az: bool,
    },
    /// Every name is too short or too long.
    #[error("none of its {names} names has {shortest} to {longest} characters")]
    Lengths {
        /// Number of names.
        names: u64,
        /// The smallest allowed length.
        shortest: usize,
        /// The largest allowed length.
        longest: usize,
    },
    /// No row passes the filter.
    #[error("none of its {rows} rows passes the filter")]
    Filtered {
        /// Number of rows.
        rows: u64,
    },
    /// All lines are blank.
    #[error("all of its lines are blank")]
    Blank,
    /// The input is empty.
    #[error("it is empty")]
    Empty,
    /// The split left no name for training.
    #[error("no name was left to learn from")]
    NothingToLearn,
    /// The counts have no windows.
    #[error("there is no window to learn from")]
    NoWindow,
    /// There are no names to compare words with.
    #[error("there is nothing to calibrate with")]
    NothingToCalibrate,
}

/// Why repeat names cannot be estimated (Good–Turing).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRepeats {
    /// There are counts of windows instead of names.
    #[error("counts of windows do not contain the names")]
    Counts,
    /// The names are not saved, which the estimate needs.
    #[error("the model file would not contain the names")]
    NamesNotSaved,
    /// The list has no duplicates.
    #[error("each name is in the list once")]
    NoDuplicates,
    /// A factor is out of range.
    #[error("its factors are out of range; the model knows too little of its list")]
    OutOfRange,
}

/// Why the state of a run cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadState {
    /// There is no step left.
    #[error("all steps of the run are done")]
    NoStepsLeft,
    /// It has an average of the weights and the options do not, or the other way round.
    #[error("its average of the weights does not match the options")]
    OtherAverage,
    /// It has moments and the optimiser does not, or the other way round.
    #[error("its optimiser does not match the options")]
    OtherOptimizer,
    /// Its pass consists of other rows.
    #[error("its pass does not belong to this table")]
    OtherPass,
    /// γ and β are missing.
    #[error("γ and β of its batch normalisation are missing")]
    NoBatchNorm,
    /// It has γ and β, and the options have no batch normalisation.
    #[error("it belongs to a run with batch normalisation")]
    UnusedBatchNorm,
}

/// How to fix a fault.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Hint {
    /// Select the column of the names.
    NameColumn,
    /// Select columns by position, if the table has no header.
    ColumnPosition,
    /// Select the key of the names.
    NameKey,
    /// Rename one of several columns.
    RenameColumn,
    /// Accept all characters of the data instead of a–z.
    AnyCharacter,
    /// Skip lines that cannot be used.
    SkipLines,
    /// Skip lines that cannot be used, or accept all characters of the data.
    SkipLinesOrAnyCharacter,
    /// Close the double quote; a literal one is written twice, inside quotes.
    CloseQuote,
    /// Count duplicates, or take counts from a column.
    CountDuplicates,
    /// Keep the names in the model file.
    KeepNames,
    /// Use a context of at most this length.
    Context(usize),
    /// Use the optimiser that has weight decay.
    UseAdamW,
    /// Unpack the file first, with this program.
    Unpack(&'static str),
    /// Save the table as CSV.
    SaveAsCsv,
    /// Save the text as UTF-8.
    SaveAsUtf8,
    /// Write one JSON value on each line.
    JsonLines,
    /// Use the file as a model instead of training data.
    UseAsModel,
    /// Use a build that reads Parquet, or save the table as CSV.
    Parquet,
    /// Write the names of the objects, one per line.
    OneNameALine,
}

impl Error {
    /// How to fix it, if the library knows.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Error::LooksLikeCsv { .. } => Some(Hint::NameColumn),
            Error::LooksLikeJson { .. } => Some(Hint::NameKey),
            Error::NoColumn {
                wanted,
                columns,
                is_first_line: true,
            } if columns.len() > 1 && !wanted.trim().starts_with('#') => Some(Hint::ColumnPosition),
            Error::NotText { .. } => Some(Hint::NameColumn),
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

/// A smaller learning rate to try.
fn smaller(learning_rate: f64) -> Value {
    const USUAL: f64 = 0.01;
    Value(if learning_rate > 1.0 {
        USUAL
    } else {
        learning_rate / 10.0
    })
}

/// Columns for a message: limited in number and length, without control characters.
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
    fn a_message_with_many_long_columns_stays_short() {
        let columns = vec!["x\u{1b}".repeat(500); 500];
        for error in [
            Error::LooksLikeCsv {
                columns: columns.clone(),
            },
            Error::LooksLikeJson {
                keys: columns.clone(),
            },
            Error::NoColumn {
                wanted: "name".into(),
                columns: columns.clone(),
                is_first_line: true,
            },
            Error::NotText {
                column: "name".into(),
                kind: "contains integers (INT64)".into(),
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
