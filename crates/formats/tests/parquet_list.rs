//! Lists in Parquet: values of every type are what CSV would have, and columns that are none are named.
#![cfg(feature = "parquet")]

use std::io::Cursor;
use std::sync::Arc;

use nextchar_core::Error;
use nextchar_core::data::{ReadOptions, Rows, read_names, scan_rows};
use nextchar_formats::parquet_list::ParquetList;
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray,
    FixedLenByteArrayType, FloatType, Int32Type, Int64Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

const SCHEMA: &str = "message m {
    required binary text (STRING);
    optional binary nullable (STRING);
    required binary unmarked;
    required int32 small (INTEGER(8, true));
    required int64 large (INTEGER(64, false));
    required int64 money (DECIMAL(12, 2));
    required fixed_len_byte_array(16) huge (DECIMAL(38, 0));
    required float single;
    required double double;
    required boolean flag;
    required int32 day (DATE);
    optional group struct { required int32 x; }
    repeated int32 several;
}";

/// Each value in two groups of two rows.
fn file() -> Vec<u8> {
    let schema = Arc::new(parse_message_type(SCHEMA).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    for _ in 0..2 {
        let mut group = writer.next_row_group().unwrap();
        let mut place = 0;
        while let Some(mut column) = group.next_column().unwrap() {
            write(&mut column, place);
            column.close().unwrap();
            place += 1;
        }
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

fn write(column: &mut SerializedColumnWriter<'_>, place: usize) {
    fn put<T: DataType>(column: &mut SerializedColumnWriter<'_>, value: T::T, levels: bool) {
        let present = [1, 0];
        let (values, levels) = match levels {
            true => (vec![value], Some(&present[..])),
            false => (vec![value; 2], None),
        };
        let column = column.typed::<T>();
        column.write_batch(&values, levels, levels).unwrap();
    }
    let bytes = |text: &str| ByteArray::from(text);
    match place {
        0 => put::<ByteArrayType>(column, bytes("Asha"), false),
        1 => {
            let column = column.typed::<ByteArrayType>();
            column
                .write_batch(&[bytes("Usha")], Some(&[0, 1]), None)
                .unwrap();
        }
        2 => put::<ByteArrayType>(column, bytes("Zoë"), false),
        3 => put::<Int32Type>(column, -3, false),
        4 => put::<Int64Type>(column, -1, false),
        5 => put::<Int64Type>(column, 1200, false),
        6 => {
            let value = ByteArray::from(12i128.to_be_bytes().to_vec());
            put::<FixedLenByteArrayType>(column, FixedLenByteArray::from(value), false);
        }
        7 => put::<FloatType>(column, 0.1, false),
        8 => put::<DoubleType>(column, 12.0, false),
        9 => put::<BoolType>(column, true, false),
        10 => put::<Int32Type>(column, 1, false),
        11 => put::<Int32Type>(column, 1, true),
        _ => {
            let column = column.typed::<Int32Type>();
            column
                .write_batch(&[1, 2, 3], Some(&[1, 1, 1]), Some(&[0, 1, 0]))
                .unwrap();
        }
    }
}

fn open() -> ParquetList<Cursor<Vec<u8>>> {
    ParquetList::open(Cursor::new(file())).unwrap()
}

#[test]
fn values_are_text_as_in_csv() {
    let mut list = open();
    let others: Vec<usize> = (1..10).collect();
    list.select(0, &others).unwrap();
    let mut rows = Vec::new();
    while list.advance().unwrap() {
        let cell = |place| String::from_utf8(list.cell(place).into_owned()).unwrap();
        rows.push((0..10).map(cell).collect::<Vec<_>>().join(","));
    }
    let row =
        |nullable| format!("Asha,{nullable},Zoë,-3,18446744073709551615,12.00,12,0.1,12.0,true");
    assert_eq!(rows, [row(""), row("Usha"), row(""), row("Usha")]);
}

#[test]
fn it_is_read_by_the_rules_of_csv() {
    let text = |text: &str| text.to_owned();
    for (column, weights, filter) in [
        ("text", Some("money"), ("flag", "true")),
        ("Nullable", Some("double"), ("small", "-3")),
        ("#3", Some("huge"), ("single", "0.1")),
        ("unmarked", None, ("text", "Asha")),
        ("text", Some("nullable"), ("double", "12.0")),
        ("text", Some("single"), ("flag", "false")),
    ] {
        let options = ReadOptions {
            column: Some(text(column)),
            weights: weights.map(text),
            filter: vec![(text(filter.0), text(filter.1))],
            ..ReadOptions::default()
        };
        let (names, mut found) = scan_rows(&mut open(), &options).unwrap();
        let header = "text,nullable,unmarked,small,large,money,huge,single,double,flag\n";
        let rows = ["", "Usha"].map(|nullable| {
            format!("Asha,{nullable},Zoë,-3,18446744073709551615,12.00,12,0.1,12.0,true\n")
        });
        let csv = [header, &rows.concat(), &rows.concat()].concat();
        let (expected, of_csv) = nextchar_core::data::scan_names(csv.as_bytes(), &options).unwrap();
        assert_eq!(names, expected, "{column}");
        // The rows are counted without the header.
        for rejected in &mut found.rejected_lines {
            rejected.line += 1;
        }
        found.first_row = of_csv.first_row;
        assert_eq!(found, of_csv, "{column}");
    }
    assert!(read_names(&file()[..], &ReadOptions::default()).is_err());
}

#[test]
fn columns_that_are_no_names_are_named() {
    let mut list = open();
    let mut said = |names, others: &[usize]| list.select(names, others).unwrap_err().to_string();
    for (place, kind) in [
        (3, "\"small\" contains integers (INT32)"),
        (6, "\"huge\" contains decimals (FIXED_LEN_BYTE_ARRAY)"),
        (8, "\"double\" contains floating-point numbers (DOUBLE)"),
        (9, "\"flag\" contains booleans (BOOLEAN)"),
        (11, "\"struct\" is nested (a struct)"),
        (12, "\"several\" is nested (a list)"),
    ] {
        let expected = format!(
            "the column {kind}, not text; the columns of text are: text, nullable, unmarked"
        );
        assert_eq!(said(place, &[]), expected);
    }
    let expected =
        "the column \"day\" contains dates (INT32), which can be neither a filter nor weights";
    assert_eq!(said(0, &[10]), expected);
    assert!(said(0, &[12]).contains("is nested (a list)"));
    assert!(matches!(list.select(11, &[]), Err(Error::NotText { .. })));
}
