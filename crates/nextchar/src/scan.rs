//! Any file or stream as a list: unpacked, and as Parquet where it begins like one.

use std::fs::File;
use std::io::{BufRead, BufReader};

use nextchar_core::Error;
use nextchar_core::data::{Diagnosis, NameList, ReadOptions};

use crate::unpacked::unpacked;

/// A list and what was found in it.
pub(crate) type Found = (NameList, Diagnosis);

/// Reads a file. Of Parquet, only the selected columns are read, group by group.
pub(crate) fn scan_file(file: File, options: &ReadOptions) -> Result<Found, Error> {
    #[cfg(feature = "parquet")]
    if parquet::begins(&file).map_err(failed)? {
        return parquet::scan_file(file, options);
    }
    scan(BufReader::with_capacity(1 << 16, file), options)
}

/// Reads a stream.
pub(crate) fn scan(input: impl BufRead, options: &ReadOptions) -> Result<Found, Error> {
    let input = unpacked(input).map_err(failed)?;
    #[cfg(feature = "parquet")]
    return parquet::scan(input, options);
    #[cfg(not(feature = "parquet"))]
    nextchar_core::data::scan_names(input, options)
}

fn failed(error: std::io::Error) -> Error {
    Error::Read(error.to_string())
}

#[cfg(feature = "parquet")]
mod parquet {
    use std::io::{self, Cursor, Read, Seek};

    use nextchar_core::data::{scan_names, scan_rows};
    use nextchar_formats::parquet_list::{ParquetList, START};

    use super::*;

    /// Whether a file is Parquet; afterwards it is read from its start. A pipe is not: it has no end to begin with.
    pub(super) fn begins(mut file: &File) -> io::Result<bool> {
        if !file.metadata()?.is_file() {
            return Ok(false);
        }
        let mut first = Vec::new();
        file.take(START.len() as u64).read_to_end(&mut first)?;
        file.rewind()?;
        Ok(first == START)
    }

    pub(super) fn scan_file(file: File, options: &ReadOptions) -> Result<Found, Error> {
        scan_rows(&mut ParquetList::open(file)?, options)
    }

    /// Reads a stream. One of Parquet is taken into memory, because its end is needed first.
    pub(super) fn scan(mut input: impl BufRead, options: &ReadOptions) -> Result<Found, Error> {
        let mut first = Vec::new();
        // A pipe may begin with a single byte.
        while first.len() < START.len() {
            let more = match input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                more => more.map_err(failed)?,
            };
            let wanted = &START[first.len()..];
            let used = more.len().min(wanted.len());
            if used == 0 || more[..used] != wanted[..used] {
                return match first.is_empty() {
                    true => scan_names(input, options),
                    false => scan_names(Cursor::new(first).chain(input), options),
                };
            }
            first.extend(&more[..used]);
            input.consume(used);
        }
        input.read_to_end(&mut first).map_err(failed)?;
        scan_rows(&mut ParquetList::open(Cursor::new(first))?, options)
    }
}
