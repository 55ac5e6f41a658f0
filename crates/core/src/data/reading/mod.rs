//! Step 2, reading: a file of lines or a table becomes a list of names, and what was found in it.

mod columns;
mod decode;
mod detect;
mod diagnosis;
mod header;
mod join;
mod json_lines;
mod lines;
mod quotes;
mod sniff;
mod table;

pub use columns::Rows;
pub use decode::{Decoded, Encoding};
pub use diagnosis::{Chosen, Diagnosis, RejectReason, Rejected};
pub use header::names_column;
pub use join::join_lists;
pub use json_lines::{JsonFault, JsonLines, JsonObject, Shape};
pub use lines::{
    ListCase, ReadOptions, no_names, read_names, scan_names, scan_rows, table_columns,
};
pub use table::{FirstRow, Table};
