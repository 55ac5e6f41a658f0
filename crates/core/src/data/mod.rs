//! Steps 2 and 3 of the lecture: the names, and their windows.
//!
//! [`read_names`] reads a [`NameList`] from a user's file, and an [`EmbeddedList`] contains one; [`split()`] holds out
//! names. [`windows()`] yields the rows of the lecture, and [`CountedWindows`] is the table that all training uses.

#[cfg(feature = "lists")]
mod lists;
mod names;
mod reading;
mod split;

mod counter;
pub(crate) mod packing;
pub(crate) mod runs;
pub(crate) mod trie;
pub(crate) mod window_shape;
mod windows;

pub use counter::WindowCounter;
#[cfg(feature = "lists")]
pub use lists::{BACKGROUND_NAMES, EMBEDDED_LISTS, EmbeddedList};
pub use names::{MAX_NAME_LENGTH, Name, NameList};
pub use reading::{
    Chosen, Decoded, Diagnosis, Encoding, FirstRow, JsonFault, JsonLines, JsonObject, ListCase,
    ReadOptions, RejectReason, Rejected, Rows, Shape, Table, join_lists, names_column, no_names,
    read_names, scan_names, scan_rows, table_columns,
};
pub use split::{BadShares, MIN_NAMES_TO_SPLIT, Shares, Split, SplitOptions, folds, split};
pub use windows::{CountedRow, CountedWindows, windows, windows_after};
