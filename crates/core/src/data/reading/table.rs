//! Step 2, tables: the rows of a CSV or TSV file, one at a time, with a limit on their size.

use std::io::{self, BufRead, Read};

use csv::ByteRecord;

use crate::data::reading::columns::{self, position};
use crate::data::reading::header::is_header;
use crate::data::reading::quotes::Quotes;
use crate::error::Error;

/// Largest size of a row in bytes: more means a double quote that is not closed, or a file that is not a table.
pub(super) const MAX_ROW_BYTES: u64 = 1 << 20;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// A table that is read row by row; its first line shows what separates the cells.
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
    rows: csv::Reader<Watched<io::Chain<io::Cursor<Vec<u8>>, R>>>,
    delimiter: u8,
    columns: ByteRecord,
    /// Rows that were read ahead, the next one last.
    ahead: Vec<ByteRecord>,
}

/// What the first row of a table is whose columns were selected by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FirstRow {
    /// A header, which was skipped.
    Header,
    /// A row like the others.
    Data,
}

/// An input that ends where the current row becomes too large, and whose double quotes are followed: the parser
/// would take everything after an open one for a single cell.
struct Watched<R> {
    input: R,
    left: u64,
    quotes: Quotes,
    ended: bool,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !buffer.is_empty() {
            return Err(io::Error::other("a row of more than a million bytes"));
        }
        let room = buffer.len().min(self.left as usize);
        let read = self.input.read(&mut buffer[..room])?;
        self.left -= read as u64;
        self.ended |= read == 0 && room > 0;
        self.quotes.watch(&buffer[..read]);
        Ok(read)
    }
}

impl<R> Watched<R> {
    /// Checks the double quotes that were read.
    fn check(&self) -> Result<(), Error> {
        let open = self.quotes.open_line().filter(|_| self.ended);
        match self.quotes.broken_line().or(open) {
            Some(line) => Err(Error::OpenQuote { line }),
            None => Ok(()),
        }
    }

    /// A fault of the parser or the input, in a row that begins at `line`.
    fn fault(&self, line: u64, error: &csv::Error) -> Error {
        if self.left == 0 {
            let quote = self.quotes.open_line();
            return Error::RowTooLong { line, quote };
        }
        Error::Read(format!("line {line}: {error}"))
    }
}

impl<R: BufRead> Table<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Error::Read`] if the input fails, [`Error::RowTooLong`] if the header is larger than a million bytes,
    /// [`Error::OpenQuote`] if one of its double quotes is not closed.
    pub fn open(mut input: R) -> Result<Self, Error> {
        let mut first = Vec::new();
        let mut begin = input.by_ref().take(MAX_ROW_BYTES);
        begin.read_until(b'\n', &mut first).map_err(failed)?;
        if first.starts_with(BOM) {
            first.drain(..BOM.len());
        }
        let delimiter = sniff_delimiter(&first);
        let watched = Watched {
            input: io::Cursor::new(first).chain(input),
            left: MAX_ROW_BYTES,
            quotes: Quotes::new(delimiter),
            ended: false,
        };
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(watched);
        let columns = rows.byte_headers().cloned();
        let columns = columns.map_err(|error| rows.get_ref().fault(1, &error))?;
        rows.get_ref().check()?;
        Ok(Table {
            rows,
            delimiter,
            columns,
            ahead: Vec::new(),
        })
    }

    /// The separator of the cells: a tab, a comma, a semicolon or a vertical bar.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The header's cells.
    pub fn columns(&self) -> &ByteRecord {
        &self.columns
    }

    /// The header's cells as text, without surrounding white space.
    pub fn column_names(&self) -> Vec<String> {
        let name = |name: &[u8]| String::from_utf8_lossy(name).trim().to_owned();
        self.columns.iter().map(name).collect()
    }

    /// What the table is read from.
    pub fn input(&self) -> &R {
        self.rows.get_ref().input.get_ref().1
    }

    /// The index of a column: by its name, where case and surrounding white space do not matter, or by its position,
    /// such as `#2`.
    ///
    /// # Errors
    /// [`Error::NoColumn`], with the existing columns; [`Error::AmbiguousColumn`] if several have this name.
    pub fn find(&self, wanted: &str) -> Result<usize, Error> {
        columns::find(&self.column_names(), wanted, true)
    }

    /// Decides whether the first row is data, if all of these columns are selected by position; `None` if one of
    /// them is a name, so that the first row is a header. `names` is the index of the column of names.
    ///
    /// # Errors
    /// As [`Table::read`].
    pub fn first_row<'w>(
        &mut self,
        mut wanted: impl Iterator<Item = &'w str>,
        names: usize,
    ) -> Result<Option<FirstRow>, Error> {
        let header = self.column_names();
        if !wanted
            .all(|column| position(column).is_some() && !header.iter().any(|name| name == column))
        {
            return Ok(None);
        }
        let mut second = ByteRecord::new();
        let has_second = self.read(&mut second)?;
        let first_row = match is_header(&self.columns, has_second.then_some(&second), names) {
            true => FirstRow::Header,
            false => FirstRow::Data,
        };
        self.ahead.extend(has_second.then_some(second));
        if first_row == FirstRow::Data && !self.columns.is_empty() {
            self.ahead.push(self.columns.clone());
        }
        Ok(Some(first_row))
    }

    /// Replaces `row` by the next one; returns false at the end.
    ///
    /// # Errors
    /// [`Error::Read`] if the input fails, [`Error::RowTooLong`] if the row is larger than a million bytes,
    /// [`Error::OpenQuote`] if a double quote is not closed at the end of its cell.
    pub fn read(&mut self, row: &mut ByteRecord) -> Result<bool, Error> {
        if let Some(next) = self.ahead.pop() {
            *row = next;
            return Ok(true);
        }
        self.rows.get_mut().left = MAX_ROW_BYTES;
        let line = self.rows.position().line();
        let more = self.rows.read_byte_record(row);
        let more = more.map_err(|error| self.rows.get_ref().fault(line, &error))?;
        self.rows.get_ref().check()?;
        Ok(more)
    }
}

fn failed(error: io::Error) -> Error {
    Error::Read(error.to_string())
}

/// The most frequent of tab, comma, semicolon and vertical bar in a header line.
pub(crate) fn sniff_delimiter(header: &[u8]) -> u8 {
    let mut quoted = false;
    let outside = |&&byte: &&u8| {
        quoted ^= byte == b'"';
        !quoted
    };
    let outside: Vec<u8> = header.iter().filter(outside).copied().collect();
    let count = |delimiter: u8| outside.iter().filter(|&&byte| byte == delimiter).count();
    [b'|', b';', b',', b'\t']
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
            ("id|last, first", b','),
            ("id|name|born, or not", b'|'),
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
        assert!(said.contains("opens in line 4"), "{said}");
        let header = "\"a".repeat(MAX_ROW_BYTES as usize);
        assert!(Table::open(header.as_bytes()).is_err());
    }

    /// All rows of a table, or its error.
    fn rows(text: &str) -> Result<Vec<ByteRecord>, Error> {
        let mut table = Table::open(text.as_bytes())?;
        let (mut rows, mut row) = (Vec::new(), ByteRecord::new());
        while table.read(&mut row)? {
            rows.push(row.clone());
        }
        Ok(rows)
    }

    #[test]
    fn an_open_quote_is_refused_at_its_line() {
        let names = "b,1\n".repeat(20_000);
        for (text, line) in [
            (format!("name,n\na,1\n\"anna,1\n{names}"), 3),
            (format!("name,height\nanna,\"5'10\n{names}"), 2),
            ("name,n\na,1\n\"b\nc\",2\nd,\"3".to_owned(), 5),
            ("name,\"n\na,1\n".to_owned(), 1),
            // The next stray quote would close the first one, and everything between them would be one cell.
            (format!("name,n\n\"anna,1\n{names}\"bob,2\nc,3\n"), 2),
        ] {
            let error = rows(&text).unwrap_err();
            assert_eq!(error, Error::OpenQuote { line }, "{}", &text[..20]);
        }
    }

    #[test]
    fn quotes_within_and_around_cells_are_fine() {
        for text in [
            "name,n\n\"a\"\"b\",1\n",
            "name,n\n\"a,\nb\",1\n",
            "name,n\na \"b\" c,1\n",
            "name,n\n5'10\",1\n",
            "\u{feff}\"name\",\"n\"\r\n\"a\",\"1\"",
            "name,n\n\"a\" b,1\n",
        ] {
            assert_eq!(rows(text).map(|rows| rows.len()), Ok(1), "{text}");
        }
    }

    #[test]
    fn a_name_that_two_columns_have_is_ambiguous() {
        let table = Table::open("id,Name,n, name\n".as_bytes()).unwrap();
        let error = table.find("name").unwrap_err();
        assert_eq!(
            error.to_string(),
            "2 columns have the name \"name\": numbers 2 and 4"
        );
        assert_eq!(table.find("id"), Ok(0));
    }

    #[test]
    fn columns_have_positions() {
        let table = |text: &'static [u8]| Table::open(text).unwrap();
        let named = table(b"id,#1\n");
        assert_eq!([named.find("#1"), named.find("#2")], [Ok(1), Ok(1)]);
        for wanted in ["#0", "#3", "#", "#x", "# 2"] {
            let error = named.find(wanted).unwrap_err();
            assert!(matches!(error, Error::NoColumn { .. }), "{wanted}");
        }
        for (text, wanted, expected, rows) in [
            (&b"IN,asha\nIN,ravi\n"[..], "#2", Some(FirstRow::Data), 2),
            (b"country,name\nIN,ravi\n", "#2", Some(FirstRow::Header), 1),
            (b"IN,asha", "#2", Some(FirstRow::Data), 1),
            (b"country,name", "name", None, 0),
        ] {
            let mut table = table(text);
            assert_eq!(table.first_row([wanted].into_iter(), 1), Ok(expected));
            let mut row = ByteRecord::new();
            let mut lines = Vec::new();
            while table.read(&mut row).unwrap() {
                lines.push(row.position().unwrap().line());
            }
            assert_eq!(lines.len(), rows);
            assert!(lines.is_sorted() && lines.first() != Some(&0));
        }
    }
}
