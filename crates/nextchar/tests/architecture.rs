//! Modules depend downwards only: each imports what stands before it in the lecture's order.

use std::fs;
use std::path::{Path, PathBuf};

/// From the foundation up. A chapter may use any that stands before it, never one after it.
const ORDER: [&str; 12] = [
    "error",
    "executor",
    "rng",
    "data",
    "language_model",
    "model",
    "ngram",
    "returning",
    "mixture",
    "optim",
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
