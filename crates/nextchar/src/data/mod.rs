//! Steps 1 to 3 of the lecture: the classes, the names, their windows.
#![cfg_attr(rustfmt, rustfmt_skip)] // lecture order

mod lists;
mod names;
mod split;
mod vocab;
mod windows;

pub use lists::{EMBEDDED_LISTS, EmbeddedList};
pub use names::{
    Alphabet, Diagnosis, MAX_NAME_LENGTH, Name, NameList, ReadOptions, RejectReason, Rejected,
    read_names,
};
pub use split::{MIN_NAMES_TO_SPLIT, Shares, Split, SplitOptions, split};
pub use vocab::{END, END_SYMBOL, Token, UnknownCharacter, Vocab};
pub use windows::{CountedRow, CountedWindows, WindowCounter, windows};
