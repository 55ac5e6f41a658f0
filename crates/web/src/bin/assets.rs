//! Writes what the page loads besides the engine, packed so that it compresses well: the embedded lists, their
//! descriptions, and the default model without its names, which are already in one of the lists.
//! `web/src/engine/unpack.ts` is the counterpart.
//!
//! `cargo run -p nextchar-web --bin assets -- FOLDER`

use std::path::Path;
use std::{env, fs, io};

use nextchar::data::EMBEDDED_LISTS;
use nextchar_formats::{ModelFile, last_bytes};
use serde_json::json;

const MODEL: &[u8] = include_bytes!("../../../nextchar/model/indian-names.safetensors");

fn main() -> io::Result<()> {
    let folder = env::args()
        .nth(1)
        .ok_or_else(|| io::Error::other("usage: assets FOLDER"))?;
    let folder = Path::new(&folder);
    let lists = folder.join("lists");
    fs::create_dir_all(&lists)?;
    fs::write(
        folder.join("indian-names.planes"),
        planes(without_names()?)?,
    )?;
    let mut known = Vec::new();
    for list in EMBEDDED_LISTS {
        let columns: Vec<&str> = list.columns().collect();
        let rows: Vec<&str> = list.rows().collect();
        fs::write(
            lists.join(list.name).with_extension("folded"),
            folded(&columns, &rows)?,
        )?;
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
        lists.join("lists.json"),
        serde_json::to_string_pretty(&known)?,
    )
}

/// The model file up to its names; the engine's `open` adds them again.
fn without_names() -> io::Result<&'static [u8]> {
    let file = ModelFile::from_bytes(MODEL).map_err(io::Error::other)?;
    let names = file
        .names
        .ok_or_else(|| io::Error::other("a model without names"))?;
    MODEL
        .strip_suffix(last_bytes(&names).as_slice())
        .ok_or_else(|| io::Error::other("the model does not end with its names"))
}

/// A safetensors file with the bytes of its numbers grouped by position (all first bytes, all second bytes …): signs
/// and exponents are similar, and compress better together. The header is unchanged.
fn planes(file: &[u8]) -> io::Result<Vec<u8>> {
    let (length, _) = file
        .split_first_chunk()
        .ok_or_else(|| io::Error::other("no header"))?;
    let (header, numbers) = file.split_at(8 + u64::from_le_bytes(*length) as usize);
    assert_eq!(numbers.len() % 4, 0, "numbers of four bytes or eight");
    let plane = |place| numbers.iter().skip(place).step_by(4).copied();
    Ok(header
        .iter()
        .copied()
        .chain((0..4).flat_map(plane))
        .collect())
}

/// A list as text: for each name, the number of characters that it shares with the previous one (`A` for none, to
/// `Z`) and its other characters; then a line for each further column, with one character per name.
fn folded(columns: &[&str], rows: &[&str]) -> io::Result<String> {
    let mut lines = vec![String::new(); columns.len().max(1)];
    let mut before = "";
    for row in rows {
        let cells: Vec<&str> = row.split('\t').collect();
        let name = cells[0];
        let (one, other) = (name.chars(), before.chars());
        let shared = one.zip(other).take_while(|(a, b)| a == b).count().min(25);
        if name.contains(|c: char| c.is_ascii_uppercase()) || cells.len() != lines.len() {
            return Err(io::Error::other(format!("{row:?} cannot be packed")));
        }
        lines[0].push(char::from(b'A' + shared as u8));
        lines[0].extend(name.chars().skip(shared));
        for (line, cell) in lines[1..].iter_mut().zip(&cells[1..]) {
            let mut characters = cell.chars();
            line.push(characters.next().unwrap_or(' '));
            assert!(
                characters.next().is_none(),
                "{row:?}: columns are of one character"
            );
        }
        before = name;
    }
    Ok(lines.join("\n"))
}
