//! Counted windows as Parquet.

use std::cell::Cell;
use std::sync::Arc;

use nextchar_core::data::{CountedWindows, NameList, WindowCounter, folds};
use nextchar_core::text::Vocab;
use nextchar_formats::counts::{CountsError, CountsFile, FOLDS, to_bytes};
use parquet::basic::{Compression, Encoding};
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::file::properties::{WriterProperties, WriterPropertiesBuilder, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::hostile;

/// The memory that reading counts may hold at once: 1 MB, and 800 bytes for each byte of the file.
fn allowed(size: usize) -> u64 {
    (1 << 20) + 800 * size as u64
}

fn vocab() -> Vocab {
    Vocab::from_characters("abdeilmnotvz".chars()).unwrap()
}

fn names() -> NameList {
    let names = ["aino", "eino", "anna", "aabid", "oona", "ilma", "toivo"];
    NameList::from_names(names.map(|name| (name, 3)))
}

/// Reads and counts a file.
fn counted(file: &CountsFile) -> Result<Vec<CountedWindows>, CountsError> {
    let mut counters = vec![WindowCounter::new(vocab().len(), file.context_length())?; FOLDS];
    file.count(&vocab(), &mut counters)?;
    Ok(counters.into_iter().map(WindowCounter::finish).collect())
}

/// A file as written by other programs: the windows of a few contexts, `rows` rows in each group.
fn foreign(
    count: &str,
    rows: usize,
    groups: usize,
    properties: WriterPropertiesBuilder,
) -> Vec<u8> {
    let schema = format!(
        "message m {{ optional binary context (STRING); required group other {{ optional int32 x; }} \
         required binary next (STRING); optional {count} count; }}"
    );
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let mut writer =
        SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties.build())).unwrap();
    let levels = vec![1; rows];
    let texts = |texts: [&str; 3]| -> Vec<ByteArray> {
        let texts = texts.map(ByteArray::from);
        (0..rows).map(|row| texts[row % 3].clone()).collect()
    };
    for _ in 0..groups {
        let mut group = writer.next_row_group().unwrap();
        for place in 0..4 {
            let mut column = group.next_column().unwrap().unwrap();
            let optional = Some(&levels[..]);
            match (place, count) {
                (0, _) => column.typed::<ByteArrayType>().write_batch(
                    &texts(["___", "__a", "_ad"]),
                    optional,
                    None,
                ),
                (2, _) => {
                    let next = texts(["a", "_", "e"]);
                    column
                        .typed::<ByteArrayType>()
                        .write_batch(&next, None, None)
                }
                (3, "int64") => {
                    let counts = vec![7; rows];
                    column
                        .typed::<Int64Type>()
                        .write_batch(&counts, optional, None)
                }
                _ => {
                    let counts = vec![1; rows];
                    column
                        .typed::<Int32Type>()
                        .write_batch(&counts, optional, None)
                }
            }
            .unwrap();
            column.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

/// Small files of every kind.
fn files() -> Vec<Vec<u8>> {
    let table = |list: &NameList| CountedWindows::from_list(list, &vocab(), 3).unwrap();
    let parts: Vec<CountedWindows> = folds(&names(), FOLDS).iter().map(table).collect();
    let builder = WriterProperties::builder;
    vec![
        to_bytes(&vocab(), &parts, 7).unwrap(),
        to_bytes(&vocab(), &[table(&names())], 7).unwrap(),
        foreign("int64", 9, 3, builder()),
        foreign("int32", 30, 1, builder().set_dictionary_enabled(false)),
        foreign(
            "int64",
            300,
            2,
            builder().set_compression(Compression::SNAPPY),
        ),
        foreign(
            "int32",
            90,
            1,
            builder()
                .set_writer_version(WriterVersion::PARQUET_2_0)
                .set_column_encoding("count".into(), Encoding::DELTA_BINARY_PACKED)
                .set_data_page_row_count_limit(20)
                .set_write_batch_size(10),
        ),
    ]
}

/// The Parquet library's panics on damaged files are caught and converted to errors.
pub fn silence_parquet() {
    std::panic::set_hook(Box::new(|panic| {
        if !panic
            .location()
            .is_some_and(|place| place.file().contains("parquet"))
        {
            eprintln!("{panic}");
        }
    }));
}

#[test]
fn damaged_counts_are_read_or_refused() {
    silence_parquet();
    let files = files();
    for file in &files {
        counted(&CountsFile::from_bytes(file.clone()).unwrap()).unwrap();
    }
    let (read, refused) = (Cell::new(0u64), Cell::new(0u64));
    hostile("counts", 6000, allowed, |damage, meter| {
        let mut bytes = damage.pick(&files).clone();
        damage.parquet(&mut bytes);
        match meter.read(bytes.len(), || CountsFile::from_bytes(bytes)) {
            Ok(file) => {
                read.set(read.get() + 1);
                if damage.below(8) == 0 {
                    let _ = counted(&file); // its characters can be others
                }
            }
            Err(error) => {
                refused.set(refused.get() + 1);
                assert!(error.to_string().len() > 10, "{error}");
            }
        }
    });
    assert!(
        read.get() > 300 && refused.get() > 1000,
        "{read:?} {refused:?}"
    );
}

/// A file with one group and any claims, in Thrift's compact protocol.
struct Bomb {
    columns: usize,
    children: i64,
    rows: i64,
    dictionary: i64,
    uncompressed: Option<i64>,
    encoding: i64,
}

/// Two rows with the context "_", the next character "a" and count 1.
const HARMLESS: Bomb = Bomb {
    columns: 0,
    children: 3,
    rows: 2,
    dictionary: 1,
    uncompressed: None,
    encoding: 8,
};

/// An unsigned integer, then a signed one, as Thrift writes them.
fn natural(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn signed(number: i64) -> Vec<u8> {
    natural((number << 1 ^ number >> 63) as u64)
}

/// The fields of a struct and its end: each is a byte with the distance and the type, followed by the value.
fn fields(fields: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let bytes = fields
        .iter()
        .flat_map(|(head, value)| [&[*head], &value[..]].concat());
    bytes.chain([0]).collect()
}

impl Bomb {
    /// A page in snappy format, with one literal and no copies.
    fn page(&self, kind: i64, head: (u8, Vec<u8>), data: &[u8]) -> Vec<u8> {
        let literal = [
            natural(data.len() as u64),
            vec![(data.len() as u8 - 1) << 2],
        ]
        .concat();
        let size = self.uncompressed.unwrap_or(data.len() as i64);
        let compressed = (literal.len() + data.len()) as i64;
        let header = [
            (0x15, signed(kind)),
            (0x15, signed(size)),
            (0x15, signed(compressed)),
            head,
        ];
        [&fields(&header), &literal, data].concat()
    }

    /// A dictionary with one value, and a run of this value for all rows.
    fn pages(&self, value: &[u8]) -> Vec<u8> {
        let number = |number| (0x15, signed(number));
        let dictionary = fields(&[number(self.dictionary), number(0)]);
        let data = fields(&[
            number(self.rows.min(1 << 30)),
            number(self.encoding),
            number(3),
            number(3),
        ]);
        let run = [vec![1], natural(self.rows as u64 * 2), vec![0]].concat();
        [
            self.page(2, (0x4c, dictionary), value),
            self.page(0, (0x2c, data), &run),
        ]
        .concat()
    }

    fn to_bytes(&self) -> Vec<u8> {
        let text = |text: &str| [natural(text.len() as u64), text.into()].concat();
        let columns = [
            ("context", 6, b"\x01\0\0\0_".as_slice()),
            ("next", 6, b"\x01\0\0\0a"),
            ("count", 2, b"\x01\0\0\0\0\0\0\0"),
        ];
        let (mut bytes, mut chunks) = (b"PAR1".to_vec(), Vec::new());
        let mut schema = fields(&[(0x48, text("m")), (0x15, signed(self.children))]);
        for (name, kind, value) in columns {
            let (begin, pages) = (bytes.len() as i64, self.pages(value));
            let size = pages.len() as i64;
            bytes.extend(pages);
            let column = [
                (0x15, signed(kind)),
                (0x19, vec![0x15, 0]),
                (0x19, [vec![0x18], text(name)].concat()),
                (0x15, signed(1)),
                (0x16, signed(self.rows)),
                (0x16, signed(size)),
                (0x16, signed(size)),
                (0x26, signed(begin)),
                (0x26, signed(begin)),
            ];
            chunks.extend(fields(&[(0x26, signed(0)), (0x1c, fields(&column))]));
            schema.extend(fields(&[
                (0x15, signed(kind)),
                (0x25, signed(0)),
                (0x18, text(name)),
            ]));
        }
        let mut elements = natural(4);
        if self.columns > 0 {
            let group = fields(&[(0x35, signed(0)), (0x18, text("g")), (0x15, signed(1))]);
            (elements, schema) = (natural(self.columns as u64), group.repeat(self.columns));
        }
        let rows = (0x16, signed(self.rows));
        let group = [
            (0x19, [vec![0x3c], chunks].concat()),
            (0x16, signed(9)),
            rows.clone(),
        ];
        let footer = fields(&[
            (0x15, signed(1)),
            (0x19, [vec![0xfc], elements, schema].concat()),
            rows,
            (0x19, [vec![0x1c], fields(&group)].concat()),
        ]);
        bytes.extend(&footer);
        bytes.extend((footer.len() as u32).to_le_bytes());
        bytes.extend(b"PAR1");
        bytes
    }
}

/// Small files with large claims are refused before memory is allocated for them.
#[test]
fn claims_are_checked() {
    let harmless = CountsFile::from_bytes(HARMLESS.to_bytes()).unwrap();
    assert_eq!(
        (harmless.context_length(), harmless.characters().len()),
        (1, 1)
    );
    let bombs = [
        (
            Bomb {
                columns: 100_000,
                ..HARMLESS
            },
            "100000 columns",
        ),
        (
            Bomb {
                children: 1 << 30,
                ..HARMLESS
            },
            "1073741824 columns",
        ),
        (
            Bomb {
                rows: 1 << 40,
                ..HARMLESS
            },
            "1099511627776 rows",
        ),
        (
            Bomb {
                dictionary: 1 << 30,
                ..HARMLESS
            },
            "1073741824 different values in 5 bytes",
        ),
        (
            Bomb {
                uncompressed: Some(1 << 30),
                ..HARMLESS
            },
            "1073741824 bytes in a page of 7",
        ),
        (
            Bomb {
                encoding: 6,
                ..HARMLESS
            },
            "delta-encoded",
        ),
    ];
    for (bomb, says) in bombs {
        let (bytes, mut refused) = (bomb.to_bytes(), None);
        let most = allowed(bytes.len());
        let read = || refused = CountsFile::from_bytes(bytes).err();
        let used = allocation_counter::measure(read);
        let refused = refused.expect("it is refused").to_string();
        assert!(refused.contains(says), "{refused}");
        assert!(used.bytes_max <= most, "{says}: {} bytes", used.bytes_max);
    }
}
