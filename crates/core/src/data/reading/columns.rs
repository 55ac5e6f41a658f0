//! Step 2, the columns of any table: which one is meant, and how a table that is not text hands over its cells.

use std::borrow::Cow;

use crate::error::Error;

/// A table whose cells are not the text of a file, such as Parquet. It is read like a CSV table with a header, by
/// [`scan_rows`](crate::data::scan_rows).
pub trait Rows {
    /// The names of the columns.
    fn columns(&self) -> &[String];

    /// Selects the columns that are read, before the first row: that of the names, and those that are compared or
    /// contain weights.
    ///
    /// # Errors
    /// If a column cannot be used for this; [`Error::NotText`] and [`Error::NoCells`] are such faults.
    fn select(&mut self, names: usize, others: &[usize]) -> Result<(), Error>;

    /// Goes to the next row; returns false at the end.
    ///
    /// # Errors
    /// [`Error::Read`] if the table is damaged.
    fn advance(&mut self) -> Result<bool, Error>;

    /// The text of the current row in a selected column, as CSV would have it; a missing value is empty.
    fn cell(&self, column: usize) -> Cow<'_, [u8]>;
}

/// The index of a column: by its name, where case and surrounding white space do not matter, or by its position, such
/// as `#2`. With `is_first_line`, the names are the first line of a text, which may be data.
pub(super) fn find(columns: &[String], wanted: &str, is_first_line: bool) -> Result<usize, Error> {
    let wanted_lower = wanted.trim().to_lowercase();
    let is_wanted = |&place: &usize| columns[place].trim().to_lowercase() == wanted_lower;
    let places: Vec<usize> = (0..columns.len()).filter(is_wanted).collect();
    match places[..] {
        [place] => Ok(place),
        [] if let Some(place) = position(wanted).filter(|&place| place < columns.len()) => {
            Ok(place)
        }
        [] => Err(Error::NoColumn {
            wanted: wanted.to_owned(),
            columns: columns.to_vec(),
            is_first_line,
        }),
        _ => Err(Error::AmbiguousColumn {
            wanted: wanted.to_owned(),
            positions: places.iter().map(|place| place + 1).collect(),
        }),
    }
}

/// The index of a column that is selected by position, such as `#2`.
pub(super) fn position(wanted: &str) -> Option<usize> {
    let number: usize = wanted.trim().strip_prefix('#')?.parse().ok()?;
    number.checked_sub(1)
}

/// The only column that is not used for something else.
pub(super) fn only_other(columns: &[String], used: &[usize]) -> Result<usize, Error> {
    let mut others = (0..columns.len()).filter(|place| !used.contains(place));
    match (others.next(), others.next()) {
        (Some(column), None) => Ok(column),
        _ => Err(Error::LooksLikeCsv {
            columns: columns.to_vec(),
        }),
    }
}
