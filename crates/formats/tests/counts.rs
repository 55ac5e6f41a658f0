//! Counts as Parquet: what is written can be read back, every fault is reported, and no bytes cause a panic.
#![cfg(feature = "parquet")]

use std::sync::Arc;

use nextchar_core::data::{CountedWindows, NameList, WindowCounter, folds};
use nextchar_core::text::Vocab;
use nextchar_formats::counts::{CountsError, CountsFile, FOLDS, to_bytes};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

fn names() -> NameList {
    let names = [
        "aino", "eino", "anna", "aabid", "oona", "ilma", "toivo", "aili", "zoë",
    ];
    NameList::from_names(names.map(|name| (name, 3)))
}

fn vocab() -> Vocab {
    Vocab::from_characters("abdeëilmnotvz".chars()).unwrap()
}

fn counted(bytes: Vec<u8>) -> Result<Vec<CountedWindows>, CountsError> {
    let file = CountsFile::from_bytes(bytes)?;
    let mut counters = vec![WindowCounter::new(vocab().len(), file.context_length())?; FOLDS];
    file.count(&vocab(), &mut counters)?;
    Ok(counters.into_iter().map(WindowCounter::finish).collect())
}

#[test]
fn windows_come_back_by_fold() {
    let table = |list: &NameList| CountedWindows::from_list(list, &vocab(), 4).unwrap();
    let parts: Vec<CountedWindows> = folds(&names(), FOLDS).iter().map(table).collect();
    let bytes = to_bytes(&vocab(), &parts, 7).unwrap();
    assert_eq!(bytes, to_bytes(&vocab(), &parts, 7).unwrap());
    let file = CountsFile::from_bytes(bytes.clone()).unwrap();
    assert_eq!(
        (file.context_length(), file.longest_name(), file.has_folds()),
        (4, Some(7), true)
    );
    assert_eq!(file.alphabet(), Some(&vocab()));
    assert_eq!(counted(bytes).unwrap(), parts);
    let whole = table(&names());
    let bytes = to_bytes(&vocab(), std::slice::from_ref(&whole), 7).unwrap();
    assert_eq!(counted(bytes).unwrap()[0], whole);
}

/// A file with these rows and column names.
fn forged(columns: [&str; 3], rows: &[(&str, &str, i64)]) -> Vec<u8> {
    let [context, next, count] = columns;
    let schema = format!(
        "message m {{ required binary {context} (STRING); required binary {next} (STRING); required int64 {count}; }}"
    );
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let texts = |pick: fn(&(&str, &str, i64)) -> String| -> Vec<ByteArray> {
        rows.iter()
            .map(|row| ByteArray::from(pick(row).into_bytes()))
            .collect()
    };
    for texts in [texts(|row| row.0.into()), texts(|row| row.1.into())] {
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&texts, None, None)
            .unwrap();
        column.close().unwrap();
    }
    let mut column = group.next_column().unwrap().unwrap();
    let counts: Vec<i64> = rows.iter().map(|row| row.2).collect();
    column
        .typed::<Int64Type>()
        .write_batch(&counts, None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn each_fault_has_its_name() {
    const COLUMNS: [&str; 3] = ["context", "next", "count"];
    let fault =
        |rows: &[(&str, &str, i64)]| counted(forged(COLUMNS, rows)).unwrap_err().to_string();
    // Rows of the same window are added; without a fold column, everything is in the first fold.
    let tables = counted(forged(
        COLUMNS,
        &[("__", "a", 1), ("_a", "_", 2), ("__", "a", 4)],
    ))
    .unwrap();
    assert_eq!(tables[0].counts(), [5, 2]);
    for (rows, says) in [
        (
            [("__", "a", 1), ("_", "a", 1)],
            "row 2: its context has 1 characters, but that of the first row has 2",
        ),
        (
            [("__", "a", 1), ("a_", "a", 1)],
            "row 2: `_` after another character",
        ),
        (
            [("__", "a", 1), ("_a", "ab", 1)],
            "row 2: its next character is \"ab\", not a single character",
        ),
        (
            [("__", "a", 1), ("_a", "", 1)],
            "row 2: its next character is \"\"",
        ),
        ([("__", "a", 1), ("_a", "b", 0)], "row 2: its count is not"),
        ([("__", "a", 1), ("_a", "b", -3)], "row 2: its count is not"),
        (
            [("__", "a", 1), ("_a", "q", 1)],
            "row 2: 'q' is not in the alphabet",
        ),
        ([("", "a", 1), ("", "b", 1)], "row 1: its context is empty"),
    ] {
        let said = fault(&rows);
        assert!(said.contains(says), "{said}");
    }
    assert!(
        fault(&[("__", "a", i64::MAX), ("__", "a", i64::MAX), ("__", "b", 9)])
            .contains("row 3: its count is too large")
    );
    assert!(fault(&[]).contains("no row"));
    let said = counted(forged(["context", "following", "count"], &[]))
        .unwrap_err()
        .to_string();
    assert!(
        said.contains("no column `next`; its columns are `context`, `following`, `count`"),
        "{said}"
    );
    assert!(
        counted(b"aino\n".to_vec())
            .unwrap_err()
            .to_string()
            .contains("as Parquet")
    );
}

proptest! {
    /// A file that is truncated anywhere, with any bytes changed, is read or refused.
    #[test]
    fn mutilated_files_are_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let table = CountedWindows::from_list(&names(), &vocab(), 3).unwrap();
        let mut bytes = to_bytes(&vocab(), &[table.clone(), table], 7).unwrap();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = counted(bytes);
    }
}
