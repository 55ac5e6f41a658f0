//! Step 2, reading: a file of lines or a table becomes a list of names, and what was found in it.

mod detect;
mod diagnosis;
mod lines;
mod quotes;
mod sniff;
mod table;

pub use diagnosis::{Chosen, Diagnosis, RejectReason, Rejected};
pub use lines::{ListCase, ReadOptions, no_names, read_names, scan_names, table_columns};
pub use sniff::{Sniffed, sniffed};
pub use table::Table;
