//! Step 2, before reading: the bytes of any text file as UTF-8.
//!
//! The first bytes show UTF-16, and files that are not text. Everything else is UTF-8, unless the first line that
//! is not ASCII is not valid UTF-8. Then the next 64 kB decide: they are Windows-1252, which contains Latin-1, if
//! no line of them is UTF-8 and they look like words in Latin letters. Otherwise, the faulty lines are reported as
//! such. The decoders are those of the standard library and a table of 32 characters: a library of all encodings
//! would double the size of the page's engine.

use std::io::{self, BufRead, Read};

use serde::Serialize;

use crate::data::reading::sniff::{Utf16, kind, utf16};
use crate::error::Error;

/// Number of bytes that are read at a time.
const CHUNK: usize = 16 << 10;

/// Number of bytes that decide whether a text is Windows-1252, and the longest first line that is looked at.
const LOOKED_AT: usize = 64 << 10;

/// How a text was encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Encoding {
    /// UTF-8, with or without a byte-order mark.
    #[default]
    #[serde(rename = "UTF-8")]
    Utf8,
    /// UTF-16, in either byte order.
    #[serde(rename = "UTF-16")]
    Utf16,
    /// Windows-1252, which contains Latin-1: a guess, because nothing in a file names it.
    #[serde(rename = "Windows-1252")]
    Windows1252,
}

impl Encoding {
    /// Whether it is UTF-8.
    pub fn is_utf8(&self) -> bool {
        *self == Encoding::Utf8
    }
}

/// An input as UTF-8, without a byte-order mark. Lines that are not valid text stay invalid.
///
/// ```
/// use std::io::Read;
///
/// use nextchar_core::data::{Decoded, Encoding};
///
/// for (bytes, encoding) in [
///     (&b"Zo\xc3\xab\n"[..], Encoding::Utf8),
///     (b"\xff\xfeZ\0o\0\xeb\0\n\0", Encoding::Utf16),
///     (b"Zo\xeb\n", Encoding::Windows1252),
/// ] {
///     let (mut input, mut text) = (Decoded::open(bytes).unwrap(), String::new());
///     input.read_to_string(&mut text).unwrap();
///     assert_eq!((&text[..], input.encoding()), ("Zoë\n", encoding));
/// }
/// ```
pub struct Decoded<R> {
    input: R,
    encoding: Encoding,
    order: Utf16,
    /// Whether the encoding can no longer change.
    is_settled: bool,
    /// What was read and is not decoded.
    raw: Vec<u8>,
    /// What is decoded; it is returned from `at` on.
    text: Vec<u8>,
    at: usize,
    /// Whether the input had less than was wanted: a terminal or a pipe, which may have more later.
    pauses: bool,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    /// Inspects the first bytes. A terminal does not have to provide more than a line.
    ///
    /// # Errors
    /// [`Error::NotAList`] if the bytes are those of another kind of file; [`Error::Read`] if the input fails.
    pub fn open(input: R) -> Result<Self, Error> {
        const ENOUGH: usize = 4;
        let mut decoded = Decoded {
            input,
            encoding: Encoding::Utf8,
            order: Utf16::LittleEndian,
            is_settled: false,
            raw: Vec::new(),
            text: Vec::new(),
            at: 0,
            pauses: false,
            ended: false,
        };
        while decoded.raw.len() < ENOUGH && !decoded.raw.contains(&b'\n') && !decoded.ended {
            decoded.read_more().map_err(failed)?;
        }
        let mut mark = 0;
        if let Some(order) = utf16(&decoded.raw) {
            (decoded.encoding, decoded.order) = (Encoding::Utf16, order);
            decoded.is_settled = true;
            mark = if order.is_marked(&decoded.raw) { 2 } else { 0 };
        } else if let Some((what, hint)) = kind(&decoded.raw) {
            return Err(Error::NotAList { what, hint });
        } else if decoded.raw.starts_with(b"\xef\xbb\xbf") {
            mark = 3;
        }
        decoded.raw.drain(..mark);
        Ok(decoded)
    }

    /// The encoding, as far as what was read shows it.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The first line that is not blank, or its start if it is long; nothing is consumed.
    pub(super) fn first_line(&mut self) -> Result<&[u8], Error> {
        let is_blank = |byte: &u8| byte.is_ascii_whitespace();
        loop {
            let left = &self.text[self.at..];
            let start = left.iter().position(|byte| !is_blank(byte));
            let end = start.and_then(|start| Some(start + memchr::memchr(b'\n', &left[start..])?));
            if end.is_some() || left.len() > LOOKED_AT || !self.grow().map_err(failed)? {
                let left = &self.text[self.at..];
                return Ok(&left[start.unwrap_or(left.len())..end.unwrap_or(left.len())]);
            }
        }
    }

    /// Decodes more; returns false at the end.
    fn grow(&mut self) -> io::Result<bool> {
        let before = self.text.len();
        loop {
            self.decode()?;
            if self.text.len() > before {
                return Ok(true);
            }
            if self.ended {
                return Ok(false);
            }
            self.read_more()?;
        }
    }

    /// Reads once.
    fn read_more(&mut self) -> io::Result<()> {
        let filled = self.raw.len();
        self.raw.resize(filled + CHUNK, 0);
        let read = loop {
            match self.input.read(&mut self.raw[filled..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.raw
            .truncate(filled + read.as_ref().copied().unwrap_or(0));
        self.pauses = read? < CHUNK;
        self.ended = self.raw.len() == filled;
        Ok(())
    }

    /// Moves what can be decoded from `raw` to `text`; at the end, everything.
    fn decode(&mut self) -> io::Result<()> {
        if !self.is_settled {
            self.settle()?;
        }
        match self.encoding {
            Encoding::Utf8 => {
                let end = match self.is_settled || self.ended {
                    true => self.raw.len(),
                    // The start of a line may belong to the first one that is not ASCII.
                    false => self.whole_lines(),
                };
                if self.text.is_empty() && end == self.raw.len() {
                    std::mem::swap(&mut self.raw, &mut self.text);
                } else {
                    self.text.extend(self.raw.drain(..end));
                }
            }
            Encoding::Utf16 => self.decode_utf16(),
            Encoding::Windows1252 => {
                let end = self.whole_lines();
                for line in self.raw[..end].split_inclusive(|&byte| byte == b'\n') {
                    decode_windows_1252(line, &mut self.text);
                }
                self.raw.drain(..end);
            }
        }
        Ok(())
    }

    /// The end of the last complete line in `raw`, or of all bytes if there will be no better one.
    fn whole_lines(&self) -> usize {
        match memchr::memrchr(b'\n', &self.raw) {
            _ if self.ended => self.raw.len(),
            None if self.raw.len() > LOOKED_AT => self.raw.len(),
            end => end.map_or(0, |end| end + 1),
        }
    }

    /// Decides between UTF-8 and Windows-1252 at the first line that is not ASCII.
    fn settle(&mut self) -> io::Result<()> {
        let Some(other) = self.raw.iter().position(|byte| !byte.is_ascii()) else {
            return Ok(());
        };
        let start = memchr::memrchr(b'\n', &self.raw[..other]).map_or(0, |end| end + 1);
        let is_enough = |decoded: &Self| decoded.ended || decoded.raw.len() >= start + LOOKED_AT;
        let end = loop {
            match memchr::memchr(b'\n', &self.raw[other..]) {
                Some(end) => break other + end,
                None if is_enough(self) => break self.raw.len(),
                None => self.read_more()?,
            }
        };
        if !is_utf8(&self.raw[start..end]) {
            while !is_enough(self) {
                self.read_more()?;
            }
            let end = self.raw.len().min(start + LOOKED_AT);
            if looks_like_windows_1252(&self.raw[start..end]) {
                self.encoding = Encoding::Windows1252;
            }
        }
        self.is_settled = true;
        Ok(())
    }

    fn decode_utf16(&mut self) {
        let unit = |pair: &[u8]| self.order.unit([pair[0], pair[1]]);
        let mut end = self.raw.len() / 2 * 2;
        let is_half = |pair: &[u8]| (0xd800..0xdc00).contains(&unit(pair));
        if end > 0 && is_half(&self.raw[end - 2..end]) && !self.ended {
            end -= 2;
        }
        let units = self.raw[..end].chunks_exact(2).map(unit);
        for character in char::decode_utf16(units) {
            match character {
                Ok(character) => {
                    let text = character.encode_utf8(&mut [0; 4]).as_bytes().to_owned();
                    self.text.extend(text);
                }
                Err(_) => self.text.push(INVALID),
            }
        }
        self.raw.drain(..end);
        if self.ended && !self.raw.is_empty() {
            self.raw.clear();
            self.text.push(INVALID);
        }
    }
}

impl<R: Read> BufRead for Decoded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.text.len() {
            self.text.clear();
            self.at = 0;
            self.grow()?;
        }
        Ok(&self.text[self.at..])
    }

    fn consume(&mut self, amount: usize) {
        self.at += amount;
    }
}

impl<R: Read> Read for Decoded<R> {
    /// Returns less than is wanted only if the input does.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            if filled > 0 && self.at == self.text.len() && self.pauses {
                break;
            }
            let more = self.fill_buf()?;
            if more.is_empty() {
                break;
            }
            let used = more.len().min(buffer.len() - filled);
            buffer[filled..filled + used].copy_from_slice(&more[..used]);
            self.consume(used);
            filled += used;
        }
        Ok(filled)
    }
}

fn failed(error: io::Error) -> Error {
    Error::Read(error.to_string())
}

/// A byte that UTF-8 never has: half a character of UTF-16 is reported like invalid UTF-8.
const INVALID: u8 = 0xff;

fn is_utf8(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok()
}

/// The characters of the bytes 0x80 to 0x9f; the five that have none are controls, as on the web.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

fn windows_1252(byte: u8) -> char {
    match byte {
        0x80..=0x9f => WINDOWS_1252[usize::from(byte - 0x80)],
        _ => byte.into(),
    }
}

/// Decodes a line; one that is valid UTF-8 stays as it is.
fn decode_windows_1252(line: &[u8], text: &mut Vec<u8>) {
    if is_utf8(line) {
        return text.extend_from_slice(line);
    }
    for &byte in line {
        let mut space = [0; 4];
        text.extend_from_slice(windows_1252(byte).encode_utf8(&mut space).as_bytes());
    }
}

/// Whether no line that is not ASCII is UTF-8, and the bytes are words in Latin letters: no controls, most words
/// with letters outside ASCII have letters of ASCII, too, and no sign such as ³ is between two letters. The latter
/// two are typical of the same bytes in Cyrillic or Greek, and in Polish.
fn looks_like_windows_1252(sample: &[u8]) -> bool {
    let mut lines = sample.split(|&byte| byte == b'\n');
    if lines.any(|line| !line.is_ascii() && is_utf8(line)) {
        return false;
    }
    let text: Vec<char> = sample.iter().copied().map(windows_1252).collect();
    if text.iter().any(|c| c.is_control() && !c.is_whitespace()) {
        return false;
    }
    let joins = |c: char| c.is_ascii() || "‘’´·–\u{a0}\u{ad}".contains(c);
    let is_inside = |part: &[char]| {
        part[0].is_alphabetic() && part[2].is_alphabetic() && !part[1].is_alphabetic()
    };
    if text
        .windows(3)
        .any(|part| is_inside(part) && !joins(part[1]))
    {
        return false;
    }
    let (mut mixed, mut foreign) = (0, 0);
    for word in text.split(|c| !c.is_alphabetic()) {
        if word.iter().any(|c| !c.is_ascii()) {
            match word.iter().any(char::is_ascii) {
                true => mixed += 1,
                false => foreign += 1,
            }
        }
    }
    mixed > foreign
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns at most this number of bytes at a time.
    struct Slow<'a>(&'a [u8], usize);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(&mut buffer[..most])
        }
    }

    /// What is decoded, however the bytes arrive.
    fn decoded(bytes: &[u8]) -> (Vec<u8>, Encoding) {
        let read = |step| {
            let mut input = Decoded::open(Slow(bytes, step)).unwrap();
            let mut text = Vec::new();
            input.first_line().unwrap();
            input.read_to_end(&mut text).unwrap();
            (text, input.encoding())
        };
        let whole = read(usize::MAX);
        for step in [1, 7, 1000] {
            assert!(read(step) == whole, "{step}");
        }
        whole
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn latin(text: &str) -> Vec<u8> {
        let byte = |c: char| (0..=255).find(|&byte| windows_1252(byte) == c).unwrap();
        text.chars().map(byte).collect()
    }

    #[test]
    fn encodings_are_found_and_decoded() {
        let text = "Zoë\r\nआरव\n😀 Ж\n".repeat(3000);
        let marked = format!("\u{feff}{text}");
        for (bytes, encoding) in [
            (text.clone().into_bytes(), Encoding::Utf8),
            (marked.clone().into_bytes(), Encoding::Utf8),
            (utf16(&marked, u16::to_le_bytes), Encoding::Utf16),
            (utf16(&marked, u16::to_be_bytes), Encoding::Utf16),
        ] {
            assert!(decoded(&bytes) == (text.clone().into_bytes(), encoding));
        }
        // Without a mark, zero bytes beside ASCII show UTF-16.
        let plain = utf16("zeel\nZoë\n", u16::to_be_bytes);
        assert_eq!(decoded(&plain), ("zeel\nZoë\n".into(), Encoding::Utf16));
        let late = format!("{}José\nO’Neil\nŠtěpán\n", "aadesh\n".repeat(30_000));
        let late = late.replace('ě', "e");
        let expected = (late.clone().into_bytes(), Encoding::Windows1252);
        assert!(decoded(&latin(&late)) == expected);
    }

    #[test]
    fn halves_of_utf16_characters_are_invalid() {
        let bytes = b"\xff\xfea\0\n\0\x3d\xd8b\0\n\0c";
        assert_eq!(
            decoded(bytes),
            (b"a\n\xffb\n\xff".to_vec(), Encoding::Utf16)
        );
    }

    #[test]
    fn other_bytes_are_windows_1252_only_if_they_look_like_it() {
        for text in [
            "Jos\u{e9}\n",
            "name,city\nAnna,Z\u{fc}rich\n",
            "Fran\u{e7}ois\n\u{c0}\nNo\u{eb}l\n",
        ] {
            let expected = (text.as_bytes().to_vec(), Encoding::Windows1252);
            assert_eq!(decoded(&latin(text)), expected);
        }
        for bytes in [
            // A mixture: one line is UTF-8.
            &b"Ren\xe9e\nZo\xc3\xab\n"[..],
            b"Zo\xc3\xab\nRen\xe9e\n",
            // Controls.
            b"Ren\xe9e\n\x01\n",
            b"Ren\xe9e\n\x81\n",
            // Polish in ISO 8859-2, Russian in Windows-1251, Japanese in Shift JIS, nothing at all.
            b"Stanis\xb3aw\nMicha\xb3\n",
            b"\xc0\xed\xed\xe0\nid\n\xc8\xe2\xe0\xed\n",
            b"\x93\x63\x92\x86\n\x8d\xb2\x93\xa1\n",
            b"\xff\xfe\n",
        ] {
            assert_eq!(decoded(bytes), (bytes.to_vec(), Encoding::Utf8));
        }
    }

    #[test]
    fn a_line_of_utf8_after_the_sample_stays_as_it_is() {
        let bytes = [&b"Ren\xe9e\n".repeat(20_000)[..], "Zoë\n".as_bytes()].concat();
        let (text, encoding) = decoded(&bytes);
        assert_eq!(encoding, Encoding::Windows1252);
        assert!(text.ends_with("Renée\nZoë\n".as_bytes()));
    }

    #[test]
    fn a_failing_input_says_so_once_everything_before_it_is_read() {
        struct Failing(bool);
        impl Read for Failing {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::Error::other("damaged"));
                }
                buffer[..7].copy_from_slice(b"aadesh\n");
                Ok(7)
            }
        }
        let mut input = Decoded::open(Failing(false)).unwrap();
        let mut text = Vec::new();
        let error = input.read_to_end(&mut text).unwrap_err();
        assert_eq!(
            (&text[..], error.to_string()),
            (&b"aadesh\n"[..], "damaged".into())
        );
    }
}
