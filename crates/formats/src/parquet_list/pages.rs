//! The pages of a column, unpacked here: the Parquet library's own decoder of Zstandard needs a C compiler, and it
//! allocates as much memory as a page's header claims.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::ColumnChunkMetaData;
use ruzstd::decoding::StreamingDecoder;

use crate::page_headers::{Page as Header, most_unpacked};

/// The largest page in bytes; usual ones have a million.
const LARGEST_PAGE: u64 = 1 << 28;

/// The size of a header: usually a few dozen bytes, but it may contain the smallest and the largest text.
const HEADER_BYTES: [u64; 2] = [1 << 10, 1 << 22];

/// A file that several columns read at places of their own.
pub struct Source<R>(Arc<Mutex<R>>);

impl<R> Clone for Source<R> {
    fn clone(&self) -> Self {
        Source(Arc::clone(&self.0))
    }
}

impl<R: Read + Seek> Source<R> {
    pub fn new(input: R) -> Self {
        Source(Arc::new(Mutex::new(input)))
    }

    /// The size of the file.
    pub fn length(&self) -> io::Result<u64> {
        let mut input = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        input.seek(SeekFrom::End(0))
    }

    /// Reads at most this number of bytes; fewer at the end of the file.
    pub fn read(&self, place: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut input = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        input.seek(SeekFrom::Start(place))?;
        let mut bytes = Vec::new();
        (&mut *input).take(length).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The pages of a column in a group of rows.
pub struct Pages<R> {
    source: Source<R>,
    compression: Compression,
    place: u64,
    end: u64,
}

/// Whether pages with this compression can be read.
pub fn is_readable(compression: Compression) -> bool {
    matches!(
        compression,
        Compression::UNCOMPRESSED
            | Compression::SNAPPY
            | Compression::GZIP(_)
            | Compression::ZSTD(_)
    )
}

/// The name of a compression, without its level.
pub fn name(compression: Compression) -> String {
    let name = compression.to_string();
    name.split('(').next().unwrap_or_default().to_owned()
}

fn damaged() -> ParquetError {
    ParquetError::General("a page is damaged".into())
}

fn natural<T: TryFrom<i64>>(claim: i64) -> Result<T> {
    T::try_from(claim).map_err(|_| damaged())
}

impl<R: Read + Seek> Pages<R> {
    pub fn new(source: Source<R>, column: &ColumnChunkMetaData) -> Self {
        let (place, length) = column.byte_range();
        Pages {
            source,
            compression: column.compression(),
            place,
            end: place.saturating_add(length),
        }
    }

    /// The header of the next page; passes it.
    fn header(&mut self) -> Result<Header> {
        for most in HEADER_BYTES {
            let bytes = self
                .source
                .read(self.place, most.min(self.end - self.place))?;
            if let Some((header, size)) = Header::read(&bytes) {
                self.place += size as u64;
                return Ok(header);
            }
        }
        Err(damaged())
    }

    /// What the current page contains, as far as it is packed, and what stands before it.
    fn unpacked(&mut self, header: &Header, before: u64) -> Result<Bytes> {
        let packed: u64 = natural(header.compressed)?;
        let size: u64 = natural(header.uncompressed)?;
        if size > LARGEST_PAGE {
            let what = format!("a page of {size} bytes is too large");
            return Err(ParquetError::General(what));
        }
        if packed > self.end - self.place || before > packed.min(size) {
            return Err(damaged());
        }
        let bytes = self.source.read(self.place, packed)?;
        self.place += packed;
        let is_packed = header.kind != Header::DATA_2 || header.is_packed;
        if bytes.len() as u64 != packed {
            return Err(damaged());
        }
        let bytes = match is_packed {
            true => unpack(self.compression, bytes, before as usize, size)?,
            false => bytes,
        };
        match bytes.len() as u64 == size {
            true => Ok(bytes.into()),
            false => Err(damaged()),
        }
    }

    fn page(&mut self) -> Result<Option<Page>> {
        while self.place < self.end {
            let header = self.header()?;
            let page = match header.kind {
                Header::DATA => Page::DataPage {
                    buf: self.unpacked(&header, 0)?,
                    num_values: natural(header.values)?,
                    encoding: values_encoding(header.encoding)?,
                    def_level_encoding: encoding(header.level_encodings[0])?,
                    rep_level_encoding: encoding(header.level_encodings[1])?,
                    statistics: None,
                },
                Header::DATA_2 => {
                    let [definition, repetition] = header.level_bytes;
                    let levels: [u32; 2] = [natural(definition)?, natural(repetition)?];
                    let before = levels.map(u64::from).into_iter().sum();
                    Page::DataPageV2 {
                        buf: self.unpacked(&header, before)?,
                        num_values: natural(header.values)?,
                        encoding: values_encoding(header.encoding)?,
                        num_nulls: natural(header.nulls)?,
                        num_rows: natural(header.rows)?,
                        def_levels_byte_len: levels[0],
                        rep_levels_byte_len: levels[1],
                        is_compressed: false,
                        statistics: None,
                    }
                }
                Header::DICTIONARY => {
                    let buf = self.unpacked(&header, 0)?;
                    // A text is preceded by its length, and a number has at least four bytes.
                    if header.values > (buf.len() / 4) as i64 {
                        return Err(damaged());
                    }
                    Page::DictionaryPage {
                        buf,
                        num_values: natural(header.values)?,
                        encoding: encoding(header.encoding)?,
                        is_sorted: false,
                    }
                }
                // Other pages, such as an index, are passed.
                _ => {
                    let size: u64 = natural(header.compressed)?;
                    self.place = self.place.saturating_add(size);
                    continue;
                }
            };
            return Ok(Some(page));
        }
        Ok(None)
    }
}

/// Unpacks what stands behind the first bytes; at most one byte more than `size`.
fn unpack(compression: Compression, packed: Vec<u8>, before: usize, size: u64) -> Result<Vec<u8>> {
    let (kept, rest) = packed.split_at(before);
    let room = size - before as u64;
    let mut bytes = kept.to_vec();
    let mut read = |decoder: &mut dyn Read| decoder.take(room + 1).read_to_end(&mut bytes);
    match compression {
        Compression::UNCOMPRESSED => return Ok(packed),
        // Nothing is packed if all values are null.
        _ if rest.is_empty() => {}
        Compression::SNAPPY => {
            let claimed = snap::raw::decompress_len(rest).map_err(|_| damaged())? as u64;
            if claimed != room || claimed > most_unpacked(rest.len() as i64) as u64 {
                return Err(damaged());
            }
            let unpacked = snap::raw::Decoder::new().decompress_vec(rest);
            bytes.extend(unpacked.map_err(|_| damaged())?);
        }
        Compression::GZIP(_) => {
            read(&mut MultiGzDecoder::new(rest)).map_err(|_| damaged())?;
        }
        Compression::ZSTD(_) => {
            let mut decoder = StreamingDecoder::new(rest).map_err(|_| damaged())?;
            read(&mut decoder).map_err(|_| damaged())?;
        }
        other => {
            let what = format!("its compression {} is not supported", name(other));
            return Err(ParquetError::General(what));
        }
    }
    Ok(bytes)
}

fn encoding(number: i64) -> Result<Encoding> {
    Ok(match number {
        0 => Encoding::PLAIN,
        2 => Encoding::PLAIN_DICTIONARY,
        3 => Encoding::RLE,
        #[expect(deprecated)]
        4 => Encoding::BIT_PACKED,
        5 => Encoding::DELTA_BINARY_PACKED,
        8 => Encoding::RLE_DICTIONARY,
        9 => Encoding::BYTE_STREAM_SPLIT,
        _ => return Err(damaged()),
    })
}

/// The encoding of values. The library reserves memory for as many differences of texts as a page claims.
fn values_encoding(number: i64) -> Result<Encoding> {
    if [Header::DELTA_LENGTH_BYTE_ARRAY, Header::DELTA_BYTE_ARRAY].contains(&number) {
        let what = "a text column is delta-encoded; write it with plain or dictionary encoding";
        return Err(ParquetError::General(what.into()));
    }
    encoding(number)
}

impl<R: Read + Seek + Send> Iterator for Pages<R> {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.page().transpose()
    }
}

impl<R: Read + Seek + Send> PageReader for Pages<R> {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.page()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        Err(ParquetError::NYI("rows are never skipped".into()))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        Err(ParquetError::NYI("rows are never skipped".into()))
    }
}
