//! Step 2: the data. A list of names, and how a user's file becomes one.
//!
//! A line is trimmed, brought to Unicode's composed form (NFC) and lower-cased; what the alphabet
//! cannot hold is rejected with its line number and reason, and never silently.

use std::collections::BTreeMap;
use std::fmt;
use std::io::BufRead;
use std::str::FromStr;

use rustc_hash::FxHashMap;
use serde::Serialize;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::vocab::{END_SYMBOL, Token, UnknownCharacter, Vocab};
use crate::error::Error;

/// The longest name that is accepted, in characters.
pub const MAX_NAME_LENGTH: usize = 1000;

/// Which characters a name may have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Alphabet {
    /// The lecture's: a–z.
    #[default]
    Az,
    /// Whatever characters the data has.
    Data,
}

impl fmt::Display for Alphabet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Alphabet::Az => "az",
            Alphabet::Data => "data",
        })
    }
}

impl FromStr for Alphabet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "az" => Ok(Alphabet::Az),
            "data" => Ok(Alphabet::Data),
            _ => Err(format!("{text:?} is neither `az` nor `data`")),
        }
    }
}

/// One name and how often it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name, cleaned.
    pub text: String,
    /// Its weight in the corpus: 1 unless duplicates are kept or weights are given.
    pub count: u64,
}

/// Different names, in the order in which they first stood.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameList {
    names: Vec<Name>,
    places: FxHashMap<String, usize>,
}

impl NameList {
    /// The list of these names; the counts of equal ones add up.
    pub fn from_names(names: impl IntoIterator<Item = Name>) -> Self {
        let mut list = NameList::default();
        for name in names {
            list.add(name.text, name.count);
        }
        list
    }

    /// Adds to the count of a name; says whether the name is new.
    fn add(&mut self, text: String, count: u64) -> bool {
        if let Some(&place) = self.places.get(&text) {
            let name = &mut self.names[place];
            name.count = name.count.saturating_add(count);
            return false;
        }
        self.places.insert(text.clone(), self.names.len());
        self.names.push(Name { text, count });
        true
    }

    /// The names, in order.
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// Number of different names.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no name.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// All counts added up.
    pub fn total(&self) -> u64 {
        self.names.iter().fold(0, |sum, name| sum.saturating_add(name.count))
    }

    /// Whether a name stands in the list.
    pub fn contains(&self, text: &str) -> bool {
        self.places.contains_key(text)
    }

    /// Length of the longest name, in characters; 0 for an empty list.
    pub fn longest(&self) -> usize {
        let lengths = self.names.iter().map(|name| name.text.chars().count());
        lengths.max().unwrap_or(0)
    }

    /// The vocabulary of an alphabet for this list.
    ///
    /// # Errors
    /// [`Error::BadAlphabet`] where the data has more characters than tokens can number.
    pub fn vocab(&self, alphabet: Alphabet) -> Result<Vocab, Error> {
        match alphabet {
            Alphabet::Az => Ok(Vocab::az()),
            Alphabet::Data => {
                Vocab::from_characters(self.names.iter().flat_map(|name| name.text.chars()))
                    .ok_or(Error::BadAlphabet)
            }
        }
    }

    /// Every name as tokens, with its count.
    ///
    /// # Errors
    /// [`UnknownCharacter`] of the first name that the vocabulary cannot hold.
    pub fn encode(&self, vocab: &Vocab) -> Result<Vec<(Vec<Token>, u64)>, UnknownCharacter> {
        let encode = |name: &Name| Ok((vocab.encode(&name.text)?, name.count));
        self.names.iter().map(encode).collect()
    }

    /// Takes out the names that stand in another list; returns how many those were.
    pub fn remove_all(&mut self, other: &NameList) -> usize {
        let before = self.len();
        let names = std::mem::take(&mut self.names);
        *self = NameList::from_names(names.into_iter().filter(|name| !other.contains(&name.text)));
        before - self.len()
    }

    /// SHA-256 of the names and counts in sorted order, as hex: the order of lines does not matter.
    pub fn digest(&self) -> String {
        let mut sorted: Vec<&Name> = self.names.iter().collect();
        sorted.sort_by(|a, b| a.text.cmp(&b.text));
        let mut hash = Sha256::new();
        for name in sorted {
            hash.update(format!("{}\t{}\n", name.text, name.count));
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// How a file is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// The column of a CSV or TSV that holds the names; `None` reads one name a line, unless
    /// `weights` or `filter` ask for columns, when it is the first.
    pub column: Option<String>,
    /// A column with a whole-number weight for each name.
    pub weights: Option<String>,
    /// Keep only the rows that have this value in this column.
    pub filter: Option<(String, String)>,
    /// Which characters a name may have.
    pub alphabet: Alphabet,
    /// Shortest name that is kept, in characters.
    pub min_length: usize,
    /// Longest name that is kept, in characters.
    pub max_length: usize,
    /// Count a name as often as it stands, rather than once.
    pub keep_duplicates: bool,
    /// Refuse the file at the first line that cannot be used, rather than skip such lines.
    pub strict: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            column: None,
            weights: None,
            filter: None,
            alphabet: Alphabet::Az,
            min_length: 1,
            max_length: MAX_NAME_LENGTH,
            keep_duplicates: false,
            strict: false,
        }
    }
}

/// Why a line cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RejectReason {
    /// A character that is not a–z, where the alphabet is a–z.
    OutsideAz(char),
    /// The end mark's symbol, which no name can have.
    EndMark,
    /// A control character, such as NUL or a tab.
    Control(char),
    /// Bytes that are not UTF-8.
    InvalidUtf8,
    /// More than [`MAX_NAME_LENGTH`] characters.
    TooLong,
    /// The row has no such column, or nothing in it.
    MissingValue,
    /// The weight is not a whole number from 1 on.
    BadWeight(String),
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RejectReason::OutsideAz(c) => write!(f, "{c:?} is not one of a–z"),
            RejectReason::EndMark => write!(f, "'{END_SYMBOL}' stands for the end of a name"),
            RejectReason::Control(c) => write!(f, "control character {c:?}"),
            RejectReason::InvalidUtf8 => write!(f, "not valid UTF-8"),
            RejectReason::TooLong => write!(f, "longer than {MAX_NAME_LENGTH} characters"),
            RejectReason::MissingValue => write!(f, "no value in the column"),
            RejectReason::BadWeight(text) => {
                write!(f, "the weight {text:?} is not a whole number from 1 on")
            }
        }
    }
}

impl Serialize for RejectReason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A line that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// Line number, from 1.
    pub line: u64,
    /// Place of the fault in the name, in characters from 1.
    pub column: usize,
    /// The beginning of the name as it stands in the file.
    pub text: String,
    /// What is wrong with it.
    pub reason: RejectReason,
}

/// What was found in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diagnosis {
    /// Lines (or rows below a header).
    pub lines: u64,
    /// Lines with nothing on them.
    pub blank: u64,
    /// Lines whose name is in the list, duplicates included.
    pub accepted: u64,
    /// Of those, the lines whose name had stood before.
    pub duplicates: u64,
    /// Lines left out by the length filter.
    pub filtered_by_length: u64,
    /// Rows left out by the column filter.
    pub filtered_by_column: u64,
    /// Lines that cannot be used.
    pub rejected: u64,
    /// The first [`Diagnosis::KEPT`] of them.
    pub rejected_lines: Vec<Rejected>,
    /// How many different accepted names have each length, in characters.
    pub lengths: BTreeMap<usize, u64>,
    /// How often each character stands in different accepted names.
    pub letters: BTreeMap<char, u64>,
}

impl Diagnosis {
    /// How many rejected lines are kept with their text.
    pub const KEPT: usize = 10_000;
}

/// Reads a list: one name a line, or a column of a CSV or TSV with a header.
///
/// Holds the different names and one line at a time, whatever the file's size.
///
/// ```
/// use nextchar::data::{ReadOptions, read_names};
///
/// let file = "Aabid\r\n  AADESH \n\nO'Neil\naabid\n";
/// let (list, diagnosis) = read_names(file.as_bytes(), &ReadOptions::default()).unwrap();
/// let names: Vec<&str> = list.names().iter().map(|name| name.text.as_str()).collect();
/// assert_eq!(names, ["aabid", "aadesh"]);
/// assert_eq!((diagnosis.blank, diagnosis.duplicates, diagnosis.rejected), (1, 1, 1));
/// assert_eq!(diagnosis.rejected_lines[0].line, 4);
/// ```
///
/// # Errors
/// [`Error::Read`] where the input fails, [`Error::NoColumn`] for a column that is not there,
/// [`Error::RejectedLine`] for the first unusable line if `strict`, [`Error::LooksLikeCsv`] and
/// [`Error::NoNames`] where nothing was left.
pub fn read_names(
    input: impl BufRead,
    options: &ReadOptions,
) -> Result<(NameList, Diagnosis), Error> {
    let mut reader = Reader::new(options);
    if options.column.is_some() || options.weights.is_some() || options.filter.is_some() {
        reader.read_table(input)?;
    } else {
        reader.read_lines(input)?;
    }
    reader.finish()
}

struct Reader<'a> {
    options: &'a ReadOptions,
    list: NameList,
    diagnosis: Diagnosis,
    first_line: Option<String>,
}

impl<'a> Reader<'a> {
    fn new(options: &'a ReadOptions) -> Self {
        Reader {
            options,
            list: NameList::default(),
            diagnosis: Diagnosis::default(),
            first_line: None,
        }
    }

    fn read_lines(&mut self, mut input: impl BufRead) -> Result<(), Error> {
        let mut line = Vec::new();
        while read_line(&mut input, &mut line)? {
            let bytes = match self.diagnosis.lines {
                0 => line.strip_prefix(BOM).unwrap_or(&line),
                _ => &line,
            };
            self.diagnosis.lines += 1;
            let number = self.diagnosis.lines;
            if number == 1 {
                self.first_line = Some(String::from_utf8_lossy(bytes).into_owned());
            }
            self.offer(number, bytes, 1)?;
        }
        Ok(())
    }

    fn read_table(&mut self, mut input: impl BufRead) -> Result<(), Error> {
        let mut header = Vec::new();
        read_line(&mut input, &mut header)?;
        let header = header.strip_prefix(BOM).unwrap_or(&header);
        let delimiter = sniff_delimiter(header);
        let rows = std::io::Read::chain(header, std::io::Read::chain(&b"\n"[..], input));
        let mut table = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(rows);
        let headers = table.byte_headers().map_err(read_error)?.clone();
        let find = |name: &str| find_column(&headers, name);
        let column = match &self.options.column {
            Some(name) => find(name)?,
            None => 0,
        };
        let weights = self.options.weights.as_deref().map(find).transpose()?;
        let filter = match &self.options.filter {
            Some((name, value)) => Some((find(name)?, value.as_bytes())),
            None => None,
        };
        let mut row = csv::ByteRecord::new();
        while table.read_byte_record(&mut row).map_err(read_error)? {
            self.diagnosis.lines += 1;
            let line = row.position().map_or(0, csv::Position::line);
            if let Some((place, value)) = filter
                && row.get(place).map(<[u8]>::trim_ascii) != Some(value)
            {
                self.diagnosis.filtered_by_column += 1;
                continue;
            }
            let Some(name) = row.get(column) else {
                self.reject(line, b"", 1, RejectReason::MissingValue)?;
                continue;
            };
            match weights.map(|place| parse_weight(row.get(place).unwrap_or_default())) {
                None => self.offer(line, name, 1)?,
                Some(Ok(weight)) => self.offer(line, name, weight)?,
                Some(Err(reason)) => self.reject(line, name, 1, reason)?,
            }
        }
        Ok(())
    }

    /// Cleans one name and takes it, or says why not.
    fn offer(&mut self, line: u64, bytes: &[u8], weight: u64) -> Result<(), Error> {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.trim(),
            Err(error) => {
                let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
                let column = before.trim_start().chars().count() + 1;
                return self.reject(line, bytes, column, RejectReason::InvalidUtf8);
            }
        };
        if text.is_empty() {
            self.diagnosis.blank += 1;
            return Ok(());
        }
        if text.chars().nth(MAX_NAME_LENGTH).is_some() {
            return self.reject(line, bytes, MAX_NAME_LENGTH + 1, RejectReason::TooLong);
        }
        let name = clean(text);
        for (index, c) in name.chars().enumerate() {
            if let Some(reason) = self.fault(c) {
                return self.reject(line, bytes, index + 1, reason);
            }
        }
        let length = name.chars().count();
        if !(self.options.min_length..=self.options.max_length).contains(&length) {
            self.diagnosis.filtered_by_length += 1;
            return Ok(());
        }
        self.diagnosis.accepted += 1;
        let counts_again = self.options.keep_duplicates || self.options.weights.is_some();
        if self.list.contains(&name) {
            self.diagnosis.duplicates += 1;
            if counts_again {
                self.list.add(name, weight);
            }
            return Ok(());
        }
        *self.diagnosis.lengths.entry(length).or_default() += 1;
        for c in name.chars() {
            *self.diagnosis.letters.entry(c).or_default() += 1;
        }
        self.list.add(name, weight);
        Ok(())
    }

    fn fault(&self, c: char) -> Option<RejectReason> {
        if c == END_SYMBOL {
            Some(RejectReason::EndMark)
        } else if c.is_control() {
            Some(RejectReason::Control(c))
        } else if self.options.alphabet == Alphabet::Az && !c.is_ascii_lowercase() {
            Some(RejectReason::OutsideAz(c))
        } else {
            None
        }
    }

    fn reject(
        &mut self,
        line: u64,
        bytes: &[u8],
        column: usize,
        reason: RejectReason,
    ) -> Result<(), Error> {
        let text: String = String::from_utf8_lossy(&bytes[..bytes.len().min(160)])
            .trim()
            .chars()
            .take(40)
            .collect();
        if self.options.strict {
            return Err(Error::RejectedLine {
                line,
                column,
                text,
                reason: reason.to_string(),
            });
        }
        self.diagnosis.rejected += 1;
        if self.diagnosis.rejected_lines.len() < Diagnosis::KEPT {
            self.diagnosis.rejected_lines.push(Rejected {
                line,
                column,
                text,
                reason,
            });
        }
        Ok(())
    }

    fn finish(self) -> Result<(NameList, Diagnosis), Error> {
        if !self.list.is_empty() {
            return Ok((self.list, self.diagnosis));
        }
        if self.diagnosis.rejected > 0
            && let Some(first) = self.first_line.filter(|line| line.contains([',', '\t', ';']))
        {
            let delimiter = sniff_delimiter(first.as_bytes()) as char;
            let columns = first.split(delimiter).map(|name| name.trim().to_owned()).collect();
            return Err(Error::LooksLikeCsv { columns });
        }
        let found = &self.diagnosis;
        let why = if let Some(first) = found.rejected_lines.first() {
            let remedy = match first.reason {
                RejectReason::OutsideAz(_) => "; other letters need --alphabet data",
                _ => "",
            };
            format!(
                "no line can be used, the first because of line {}, character {}: {}{remedy}",
                first.line, first.column, first.reason
            )
        } else if found.filtered_by_length > 0 {
            format!(
                "none of its {} names has {} to {} characters",
                found.filtered_by_length, self.options.min_length, self.options.max_length
            )
        } else if found.filtered_by_column > 0 {
            format!("none of its {} rows passes the filter", found.filtered_by_column)
        } else if found.blank > 0 {
            "all of its lines are blank".into()
        } else {
            "it is empty".into()
        };
        Err(Error::NoNames(why))
    }
}

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Bytes of a line that are kept: enough to see that a name is too long.
const LINE_BYTES: usize = 4 * MAX_NAME_LENGTH + 1024;

/// Reads one line without its end, keeping at most [`LINE_BYTES`] of it; false at the end.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<bool, Error> {
    line.clear();
    let mut any = false;
    loop {
        let buffer = match input.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Error::Read(error.to_string())),
        };
        if buffer.is_empty() {
            return Ok(any);
        }
        any = true;
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let part = &buffer[..end.unwrap_or(buffer.len())];
        line.extend_from_slice(&part[..part.len().min(LINE_BYTES - line.len())]);
        let used = part.len() + usize::from(end.is_some());
        input.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

fn read_error(error: csv::Error) -> Error {
    Error::Read(error.to_string())
}

/// The most frequent of tab, comma and semicolon in the header line.
fn sniff_delimiter(header: &[u8]) -> u8 {
    let count = |delimiter: u8| header.iter().filter(|&&byte| byte == delimiter).count();
    [b'\t', b',', b';']
        .into_iter()
        .rev()
        .max_by_key(|&delimiter| count(delimiter))
        .expect("there are three")
}

fn find_column(headers: &csv::ByteRecord, wanted: &str) -> Result<usize, Error> {
    let names: Vec<String> = headers
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

fn parse_weight(bytes: &[u8]) -> Result<u64, RejectReason> {
    let text = String::from_utf8_lossy(bytes);
    match text.trim().parse() {
        Ok(weight) if weight > 0 => Ok(weight),
        _ => Err(RejectReason::BadWeight(text.trim().chars().take(40).collect())),
    }
}

/// NFC and lower case, with a short way for plain ASCII.
fn clean(text: &str) -> String {
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.to_lowercase().nfc().collect()
    }
}
