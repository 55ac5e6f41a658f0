//! Step 2, reading: a file of lines or a table becomes a list of names, and what was found in it.

mod diagnosis;
mod lines;
mod table;

pub use diagnosis::{Diagnosis, RejectReason, Rejected};
pub use lines::{ReadOptions, no_names, read_names, scan_names};
pub use table::Table;
