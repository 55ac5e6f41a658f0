//! Step 2, tables: the rows of a CSV or TSV with a header, one at a time, none of them larger than memory
//! should hold.

use std::io::{self, BufRead, Read};

use csv::ByteRecord;

use crate::error::Error;

/// Bytes that a row may have: more are a double quote that is not closed, or no table.
const MAX_ROW_BYTES: u64 = 1 << 20;

/// A CSV or TSV that is read row by row; the header tells which of the two it is.
///
/// ```
/// use nextchar_core::data::Table;
///
/// let mut table = Table::open("id\tName\n1\taadesh\n2\tzeel\n".as_bytes()).unwrap();
/// let (name, mut row, mut names) = (table.find("name").unwrap(), Default::default(), Vec::new());
/// while table.read(&mut row).unwrap() {
///     names.push(String::from_utf8_lossy(&row[name]).into_owned());
/// }
/// assert_eq!(names, ["aadesh", "zeel"]);
/// ```
pub struct Table<R> {
    rows: csv::Reader<Limited<io::Chain<io::Cursor<Vec<u8>>, R>>>,
    delimiter: u8,
    columns: ByteRecord,
}

/// An input that is given out only as far as the row in hand may be large.
struct Limited<R> {
    input: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !buffer.is_empty() {
            return Err(io::Error::other(
                "a row of more than a million bytes: is a double quote not closed?",
            ));
        }
        let room = buffer.len().min(self.left as usize);
        let read = self.input.read(&mut buffer[..room])?;
        self.left -= read as u64;
        Ok(read)
    }
}

impl<R: BufRead> Table<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Error::Read`] where the input fails or the header is larger than a million bytes.
    pub fn open(mut input: R) -> Result<Self, Error> {
        let mut first = Vec::new();
        let mut begin = input.by_ref().take(MAX_ROW_BYTES);
        begin.read_until(b'\n', &mut first).map_err(failed)?;
        let delimiter = sniff_delimiter(&first);
        let limited = Limited {
            input: io::Cursor::new(first).chain(input),
            left: MAX_ROW_BYTES,
        };
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(limited);
        let columns = rows.byte_headers().map_err(|error| at(1, &error))?.clone();
        Ok(Table {
            rows,
            delimiter,
            columns,
        })
    }

    /// What stands between the cells: a tab, a comma or a semicolon.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The header's cells.
    pub fn columns(&self) -> &ByteRecord {
        &self.columns
    }

    /// The place of a column; case and white space around its name do not matter.
    ///
    /// # Errors
    /// [`Error::NoColumn`], with the columns that there are.
    pub fn find(&self, wanted: &str) -> Result<usize, Error> {
        let names: Vec<String> = self
            .columns
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().to_owned())
            .collect();
        let wanted_lower = wanted.trim().to_lowercase();
        names
            .iter()
            .position(|name| name.to_lowercase() == wanted_lower)
            .ok_or_else(|| Error::NoColumn {
                wanted: wanted.to_owned(),
                columns: names,
            })
    }

    /// Reads the next row in place of another; false at the end.
    ///
    /// # Errors
    /// [`Error::Read`] where the input fails or the row is larger than a million bytes.
    pub fn read(&mut self, row: &mut ByteRecord) -> Result<bool, Error> {
        self.rows.get_mut().left = MAX_ROW_BYTES;
        let line = self.rows.position().line();
        let more = self.rows.read_byte_record(row);
        more.map_err(|error| at(line, &error))
    }
}

fn failed(error: io::Error) -> Error {
    Error::Read(error.to_string())
}

fn at(line: u64, error: &csv::Error) -> Error {
    Error::Read(format!("line {line}: {error}"))
}

/// The most frequent of tab, comma and semicolon in a header line.
pub(crate) fn sniff_delimiter(header: &[u8]) -> u8 {
    let mut quoted = false;
    let outside = |&&byte: &&u8| {
        quoted ^= byte == b'"';
        !quoted
    };
    let outside: Vec<u8> = header.iter().filter(outside).copied().collect();
    let count = |delimiter: u8| outside.iter().filter(|&&byte| byte == delimiter).count();
    [b';', b',', b'\t']
        .into_iter()
        .filter(|&delimiter| count(delimiter) > 0)
        .max_by_key(|&delimiter| count(delimiter))
        .unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_the_delimiter() {
        for (header, delimiter) in [
            ("name\r\n", b','),
            ("id\tname", b'\t'),
            ("id;first, last;name", b';'),
            ("\"id; of; whom\",name", b','),
            ("\"a \"\"b;c\"\";;\",name\n", b','),
        ] {
            assert_eq!(sniff_delimiter(header.as_bytes()), delimiter, "{header}");
        }
    }

    #[test]
    fn rows_have_a_largest_size() {
        let long = "x".repeat(MAX_ROW_BYTES as usize - 20_000);
        let text = format!("id;name\n1;{long}\n2;{long}\n3;\"open\n{long}{long}");
        let mut table = Table::open(text.as_bytes()).unwrap();
        assert_eq!((table.delimiter(), table.find(" NAME").unwrap()), (b';', 1));
        let mut row = ByteRecord::new();
        for _ in 0..2 {
            assert!(table.read(&mut row).unwrap());
            assert_eq!(row[1].len(), long.len());
        }
        let said = table.read(&mut row).unwrap_err().to_string();
        assert!(said.starts_with("line 4: a row of more than"), "{said}");
        let header = "\"a".repeat(MAX_ROW_BYTES as usize);
        assert!(Table::open(header.as_bytes()).is_err());
    }
}
