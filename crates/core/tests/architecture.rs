//! Modules depend downwards only: each imports what stands before it in the lecture's order.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From the foundation up. A chapter may use any that stands before it, never one after it.
const ORDER: [&str; 14] = [
    "setting",
    "error",
    "executor",
    "rng",
    "numeric",
    "text",
    "data",
    "language_model",
    "model",
    "counts",
    "combine",
    "train",
    "sample",
    "score",
];

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(source_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The code of a file: what stands before its tests, without comments.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap();
    text.lines()
        .map(|line| line.split("//").next().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn chapters_import_only_chapters_before_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut imports = 0;
    for file in source_files(&root) {
        let relative = file.strip_prefix(&root).unwrap();
        let chapter = relative.iter().next().unwrap().to_str().unwrap();
        let chapter = chapter.trim_end_matches(".rs");
        if chapter == "lib" {
            continue;
        }
        let place = |name: &str| ORDER.iter().position(|&chapter| chapter == name);
        let own = place(chapter).unwrap_or_else(|| panic!("{chapter} has no place in ORDER"));
        for used in code(&file).split("crate::").skip(1) {
            let name: String = used
                .chars()
                .take_while(|c| c.is_ascii_lowercase() || *c == '_')
                .collect();
            let Some(used) = place(&name) else { continue };
            imports += 1;
            assert!(
                used <= own,
                "{} uses {name}, which comes after {chapter}",
                relative.display()
            );
        }
    }
    assert!(
        imports > 10,
        "found only {imports} imports: is the test looking at the code?"
    );
}

#[test]
fn the_core_has_no_files_threads_or_clocks() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in source_files(&root) {
        let code = code(&file);
        for word in [
            "std::fs",
            "std::thread",
            "std::time",
            "std::env",
            "std::process",
            "println!",
        ] {
            assert!(!code.contains(word), "{} has {word}", file.display());
        }
    }
}

/// Below the text there are tokens only. Reading a file and showing what was found in it are about
/// characters, too.
#[test]
fn only_text_knows_characters() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = 0;
    for file in source_files(&root) {
        let relative = file.strip_prefix(&root).unwrap();
        let is_text = ["text", "data/reading", "error.rs"].map(|place| relative.starts_with(place));
        if is_text.contains(&true) {
            continue;
        }
        files += 1;
        let code = code(&file);
        for word in [": char", "<char", "(char", "chars()", "char_indices"] {
            assert!(!code.contains(word), "{} has {word}", file.display());
        }
    }
    assert!(files > 50, "found only {files} files");
}

/// The paths that begin at a place of the code, such as `a::{b, c::D}`: a::b and a::c::D. What stands
/// behind them is given back.
fn paths<'c>(code: &'c str, before: &[String], found: &mut Vec<Vec<String>>) -> &'c str {
    let end = code.find(|c: char| !c.is_alphanumeric() && c != '_');
    let (name, mut rest) = code.split_at(end.unwrap_or(code.len()));
    let path = [before, &[name.to_owned()]].concat();
    if let Some(further) = rest.strip_prefix("::") {
        if !further.starts_with(['<', '{']) {
            return paths(further, &path, found);
        }
        if let Some(inside) = further.strip_prefix('{') {
            rest = inside.trim_start();
            while !rest.starts_with('}') && !rest.is_empty() {
                rest = paths(rest, &path, found);
                let next = rest.find([',', '}']).unwrap_or(rest.len());
                rest = rest[next..].trim_start_matches(',').trim_start();
            }
            return rest.strip_prefix('}').unwrap_or(rest);
        }
    }
    found.push(path);
    rest
}

/// The files of a crate that a file imports by name; a folder's own file hands names on and is none.
fn imports(file: &Path, root: &Path) -> Vec<PathBuf> {
    let (code, mut found) = (code(file), Vec::new());
    let own: Vec<String> = file
        .strip_prefix(root)
        .unwrap()
        .with_extension("")
        .iter()
        .map(|part| part.to_str().unwrap().to_owned())
        .filter(|part| part != "mod")
        .collect();
    for (start, word) in [
        ("crate::", &[][..]),
        ("super::", &own[..own.len().max(1) - 1]),
    ] {
        for after in code.split(start).skip(1) {
            paths(after, word, &mut found);
        }
    }
    let mut files = Vec::new();
    for path in found {
        for length in (1..=path.len()).rev() {
            let module: PathBuf = path[..length].iter().collect();
            let used = root.join(module).with_extension("rs");
            if used.exists() {
                files.extend((used != file).then_some(used));
                break;
            }
        }
    }
    files
}

/// A way from a file back to itself, if there is one.
fn circle(
    file: &Path,
    graph: &BTreeMap<PathBuf, Vec<PathBuf>>,
    way: &mut Vec<PathBuf>,
    done: &mut BTreeSet<PathBuf>,
) -> bool {
    if done.contains(file) {
        return false;
    }
    way.push(file.to_owned());
    let again = way[..way.len() - 1].contains(&file.to_owned());
    if again
        || graph[file]
            .iter()
            .any(|used| circle(used, graph, way, done))
    {
        return true;
    }
    way.pop();
    done.insert(file.to_owned());
    false
}

#[test]
fn no_two_files_import_each_other() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut edges = 0;
    for folder in fs::read_dir(crates).unwrap() {
        let root = folder.unwrap().path().join("src");
        let files = source_files(&root);
        let graph: BTreeMap<PathBuf, Vec<PathBuf>> = files
            .iter()
            .map(|file| (file.clone(), imports(file, &root)))
            .collect();
        edges += graph.values().map(Vec::len).sum::<usize>();
        let (mut way, mut done) = (Vec::new(), BTreeSet::new());
        for file in &files {
            assert!(
                !circle(file, &graph, &mut way, &mut done),
                "a circle: {way:#?}"
            );
        }
    }
    assert!(edges > 300, "found only {edges} imports");
}
