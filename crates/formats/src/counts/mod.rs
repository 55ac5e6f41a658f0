//! Counted windows as Parquet: a database can count them with GROUP BY, and training can start from them.
//!
//! | column | type | contents |
//! |---|---|---|
//! | `context` | string | T characters, `_` before the first character of the name |
//! | `next` | string | the next character, `_` at the end of the name |
//! | `count` | integer | how often |
//! | `fold` | integer, optional | 0 to 9: the fold of the name, for cross-fitting Kneser–Ney |
//!
//! The counts of equal rows are added, within one file and across several. Two metadata keys are optional:
//! `alphabet`, the characters in token order, and `longest_name`. Reading takes at most 1 MB of memory and 800
//! bytes for each byte of the file, whatever the file claims.

mod claims;
mod write;

pub use write::to_bytes;

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use nextchar_core::data::WindowCounter;
use nextchar_core::text::{END, END_SYMBOL, Token, Vocab, VocabRecord};
use parquet::basic::{Repetition, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{self, Field};
use parquet::schema::types::Type;

/// The number of folds that the `fold` column can contain.
pub const FOLDS: usize = 10;

const ALPHABET: &str = "alphabet";
const LONGEST_NAME: &str = "longest_name";
const COLUMNS: [&str; 4] = ["context", "next", "count", "fold"];

/// What is wrong with a file of counts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CountsError {
    /// Not Parquet, truncated, or of an unsupported kind.
    #[error(
        "it cannot be read as Parquet ({0}); copy it again, or write it with snappy compression or none"
    )]
    NotParquet(String),
    /// A vocabulary of pieces that are not single characters, which is what the columns contain.
    #[error("counts can only be written for an alphabet of characters, without labels")]
    NotCharacters,
    /// A column is missing.
    #[error("it has no column `{missing}`; its columns are {found}")]
    MissingColumn {
        /// The missing column.
        missing: &'static str,
        /// The columns of the file.
        found: String,
    },
    /// A column has the wrong type.
    #[error("its column `{column}` is {found}, which is not one {expected} per row")]
    ColumnType {
        /// Its name.
        column: &'static str,
        /// What it should contain.
        expected: &'static str,
        /// Its type.
        found: String,
    },
    /// A text column has an encoding whose sizes cannot be checked.
    #[error("its text columns are delta-encoded; write them with plain or dictionary encoding")]
    Encoding,
    /// Sizes that are impossible for a file of this size.
    #[error("it claims {0}, more than a file of its size can contain, so it is damaged")]
    Claims(String),
    /// A row is not a window.
    #[error("row {row}: {what}")]
    BadRow {
        /// Number of the row, from 1.
        row: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The file has no rows.
    #[error("it has no rows")]
    Empty,
    /// The metadata make no sense.
    #[error("its metadata `{0}` cannot be read")]
    BadMetadata(&'static str),
    /// Windows that cannot be counted.
    #[error(transparent)]
    Model(#[from] nextchar_core::Error),
}

impl From<ParquetError> for CountsError {
    fn from(error: ParquetError) -> Self {
        CountsError::NotParquet(error.to_string())
    }
}

/// A file of counts that was read once, without faults.
pub struct CountsFile {
    bytes: Bytes,
    context_length: usize,
    characters: BTreeSet<char>,
    alphabet: Option<Vocab>,
    longest_name: Option<usize>,
    has_folds: bool,
}

/// One row: a context, the next character, its count and its fold.
struct Row<'a> {
    number: u64,
    context: &'a str,
    next: char,
    count: u64,
    fold: usize,
}

impl CountsFile {
    /// Checks that bytes (the first four are enough) start like a Parquet file, before the rest is read.
    ///
    /// # Errors
    /// [`CountsError::NotParquet`] if they do not.
    pub fn check_start(bytes: &[u8]) -> Result<(), CountsError> {
        if bytes.starts_with(b"PAR1") {
            return Ok(());
        }
        let what = "it does not begin with PAR1";
        Err(CountsError::NotParquet(what.into()))
    }

    /// Reads every row of an untrusted file.
    ///
    /// # Errors
    /// A [`CountsError`] names the first fault.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, CountsError> {
        // The Parquet library panics on some damaged files; every row is read here, so it can only panic here.
        let read = crate::panics::caught(|| Self::read(Bytes::from(bytes)));
        read.unwrap_or_else(|_| Err(CountsError::NotParquet("it is damaged".into())))
    }

    fn read(bytes: Bytes) -> Result<Self, CountsError> {
        if bytes.ends_with(b"PAR1") {
            claims::check_columns(&bytes)?;
        }
        let reader = SerializedFileReader::new(bytes.clone())?;
        claims::check_pages(&bytes, reader.metadata())?;
        let metadata = reader.metadata().file_metadata();
        let value = |key: &str| {
            let pairs = metadata.key_value_metadata().into_iter().flatten();
            pairs
                .filter(|pair| pair.key == key)
                .find_map(|pair| pair.value.clone())
        };
        let alphabet = value(ALPHABET)
            .map(|text| VocabRecord::Characters(text).resolve(&[]))
            .transpose();
        let longest_name = value(LONGEST_NAME).map(|text| text.parse()).transpose();
        let mut file = CountsFile {
            context_length: 0,
            characters: BTreeSet::new(),
            alphabet: alphabet.map_err(|_| CountsError::BadMetadata(ALPHABET))?,
            longest_name: longest_name.map_err(|_| CountsError::BadMetadata(LONGEST_NAME))?,
            has_folds: column(&reader, COLUMNS[3])?.is_some(),
            bytes,
        };
        let (mut characters, mut length, mut sum) = (BTreeSet::new(), None, 0u64);
        file.for_each(|row| {
            let bad = |what: String| CountsError::BadRow {
                row: row.number,
                what,
            };
            let letters = row.context.trim_start_matches(END_SYMBOL);
            if letters.contains(END_SYMBOL) {
                return Err(bad(format!(
                    "`{END_SYMBOL}` after another character in {:?}",
                    row.context
                )));
            }
            let own = row.context.chars().count();
            if own == 0 {
                return Err(bad("its context is empty".into()));
            }
            let expected = *length.get_or_insert(own);
            if own != expected {
                return Err(bad(format!(
                    "its context has {own} characters, but that of the first row has {expected}"
                )));
            }
            sum = sum
                .checked_add(row.count)
                .ok_or_else(|| bad("its count is too large".into()))?;
            characters.extend(
                letters
                    .chars()
                    .chain([row.next])
                    .filter(|&c| !END_SYMBOL.contains(c)),
            );
            Ok(())
        })?;
        file.context_length = length.ok_or(CountsError::Empty)?;
        file.characters = characters;
        Ok(file)
    }

    /// T, the number of characters in every context.
    pub fn context_length(&self) -> usize {
        self.context_length
    }

    /// The characters that occur in it.
    pub fn characters(&self) -> &BTreeSet<char> {
        &self.characters
    }

    /// The alphabet in its metadata.
    pub fn alphabet(&self) -> Option<&Vocab> {
        self.alphabet.as_ref()
    }

    /// The length of the longest name in its metadata.
    pub fn longest_name(&self) -> Option<usize> {
        self.longest_name
    }

    /// Whether it has folds.
    pub fn has_folds(&self) -> bool {
        self.has_folds
    }

    /// Adds its windows, with the last characters of each context, to the counters of [`FOLDS`] folds; all of
    /// them to the first if the file has no folds.
    ///
    /// # Errors
    /// [`CountsError::BadRow`] if a character is not in the vocabulary.
    pub fn count(&self, vocab: &Vocab, counters: &mut [WindowCounter]) -> Result<(), CountsError> {
        let mut window: Vec<Token> = Vec::with_capacity(self.context_length + 1);
        self.for_each(|row| {
            window.clear();
            for character in row.context.chars().chain([row.next]) {
                let token = if END_SYMBOL.contains(character) {
                    Some(END)
                } else {
                    vocab.token(character.encode_utf8(&mut [0; 4]))
                };
                window.push(token.ok_or_else(|| CountsError::BadRow {
                    row: row.number,
                    what: format!("{character:?} is not in the alphabet"),
                })?);
            }
            counters[row.fold].add_window(&window, row.count);
            Ok(())
        })
    }

    /// Calls `each` with every row.
    fn for_each(
        &self,
        mut each: impl FnMut(Row<'_>) -> Result<(), CountsError>,
    ) -> Result<(), CountsError> {
        let reader = SerializedFileReader::new(self.bytes.clone())?;
        let mut fields = Vec::new();
        for name in COLUMNS {
            match column(&reader, name)? {
                Some(field) => fields.push(field),
                None if name == COLUMNS[3] => {}
                None => return Err(missing(&reader, name)),
            }
        }
        let schema = Type::group_type_builder(reader.metadata().file_metadata().schema().name())
            .with_fields(fields)
            .build()?;
        for (number, row) in (1..).zip(reader.get_row_iter(Some(schema))?) {
            each(Row::of(number, &row?, self.has_folds)?)?;
        }
        Ok(())
    }
}

impl<'a> Row<'a> {
    /// Checks the contents of a row.
    fn of(number: u64, row: &'a record::Row, has_folds: bool) -> Result<Self, CountsError> {
        let bad = |what: String| CountsError::BadRow { row: number, what };
        let (mut context, mut next, mut count, mut fold) = (None, None, None, None);
        for (name, field) in row.get_column_iter() {
            match name.as_str() {
                "context" => context = text(field),
                "next" => next = text(field),
                "count" => count = whole(field),
                _ => fold = whole(field),
            }
        }
        let next = next.ok_or_else(|| bad("its next character is not text".into()))?;
        let mut letters = next.chars();
        let (Some(next), None) = (letters.next(), letters.next()) else {
            return Err(bad(format!(
                "its next character is {next:?}, not a single character"
            )));
        };
        let count = count.filter(|count| (1..=i64::MAX as u64).contains(count));
        let fold = match has_folds {
            true => fold.filter(|&fold| fold < FOLDS as u64),
            false => Some(0),
        };
        let last = FOLDS - 1;
        Ok(Row {
            number,
            context: context.ok_or_else(|| bad("its context is not text".into()))?,
            next,
            count: count.ok_or_else(|| bad("its count is not an integer of at least 1".into()))?,
            fold: fold.ok_or_else(|| bad(format!("its fold is not an integer from 0 to {last}")))?
                as usize,
        })
    }
}

type Reader = SerializedFileReader<Bytes>;

/// A top-level column by name, with one value per row.
fn column(reader: &Reader, name: &'static str) -> Result<Option<Arc<Type>>, CountsError> {
    let schema = reader.metadata().file_metadata().schema();
    let mut fields = schema.get_fields().iter();
    let Some(field) = fields.find(|field| field.name() == name) else {
        return Ok(None);
    };
    let (expected, types): (_, &[PhysicalType]) = match COLUMNS[..2].contains(&name) {
        true => ("text", &[PhysicalType::BYTE_ARRAY]),
        false => ("integer", &[PhysicalType::INT32, PhysicalType::INT64]),
    };
    let info = field.get_basic_info();
    let several = info.has_repetition() && info.repetition() == Repetition::REPEATED;
    let found = match field.is_primitive() {
        true if !several && types.contains(&field.get_physical_type()) => {
            return Ok(Some(field.clone()));
        }
        true if several => format!("repeated {}", field.get_physical_type()),
        true => field.get_physical_type().to_string(),
        false => "a group".into(),
    };
    Err(CountsError::ColumnType {
        column: name,
        expected,
        found,
    })
}

fn missing(reader: &Reader, missing: &'static str) -> CountsError {
    let schema = reader.metadata().file_metadata().schema();
    let names: Vec<String> = schema
        .get_fields()
        .iter()
        .map(|field| format!("`{}`", field.name()))
        .collect();
    CountsError::MissingColumn {
        missing,
        found: names.join(", "),
    }
}

fn text(field: &Field) -> Option<&str> {
    match field {
        Field::Str(text) => Some(text),
        Field::Bytes(bytes) => bytes.as_utf8().ok(),
        _ => None,
    }
}

fn whole(field: &Field) -> Option<u64> {
    match *field {
        Field::Byte(x) => x.try_into().ok(),
        Field::Short(x) => x.try_into().ok(),
        Field::Int(x) => x.try_into().ok(),
        Field::Long(x) => x.try_into().ok(),
        Field::UByte(x) => Some(x.into()),
        Field::UShort(x) => Some(x.into()),
        Field::UInt(x) => Some(x.into()),
        Field::ULong(x) => Some(x),
        _ => None,
    }
}
