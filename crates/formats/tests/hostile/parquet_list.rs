//! Lists in Parquet.

use std::cell::Cell;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use nextchar_core::Error;
use nextchar_core::data::{ReadOptions, scan_rows};
use nextchar_formats::parquet_list::ParquetList;

use crate::counts::silence_parquet;
use crate::hostile;

/// The memory that reading a list may hold at once: 16 MB, most of it for Zstandard, and 800 bytes for each byte of
/// the file.
fn allowed(size: usize) -> u64 {
    (16 << 20) + 800 * size as u64
}

#[test]
fn damaged_tables_are_read_or_refused() {
    silence_parquet();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/parquet");
    let names = ["arrow-zstd", "arrow-gzip", "arrow-snappy", "polars-zstd"];
    let files = names.map(|name| fs::read(folder.join(name).with_extension("parquet")).unwrap());
    let (read, refused) = (Cell::new(0u64), Cell::new(0u64));
    hostile("tables in Parquet", 6000, allowed, |damage, meter| {
        let mut bytes = damage.pick(&files).clone();
        damage.parquet(&mut bytes);
        let text = |text: &str| text.to_owned();
        let column = damage.pick(&["first_name", "first_name", "#3", "tags"][..]);
        let weights = damage.pick(&["births", "births", "id", "share"][..]);
        let options = ReadOptions {
            column: Some(text(column)),
            weights: Some(text(weights)),
            filter: vec![(text("alive"), text("true"))],
            ..ReadOptions::default()
        };
        let list = meter.read(bytes.len(), || {
            scan_rows(&mut ParquetList::open(Cursor::new(bytes))?, &options)
        });
        match list {
            Ok(_) => read.set(read.get() + 1),
            Err(error) => {
                refused.set(refused.get() + 1);
                let named = matches!(
                    error,
                    Error::NoColumn { .. }
                        | Error::AmbiguousColumn { .. }
                        | Error::NotText { .. }
                        | Error::NoCells { .. }
                        | Error::Read(_)
                );
                assert!(named, "{error}");
            }
        }
    });
    assert!(
        read.get() > 300 && refused.get() > 1000,
        "{read:?} {refused:?}"
    );
}
