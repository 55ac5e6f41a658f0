//! Steps 2 and 3 of the lecture: the names, and their windows.
//!
//! [`read_names`] makes a [`NameList`] of a user's file and an [`EmbeddedList`] brings its own; [`split()`]
//! holds names out. [`windows()`] are the lecture's rows, and [`CountedWindows`] the table that everything
//! that learns learns from.

mod lists;
mod names;
mod reading;
mod split;

mod counter;
pub(crate) mod packing;
pub(crate) mod trie;
pub(crate) mod window_shape;
mod windows;

pub use counter::WindowCounter;
pub(crate) use lists::WORLD_NAMES;
pub use lists::{EMBEDDED_LISTS, EmbeddedList};
pub use names::{MAX_NAME_LENGTH, Name, NameList};
pub use reading::{
    Diagnosis, ReadOptions, RejectReason, Rejected, Sniffed, Table, no_names, read_names,
    scan_names, sniffed, table_columns,
};
pub use split::{MIN_NAMES_TO_SPLIT, Shares, Split, SplitOptions, folds, split};
pub use windows::{CountedRow, CountedWindows, windows, windows_after};
