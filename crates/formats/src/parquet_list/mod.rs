//! Names in a column of a Parquet file: the table that the rules of the core library read row by row.
//!
//! Of the columns, only those that are selected are read, group by group and page by page. Pages may be packed with
//! snappy, gzip or Zstandard.

mod cells;
mod pages;

use std::borrow::Cow;
use std::io::{self, Read, Seek};
use std::panic::AssertUnwindSafe;

use nextchar_core::Error;
use nextchar_core::data::Rows;
use parquet::column::reader::{ColumnReader, get_column_reader};
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};

use crate::page_headers::{MOST_COLUMNS, most_columns, most_rows};
use crate::panics::caught;
use cells::Kind;
use pages::{Pages, Source};

/// The first bytes of a Parquet file. A list of names does not have the last of them.
pub const START: &[u8] = b"PAR1\x15";

const MARK: &[u8] = b"PAR1";

/// Rows of a column that are decoded at a time.
const BATCH: usize = 1024;

/// A Parquet file that is read row by row.
pub struct ParquetList<R> {
    source: Source<R>,
    metadata: ParquetMetaData,
    names: Vec<String>,
    fields: Vec<Field>,
    /// The columns that are read.
    columns: Vec<Column>,
    /// The next group of rows, and the rows that are left of the current one.
    group: usize,
    left: u64,
}

/// A top-level field of the schema.
struct Field {
    kind: Kind,
    /// A phrase, such as "contains integers (INT64)".
    said: String,
    /// Its place among the columns that contain values, if it is one.
    leaf: Option<usize>,
}

/// A column that is read.
struct Column {
    field: usize,
    leaf: usize,
    kind: Kind,
    reader: Option<ColumnReader>,
    /// The current rows: whether they have a value, and the values.
    levels: Vec<i16>,
    cells: Vec<ByteArray>,
    /// Number of current rows, the rows that were passed, and the value of the last of them, if it is not null.
    rows: usize,
    passed: usize,
    used: usize,
    current: Option<usize>,
}

fn failed(error: &io::Error) -> Error {
    Error::Read(error.to_string())
}

fn unreadable(what: impl std::fmt::Display) -> Error {
    Error::Read(format!("it cannot be read as Parquet: {what}"))
}

fn damaged(what: &str) -> Error {
    unreadable(format!("{what}; copy it again"))
}

/// Does work of the Parquet library, which panics on some damaged files.
fn guarded<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, Error> {
    match caught(AssertUnwindSafe(work)) {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(ParquetError::General(what))) => Err(unreadable(what)),
        Ok(Err(error)) => Err(damaged(&error.to_string())),
        Err(_) => Err(damaged("it is damaged")),
    }
}

impl<R: Read + Seek + Send + 'static> ParquetList<R> {
    /// Reads the footer, which contains the schema.
    ///
    /// # Errors
    /// [`Error::Read`] if it is damaged or missing.
    pub fn open(input: R) -> Result<Self, Error> {
        let source = Source::new(input);
        let length = source.length().map_err(|error| failed(&error))?;
        let read = |place, length| source.read(place, length).map_err(|error| failed(&error));
        let end = read(length.saturating_sub(8), 8)?;
        let Some((size, MARK)) = end.split_first_chunk() else {
            return Err(damaged("its end is missing"));
        };
        let size = u64::from(u32::from_le_bytes(*size));
        let footer = match length.checked_sub(8 + size) {
            Some(place) => read(place, size)?,
            None => return Err(damaged("its footer is damaged")),
        };
        match most_columns(&footer) {
            None => return Err(damaged("its footer is damaged")),
            Some(0..=MOST_COLUMNS) => {}
            Some(columns) => {
                let what = format!("it has {columns} columns, more than {MOST_COLUMNS}");
                return Err(unreadable(what));
            }
        }
        let metadata = guarded(|| ParquetMetaDataReader::decode_metadata(&footer));
        let metadata = metadata.map_err(|_| damaged("its footer is damaged"))?;
        let groups = metadata.row_groups().iter();
        let rows = groups.fold(0i64, |sum, group| sum.saturating_add(group.num_rows()));
        if rows > most_rows(length.try_into().unwrap_or(i64::MAX)) {
            let what = format!("it claims {rows} rows, more than a file of its size can contain");
            return Err(damaged(&what));
        }
        let schema = metadata.file_metadata().schema_descr();
        let mut fields: Vec<Field> = Vec::new();
        let mut names = Vec::new();
        for field in schema.root_schema().get_fields() {
            let (kind, said) = cells::kind(field);
            names.push(field.name().to_owned());
            let leaf = None;
            fields.push(Field { kind, said, leaf });
        }
        for leaf in 0..schema.num_columns() {
            fields[schema.get_column_root_idx(leaf)].leaf = Some(leaf);
        }
        Ok(ParquetList {
            source,
            metadata,
            names,
            fields,
            columns: Vec::new(),
            group: 0,
            left: 0,
        })
    }

    /// Begins the next group of rows; returns false if there is none.
    fn begin(&mut self) -> Result<bool, Error> {
        let Some(group) = self.metadata.row_groups().get(self.group) else {
            return Ok(false);
        };
        self.group += 1;
        self.left = u64::try_from(group.num_rows()).map_err(|_| damaged("it is damaged"))?;
        for column in &mut self.columns {
            let chunk = group.columns().get(column.leaf);
            let chunk = chunk.ok_or_else(|| damaged("it is damaged"))?;
            let compression = chunk.compression();
            if !pages::is_readable(compression) {
                let name = &self.names[column.field];
                let compression = pages::name(compression);
                return Err(unreadable(format!(
                    "the column {name:?} has the compression {compression}; write it with snappy, zstd, gzip or none"
                )));
            }
            let source = self.source.clone();
            column.reader = Some(guarded(|| {
                let pages = Box::new(Pages::new(source, chunk));
                Ok(get_column_reader(chunk.column_descr_ptr(), pages))
            })?);
            (column.rows, column.passed) = (0, 0);
        }
        Ok(true)
    }
}

impl Column {
    /// Goes to the next row of the group.
    fn advance(&mut self) -> Result<(), Error> {
        if self.passed == self.rows {
            let Column {
                reader,
                kind,
                levels,
                cells,
                ..
            } = self;
            let reader = reader.as_mut().ok_or_else(|| damaged("it is damaged"))?;
            self.rows = guarded(|| cells::read(reader, *kind, BATCH, levels, cells))?;
            (self.passed, self.used) = (0, 0);
            if self.rows == 0 {
                return Err(damaged("a column ends too early"));
            }
        }
        let is_present = self.levels.get(self.passed).is_none_or(|&level| level > 0);
        self.current = is_present.then_some(self.used);
        self.used += usize::from(is_present);
        self.passed += 1;
        Ok(())
    }

    fn cell(&self) -> &[u8] {
        let cell = self.current.and_then(|place| self.cells.get(place));
        cell.map(ByteArray::data).unwrap_or_default()
    }
}

impl<R: Read + Seek + Send + 'static> Rows for ParquetList<R> {
    fn columns(&self) -> &[String] {
        &self.names
    }

    fn select(&mut self, names: usize, others: &[usize]) -> Result<(), Error> {
        if self.fields[names].kind != Kind::Text {
            let is_text = |&place: &usize| self.fields[place].kind == Kind::Text;
            let text = (0..self.fields.len()).filter(is_text);
            return Err(Error::NotText {
                column: self.names[names].clone(),
                kind: self.fields[names].said.clone(),
                columns: text.map(|place| self.names[place].clone()).collect(),
            });
        }
        self.columns.clear();
        for &place in [names].iter().chain(others) {
            let field = &self.fields[place];
            let leaf = field.leaf.filter(|_| field.kind != Kind::Other);
            let leaf = leaf.ok_or_else(|| Error::NoCells {
                column: self.names[place].clone(),
                kind: field.said.clone(),
            })?;
            if self.columns.iter().all(|column| column.field != place) {
                self.columns.push(Column {
                    field: place,
                    leaf,
                    kind: field.kind,
                    reader: None,
                    levels: Vec::new(),
                    cells: Vec::new(),
                    rows: 0,
                    passed: 0,
                    used: 0,
                    current: None,
                });
            }
        }
        Ok(())
    }

    fn advance(&mut self) -> Result<bool, Error> {
        while self.left == 0 {
            if !self.begin()? {
                return Ok(false);
            }
        }
        self.left -= 1;
        for column in &mut self.columns {
            column.advance()?;
        }
        Ok(true)
    }

    fn cell(&self, place: usize) -> Cow<'_, [u8]> {
        let column = self.columns.iter().find(|column| column.field == place);
        Cow::Borrowed(column.map(Column::cell).unwrap_or_default())
    }
}
