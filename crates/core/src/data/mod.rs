//! Steps 1 to 3 of the lecture: the classes, the names, their windows.
//!
//! A [`Vocab`] numbers the characters, [`END`] being token 0. [`read_names`] makes a [`NameList`] of a
//! user's file and an [`EmbeddedList`] brings its own; [`split()`] holds names out. [`windows()`] are the
//! lecture's rows, and [`CountedWindows`] the table that everything that learns learns from.

mod counter;
mod diagnosis;
mod lists;
mod names;
pub(crate) mod packed;
mod quotes;
mod reading;
mod sniff;
mod split;
mod table;
pub(crate) mod trie;
mod vocab;
mod windows;

pub use counter::WindowCounter;
pub use diagnosis::{Diagnosis, RejectReason, Rejected};
pub(crate) use lists::WORLD_NAMES;
pub use lists::{EMBEDDED_LISTS, EmbeddedList};
pub use names::{Alphabet, MAX_NAME_LENGTH, Name, NameList};
pub use reading::{ReadOptions, clean, no_names, read_names, scan_names};
pub use sniff::{Sniffed, sniffed};
pub use split::{MIN_NAMES_TO_SPLIT, Shares, Split, SplitOptions, folds, split};
pub use table::Table;
pub use vocab::{END, END_SYMBOL, Token, UnknownCharacter, Vocab};
pub use windows::{CountedRow, CountedWindows, windows};
