//! Step 2, reading: how a user's file becomes a list of names.
//!
//! A line is trimmed, freed from invisible characters and brought to Unicode's composed form (NFC). Unless options tell
//! otherwise, the list itself tells its alphabet and what its upper-case letters mean. Lines that cannot be used are
//! rejected with their number and the reason, and never silently.

use std::borrow::Cow;
use std::fmt;
use std::io::BufRead;
use std::str::FromStr;

use crate::data::names::{MAX_NAME_LENGTH, Name, NameList};
use crate::data::reading::columns::{self, Rows};
use crate::data::reading::decode::Decoded;
use crate::data::reading::detect;
use crate::data::reading::diagnosis::{Chosen, Diagnosis, RejectReason, Rejected};
use crate::data::reading::json_lines::{JsonFault, JsonLines, JsonObject, Shape};
use crate::data::reading::table::{Table, sniff_delimiter};
use crate::error::{Error, NoNames};
use crate::text::{
    Alphabet, Case, CharacterFault, Characters, Normalizer, Tokenizer, clean, is_invisible,
};

/// How a file is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// The column of a table or the key of JSON Lines that contains the names; `#2` is the second column. `None`
    /// reads one name per line or, if `weights` or `filter` select columns or the table is not text, the only other
    /// column.
    pub column: Option<String>,
    /// A column with an integer weight for each name.
    pub weights: Option<String>,
    /// Keep only the rows that have these values in these columns.
    pub filter: Vec<(String, String)>,
    /// The treatment of upper-case letters.
    pub case: ListCase,
    /// What names are split into, which determines their lengths and their characters.
    pub tokenizer: &'static dyn Tokenizer,
    /// The characters that a name may contain.
    pub alphabet: Alphabet,
    /// Minimum length of a name, in characters.
    pub min_length: usize,
    /// Maximum length of a name, in characters.
    pub max_length: usize,
    /// Count every occurrence of a name, instead of each name once.
    pub keep_duplicates: bool,
    /// Reject the file at the first line that cannot be used, instead of skipping such lines.
    pub strict: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions {
            column: None,
            weights: None,
            filter: Vec::new(),
            case: ListCase::Auto,
            tokenizer: &Characters,
            alphabet: Alphabet::Auto,
            min_length: 1,
            max_length: MAX_NAME_LENGTH,
            keep_duplicates: false,
            strict: false,
        }
    }
}

impl ReadOptions {
    /// Whether they can only be applied to a table.
    pub fn selects_columns(&self) -> bool {
        self.selected().next().is_some()
    }

    /// What a further occurrence of a name adds to its count.
    pub(super) fn again(&self, weight: u64) -> u64 {
        match self.keep_duplicates || self.weights.is_some() {
            true => weight,
            false => 0,
        }
    }

    /// How names that were read as they are written are normalised, and how many break the rule that the list follows.
    pub(super) fn rule(&self, list: &NameList) -> (Normalizer, u64) {
        match self.case {
            ListCase::Auto => detect::case(list, self.alphabet != Alphabet::Az),
            ListCase::Lower => (detect::lower(list), 0),
            ListCase::Keep | ListCase::Like(_) => (self.case.normalizer(), 0),
        }
    }

    /// The list, normalised; names that become equal are one.
    pub(super) fn normalized(&self, list: NameList, normalizer: Normalizer) -> NameList {
        let is_normal = |name: Name<'_>| normalizer.normalize(name.text) == name.text;
        if list.names().all(is_normal) {
            return list;
        }
        let mut normalized = NameList::default();
        for name in list.names() {
            let text = normalizer.normalize(name.text);
            normalized.add(&text, name.count, self.again(name.count));
        }
        normalized
    }

    /// The columns that are selected.
    fn selected(&self) -> impl Iterator<Item = &str> {
        let filter = self.filter.iter().map(|(column, _)| column.as_str());
        let others = [self.column.as_deref(), self.weights.as_deref()];
        others.into_iter().flatten().chain(filter)
    }
}

/// What becomes of upper-case letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListCase {
    /// If nearly all names follow one rule of [`Case`], they are learnt in lower case and written by that rule.
    /// Otherwise upper- and lower-case letters are different characters.
    #[default]
    Auto,
    /// Upper- and lower-case letters are different characters.
    Keep,
    /// All letters become lower-case.
    Lower,
    /// Names are normalised like those of another list.
    Like(Normalizer),
}

impl fmt::Display for ListCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ListCase::Auto => "auto",
            ListCase::Keep => "keep",
            ListCase::Lower => "lower",
            ListCase::Like(_) => "like another list",
        })
    }
}

impl FromStr for ListCase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(ListCase::Auto),
            "keep" => Ok(ListCase::Keep),
            "lower" => Ok(ListCase::Lower),
            _ => Err(format!("{text:?} is none of `auto`, `keep` and `lower`")),
        }
    }
}

impl ListCase {
    /// How lines are normalised while they are read.
    fn normalizer(self) -> Normalizer {
        match self {
            ListCase::Like(normalizer) => normalizer,
            ListCase::Auto | ListCase::Keep | ListCase::Lower => Normalizer::KEEP,
        }
    }
}

/// Reads a list: one name per line, a column of a table, or JSON Lines, in UTF-8, UTF-16 or Windows-1252.
///
/// Only the different names and one line are in memory, whatever the size of the file. The list is sorted.
///
/// ```
/// use nextchar_core::data::{ReadOptions, read_names};
///
/// let file = "Aabid\r\n  Aadesh \n\nO'Neil\nAabid\n";
/// let (list, diagnosis) = read_names(file.as_bytes(), &ReadOptions::default()).unwrap();
/// let names: Vec<&str> = list.names().map(|name| name.text).collect();
/// assert_eq!(names, ["aabid", "aadesh", "o'neil"]);
/// assert_eq!((diagnosis.blank, diagnosis.duplicates, diagnosis.rejected), (1, 1, 0));
/// assert_eq!(diagnosis.chosen.normalizer.restore("o'neil"), "O'Neil");
/// ```
///
/// # Errors
/// Those of [`scan_names`]; [`Error::LooksLikeCsv`] and [`Error::NoNames`] if nothing is left.
pub fn read_names(
    input: impl BufRead,
    options: &ReadOptions,
) -> Result<(NameList, Diagnosis), Error> {
    let (list, found) = scan_names(input, options)?;
    if list.is_empty() {
        return Err(no_names(&found, options));
    }
    Ok((list, found))
}

/// [`read_names`] for a diagnosis: a list without names is not an error.
///
/// # Errors
/// [`Error::Read`] if the input fails, [`Error::NotAList`] if it is a file of another kind, those of
/// [`Table::open`], [`Table::find`] and [`Table::read`], [`Error::LooksLikeCsv`] if several columns could
/// contain the names, [`Error::RejectedLine`] for the first unusable line if `strict`.
pub fn scan_names(
    input: impl BufRead,
    options: &ReadOptions,
) -> Result<(NameList, Diagnosis), Error> {
    let mut input = Decoded::open(input)?;
    let mut reader = Reader::new(options);
    match Shape::of(&mut input)? {
        Shape::Objects => reader.read_objects(&mut input)?,
        _ if options.selects_columns() => reader.read_table(&mut input)?,
        Shape::Strings => reader.read_strings(&mut input)?,
        Shape::Text => reader.read_lines(&mut input)?,
    }
    reader.diagnosis.encoding = input.encoding();
    reader.finish()
}

/// [`scan_names`] for a table that is not text. Its rows are numbered from 1, in place of lines.
///
/// # Errors
/// As [`scan_names`], for the columns; those of [`Rows`].
pub fn scan_rows(
    rows: &mut dyn Rows,
    options: &ReadOptions,
) -> Result<(NameList, Diagnosis), Error> {
    let mut reader = Reader::new(options);
    reader.read_rows(rows)?;
    reader.finish()
}

/// Why a file contains no names: the first reason that applies.
pub fn no_names(found: &Diagnosis, options: &ReadOptions) -> Error {
    if found.rejected > 0
        && let Some(columns) = &found.looks_like_header
    {
        return Error::LooksLikeCsv {
            columns: columns.clone(),
        };
    }
    Error::NoNames(if let Some(first) = found.rejected_lines.first() {
        NoNames::Rejected {
            line: first.line,
            column: first.column,
            reason: first.reason.to_string(),
            is_outside_az: matches!(first.reason, RejectReason::OutsideAz(_)),
        }
    } else if found.filtered_by_length > 0 {
        NoNames::Lengths {
            names: found.filtered_by_length,
            shortest: options.min_length,
            longest: options.max_length,
        }
    } else if found.filtered_by_column > 0 {
        NoNames::Filtered {
            rows: found.filtered_by_column,
        }
    } else if found.blank > 0 {
        NoNames::Blank
    } else {
        NoNames::Empty
    })
}

/// Where a table has what the options select.
struct Columns<'a> {
    names: usize,
    weights: Option<usize>,
    filter: Vec<(usize, &'a [u8])>,
}

impl<'a> Columns<'a> {
    fn find(
        options: &'a ReadOptions,
        names: &[String],
        is_first_line: bool,
    ) -> Result<Self, Error> {
        let find = |wanted: &str| columns::find(names, wanted, is_first_line);
        let column = options.column.as_deref().map(find).transpose()?;
        let weights = options.weights.as_deref().map(find).transpose()?;
        let filter = options.filter.iter();
        let filter = filter.map(|(name, value)| Ok((find(name)?, value.as_bytes())));
        let mut found = Columns {
            names: 0,
            weights,
            filter: filter.collect::<Result<_, Error>>()?,
        };
        found.names = match column {
            Some(column) => column,
            None => columns::only_other(names, &found.others())?,
        };
        Ok(found)
    }

    /// Those that do not contain the names.
    fn others(&self) -> Vec<usize> {
        let filter = self.filter.iter().map(|&(place, _)| place);
        self.weights.into_iter().chain(filter).collect()
    }
}

/// The name of an object, if it has one, and its weight, if weights are selected.
type Cells = (Option<String>, Option<String>);

struct Reader<'a> {
    options: &'a ReadOptions,
    list: NameList,
    diagnosis: Diagnosis,
    /// The delimiter of the first line, if it looks like the header of a table, and how many lines have it.
    delimiter: Option<(u8, u64)>,
    /// The lines that are rejected if the alphabet turns out to be a–z: their number, and the first of them.
    outside_az: (u64, Vec<Rejected>),
}

impl<'a> Reader<'a> {
    fn new(options: &'a ReadOptions) -> Self {
        Reader {
            options,
            list: NameList::default(),
            diagnosis: Diagnosis::default(),
            delimiter: None,
            outside_az: (0, Vec::new()),
        }
    }

    fn read_lines(&mut self, mut input: impl BufRead) -> Result<(), Error> {
        let mut line = Vec::new();
        while read_line(&mut input, &mut line)? {
            self.diagnosis.lines += 1;
            let number = self.diagnosis.lines;
            if number == 1 {
                self.diagnosis.looks_like_header = columns_of(&line);
                let is_header = self.diagnosis.looks_like_header.is_some();
                self.delimiter = is_header.then(|| (sniff_delimiter(&line), 0));
            }
            if let Some((delimiter, lines)) = &mut self.delimiter {
                *lines += u64::from(line.contains(delimiter));
            }
            self.offer(number, &line, 1)?;
        }
        Ok(())
    }

    fn read_table(&mut self, input: impl BufRead) -> Result<(), Error> {
        let mut table = Table::open(input)?;
        let columns = Columns::find(self.options, &table.column_names(), true)?;
        self.diagnosis.first_row = table.first_row(self.options.selected(), columns.names)?;
        let mut row = csv::ByteRecord::new();
        while table.read(&mut row)? {
            self.diagnosis.lines += 1;
            let line = row.position().map_or(0, csv::Position::line);
            self.offer_row(line, &columns, |place| row.get(place).map(Cow::Borrowed))?;
        }
        Ok(())
    }

    fn read_rows(&mut self, rows: &mut dyn Rows) -> Result<(), Error> {
        let columns = Columns::find(self.options, rows.columns(), false)?;
        rows.select(columns.names, &columns.others())?;
        while rows.advance()? {
            self.diagnosis.lines += 1;
            let number = self.diagnosis.lines;
            self.offer_row(number, &columns, |place| Some(rows.cell(place)))?;
        }
        Ok(())
    }

    /// Offers the name of a row that passes the filter; `cell` is `None` where the row is too short.
    fn offer_row<'r>(
        &mut self,
        line: u64,
        columns: &Columns<'_>,
        cell: impl Fn(usize) -> Option<Cow<'r, [u8]>>,
    ) -> Result<(), Error> {
        let passes = |&(place, value): &(usize, &[u8])| {
            cell(place).is_some_and(|cell| cell.trim_ascii() == value)
        };
        if !columns.filter.iter().all(passes) {
            self.diagnosis.filtered_by_column += 1;
            return Ok(());
        }
        let Some(name) = cell(columns.names) else {
            return self.reject(line, b"", 1, RejectReason::MissingValue);
        };
        let weight = columns.weights.map(|place| cell(place).unwrap_or_default());
        match weight.map_or(Ok(1), |weight| parse_weight(&weight)) {
            Ok(weight) => self.offer(line, &name, weight),
            Err(reason) => self.reject(line, &name, 1, reason),
        }
    }

    fn read_objects(&mut self, input: impl BufRead) -> Result<(), Error> {
        let mut lines = JsonLines::new(input);
        let mut column = self.options.column.clone();
        // The keys of the first object, and what is selected and in no object so far.
        let mut keys: Option<Vec<String>> = None;
        let mut missing: Vec<String> = self.options.selected().map(str::to_owned).collect();
        while lines.read()? {
            self.diagnosis.lines += 1;
            if lines.line().is_empty() {
                self.diagnosis.blank += 1;
                continue;
            }
            let object = match lines.object() {
                Ok(object) => object,
                Err(fault) => {
                    self.reject_json(&lines, fault)?;
                    continue;
                }
            };
            if column.is_none() {
                column = Some(self.only_other_key(&object)?);
            }
            let column = column.as_deref().unwrap_or_default();
            missing.retain(|key| object.find(key).is_none());
            keys.get_or_insert_with(|| object.keys().map(str::to_owned).collect());
            match self.cells(&object, column) {
                Ok(cells) => self.offer_cells(lines.number(), cells)?,
                Err(fault) => self.reject_json(&lines, fault)?,
            }
        }
        match (missing.into_iter().next(), keys) {
            (Some(wanted), Some(columns)) => Err(Error::NoColumn {
                wanted,
                columns,
                is_first_line: false,
            }),
            _ => Ok(()),
        }
    }

    fn read_strings(&mut self, input: impl BufRead) -> Result<(), Error> {
        let mut lines = JsonLines::new(input);
        while lines.read()? {
            self.diagnosis.lines += 1;
            match lines.string() {
                _ if lines.line().is_empty() => self.diagnosis.blank += 1,
                Ok(name) => self.offer(lines.number(), name.as_bytes(), 1)?,
                Err(fault) => self.reject_json(&lines, fault)?,
            }
        }
        Ok(())
    }

    /// The only key that is not used for something else.
    fn only_other_key(&self, object: &JsonObject<'_>) -> Result<String, Error> {
        let used: Vec<_> = self
            .options
            .selected()
            .map(|wanted| object.find(wanted))
            .collect();
        let mut others = object.keys().filter(|&key| !used.contains(&Some(key)));
        match (others.next(), others.next()) {
            (Some(key), None) => Ok(key.to_owned()),
            _ => Err(Error::LooksLikeJson {
                keys: object.keys().map(str::to_owned).collect(),
            }),
        }
    }

    /// The name and the weight of an object; `None` if it does not pass the filter.
    fn cells(&self, object: &JsonObject<'_>, column: &str) -> Result<Option<Cells>, JsonFault> {
        for (key, value) in &self.options.filter {
            if object.cell(key)?.as_deref().map(str::trim) != Some(value) {
                return Ok(None);
            }
        }
        let weights = self.options.weights.as_deref();
        let weight = weights.map(|key| Ok(object.cell(key)?.unwrap_or_default()));
        Ok(Some((object.cell(column)?, weight.transpose()?)))
    }

    fn offer_cells(&mut self, line: u64, cells: Option<Cells>) -> Result<(), Error> {
        let Some((name, weight)) = cells else {
            self.diagnosis.filtered_by_column += 1;
            return Ok(());
        };
        let Some(name) = name else {
            return self.reject(line, b"", 1, RejectReason::MissingValue);
        };
        match weight.map_or(Ok(1), |weight| parse_weight(weight.as_bytes())) {
            Ok(weight) => self.offer(line, name.as_bytes(), weight),
            Err(reason) => self.reject(line, name.as_bytes(), 1, reason),
        }
    }

    fn reject_json<R: BufRead>(
        &mut self,
        lines: &JsonLines<R>,
        fault: JsonFault,
    ) -> Result<(), Error> {
        let reason = RejectReason::BadJson(fault.what);
        self.reject(lines.number(), lines.line(), fault.column, reason)
    }

    /// Cleans a name and adds it, or records why not.
    fn offer(&mut self, line: u64, bytes: &[u8], weight: u64) -> Result<(), Error> {
        if let Some(name) = plain(bytes) {
            self.accept(name, weight);
            return Ok(());
        }
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
        if text.contains(is_invisible) {
            self.diagnosis.cleaned += 1;
        }
        let options = self.options;
        let name = options.case.normalizer().normalize(text);
        let name = name.trim();
        if name.is_empty() {
            self.diagnosis.blank += 1;
            return Ok(());
        }
        if let Some((place, character, fault)) = self.fault(options.alphabet, name) {
            return self.reject(line, bytes, place + 1, RejectReason::of(character, fault));
        }
        let outside = match options.alphabet {
            Alphabet::Auto => self.fault(Alphabet::Az, name),
            Alphabet::Az | Alphabet::Data => None,
        };
        if self.accept(name, weight)
            && let Some((place, character, fault)) = outside
        {
            let (number, first) = &mut self.outside_az;
            *number += 1;
            if first.len() < Diagnosis::KEPT {
                let reason = RejectReason::of(character, fault);
                first.push(rejected(line, bytes, place + 1, reason));
            }
        }
        Ok(())
    }

    /// Adds a clean name if its length is wanted; returns whether it is.
    fn accept(&mut self, name: &str, weight: u64) -> bool {
        let options = self.options;
        // A piece has at least one byte, so most names need not be split to know that their length fits.
        if options.min_length > 1 || name.len() > options.max_length {
            let length = options.tokenizer.pieces(name).count();
            if !(options.min_length..=options.max_length).contains(&length) {
                self.diagnosis.filtered_by_length += 1;
                return false;
            }
        }
        self.diagnosis.accepted += 1;
        self.list.add(name, weight, options.again(weight));
        true
    }

    /// The first character of a name that an alphabet excludes.
    fn fault(&self, alphabet: Alphabet, name: &str) -> Option<(usize, char, CharacterFault)> {
        match self.options.case {
            ListCase::Like(_) | ListCase::Keep => alphabet.first_fault(name),
            // Upper-case letters become lower-case in an alphabet a–z.
            ListCase::Auto | ListCase::Lower => alphabet.first_fault(&clean(name)),
        }
    }

    /// Chooses what the options leave open, and completes the diagnosis.
    fn finish(mut self) -> Result<(NameList, Diagnosis), Error> {
        let options = self.options;
        let (mut normalizer, mut exceptions) = options.rule(&self.list);
        let alphabet = match options.alphabet {
            // Its rows are not names: they are rejected, and the table is recognised.
            Alphabet::Auto if self.is_table() => Alphabet::Az,
            Alphabet::Auto if normalizer.case == Case::Keep => Alphabet::Data,
            Alphabet::Auto => detect::alphabet(&self.list),
            given => given,
        };
        if alphabet == Alphabet::Az {
            self.leave_out_others()?;
            if options.case == ListCase::Auto && normalizer.case == Case::Keep {
                // The letters a–z are lower-case, however the rows of a table are written.
                (normalizer, exceptions) = detect::case(&self.list, false);
            }
        }
        let list = match normalizer == options.case.normalizer() {
            true => self.list,
            false => options.normalized(self.list, normalizer),
        };
        let list = list.into_sorted();
        let mut found = self.diagnosis;
        found.duplicates = found.accepted - list.len() as u64;
        found.chosen = Chosen {
            alphabet,
            normalizer,
            case_exceptions: exceptions,
        };
        found.count(&list, options.tokenizer);
        Ok((list, found))
    }

    /// Whether nearly all lines have the delimiter of a first line that looks like the header of a table.
    fn is_table(&self) -> bool {
        let lines = self.diagnosis.lines - self.diagnosis.blank;
        self.delimiter
            .is_some_and(|(_, delimited)| lines > 1 && 10 * delimited >= 9 * lines)
    }

    /// Rejects the names with other characters than a–z, after the fact.
    fn leave_out_others(&mut self) -> Result<(), Error> {
        let (number, first) = std::mem::take(&mut self.outside_az);
        if number == 0 {
            return Ok(());
        }
        if self.options.strict {
            return Err(refused(first.into_iter().next().expect("there is one")));
        }
        let mut list = std::mem::take(&mut self.list);
        list.retain(|name| self.fault(Alphabet::Az, name).is_none());
        self.list = list;
        let found = &mut self.diagnosis;
        found.accepted -= number;
        found.rejected += number;
        found.rejected_lines.extend(first);
        found.rejected_lines.sort_by_key(|rejected| rejected.line);
        found.rejected_lines.truncate(Diagnosis::KEPT);
        Ok(())
    }

    fn reject(
        &mut self,
        line: u64,
        bytes: &[u8],
        column: usize,
        reason: RejectReason,
    ) -> Result<(), Error> {
        let rejected = rejected(line, bytes, column, reason);
        if self.options.strict {
            return Err(refused(rejected));
        }
        self.diagnosis.rejected += 1;
        if self.diagnosis.rejected_lines.len() < Diagnosis::KEPT {
            self.diagnosis.rejected_lines.push(rejected);
        }
        Ok(())
    }
}

/// A line that is a name of letters a–z, as most lines of most lists are: nothing can be wrong with it.
fn plain(line: &[u8]) -> Option<&str> {
    let is_plain =
        (1..=MAX_NAME_LENGTH).contains(&line.len()) && line.iter().all(u8::is_ascii_lowercase);
    is_plain.then(|| std::str::from_utf8(line).expect("ASCII"))
}

fn rejected(line: u64, bytes: &[u8], column: usize, reason: RejectReason) -> Rejected {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(160)]);
    Rejected {
        line,
        column,
        text: start.trim().chars().take(40).collect(),
        reason,
    }
}

fn refused(rejected: Rejected) -> Error {
    Error::RejectedLine {
        line: rejected.line,
        column: rejected.column,
        is_outside_az: matches!(rejected.reason, RejectReason::OutsideAz(_)),
        reason: rejected.reason.to_string(),
        text: rejected.text,
    }
}

/// Number of bytes of a line that are kept: enough to tell that a name is too long.
const LINE_BYTES: usize = 4 * MAX_NAME_LENGTH + 1024;

/// Reads one line without its line feed, keeping at most [`LINE_BYTES`] of it; returns false at the end.
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
        let end = memchr::memchr(b'\n', buffer);
        let part = &buffer[..end.unwrap_or(buffer.len())];
        line.extend_from_slice(&part[..part.len().min(LINE_BYTES - line.len())]);
        let used = part.len() + usize::from(end.is_some());
        input.consume(used);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// The delimiter and the columns of a text that is most likely a table: it has at least two lines, and all contain
/// the delimiter.
pub fn table_columns(lines: &[u8]) -> Option<(char, Vec<String>)> {
    let mut lines = lines
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.trim_ascii().is_empty());
    let first = lines.next()?;
    let (delimiter, columns) = (sniff_delimiter(first), columns_of(first)?);
    let mut others = lines.peekable();
    others.peek()?;
    let is_table = others.all(|line| line.contains(&delimiter));
    is_table.then_some((delimiter as char, columns))
}

/// The columns of a line, if there are at least two.
fn columns_of(line: &[u8]) -> Option<Vec<String>> {
    let delimiter = sniff_delimiter(line) as char;
    let text = String::from_utf8_lossy(line);
    let columns: Vec<String> = text
        .split(delimiter)
        .map(|name| name.trim().to_owned())
        .collect();
    (columns.len() > 1).then_some(columns)
}

fn parse_weight(bytes: &[u8]) -> Result<u64, RejectReason> {
    let text = String::from_utf8_lossy(bytes);
    // Programs write 12 as 12.0 if a cell of its column is empty.
    let digits = match text.trim().split_once('.') {
        Some((digits, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => digits,
        _ => text.trim(),
    };
    match digits.parse() {
        Ok(weight) if weight > 0 => Ok(weight),
        _ => Err(RejectReason::BadWeight(
            text.trim().chars().take(40).collect(),
        )),
    }
}
