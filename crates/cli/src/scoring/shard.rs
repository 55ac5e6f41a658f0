//! A part of the input: its lines or rows, their words, and their output.

use csv::ByteRecord;
use nextchar::data::MAX_NAME_LENGTH;
use nextchar::score::WordBatch;
use nextchar::text::{Token, UnknownPiece, Vocab};

/// What a shard is filled with.
#[derive(Default)]
pub struct Source {
    /// Complete lines, each with its line feed.
    pub lines: Vec<u8>,
    /// Whether the last line was too long and only its start is here.
    pub is_cut: bool,
    /// Rows of a table; the first `row_count` of them.
    pub rows: Vec<ByteRecord>,
    pub row_count: usize,
    /// The column of a table that contains the words.
    pub column: usize,
}

/// One word as it was given, and whether it can be scored.
pub struct Entry {
    /// Its place in the shard's text.
    pub text: std::ops::Range<usize>,
    pub word: Word,
}

/// A word, or why it cannot be scored.
pub enum Word {
    /// Its number in the shard's batch, and whether it was given as the model writes it.
    Encoded(usize, bool),
    Empty,
    TooLong,
    Unknown(UnknownPiece),
    /// Several words that the model knows, between characters that it does not; their numbers in the batch.
    Several(std::ops::Range<usize>, UnknownPiece),
}

#[derive(Default)]
pub struct Shard {
    pub source: Source,
    /// The words as they were given, trimmed, end to end.
    pub text: String,
    pub entries: Vec<Entry>,
    pub batch: WordBatch,
    /// The output.
    pub out: Vec<u8>,
    pub all_plausible: bool,
    word: Vec<Token>,
}

impl AsMut<WordBatch> for Shard {
    fn as_mut(&mut self) -> &mut WordBatch {
        &mut self.batch
    }
}

/// The tokens of single bytes: ASCII characters in either case.
pub struct Letters<'a> {
    vocab: &'a Vocab,
    /// 0 if the byte has none.
    tokens: [Token; 256],
    /// Whether words of such bytes are as the model writes them: it has no other form of these characters.
    is_written: [bool; 256],
}

impl<'a> Letters<'a> {
    pub fn new(vocab: &'a Vocab) -> Self {
        let (mut tokens, mut is_written) = ([0; 256], [false; 256]);
        let mut all = String::new();
        for byte in b'!'..=b'~' {
            let letter = String::from(byte as char);
            let token = vocab.token(&vocab.normalizer().normalize(&letter));
            tokens[usize::from(byte)] = token.unwrap_or(0);
            is_written[usize::from(byte)] = token.is_some() && vocab.token(&letter) == token;
            if is_written[usize::from(byte)] {
                all.push_str(&letter);
            }
        }
        // A tokenizer may write words as something else than their pieces in a row.
        let in_a_row: Vec<Token> = all.bytes().map(|byte| tokens[usize::from(byte)]).collect();
        if vocab.decode(&in_a_row) != all {
            is_written = [false; 256];
        }
        Letters {
            vocab,
            tokens,
            is_written,
        }
    }
}

impl Shard {
    /// Finds the words; those that the model can score go into the batch.
    pub fn parse(&mut self, letters: &Letters<'_>) {
        self.text.clear();
        self.entries.clear();
        self.batch.clear();
        let source = std::mem::take(&mut self.source);
        let mut left = &source.lines[..];
        while let Some(end) = memchr::memchr(b'\n', left) {
            let (line, others) = left.split_at(end);
            left = &others[1..];
            let line = line.trim_ascii();
            if source.is_cut && left.is_empty() {
                self.add_too_long(line);
            } else if !line.is_empty() {
                self.add(line, letters);
                self.drop_blank();
            }
        }
        for row in &source.rows[..source.row_count] {
            self.add(
                row.get(source.column).unwrap_or_default().trim_ascii(),
                letters,
            );
        }
        self.source = source;
    }

    /// A line of non-ASCII white space is blank, too.
    fn drop_blank(&mut self) {
        if matches!(self.entries.last(), Some(entry) if matches!(entry.word, Word::Empty)) {
            self.entries.pop();
        }
    }

    /// Adds a word, cleaned like names.
    fn add(&mut self, bytes: &[u8], letters: &Letters<'_>) {
        self.word.clear();
        let tokens = bytes.iter().map(|&byte| letters.tokens[usize::from(byte)]);
        self.word.extend(tokens);
        let simple = !bytes.is_empty() && bytes.len() <= MAX_NAME_LENGTH && !self.word.contains(&0);
        if !simple {
            return self.add_unusual(bytes, letters);
        }
        let is_written = bytes
            .iter()
            .all(|&byte| letters.is_written[usize::from(byte)]);
        let text = std::str::from_utf8(bytes).expect("letters of ASCII");
        self.keep(text, Word::Encoded(self.batch.len(), is_written));
        self.batch.push(&self.word);
    }

    fn add_unusual(&mut self, bytes: &[u8], letters: &Letters<'_>) {
        let text = String::from_utf8_lossy(bytes);
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return self.keep(text, Word::Empty);
        }
        if text.chars().nth(MAX_NAME_LENGTH).is_some() {
            return self.add_too_long(text.as_bytes());
        }
        match letters
            .vocab
            .encode_into(&letters.vocab.normalized(text), &mut self.word)
        {
            Ok(()) => {
                self.keep(text, Word::Encoded(self.batch.len(), false));
                self.batch.push(&self.word);
            }
            Err(unknown) => {
                let word = match self.add_several(text, letters.vocab) {
                    Some(parts) => Word::Several(parts, unknown),
                    None => Word::Unknown(unknown),
                };
                self.keep(text, word);
            }
        }
    }

    /// Adds the words of a cell with several of them; `None` if the model does not know one.
    fn add_several(&mut self, text: &str, vocab: &Vocab) -> Option<std::ops::Range<usize>> {
        const MOST: usize = 4;
        let is_separator = |c: char| c.is_whitespace() || "/,;&+|".contains(c);
        let words = text.split(is_separator).filter(|word| !word.is_empty());
        if !(2..=MOST).contains(&words.clone().count()) {
            return None;
        }
        let words: Result<Vec<Vec<Token>>, _> = words
            .map(|word| vocab.encode(&vocab.normalized(word)))
            .collect();
        let words = words
            .ok()
            .filter(|words| words.iter().all(|word| word.len() > 1))?;
        let start = self.batch.len();
        words.iter().for_each(|word| self.batch.push(word));
        Some(start..self.batch.len())
    }

    fn add_too_long(&mut self, bytes: &[u8]) {
        const SHOWN: usize = 40;
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(4 * SHOWN)]);
        let shown: String = text.chars().take(SHOWN).chain(['…']).collect();
        self.keep(&shown, Word::TooLong);
    }

    fn keep(&mut self, text: &str, word: Word) {
        let start = self.text.len();
        self.text.push_str(text);
        let text = start..self.text.len();
        self.entries.push(Entry { text, word });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(lines: &[u8], is_cut: bool) -> Shard {
        let mut shard = Shard::default();
        shard.source.lines = lines.to_vec();
        shard.source.is_cut = is_cut;
        shard.parse(&Letters::new(&Vocab::az()));
        shard
    }

    #[test]
    fn lines_become_words() {
        let long = "a".repeat(MAX_NAME_LENGTH + 1);
        let text =
            format!("\u{feff}Asha\r\n\n \u{3000} \nRenée\n a b\nasha & usha\n{long}\nzeel\n");
        let shard = parsed(text.as_bytes(), false);
        let words: Vec<(&str, &str)> = shard
            .entries
            .iter()
            .map(|entry| {
                let kind = match entry.word {
                    Word::Encoded(..) => "encoded",
                    Word::Empty => "empty",
                    Word::TooLong => "too long",
                    Word::Unknown(_) => "unknown",
                    Word::Several(..) => "several",
                };
                (&shard.text[entry.text.clone()], kind)
            })
            .collect();
        let shown = format!("{}…", &long[..40]);
        assert_eq!(
            words,
            [
                ("Asha", "encoded"),
                ("Renée", "unknown"),
                ("a b", "unknown"),
                ("asha & usha", "several"),
                (&shown, "too long"),
                ("zeel", "encoded")
            ]
        );
        assert_eq!(shard.batch.len(), 4);
    }

    #[test]
    fn a_cut_line_is_too_long_even_if_its_beginning_is_blank() {
        let shard = parsed(b"asha\n   \n", true);
        assert!(matches!(shard.entries[1].word, Word::TooLong));
        assert!(parsed(b"asha\n   \n", false).entries.len() == 1);
    }
}
