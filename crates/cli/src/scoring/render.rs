//! The output for each word: a line of text, a JSON object, or the row of a table with added columns.

use std::borrow::Cow;
use std::io::Write;

use csv::ByteRecord;
use nextchar::Reason;
use nextchar::data::MAX_NAME_LENGTH;
use nextchar::text::{END_SYMBOL, Vocab};
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use serde_json::value::RawValue;

use super::digits::{fixed, short, with_tenths};
use super::input::{ADDED, Header};
use super::shard::{Entry, Shard, Word};
use super::verdicts::Verdicts;
use crate::output::{DIM, count};

/// How words are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Lines of text, partly dimmed if the terminal shows colours.
    Text {
        colours: bool,
    },
    Json,
    Table,
}

pub struct Renderer<'a> {
    pub vocab: &'a Vocab,
    pub verdicts: &'a Verdicts<'a>,
    pub style: Style,
    pub header: Option<Header>,
}

/// Everything that is known of one word.
struct Scored<'a> {
    text: &'a str,
    /// Its characters with the end mark, and ln p of each; or why it cannot be scored.
    tokens: Result<Tokens<'a>, Cow<'static, str>>,
    log_prob: Option<f64>,
    score: Option<f64>,
    percentile: Option<f64>,
    plausible: Option<bool>,
    reason: Option<Reason>,
}

#[derive(Clone, Copy)]
struct Tokens<'a> {
    vocab: &'a Vocab,
    word: &'a [nextchar::text::Token],
    log_probs: &'a [f64],
}

impl Tokens<'_> {
    fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        let symbols = self.word.iter().map(|&token| self.vocab.symbol(token));
        symbols
            .chain([END_SYMBOL])
            .zip(self.log_probs.iter().copied())
    }
}

impl Renderer<'_> {
    /// What precedes all words: the header of a table.
    pub fn opening(&self) -> Vec<u8> {
        match &self.header {
            Some(header) if self.style == Style::Table && header.is_named => {
                let mut columns = header.columns.clone();
                ADDED
                    .iter()
                    .for_each(|name| columns.push_field(name.as_bytes()));
                let mut writer = self.csv(Vec::new(), header);
                writer
                    .write_byte_record(&columns)
                    .expect("memory takes every byte");
                writer.into_inner().expect("memory takes every byte")
            }
            _ => Vec::new(),
        }
    }

    /// Renders the words of a shard into its output.
    pub fn render(&self, shard: &mut Shard) {
        let mut out = std::mem::take(&mut shard.out);
        out.clear();
        let mut all = true;
        match (&self.header, self.style) {
            (Some(header), Style::Table) => {
                let mut writer = self.csv(&mut out, header);
                self.each(shard, &mut all, |index, scored| {
                    row(&mut writer, &shard.source.rows[index], scored);
                });
                writer.flush().expect("memory takes every byte");
            }
            (header, Style::Json) => self.each(shard, &mut all, |index, scored| {
                let cells = shard.source.rows.get(index);
                let row = match (header, cells.and_then(|cells| cells.get(1))) {
                    (Some(header), _) => cells.map(|cells| {
                        Origin::Row(Row {
                            columns: &header.columns,
                            cells,
                        })
                    }),
                    (None, Some(line)) => serde_json::from_slice(line).ok().map(Origin::Object),
                    (None, None) => None,
                };
                json(&mut out, scored, row);
            }),
            (_, Style::Text { colours }) => {
                self.each(shard, &mut all, |_, scored| text(&mut out, scored, colours));
            }
            (None, Style::Table) => unreachable!("a table has a header"),
        }
        (shard.out, shard.all_plausible) = (out, all);
    }

    fn csv<W: Write>(&self, out: W, header: &Header) -> csv::Writer<W> {
        csv::WriterBuilder::new()
            .delimiter(header.delimiter)
            .flexible(true)
            .from_writer(out)
    }

    /// Calls `write` for every word that is to be shown.
    fn each(&self, shard: &Shard, all: &mut bool, mut write: impl FnMut(usize, &Scored<'_>)) {
        let mut name = String::new();
        for (index, entry) in shard.entries.iter().enumerate() {
            let scored = self.scored(shard, entry, &mut name);
            let plausible = scored.plausible.unwrap_or(true);
            *all &= plausible;
            if !(plausible && self.verdicts.only_failing) {
                write(index, &scored);
            }
        }
    }

    /// The verdict on a word; `name` is memory to write it into.
    fn scored<'s>(&'s self, shard: &'s Shard, entry: &Entry, name: &mut String) -> Scored<'s> {
        let text = &shard.text[entry.text.clone()];
        let (index, is_written) = match &entry.word {
            Word::Encoded(index, is_written) => (*index, *is_written),
            other => return self.unscored(shard, text, other, name),
        };
        let (word, log_probs) = shard.batch.word(index);
        let log_prob = log_probs.iter().sum();
        let name = if is_written {
            text
        } else {
            name.clear();
            self.vocab.decode_into(word, name);
            name
        };
        let judge = self.verdicts.judge.as_ref();
        let share = self.verdicts.false_rejection;
        let is_hidden_if_it_passes =
            self.verdicts.only_failing && !self.verdicts.recognition.is_placeholder(name);
        let verdict = judge.and_then(|judge| match is_hidden_if_it_passes {
            true => judge.doubt(word, log_prob, share),
            false => Some(judge.verdict(word, log_prob)),
        });
        let by_score = verdict.and_then(|verdict| Reason::by_score(&verdict, share));
        let is_hidden = is_hidden_if_it_passes && by_score.is_none();
        // A name of the list passes in any case, so most words need not be looked up if they are not shown.
        let recognized = (!is_hidden).then(|| self.verdicts.recognition.of_word(name));
        let reason = recognized.flatten().or(by_score);
        Scored {
            text,
            tokens: Ok(Tokens {
                vocab: self.vocab,
                word,
                log_probs,
            }),
            log_prob: Some(log_prob),
            score: verdict.map(|verdict| verdict.score),
            percentile: verdict.map(|verdict| verdict.percentile),
            plausible: judge.map(|_| matches!(reason, None | Some(Reason::Known))),
            reason,
        }
    }

    /// What can be said of a text that cannot be scored.
    fn unscored<'s>(
        &self,
        shard: &Shard,
        text: &'s str,
        word: &Word,
        name: &mut String,
    ) -> Scored<'s> {
        let reason = match (word, self.verdicts.recognition.of_other(text)) {
            (Word::TooLong, _) => Reason::Improbable,
            (Word::Several(words, _), Reason::Characters)
                if words.clone().all(|index| self.is_name(shard, index, name)) =>
            {
                Reason::Joined
            }
            (_, reason) => reason,
        };
        Scored {
            text,
            tokens: Err(message(reason, word)),
            log_prob: None,
            score: None,
            percentile: None,
            plausible: self.verdicts.judge.as_ref().map(|_| false),
            reason: Some(reason),
        }
    }

    /// Whether one of several words in a cell is a name.
    fn is_name(&self, shard: &Shard, index: usize, name: &mut String) -> bool {
        let (word, log_probs) = shard.batch.word(index);
        name.clear();
        self.vocab.decode_into(word, name);
        let is_plausible = || {
            let verdict = self
                .verdicts
                .judge
                .as_ref()?
                .verdict(word, log_probs.iter().sum());
            Some(verdict.is_plausible(self.verdicts.false_rejection))
        };
        match self.verdicts.recognition.of_word(name) {
            Some(reason) => reason == Reason::Known,
            None => is_plausible().unwrap_or(false),
        }
    }
}

/// Why a text cannot be scored, for people.
fn message(reason: Reason, word: &Word) -> Cow<'static, str> {
    match (reason, word) {
        (Reason::Characters, Word::Unknown(unknown) | Word::Several(_, unknown)) => {
            unknown.to_string().into()
        }
        (Reason::Joined, Word::Several(words, _)) => format!("it is {} names", words.len()).into(),
        (Reason::Placeholder, _) => "it is a placeholder".into(),
        (Reason::Email, _) => "it is an e-mail address".into(),
        (Reason::Number, _) => "it is a number".into(),
        (_, Word::TooLong) => {
            let most = count(MAX_NAME_LENGTH as u64);
            format!("it is longer than {most} characters").into()
        }
        _ => "it is empty".into(),
    }
}

/// A line of text.
fn text(out: &mut Vec<u8>, scored: &Scored<'_>, colours: bool) {
    const WORD: usize = 20;
    const RANK: usize = 34;
    // Characters outside the alphabet may be control sequences.
    let word = match &scored.tokens {
        Ok(_) => Cow::Borrowed(scored.text),
        Err(_) => harmless(scored.text),
    };
    out.extend_from_slice(word.as_bytes());
    pad(out, word.chars().count(), WORD);
    let tokens = match &scored.tokens {
        Ok(tokens) => tokens,
        Err(message) => {
            let verdict = match scored.plausible {
                Some(_) => " not plausible: ",
                None => " : ",
            };
            out.extend_from_slice(verdict.as_bytes());
            out.extend_from_slice(message.as_bytes());
            out.push(b'\n');
            return;
        }
    };
    out.extend_from_slice(match scored.plausible {
        Some(true) => b" plausible      ",
        Some(false) => b" not plausible  ",
        None => b"                ",
    });
    let start = out.len();
    match (scored.reason, scored.percentile) {
        (Some(Reason::Placeholder), _) => out.extend_from_slice(b"a placeholder"),
        (Some(Reason::Joined), _) => out.extend_from_slice(b"two names joined"),
        (_, None) => {}
        (_, Some(percentile)) => {
            out.extend_from_slice(b"scores above ");
            fixed::<1>(out, percentile);
            out.extend_from_slice(b" % of real names");
        }
    }
    pad(out, out.len() - start, RANK);
    let log_prob = scored.log_prob.unwrap_or(f64::NEG_INFINITY);
    out.extend_from_slice(b" ln P ");
    fixed::<2>(out, log_prob);
    out.extend_from_slice(b", ");
    fixed::<2>(out, log_prob / tokens.log_probs.len() as f64);
    out.extend_from_slice(b" per character ");
    if colours {
        write!(out, "{DIM}").expect("memory takes every byte");
    }
    for (symbol, log_prob) in tokens.iter() {
        match *symbol.as_bytes() {
            [byte] => with_tenths(out, byte, log_prob),
            ref bytes => {
                out.push(b' ');
                out.extend_from_slice(bytes);
                out.push(b' ');
                fixed::<1>(out, log_prob);
            }
        }
    }
    if colours {
        write!(out, "{DIM:#}").expect("memory takes every byte");
    }
    out.push(b'\n');
}

/// A text with its control characters escaped.
fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return text.into();
    }
    let shown = |c: char| match c.is_control() {
        true => c.escape_default().to_string(),
        false => c.to_string(),
    };
    text.chars().map(shown).collect()
}

fn pad(out: &mut Vec<u8>, written: usize, width: usize) {
    const BLANKS: [u8; 34] = [b' '; 34];
    short(out, BLANKS, width.saturating_sub(written));
}

/// A row of a table with the results for its word.
fn row<W: Write>(writer: &mut csv::Writer<W>, cells: &ByteRecord, scored: &Scored<'_>) {
    let (mut digits, mut ends) = (Vec::with_capacity(64), [0; 3]);
    let numbers = [scored.log_prob, scored.score, scored.percentile];
    for (end, number) in ends.iter_mut().zip(numbers) {
        number
            .iter()
            .for_each(|&number| fixed::<4>(&mut digits, number));
        *end = digits.len();
    }
    let (log_prob, others) = digits.split_at(ends[0]);
    let (score, percentile) = others.split_at(ends[1] - ends[0]);
    let plausible: &[u8] = match scored.plausible {
        Some(true) => b"true",
        Some(false) => b"false",
        None => b"",
    };
    let reason = scored.reason.map_or("", Reason::as_str).as_bytes();
    let added = [log_prob, score, percentile, plausible, reason];
    writer
        .write_record(cells.iter().chain(added))
        .expect("memory takes every byte");
}

/// A JSON object on a line of its own.
fn json(out: &mut Vec<u8>, scored: &Scored<'_>, row: Option<Origin<'_>>) {
    #[derive(Serialize)]
    struct Object<'a> {
        log_prob: Option<f64>,
        /// Why it cannot be scored.
        message: Option<&'a str>,
        per_char: Option<f64>,
        percentile: Option<f64>,
        plausible: Option<bool>,
        reason: Option<Reason>,
        #[serde(skip_serializing_if = "Option::is_none")]
        row: Option<Origin<'a>>,
        score: Option<f64>,
        text: &'a str,
        tokens: Option<Tokens<'a>>,
    }
    let tokens = scored.tokens.as_ref().ok().copied();
    let length = tokens.map_or(1, |tokens| tokens.log_probs.len());
    let object = Object {
        log_prob: scored.log_prob,
        message: scored.tokens.as_ref().err().map(|message| &**message),
        per_char: scored.log_prob.map(|log_prob| log_prob / length as f64),
        percentile: scored.percentile,
        plausible: scored.plausible,
        reason: scored.reason,
        row,
        score: scored.score,
        text: scored.text,
        tokens,
    };
    serde_json::to_writer(&mut *out, &object).expect("memory takes every byte");
    out.push(b'\n');
}

impl Serialize for Tokens<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Pair<'t> {
            log_prob: f64,
            token: &'t str,
        }
        let mut list = serializer.serialize_seq(Some(self.log_probs.len()))?;
        for (token, log_prob) in self.iter() {
            list.serialize_element(&Pair { log_prob, token })?;
        }
        list.end()
    }
}

/// Where a word is from: the row of a table, or an object of JSON Lines.
#[derive(Serialize)]
#[serde(untagged)]
enum Origin<'a> {
    Row(Row<'a>),
    Object(&'a RawValue),
}

/// The cells of a table's row by the names of their columns.
#[derive(Clone, Copy)]
struct Row<'a> {
    columns: &'a ByteRecord,
    cells: &'a ByteRecord,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for (name, cell) in self.columns.iter().zip(self.cells) {
            map.serialize_entry(
                &String::from_utf8_lossy(name),
                &String::from_utf8_lossy(cell),
            )?;
        }
        map.end()
    }
}
