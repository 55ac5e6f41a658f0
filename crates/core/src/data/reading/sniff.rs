//! Step 2, before reading: files that are not text are recognised by their first bytes.

use crate::error::Hint;

/// What the first bytes of other files are, and what to do with such a file.
const MAGIC: [(&[u8], &str, Hint); 37] = [
    (b"\x1f\x8b", "a gzip file", Hint::Unpack("gunzip")),
    (
        b"\x28\xb5\x2f\xfd",
        "a Zstandard file",
        Hint::Unpack("unzstd"),
    ),
    (b"\xfd7zXZ\0", "an xz file", Hint::Unpack("unxz")),
    (b"BZh91AY", "a bzip2 file", Hint::Unpack("bunzip2")),
    (
        b"7z\xbc\xaf\x27\x1c",
        "a 7-Zip archive",
        Hint::Unpack("7z x"),
    ),
    (b"Rar!\x1a\x07", "a RAR archive", Hint::Unpack("unrar x")),
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
    (b"PAR1\x15", "a Parquet file", Hint::Parquet),
    (b"ARROW1\0\0", "an Arrow file", Hint::SaveAsCsv),
    (b"\xff\xff\xff\xff", "an Arrow stream", Hint::SaveAsCsv),
    (b"FEA1\0", "a Feather file", Hint::SaveAsCsv),
    (b"Obj\x01", "an Avro file", Hint::SaveAsCsv),
    (b"\x89HDF\r\n", "an HDF5 file", Hint::SaveAsCsv),
    (b"\x93NUMPY", "a NumPy array", Hint::OneNameALine),
    (b"\x80\x02", "a pickle of Python", Hint::OneNameALine),
    (b"\x80\x03", "a pickle of Python", Hint::OneNameALine),
    (b"\x80\x04\x95", "a pickle of Python", Hint::OneNameALine),
    (b"\x80\x05\x95", "a pickle of Python", Hint::OneNameALine),
    (b"SQLite format 3\0", "an SQLite database", Hint::SaveAsCsv),
    (b"GGUF", "a model in the GGUF format", Hint::OneNameALine),
    (b"%PDF-", "a PDF document", Hint::OneNameALine),
    (b"{\\rtf", "an RTF document", Hint::OneNameALine),
    (b"<?xml", "an XML document", Hint::OneNameALine),
    (b"<!DOCTYPE", "a web page", Hint::OneNameALine),
    (b"<!doctype", "a web page", Hint::OneNameALine),
    (b"<html", "a web page", Hint::OneNameALine),
    (b"\x7fELF", "a program", Hint::OneNameALine),
    (b"MZ\x90\0", "a program", Hint::OneNameALine),
    (b"\xcf\xfa\xed\xfe", "a program", Hint::OneNameALine),
    (b"\0asm", "a program", Hint::OneNameALine),
    (b"\x89PNG", "a picture", Hint::OneNameALine),
    (b"\xff\xd8\xff", "a picture", Hint::OneNameALine),
    (b"GIF8", "a picture", Hint::OneNameALine),
    (b"\0\0\xfe\xff", "UTF-32 text", Hint::SaveAsUtf8),
    (b"\xff\xfe\0\0", "UTF-32 text", Hint::SaveAsUtf8),
    (
        b"version https://git-lfs",
        "a placeholder of Git LFS",
        Hint::OneNameALine,
    ),
];

/// The kind of a file, if these first bytes are not text.
pub(super) fn kind(first: &[u8]) -> Option<(&'static str, Hint)> {
    let magic = MAGIC.iter().find(|(magic, ..)| first.starts_with(magic));
    if let Some(&(_, what, hint)) = magic {
        Some((what, hint))
    } else if is_safetensors(first) {
        Some(("a model in the safetensors format", Hint::UseAsModel))
    } else if first.get(257..262) == Some(b"ustar") {
        Some(("a tar archive", Hint::Unpack("tar -x")))
    } else if is_binary(first) {
        Some(("binary data", Hint::OneNameALine))
    } else {
        None
    }
}

/// The byte order of UTF-16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Utf16 {
    LittleEndian,
    BigEndian,
}

impl Utf16 {
    /// The number that two bytes are.
    pub(super) fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Utf16::LittleEndian => u16::from_le_bytes(bytes),
            Utf16::BigEndian => u16::from_be_bytes(bytes),
        }
    }

    /// Whether the bytes begin with a byte-order mark.
    pub(super) fn is_marked(self, first: &[u8]) -> bool {
        first.first_chunk().map(|&pair| self.unit(pair)) == Some(0xfeff)
    }
}

/// The byte order, if the first bytes are UTF-16: a byte-order mark followed by text, or ASCII with a zero byte next
/// to each character.
pub(super) fn utf16(first: &[u8]) -> Option<Utf16> {
    let first = first.get(..4)?;
    let is_ascii = |unit: u16| {
        u8::try_from(unit).is_ok_and(|b| b.is_ascii_graphic() || b.is_ascii_whitespace())
    };
    [Utf16::LittleEndian, Utf16::BigEndian]
        .into_iter()
        .find(|order| {
            let units = [
                order.unit([first[0], first[1]]),
                order.unit([first[2], first[3]]),
            ];
            (units[0] == 0xfeff && units[1] != 0) || units.into_iter().all(is_ascii)
        })
}

/// Whether many of the first bytes are controls, which no text has.
fn is_binary(first: &[u8]) -> bool {
    const LOOKED_AT: usize = 512;
    let first = &first[..first.len().min(LOOKED_AT)];
    let is_control = |&&byte: &&u8| byte < 0x20 && !b"\t\n\r\x0c\x1b".contains(&byte);
    let controls = first.iter().filter(is_control).count();
    first.len() >= 64 && 10 * controls > first.len()
}

/// A length of eight bytes, and a JSON object.
fn is_safetensors(first: &[u8]) -> bool {
    const LONGEST_HEADER: u64 = 100_000_000;
    first.split_first_chunk().is_some_and(|(length, header)| {
        u64::from_le_bytes(*length) < LONGEST_HEADER && header.starts_with(b"{")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_recognised() {
        let model = [&[200, 0, 0, 0, 0, 0, 0, 0][..], b"{\"__metadata__\":{"].concat();
        let tar = [&[b'a'; 257][..], b"ustar\0"].concat();
        let bytes: Vec<u8> = (0..=255).collect();
        let found = |bytes: &[u8]| kind(bytes).map(|(what, _)| what);
        for (bytes, expected) in [
            (&b"\x1f\x8b\x08\0"[..], "a gzip file"),
            (
                b"PK\x03\x04\x14\0",
                "an Excel workbook or another ZIP archive",
            ),
            (b"PAR1\x15\x04", "a Parquet file"),
            (b"\x7fELF\x02\x01", "a program"),
            (b"\xff\xd8\xff\xe0", "a picture"),
            (b"\x80\x04\x95\x2a\0", "a pickle of Python"),
            (b"\xff\xfe\0\0a\0\0\0", "UTF-32 text"),
            (&model, "a model in the safetensors format"),
            (&tar, "a tar archive"),
            (&bytes, "binary data"),
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
            "{a}\n",
            "आरव\n",
            "id,name\n1,aadesh\n",
            "\0",
            "\0\0\0\0",
            "x\0y\n",
        ] {
            assert_eq!(kind(text.as_bytes()), None, "{text:?}");
            assert_eq!(utf16(text.as_bytes()), None, "{text:?}");
        }
        // Neither UTF-8 nor UTF-16.
        assert_eq!((kind(b"\xff\xfe\n"), utf16(b"\xff\xfe\n")), (None, None));
    }

    #[test]
    fn utf16_is_recognised_in_either_order() {
        for text in ["\u{feff}aadesh\n", "\u{feff}आरव\n", "zeel\n"] {
            let bytes = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
                text.encode_utf16().flat_map(bytes).collect()
            };
            let little = utf16(&bytes(u16::to_le_bytes));
            assert_eq!(little, Some(Utf16::LittleEndian), "{text}");
            assert_eq!(
                utf16(&bytes(u16::to_be_bytes)),
                Some(Utf16::BigEndian),
                "{text}"
            );
        }
    }
}
