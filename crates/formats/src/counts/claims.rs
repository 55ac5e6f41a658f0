//! What a Parquet file claims about itself, checked before the Parquet library relies on it: the number of
//! columns and rows, the sizes of pages, and the numbers of values in them.
//!
//! That library allocates as much memory as a page's header claims, and a process cannot survive a request for
//! memory that does not exist. So the headers are read here first, as far as necessary: they are Thrift structs
//! in the compact protocol.

use parquet::basic::Type as PhysicalType;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::{COLUMNS, CountsError};

/// The largest number of columns in a file of counts, including groups of columns.
const MOST_COLUMNS: u64 = 1000;

/// Snappy encodes at most 64 bytes in three.
const COMPRESSION: i64 = 22;

/// The largest number of rows that a byte can represent: runs of equal rows.
const ROWS_A_BYTE: i64 = 1000;

/// The number of rows that any file may have.
const FREE_ROWS: i64 = 100_000;

/// The largest depth of nested structs in a header.
const DEPTH: u32 = 16;

fn refused(claim: impl Into<String>) -> CountsError {
    CountsError::Claims(claim.into())
}

fn damaged() -> CountsError {
    CountsError::NotParquet("it is damaged".into())
}

/// Checks the number of columns, which are read recursively, and the numbers that groups claim.
pub fn check_columns(bytes: &[u8]) -> Result<(), CountsError> {
    let end = bytes.len().checked_sub(8).ok_or_else(damaged)?;
    let size = bytes[end..][..4].try_into().map(u32::from_le_bytes);
    let size = size.map_err(|_| damaged())? as usize;
    let footer = end.checked_sub(size).ok_or_else(damaged)?;
    match most_columns(&bytes[footer..end]).ok_or_else(damaged)? {
        0..=MOST_COLUMNS => Ok(()),
        columns => Err(refused(format!("{columns} columns"))),
    }
}

/// The largest number of columns that a footer's schema claims, in total or within a group.
fn most_columns(footer: &[u8]) -> Option<u64> {
    let (mut footer, mut number) = (Thrift(footer), 0);
    while let Some(kind) = footer.field(&mut number)? {
        match (number, kind) {
            (2, Thrift::LIST) => {
                let (elements, _) = footer.list().filter(|&(_, kind)| kind == Thrift::STRUCT)?;
                let mut most = elements;
                for _ in 0..elements.min(MOST_COLUMNS) {
                    most = most.max(footer.children()?);
                }
                return Some(most);
            }
            (2, _) => return None,
            (_, kind) => footer.skip(kind, DEPTH)?,
        }
    }
    None
}

/// Checks the number of rows, and every page of the columns that are used.
pub fn check_pages(bytes: &[u8], metadata: &ParquetMetaData) -> Result<(), CountsError> {
    let most = FREE_ROWS.saturating_add(ROWS_A_BYTE.saturating_mul(bytes.len() as i64));
    let mut rows = 0i64;
    for group in metadata.row_groups() {
        rows = rows.saturating_add(group.num_rows());
        if group.num_rows() < 0 || rows > most {
            return Err(refused(format!("{rows} rows")));
        }
        for column in group.columns() {
            let path = column.column_path().parts();
            if path
                .first()
                .is_some_and(|name| COLUMNS.contains(&&name[..]))
            {
                check_column(bytes, column)?;
            }
        }
    }
    Ok(())
}

fn check_column(bytes: &[u8], column: &ColumnChunkMetaData) -> Result<(), CountsError> {
    let (begin, length) = column.byte_range();
    let end = begin.checked_add(length).ok_or_else(damaged)?;
    let place = usize::try_from(begin).ok().zip(usize::try_from(end).ok());
    let pages = place.and_then(|(begin, end)| bytes.get(begin..end));
    let mut pages = Thrift(pages.ok_or_else(damaged)?);
    while !pages.0.is_empty() {
        let page = pages.page().ok_or_else(damaged)?;
        page.check(column.column_type())?;
        let size = usize::try_from(page.compressed).map_err(|_| damaged())?;
        pages.0 = pages.0.get(size..).ok_or_else(damaged)?;
    }
    Ok(())
}

/// What the header of a page claims.
#[derive(Default)]
struct Page {
    kind: i64,
    uncompressed: i64,
    compressed: i64,
    values: i64,
    encoding: i64,
}

impl Page {
    const DATA: i64 = 0;
    const DICTIONARY: i64 = 2;
    const DATA_2: i64 = 3;
    const DELTA_LENGTH_BYTE_ARRAY: i64 = 6;
    const DELTA_BYTE_ARRAY: i64 = 7;

    fn check(&self, of: PhysicalType) -> Result<(), CountsError> {
        let &Page {
            uncompressed,
            compressed,
            values,
            ..
        } = self;
        if uncompressed > COMPRESSION.saturating_mul(compressed).saturating_add(64) {
            return Err(refused(format!(
                "{uncompressed} bytes in a page of {compressed}"
            )));
        }
        // A text is preceded by its length, and a number has at least four bytes.
        if self.kind == Self::DICTIONARY && values > uncompressed / 4 {
            return Err(refused(format!(
                "{values} different values in {uncompressed} bytes"
            )));
        }
        let by_differences = [Self::DELTA_LENGTH_BYTE_ARRAY, Self::DELTA_BYTE_ARRAY];
        match of == PhysicalType::BYTE_ARRAY && by_differences.contains(&self.encoding) {
            true => Err(CountsError::Encoding),
            false => Ok(()),
        }
    }
}

/// A reader of bytes in Thrift's compact protocol.
struct Thrift<'a>(&'a [u8]);

impl Thrift<'_> {
    const TRUE: u8 = 1;
    const FALSE: u8 = 2;
    const BYTE: u8 = 3;
    const I32: u8 = 5;
    const DOUBLE: u8 = 7;
    const BINARY: u8 = 8;
    const LIST: u8 = 9;
    const SET: u8 = 10;
    const STRUCT: u8 = 12;

    /// The number of children that a schema element claims to have.
    fn children(&mut self) -> Option<u64> {
        let (mut children, mut number) = (0, 0);
        while let Some(kind) = self.field(&mut number)? {
            match (number, kind) {
                (5, Self::I32) => children = u64::try_from(self.i32()?).ok()?,
                (5, _) => return None,
                (_, kind) => self.skip(kind, DEPTH)?,
            }
        }
        Some(children)
    }

    /// The header of a page; `None` if the bytes are not one.
    fn page(&mut self) -> Option<Page> {
        let (mut page, mut number) = (Page::default(), 0);
        while let Some(kind) = self.field(&mut number)? {
            // Fields are in order, so the type of the page is known before its contents.
            match (number, kind, page.kind) {
                (1, Self::I32, _) => page.kind = self.i32()?,
                (2, Self::I32, _) => page.uncompressed = self.i32()?,
                (3, Self::I32, _) => page.compressed = self.i32()?,
                (5, Self::STRUCT, Page::DATA) => self.values(&mut page, 2)?,
                (7, Self::STRUCT, Page::DICTIONARY) => self.values(&mut page, 2)?,
                (8, Self::STRUCT, Page::DATA_2) => self.values(&mut page, 4)?,
                (1..=3, ..) => return None,
                (_, kind, _) => self.skip(kind, DEPTH)?,
            }
        }
        Some(page)
    }

    /// The number of values in a page; the field with this number holds their encoding.
    fn values(&mut self, page: &mut Page, encoding: i16) -> Option<()> {
        let mut number = 0;
        while let Some(kind) = self.field(&mut number)? {
            match (number, kind) {
                (1, Self::I32) => page.values = self.i32()?,
                (field, Self::I32) if field == encoding => page.encoding = self.i32()?,
                (field, _) if field == 1 || field == encoding => return None,
                (_, kind) => self.skip(kind, DEPTH)?,
            }
        }
        Some(())
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn pass(&mut self, bytes: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(bytes).ok()?..)?;
        Some(())
    }

    /// An integer in groups of seven bits, the lowest first.
    fn natural(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A zigzag-encoded integer of at most 32 bits.
    fn i32(&mut self) -> Option<i64> {
        let value = self.natural()?;
        let value = (value >> 1) as i64 ^ -((value & 1) as i64);
        i32::try_from(value).ok().map(i64::from)
    }

    /// The type of a struct's next field after the one with this number; `None` at the end. Field numbers that
    /// are not delta-encoded are refused: no header needs them.
    fn field(&mut self, number: &mut i16) -> Option<Option<u8>> {
        let byte = self.byte()?;
        match (byte >> 4, byte & 15) {
            (_, 0) => Some(None),
            (0, _) => None,
            (distance, kind) => {
                *number = number.checked_add(distance.into())?;
                Some(Some(kind))
            }
        }
    }

    /// The length of a list and the type of its elements.
    fn list(&mut self) -> Option<(u64, u8)> {
        let byte = self.byte()?;
        let length = match byte >> 4 {
            15 => self.natural()?,
            length => length.into(),
        };
        Some((length, byte & 15))
    }

    /// Skips the value of a field.
    fn skip(&mut self, kind: u8, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            Self::TRUE | Self::FALSE => Some(()),
            Self::BYTE => self.pass(1),
            4..=6 => self.natural().map(drop),
            Self::DOUBLE => self.pass(8),
            Self::BINARY => {
                let length = self.natural()?;
                self.pass(length)
            }
            Self::LIST | Self::SET => {
                let (length, kind) = self.list()?;
                for _ in 0..length {
                    match kind {
                        Self::TRUE | Self::FALSE => self.pass(1)?, // one byte each in a list
                        kind => self.skip(kind, depth)?,
                    }
                }
                Some(())
            }
            Self::STRUCT => {
                let mut number = 0;
                while let Some(kind) = self.field(&mut number)? {
                    self.skip(kind, depth)?;
                }
                Some(())
            }
            _ => None, // maps, which no header contains
        }
    }
}
