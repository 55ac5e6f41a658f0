//! What a Parquet file claims about itself, checked before the Parquet library relies on it: the number of
//! columns and rows, the sizes of pages, and the numbers of values in them.
//!
//! That library allocates as much memory as a page's header claims, so the headers are read here first.

use parquet::basic::Type as PhysicalType;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::{COLUMNS, CountsError};
use crate::page_headers::{MOST_COLUMNS, Page, most_columns, most_rows, most_unpacked};

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

/// Checks the number of rows, and every page of the columns that are used.
pub fn check_pages(bytes: &[u8], metadata: &ParquetMetaData) -> Result<(), CountsError> {
    let most = most_rows(bytes.len() as i64);
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
    let mut pages = pages.ok_or_else(damaged)?;
    while !pages.is_empty() {
        let (page, header) = Page::read(pages).ok_or_else(damaged)?;
        check_page(&page, column.column_type())?;
        let size = usize::try_from(page.compressed).map_err(|_| damaged())?;
        pages = pages[header..].get(size..).ok_or_else(damaged)?;
    }
    Ok(())
}

fn check_page(page: &Page, of: PhysicalType) -> Result<(), CountsError> {
    let &Page {
        uncompressed,
        compressed,
        values,
        ..
    } = page;
    if uncompressed > most_unpacked(compressed) {
        return Err(refused(format!(
            "{uncompressed} bytes in a page of {compressed}"
        )));
    }
    // A text is preceded by its length, and a number has at least four bytes.
    if page.kind == Page::DICTIONARY && values > uncompressed / 4 {
        return Err(refused(format!(
            "{values} different values in {uncompressed} bytes"
        )));
    }
    let by_differences = [Page::DELTA_LENGTH_BYTE_ARRAY, Page::DELTA_BYTE_ARRAY];
    match of == PhysicalType::BYTE_ARRAY && by_differences.contains(&page.encoding) {
        true => Err(CountsError::Encoding),
        false => Ok(()),
    }
}
