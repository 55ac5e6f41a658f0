//! Where words come from: the command line, the lines of a list, a column of a table, JSON Lines.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use csv::ByteRecord;
use nextchar::data::{
    Decoded, Encoding, FirstRow, JsonFault, JsonLines, Shape, Table, table_columns,
};
use nextchar::error::Hint;
use nextchar::text::Vocab;
use nextchar::{CoreError, unpacked};

use super::shard::{Shard, Source};
use crate::failure::Failure;

/// The columns that are added to a table of words.
pub const ADDED: [&str; 5] = ["log_prob", "score", "percentile", "plausible", "reason"];

/// Bytes of a list in a shard.
const SHARD_BYTES: usize = 32 << 10;
/// Rows of a table in a shard.
const SHARD_ROWS: usize = 1024;
/// The usual size of a row in bytes; with larger ones a shard has fewer rows.
const USUAL_ROW_BYTES: usize = 1 << 10;

/// A stream of words that fills shards.
pub trait Input {
    /// Fills shards from the front with the available input, and returns how many; 0 at the end.
    fn fill(&mut self, shards: &mut [Shard]) -> Result<usize, Failure>;

    /// The header of a table.
    fn header(&self) -> Option<Header> {
        None
    }

    /// What the input does not say of itself and was guessed.
    fn guesses(&self) -> (Encoding, Option<FirstRow>) {
        (Encoding::Utf8, None)
    }
}

/// The columns of a table.
#[derive(Clone)]
pub struct Header {
    pub delimiter: u8,
    pub columns: ByteRecord,
    /// Whether the table has names for them; otherwise they are called #1, #2 and so on.
    pub is_named: bool,
}

/// An input as UTF-8.
pub(super) type Text = Decoded<Box<dyn BufRead>>;

/// The words on the command line.
pub struct Words<'a> {
    left: &'a [String],
}

impl<'a> Words<'a> {
    pub fn new(words: &'a [String]) -> Self {
        Words { left: words }
    }
}

impl Input for Words<'_> {
    fn fill(&mut self, shards: &mut [Shard]) -> Result<usize, Failure> {
        let words = std::mem::take(&mut self.left);
        let source = &mut shards[0].source;
        // Words, as rows with one cell: an empty one is a word, too.
        source.rows = words
            .iter()
            .map(|word| ByteRecord::from(vec![word.as_str()]))
            .collect();
        source.row_count = words.len();
        Ok(usize::from(!words.is_empty()))
    }
}

/// Opens the words of a list, or of standard input; `column` is that of a table or a key of JSON Lines.
pub fn open<'v>(
    list: &str,
    column: Option<&str>,
    vocab: &'v Vocab,
) -> Result<Box<dyn Input + 'v>, Failure> {
    let packed = open_any(list)?;
    let unpacked = unpacked(packed).map_err(|error| Failure::file(Path::new(list), &error))?;
    let mut input = decoded(list, unpacked)?;
    let shape = Shape::of(&mut input).map_err(|error| Failure::from(error).within(list))?;
    Ok(match (shape, column) {
        (Shape::Objects, Some(_)) | (Shape::Strings, None) => {
            Box::new(Values::of(list, input, column))
        }
        (Shape::Objects, None) => return Err(without_key(list, input)),
        (_, Some(column)) => Box::new(Rows::of(list, input, column)?),
        (Shape::Text, None) => Box::new(Lines {
            unchecked: Some(vocab),
            ..Lines::of(list, input)
        }),
    })
}

/// Decodes an input, which must not be a file of another kind.
pub(super) fn decoded(list: &str, input: Box<dyn BufRead>) -> Result<Text, Failure> {
    Decoded::open(input).map_err(|error| match error {
        CoreError::NotAList {
            hint: Hint::Parquet,
            ..
        } => Failure::misuse(format!(
            "{list}: it is a Parquet file, and words are scored as text only"
        ))
        .help(
            "write the table as CSV, for example with `duckdb -csv -c \"FROM 'FILE.parquet'\" > FILE.csv`, and score a column of it with --column",
        ),
        error => Failure::from(error).within(list),
    })
}

fn open_any(list: &str) -> Result<Box<dyn BufRead>, Failure> {
    if list == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    let path = Path::new(list);
    let file = File::open(path).map_err(|error| Failure::file(path, &error))?;
    if path.is_dir() {
        return Err(Failure::file(path, &io::ErrorKind::IsADirectory.into()));
    }
    Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
}

/// One word per line.
pub struct Lines<'a> {
    list: String,
    /// The vocabulary, until the first lines have been checked: a table is not a list of words.
    unchecked: Option<&'a Vocab>,
    input: Text,
    /// The start of a line whose end has not been read.
    begun: Vec<u8>,
    /// The current line was cut; the rest of it is skipped.
    skips: bool,
    ended: bool,
}

impl Lines<'_> {
    /// Those of an input with this name.
    pub(super) fn of(list: &str, input: Text) -> Self {
        Lines {
            list: list.to_owned(),
            unchecked: None,
            input,
            begun: Vec::new(),
            skips: false,
            ended: false,
        }
    }

    /// Reads up to the size of a shard; returns true if there is no more for now.
    fn read(&mut self, lines: &mut Vec<u8>) -> Result<bool, Failure> {
        let wanted = SHARD_BYTES - lines.len();
        let mut part = (&mut self.input).take(wanted as u64);
        let before = lines.len();
        while lines.len() - before < wanted {
            let start = lines.len();
            lines.resize(before + wanted, 0);
            let read = loop {
                match part.read(&mut lines[start..]) {
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    read => break read,
                }
            };
            let read = read.map_err(|error| Failure::file(Path::new(&self.list), &error))?;
            lines.truncate(start + read);
            self.ended |= read == 0;
            // A terminal or a pipe returns what it has: its complete lines need not wait for more.
            if read == 0 || (start + read < before + wanted && lines.contains(&b'\n')) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Fills one shard with complete lines; returns true if there is no more for now.
    fn fill_one(&mut self, lines: &mut Vec<u8>, is_cut: &mut bool) -> Result<bool, Failure> {
        lines.clear();
        lines.append(&mut self.begun);
        *is_cut = false;
        let pauses = self.read(lines)?;
        if self.skips {
            let end = memchr::memchr(b'\n', lines);
            self.skips = end.is_none() && !self.ended;
            lines.drain(..end.map_or(lines.len(), |end| end + 1));
        }
        match memchr::memrchr(b'\n', lines) {
            Some(end) => self.begun = lines.split_off(end + 1),
            None if self.ended => {}
            None if lines.len() < SHARD_BYTES => self.begun = std::mem::take(lines),
            None => {
                (*is_cut, self.skips) = (true, true);
                lines.truncate(SHARD_BYTES / 32);
                lines.push(b'\n');
            }
        }
        if self.ended {
            lines.append(&mut self.begun);
            if lines.last().is_some_and(|&byte| byte != b'\n') {
                lines.push(b'\n');
            }
        }
        if let Some(vocab) = self.unchecked.take_if(|_| !lines.is_empty()) {
            check_lines(&self.list, lines, vocab)?;
        }
        Ok(pauses)
    }
}

/// Rejects the lines of a table, none of which could be scored: no word contains the delimiter.
fn check_lines(list: &str, lines: &[u8], vocab: &Vocab) -> Result<(), Failure> {
    match table_columns(lines) {
        Some((delimiter, columns)) if vocab.token(delimiter.encode_utf8(&mut [0; 4])).is_none() => {
            Err(Failure::from(CoreError::LooksLikeCsv { columns }).within(list))
        }
        _ => Ok(()),
    }
}

/// Rejects a table that already has a column with the name of an added one.
pub fn check_columns(list: &str, header: Option<&Header>) -> Result<(), Failure> {
    let columns = header.iter().flat_map(|header| header.columns.iter());
    let is_added = |column: &str| ADDED.iter().any(|name| column.eq_ignore_ascii_case(name));
    let mut names = columns.map(|column| String::from_utf8_lossy(column.trim_ascii()).into_owned());
    match names.find(|column| is_added(column)) {
        Some(column) => Err(Failure::misuse(format!(
            "{list}: it already has a column {column:?}, the name of one that would be added"
        ))
        .help("rename or remove that column; --json keeps the row and the scores apart")),
        None => Ok(()),
    }
}

impl Input for Lines<'_> {
    fn fill(&mut self, shards: &mut [Shard]) -> Result<usize, Failure> {
        let mut filled = 0;
        while filled < shards.len() && !self.ended {
            let source = &mut shards[filled].source;
            let pauses = self.fill_one(&mut source.lines, &mut source.is_cut)?;
            // A shard may contain nothing but the middle of a line that is too long.
            filled += usize::from(!source.lines.is_empty());
            if pauses && filled > 0 {
                break;
            }
        }
        Ok(filled)
    }

    fn guesses(&self) -> (Encoding, Option<FirstRow>) {
        (self.input.encoding(), None)
    }
}

/// A column of a table.
pub struct Rows {
    list: String,
    table: Table<Text>,
    column: usize,
    first_row: Option<FirstRow>,
}

impl Rows {
    /// Those of an input with this name.
    pub(super) fn of(list: &str, input: Text, column: &str) -> Result<Self, Failure> {
        let within = |error| Failure::from(error).within(list);
        let mut table = Table::open(input).map_err(within)?;
        let place = table.find(column).map_err(within)?;
        let first_row = table.first_row([column].into_iter(), place);
        Ok(Rows {
            list: list.to_owned(),
            column: place,
            first_row: first_row.map_err(within)?,
            table,
        })
    }

    /// Reads rows up to the size of a shard; returns false if there are no more.
    fn fill_one(&mut self, source: &mut Source) -> Result<bool, Failure> {
        let (width, mut size) = (self.table.columns().len(), 0);
        source.rows.resize(SHARD_ROWS, ByteRecord::new());
        (source.row_count, source.column) = (0, self.column);
        for row in &mut source.rows {
            if row.as_slice().len() > USUAL_ROW_BYTES {
                *row = ByteRecord::new(); // releases its memory
            }
            let more = self.table.read(row);
            if !more.map_err(|error| Failure::from(error).within(&self.list))? {
                return Ok(false);
            }
            // The added cells must be below their header.
            if row.len() > width {
                let line = row.position().map_or(0, csv::Position::line);
                let first = match self.first_row {
                    Some(FirstRow::Data) => "first line",
                    _ => "header",
                };
                return Err(Failure::failed(format!(
                    "{}: line {line} has {} cells, but the {first} has {width}",
                    self.list,
                    row.len()
                ))
                .help("put a cell that contains the delimiter in double quotes"));
            }
            while row.len() < width {
                row.push_field(b"");
            }
            source.row_count += 1;
            size += row.as_slice().len();
            if size > SHARD_ROWS * USUAL_ROW_BYTES {
                break;
            }
        }
        Ok(true)
    }
}

impl Input for Rows {
    fn fill(&mut self, shards: &mut [Shard]) -> Result<usize, Failure> {
        for (index, shard) in shards.iter_mut().enumerate() {
            if !self.fill_one(&mut shard.source)? {
                return Ok(index + usize::from(shard.source.row_count > 0));
            }
        }
        Ok(shards.len())
    }

    fn header(&self) -> Option<Header> {
        let named = self.table.columns();
        let is_named = self.first_row != Some(FirstRow::Data);
        let numbered = (1..=named.len()).map(|number| format!("#{number}"));
        Some(Header {
            delimiter: self.table.delimiter(),
            columns: match is_named {
                true => named.clone(),
                false => ByteRecord::from(numbered.collect::<Vec<_>>()),
            },
            is_named,
        })
    }

    fn guesses(&self) -> (Encoding, Option<FirstRow>) {
        (self.table.input().encoding(), self.first_row)
    }
}

/// The values of JSON Lines: strings, or a key of objects. A row has the word and, of an object, the line.
pub struct Values {
    list: String,
    lines: JsonLines<Text>,
    key: Option<String>,
}

impl Values {
    fn of(list: &str, input: Text, key: Option<&str>) -> Self {
        Values {
            list: list.to_owned(),
            lines: JsonLines::new(input),
            key: key.map(str::to_owned),
        }
    }

    fn row(&self) -> Result<ByteRecord, JsonFault> {
        let line = self.lines.line();
        Ok(match &self.key {
            Some(key) => {
                let word = self.lines.object()?.cell(key)?.unwrap_or_default();
                ByteRecord::from(vec![word.as_bytes(), line])
            }
            None => ByteRecord::from(vec![self.lines.string()?]),
        })
    }

    /// Reads values up to the size of a shard; returns false if there are no more.
    fn fill_one(&mut self, source: &mut Source) -> Result<bool, Failure> {
        let mut size = 0;
        source.rows.clear();
        source.row_count = 0;
        while source.row_count < SHARD_ROWS && size < SHARD_ROWS * USUAL_ROW_BYTES {
            let more = self.lines.read();
            if !more.map_err(|error| Failure::from(error).within(&self.list))? {
                return Ok(false);
            }
            if self.lines.line().is_empty() {
                continue;
            }
            let row = self.row().map_err(|JsonFault { column, what }| {
                let line = self.lines.number();
                let list = &self.list;
                Failure::failed(format!(
                    "{list}: line {line}, character {column}: JSON: {what}"
                ))
                .help("each line must be one JSON value, like the first")
            })?;
            size += row.as_slice().len();
            source.rows.push(row);
            source.row_count += 1;
        }
        Ok(true)
    }
}

impl Input for Values {
    fn fill(&mut self, shards: &mut [Shard]) -> Result<usize, Failure> {
        for (index, shard) in shards.iter_mut().enumerate() {
            if !self.fill_one(&mut shard.source)? {
                return Ok(index + usize::from(shard.source.row_count > 0));
            }
        }
        Ok(shards.len())
    }

    fn guesses(&self) -> (Encoding, Option<FirstRow>) {
        (self.lines.input().encoding(), None)
    }
}

/// The failure of objects of which no key is selected.
fn without_key(list: &str, input: Text) -> Failure {
    let mut lines = JsonLines::new(input);
    let mut keys = Vec::new();
    while lines.read().is_ok_and(|more| more) && keys.is_empty() {
        let object = lines.object();
        keys.extend(
            object
                .iter()
                .flat_map(|object| object.keys().map(str::to_owned)),
        );
    }
    Failure::from(CoreError::LooksLikeJson { keys }).within(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns at most this number of bytes at a time.
    struct Slow(io::Cursor<Vec<u8>>, usize);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    #[test]
    fn lines_are_whole_however_they_arrive() {
        let long = "x".repeat(3 * SHARD_BYTES);
        let mut text: String = (0..20_000).map(|i| format!("word{i}\n")).collect();
        text.push_str(&format!("{long}\n\nafter\nlast"));
        for step in [1 << 20, SHARD_BYTES, 1000, 7] {
            let slow = Slow(io::Cursor::new(text.clone().into_bytes()), step);
            let slow = Box::new(BufReader::with_capacity(1, slow));
            let mut lines = Lines::of("-", decoded("-", slow).ok().unwrap());
            let mut shards: Vec<Shard> = (0..4).map(|_| Shard::default()).collect();
            let mut found = String::new();
            loop {
                let filled = lines.fill(&mut shards).unwrap();
                if filled == 0 {
                    break;
                }
                for shard in &shards[..filled] {
                    let part = std::str::from_utf8(&shard.source.lines).unwrap();
                    assert!(part.ends_with('\n') && part.len() <= SHARD_BYTES + 1);
                    found.push_str(part);
                }
            }
            let cut = &long[..SHARD_BYTES / 32];
            let expected = text.replace(&long, cut) + "\n";
            let found = found.replace(&"x".repeat(cut.len()), "L");
            assert_eq!(found, expected.replace(cut, "L"), "{step}");
        }
    }
}
