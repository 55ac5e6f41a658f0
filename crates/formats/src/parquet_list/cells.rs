//! What the columns of a Parquet file contain, and their values as the text that a CSV file would have.

use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::Type;

/// What a column contains, as far as it can be written as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Signed,
    Unsigned,
    /// Integers that are divided by this power of ten.
    Decimal(usize),
    Float,
    Boolean,
    /// No column of cells, or cells without a usual text.
    Other,
}

/// The kind of a top-level field, and a phrase for it.
pub fn kind(field: &Type) -> (Kind, String) {
    let info = field.get_basic_info();
    let (logical, converted) = (info.logical_type_ref(), info.converted_type());
    let is_repeated = info.has_repetition() && info.repetition() == Repetition::REPEATED;
    if is_repeated || !field.is_primitive() {
        let what = match (logical, converted) {
            _ if is_repeated => "a list",
            (Some(LogicalType::List), _) | (None, ConvertedType::LIST) => "a list",
            (Some(LogicalType::Map), _) => "a map",
            (None, ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE) => "a map",
            _ => "a struct",
        };
        return (Kind::Other, format!("is nested ({what})"));
    }
    let physical = field.get_physical_type();
    let (kind, what) = primitive(physical, logical, converted, field.get_scale());
    (kind, format!("contains {what} ({physical})"))
}

fn primitive(
    physical: Physical,
    logical: Option<&LogicalType>,
    converted: ConvertedType,
    scale: i32,
) -> (Kind, &'static str) {
    use ConvertedType as C;
    use LogicalType as L;
    let is_integer = [Physical::INT32, Physical::INT64].contains(&physical);
    match (logical, converted) {
        (Some(L::Unknown), _) => (Kind::Signed, "nothing but nulls"),
        (Some(L::Decimal(decimal)), _) => (decimals(decimal.scale), "decimals"),
        (None, C::DECIMAL) => (decimals(scale), "decimals"),
        (Some(L::Date), _) | (None, C::DATE) => (Kind::Other, "dates"),
        (Some(L::Time(_)), _) | (None, C::TIME_MILLIS | C::TIME_MICROS) => (Kind::Other, "times"),
        (Some(L::Timestamp(_)), _) | (None, C::TIMESTAMP_MILLIS | C::TIMESTAMP_MICROS) => {
            (Kind::Other, "timestamps")
        }
        (Some(L::Integer(integer)), _) if is_integer && !integer.is_signed => {
            (Kind::Unsigned, "integers")
        }
        (None, C::UINT_8 | C::UINT_16 | C::UINT_32 | C::UINT_64) if is_integer => {
            (Kind::Unsigned, "integers")
        }
        // Some old programs do not mark their texts.
        (Some(L::String | L::Enum | L::Json), _)
        | (None, C::UTF8 | C::ENUM | C::JSON | C::NONE)
            if physical == Physical::BYTE_ARRAY =>
        {
            (Kind::Text, "text")
        }
        _ => match physical {
            Physical::INT32 | Physical::INT64 => (Kind::Signed, "integers"),
            Physical::FLOAT | Physical::DOUBLE => (Kind::Float, "floating-point numbers"),
            Physical::BOOLEAN => (Kind::Boolean, "booleans"),
            Physical::INT96 => (Kind::Other, "timestamps"),
            Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => (Kind::Other, "bytes"),
        },
    }
}

fn decimals(scale: i32) -> Kind {
    match usize::try_from(scale) {
        Ok(scale) if scale <= LONGEST_DECIMAL => Kind::Decimal(scale),
        _ => Kind::Other,
    }
}

/// The largest number of digits of a decimal that fits into 128 bits.
const LONGEST_DECIMAL: usize = 38;

/// Reads the next rows of a column: the text of its values, without the nulls, and for each row whether it has one
/// (no levels if all have). Returns the number of rows.
pub fn read(
    reader: &mut ColumnReader,
    kind: Kind,
    rows: usize,
    levels: &mut Vec<i16>,
    cells: &mut Vec<ByteArray>,
) -> Result<usize> {
    cells.clear();
    levels.clear();
    let text = |text: String| ByteArray::from(text.into_bytes());
    let number = |number: i128| match kind {
        Kind::Decimal(scale) => text(decimal(number, scale)),
        _ => text(number.to_string()),
    };
    match reader {
        ColumnReader::ByteArrayColumnReader(reader) if kind == Kind::Text => {
            let (read, ..) = reader.read_records(rows, Some(levels), None, cells)?;
            // A value that its dictionary lacks has no data: this panics here, where panics are caught.
            cells.iter().for_each(|cell| _ = cell.data());
            Ok(read)
        }
        ColumnReader::ByteArrayColumnReader(reader) => values(reader, rows, levels, |value| {
            cells.push(number(big_endian(value.data())?));
            Ok(())
        }),
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            values(reader, rows, levels, |value| {
                cells.push(number(big_endian(value.data())?));
                Ok(())
            })
        }
        ColumnReader::Int32ColumnReader(reader) => values(reader, rows, levels, |&value| {
            cells.push(number(match kind {
                Kind::Unsigned => value.cast_unsigned().into(),
                _ => value.into(),
            }));
            Ok(())
        }),
        ColumnReader::Int64ColumnReader(reader) => values(reader, rows, levels, |&value| {
            cells.push(number(match kind {
                Kind::Unsigned => value.cast_unsigned().into(),
                _ => value.into(),
            }));
            Ok(())
        }),
        ColumnReader::FloatColumnReader(reader) => values(reader, rows, levels, |value| {
            cells.push(text(format!("{value:?}")));
            Ok(())
        }),
        ColumnReader::DoubleColumnReader(reader) => values(reader, rows, levels, |value| {
            cells.push(text(format!("{value:?}")));
            Ok(())
        }),
        ColumnReader::BoolColumnReader(reader) => values(reader, rows, levels, |value| {
            cells.push(text(value.to_string()));
            Ok(())
        }),
        ColumnReader::Int96ColumnReader(_) => {
            Err(ParquetError::General("it has timestamps only".into()))
        }
    }
}

fn values<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    levels: &mut Vec<i16>,
    each: impl FnMut(&T::T) -> Result<()>,
) -> Result<usize> {
    let mut values = Vec::new();
    let (read, ..) = reader.read_records(rows, Some(levels), None, &mut values)?;
    values.iter().try_for_each(each)?;
    Ok(read)
}

/// An integer of any number of bytes, the highest first.
fn big_endian(bytes: &[u8]) -> Result<i128> {
    if bytes.is_empty() || bytes.len() > size_of::<i128>() {
        return Err(ParquetError::General("a decimal is damaged".into()));
    }
    let sign = bytes[0].cast_signed() >> 7;
    let start = [sign.cast_unsigned(); size_of::<i128>()];
    let mut whole = start;
    whole[start.len() - bytes.len()..].copy_from_slice(bytes);
    Ok(i128::from_be_bytes(whole))
}

/// An integer divided by a power of ten.
fn decimal(unscaled: i128, scale: usize) -> String {
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>1$}", unscaled.unsigned_abs(), scale + 1);
    match digits.split_at(digits.len() - scale) {
        (whole, "") => format!("{sign}{whole}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_their_point() {
        for (unscaled, scale, expected) in [
            (12, 0, "12"),
            (1200, 2, "12.00"),
            (-5, 2, "-0.05"),
            (0, 1, "0.0"),
        ] {
            assert_eq!(decimal(unscaled, scale), expected);
        }
        assert_eq!(big_endian(&[0xff, 0x85]).ok(), Some(-123));
        assert_eq!(big_endian(&[0, 0x85]).ok(), Some(0x85));
        assert!(big_endian(&[0; 17]).is_err() && big_endian(&[]).is_err());
    }
}
