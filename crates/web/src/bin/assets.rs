//! Writes what the page loads beside the engine: the embedded lists, and what is known of them.
//!
//! `cargo run -p nextchar-web --bin assets -- FOLDER`

use std::path::Path;
use std::{env, fs, io};

use nextchar::data::EMBEDDED_LISTS;
use serde_json::json;

fn main() -> io::Result<()> {
    let folder = env::args()
        .nth(1)
        .ok_or_else(|| io::Error::other("which folder?"))?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder)?;
    let mut known = Vec::new();
    for list in EMBEDDED_LISTS {
        let columns: Vec<&str> = list.columns().collect();
        let rows: Vec<&str> = list.rows().collect();
        let mut content = String::new();
        if !columns.is_empty() {
            content = columns.join("\t") + "\n";
        }
        content += &rows.join("\n");
        fs::write(folder.join(list.name).with_extension("txt"), content + "\n")?;
        known.push(json!({
            "name": list.name,
            "title": list.title,
            "source": list.source,
            "licence": list.licence,
            "alphabet": list.alphabet,
            "columns": columns,
            "names": rows.len(),
        }));
    }
    fs::write(
        folder.join("lists.json"),
        serde_json::to_string_pretty(&known)?,
    )
}
