//! The headers of a Parquet file, as far as they claim sizes and numbers: Thrift structs in the compact protocol.
//!
//! The Parquet library allocates as much memory as a header claims, and a process cannot survive a request for memory
//! that does not exist. So the headers are read here first.

/// The largest number of columns, including groups of columns: they are read recursively.
pub(crate) const MOST_COLUMNS: u64 = 1000;

/// The largest depth of nested structs in a header.
const DEPTH: u32 = 16;

/// The largest number of rows of a file: runs of equal rows take the least space.
pub(crate) fn most_rows(bytes: i64) -> i64 {
    const ANY_FILE: i64 = 100_000;
    const A_BYTE: i64 = 1000;
    ANY_FILE.saturating_add(A_BYTE.saturating_mul(bytes))
}

/// The largest size of what Snappy has packed: it encodes at most 64 bytes in three.
pub(crate) fn most_unpacked(packed: i64) -> i64 {
    packed.saturating_mul(22).saturating_add(64)
}

/// The largest number of columns that a footer's schema claims, in total or within a group.
pub(crate) fn most_columns(footer: &[u8]) -> Option<u64> {
    let (mut footer, mut number) = (Thrift(footer), 0);
    while let Some(kind) = footer.field(&mut number)? {
        match (number, kind) {
            (2, Thrift::LIST) => {
                let (elements, _) = footer.list().filter(|&(_, kind)| kind == Thrift::STRUCT)?;
                let mut most = elements;
                for _ in 0..elements.min(MOST_COLUMNS) {
                    most = most.max(footer.children()?);
                }
                return Some(most);
            }
            (2, _) => return None,
            (_, kind) => footer.skip(kind, DEPTH)?,
        }
    }
    None
}

/// What the header of a page claims.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Page {
    pub kind: i64,
    pub uncompressed: i64,
    pub compressed: i64,
    pub values: i64,
    pub encoding: i64,
    /// The encodings of definition and repetition levels in a page of version 1.
    pub level_encodings: [i64; 2],
    /// The sizes of definition and repetition levels in a page of version 2, and its numbers of nulls and rows.
    pub level_bytes: [i64; 2],
    pub nulls: i64,
    pub rows: i64,
    /// Whether the values of a page of version 2 are packed.
    pub is_packed: bool,
}

impl Page {
    pub const DATA: i64 = 0;
    pub const DICTIONARY: i64 = 2;
    pub const DATA_2: i64 = 3;
    pub const DELTA_LENGTH_BYTE_ARRAY: i64 = 6;
    pub const DELTA_BYTE_ARRAY: i64 = 7;

    /// The header at the start of some bytes, and its size; `None` if they are not one.
    pub fn read(bytes: &[u8]) -> Option<(Self, usize)> {
        let mut left = Thrift(bytes);
        let page = left.page()?;
        Some((page, bytes.len() - left.0.len()))
    }
}

/// A reader of bytes in Thrift's compact protocol.
struct Thrift<'a>(&'a [u8]);

impl Thrift<'_> {
    const TRUE: u8 = 1;
    const FALSE: u8 = 2;
    const BYTE: u8 = 3;
    const I32: u8 = 5;
    const DOUBLE: u8 = 7;
    const BINARY: u8 = 8;
    const LIST: u8 = 9;
    const SET: u8 = 10;
    const STRUCT: u8 = 12;

    /// The number of children that a schema element claims to have.
    fn children(&mut self) -> Option<u64> {
        let (mut children, mut number) = (0, 0);
        while let Some(kind) = self.field(&mut number)? {
            match (number, kind) {
                (5, Self::I32) => children = u64::try_from(self.i32()?).ok()?,
                (5, _) => return None,
                (_, kind) => self.skip(kind, DEPTH)?,
            }
        }
        Some(children)
    }

    /// The header of a page; `None` if the bytes are not one.
    fn page(&mut self) -> Option<Page> {
        let (mut page, mut number) = (Page::default(), 0);
        while let Some(kind) = self.field(&mut number)? {
            // Fields are in order, so the type of the page is known before its contents.
            match (number, kind, page.kind) {
                (1, Self::I32, _) => page.kind = self.i32()?,
                (2, Self::I32, _) => page.uncompressed = self.i32()?,
                (3, Self::I32, _) => page.compressed = self.i32()?,
                (5, Self::STRUCT, Page::DATA) => {
                    let [values, encoding, definition, repetition] = self.integers()?.0;
                    (page.values, page.encoding) = (values, encoding);
                    page.level_encodings = [definition, repetition];
                }
                (7, Self::STRUCT, Page::DICTIONARY) => {
                    [page.values, page.encoding] = self.integers()?.0;
                }
                (8, Self::STRUCT, Page::DATA_2) => {
                    let ([values, nulls, rows, encoding, definition, repetition], is_packed) =
                        self.integers()?;
                    (page.values, page.encoding) = (values, encoding);
                    (page.nulls, page.rows) = (nulls, rows);
                    page.level_bytes = [definition, repetition];
                    page.is_packed = is_packed;
                }
                (1..=3, ..) => return None,
                (_, kind, _) => self.skip(kind, DEPTH)?,
            }
        }
        Some(page)
    }

    /// The first fields of a struct, which are integers, and whether none of the others is false.
    fn integers<const N: usize>(&mut self) -> Option<([i64; N], bool)> {
        let (mut integers, mut number, mut is_true) = ([0; N], 0, true);
        while let Some(kind) = self.field(&mut number)? {
            let place = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
            match (integers.get_mut(place?), kind) {
                (Some(integer), Self::I32) => *integer = self.i32()?,
                (Some(_), _) => return None,
                (None, kind) => {
                    is_true &= kind != Self::FALSE;
                    self.skip(kind, DEPTH)?;
                }
            }
        }
        Some((integers, is_true))
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn pass(&mut self, bytes: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(bytes).ok()?..)?;
        Some(())
    }

    /// An integer in groups of seven bits, the lowest first.
    fn natural(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    /// A zigzag-encoded integer of at most 32 bits.
    fn i32(&mut self) -> Option<i64> {
        let value = self.natural()?;
        let value = (value >> 1) as i64 ^ -((value & 1) as i64);
        i32::try_from(value).ok().map(i64::from)
    }

    /// The type of a struct's next field after the one with this number; `None` at the end. Field numbers that
    /// are not delta-encoded are refused: no header needs them.
    fn field(&mut self, number: &mut i16) -> Option<Option<u8>> {
        let byte = self.byte()?;
        match (byte >> 4, byte & 15) {
            (_, 0) => Some(None),
            (0, _) => None,
            (distance, kind) => {
                *number = number.checked_add(distance.into())?;
                Some(Some(kind))
            }
        }
    }

    /// The length of a list and the type of its elements.
    fn list(&mut self) -> Option<(u64, u8)> {
        let byte = self.byte()?;
        let length = match byte >> 4 {
            15 => self.natural()?,
            length => length.into(),
        };
        Some((length, byte & 15))
    }

    /// Skips the value of a field.
    fn skip(&mut self, kind: u8, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            Self::TRUE | Self::FALSE => Some(()),
            Self::BYTE => self.pass(1),
            4..=6 => self.natural().map(drop),
            Self::DOUBLE => self.pass(8),
            Self::BINARY => {
                let length = self.natural()?;
                self.pass(length)
            }
            Self::LIST | Self::SET => {
                let (length, kind) = self.list()?;
                for _ in 0..length {
                    match kind {
                        Self::TRUE | Self::FALSE => self.pass(1)?, // one byte each in a list
                        kind => self.skip(kind, depth)?,
                    }
                }
                Some(())
            }
            Self::STRUCT => {
                let mut number = 0;
                while let Some(kind) = self.field(&mut number)? {
                    self.skip(kind, depth)?;
                }
                Some(())
            }
            _ => None, // maps, which no header contains
        }
    }
}
