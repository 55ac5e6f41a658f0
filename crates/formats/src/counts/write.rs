//! Counted windows into Parquet.

use std::sync::Arc;

use nextchar_core::data::CountedWindows;
use nextchar_core::text::Vocab;
use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::{ALPHABET, CountsError, LONGEST_NAME};

/// Rows per group: one group is in memory while it is read.
const GROUP_ROWS: usize = 1 << 16;

/// A window: context, next character, count and fold.
type Window = (ByteArray, ByteArray, i64, i32);

/// Windows as Parquet; with several tables, each is a fold.
///
/// # Errors
/// [`CountsError::NotParquet`] if it cannot be written.
pub fn to_bytes(
    vocab: &Vocab,
    tables: &[CountedWindows],
    longest_name: usize,
) -> Result<Vec<u8>, CountsError> {
    let alphabet = vocab.alphabet().ok_or(CountsError::NotCharacters)?;
    let has_folds = tables.len() > 1;
    let fold = if has_folds {
        "required int32 fold;"
    } else {
        ""
    };
    let schema = parse_message_type(&format!(
        "message counts {{ required binary context (STRING); required binary next (STRING); \
         required int64 count; {fold} }}"
    ))?;
    let pair = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_key_value_metadata(Some(vec![
            pair(ALPHABET, alphabet),
            pair(LONGEST_NAME, longest_name.to_string()),
        ]))
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?;
    for rows in windows(vocab, tables).chunks(GROUP_ROWS) {
        let mut group = writer.next_row_group()?;
        column::<ByteArrayType>(&mut group, rows, |row| row.0.clone())?;
        column::<ByteArrayType>(&mut group, rows, |row| row.1.clone())?;
        column::<Int64Type>(&mut group, rows, |row| row.2)?;
        if has_folds {
            column::<Int32Type>(&mut group, rows, |row| row.3)?;
        }
        group.close()?;
    }
    Ok(writer.into_inner()?)
}

/// The windows of all tables, as text.
fn windows(vocab: &Vocab, tables: &[CountedWindows]) -> Vec<Window> {
    let mut windows = Vec::new();
    for (fold, table) in (0..).zip(tables) {
        for row in table.rows() {
            let context = ByteArray::from(vocab.decode(row.context).into_bytes());
            for (&target, &count) in row.targets.iter().zip(row.counts) {
                let next = ByteArray::from(vocab.symbol(target).to_string().into_bytes());
                windows.push((context.clone(), next, count as i64, fold));
            }
        }
    }
    windows
}

/// Writes the next column of a group.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    rows: &[Window],
    value: impl Fn(&Window) -> T::T,
) -> Result<(), CountsError> {
    let mut column = group.next_column()?.expect("the schema has it");
    let values: Vec<T::T> = rows.iter().map(value).collect();
    column.typed::<T>().write_batch(&values, None, None)?;
    Ok(column.close()?)
}
