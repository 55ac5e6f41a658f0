//! Step 2, before reading: files that are not text are recognised by their first bytes.

use std::io::{self, Read};

use crate::error::{Error, Hint};

/// Number of first bytes that are inspected.
const LOOKED_AT: usize = 256;

/// An input whose first bytes have been inspected.
pub type Sniffed<R> = io::Chain<io::Cursor<Vec<u8>>, R>;

/// Inspects the first bytes of an input and returns the complete input.
///
/// It reads once, so a terminal does not have to provide more than a line.
///
/// # Errors
/// [`Error::NotAList`] if the bytes are those of another kind of file; [`Error::Read`] if the input fails.
pub fn sniffed<R: Read>(mut input: R) -> Result<Sniffed<R>, Error> {
    let mut first = vec![0; LOOKED_AT];
    let read = loop {
        match input.read(&mut first) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read.map_err(|error| Error::Read(error.to_string()))?,
        }
    };
    first.truncate(read);
    if let Some((what, hint)) = kind(&first) {
        return Err(Error::NotAList { what, hint });
    }
    Ok(io::Cursor::new(first).chain(input))
}

/// The kind of a file, if these first bytes are not a list of names.
fn kind(first: &[u8]) -> Option<(&'static str, Hint)> {
    const MAGIC: [(&[u8], &str, Hint); 14] = [
        (b"\x1f\x8b", "a gzip file", Hint::Unpack("gunzip")),
        (
            b"\x28\xb5\x2f\xfd",
            "a Zstandard file",
            Hint::Unpack("unzstd"),
        ),
        (b"\xfd7zXZ\0", "an xz file", Hint::Unpack("unxz")),
        (b"BZh91AY", "a bzip2 file", Hint::Unpack("bunzip2")),
        (
            b"PK\x03\x04",
            "an Excel workbook or another ZIP archive",
            Hint::SaveAsCsv,
        ),
        (
            b"\xd0\xcf\x11\xe0",
            "an old Office document",
            Hint::SaveAsCsv,
        ),
        (b"PAR1\x15", "a Parquet file", Hint::CountsOrCsv),
        (b"ARROW1\0\0", "an Arrow file", Hint::SaveAsCsv),
        (b"SQLite format 3\0", "an SQLite database", Hint::SaveAsCsv),
        (b"%PDF-", "a PDF document", Hint::OneNameALine),
        (b"\x7fELF", "a program", Hint::OneNameALine),
        (b"MZ\x90\0", "a program", Hint::OneNameALine),
        (b"\0asm", "a program", Hint::OneNameALine),
        (b"\x89PNG", "a picture", Hint::OneNameALine),
    ];
    let magic = MAGIC.iter().find(|(magic, ..)| first.starts_with(magic));
    if let Some(&(_, what, hint)) = magic {
        Some((what, hint))
    } else if is_utf16(first) {
        Some(("UTF-16 text", Hint::SaveAsUtf8))
    } else if is_safetensors(first) {
        Some(("a model in the safetensors format", Hint::UseAsModel))
    } else if is_json(first) {
        Some(("JSON", Hint::OneNameALine))
    } else {
        None
    }
}

/// A byte-order mark followed by text, or ASCII with a zero byte next to each character.
fn is_utf16(first: &[u8]) -> bool {
    let marked = first.starts_with(b"\xff\xfe") || first.starts_with(b"\xfe\xff");
    let is_text = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    let pairs = |zero: usize| {
        first.len() >= 4
            && first[..4]
                .chunks(2)
                .all(|pair| pair[zero] == 0 && is_text(pair[1 - zero]))
    };
    (marked && first.len() >= 4) || pairs(0) || pairs(1)
}

/// A length of eight bytes, and a JSON object.
fn is_safetensors(first: &[u8]) -> bool {
    const LONGEST_HEADER: u64 = 100_000_000;
    first.split_first_chunk().is_some_and(|(length, header)| {
        u64::from_le_bytes(*length) < LONGEST_HEADER && header.starts_with(b"{")
    })
}

/// An object, or an array of objects or strings.
fn is_json(first: &[u8]) -> bool {
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let inner = |open: u8| {
        let inner = text.trim_ascii_start().strip_prefix(&[open])?;
        inner.trim_ascii_start().first().copied()
    };
    inner(b'{') == Some(b'"') || matches!(inner(b'['), Some(b'"' | b'{' | b'['))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_recognised() {
        let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
            text.encode_utf16().flat_map(bytes).collect()
        };
        let model = [&[200, 0, 0, 0, 0, 0, 0, 0][..], b"{\"__metadata__\":{"].concat();
        let found = |bytes: &[u8]| kind(bytes).map(|(what, _)| what);
        for (bytes, expected) in [
            (&b"\x1f\x8b\x08\0"[..], "a gzip file"),
            (
                b"PK\x03\x04\x14\0",
                "an Excel workbook or another ZIP archive",
            ),
            (b"PAR1\x15\x04", "a Parquet file"),
            (b"\x7fELF\x02\x01", "a program"),
            (&model, "a model in the safetensors format"),
            (b"{\"name\": \"aadesh\"}\n", "JSON"),
            (b"[\n  \"aadesh\",\n", "JSON"),
            (&utf16("\u{feff}aadesh\n", u16::to_le_bytes), "UTF-16 text"),
            (&utf16("\u{feff}आरव\n", u16::to_be_bytes), "UTF-16 text"),
            (&utf16("zeel\n", u16::to_le_bytes), "UTF-16 text"),
            (&utf16("zeel\n", u16::to_be_bytes), "UTF-16 text"),
        ] {
            assert_eq!(found(bytes), Some(expected), "{bytes:?}");
        }
    }

    #[test]
    fn lists_are_none_of_them() {
        for text in [
            "",
            "a",
            "aadesh\n",
            "\u{feff}zeel\n",
            "BZh\n",
            "PAR1\n",
            "MZ\n",
            "[aadesh]\n",
            "{a}\n",
            "आरव\n",
            "id,name\n1,aadesh\n",
            "\0",
            "\0\0\0\0",
        ] {
            assert_eq!(kind(text.as_bytes()), None, "{text:?}");
        }
        // Neither UTF-8 nor UTF-16.
        assert_eq!(kind(b"\xff\xfe\n"), None);
    }

    #[test]
    fn an_input_is_given_back_whole() {
        let text = "aadesh\n".repeat(100);
        let mut read = String::new();
        let mut input = sniffed(text.as_bytes()).unwrap();
        input.read_to_string(&mut read).unwrap();
        assert_eq!(read, text);
    }
}
