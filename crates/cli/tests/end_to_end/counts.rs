//! Counts in place of a list: the same parameters, several files that add up, and faults with a way out.

use std::path::Path;

use crate::{nextchar, stderr, stdout};

/// The tensors of a network and of its counts' discounts, as bytes.
fn parameters(path: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = std::fs::read(path).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut found: Vec<(String, Vec<u8>)> = tensors
        .tensors()
        .into_iter()
        .filter(|(name, _)| !name.starts_with("nextchar.") || name.ends_with("discounts"))
        .map(|(name, tensor)| (name, tensor.data().to_vec()))
        .collect();
    found.sort();
    found
}

#[test]
fn counts_give_the_parameters_that_their_lists_give() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| nextchar(folder.path(), arguments);
    let out = |file: &str| folder.path().join(file);
    let split_val = ["--val-counts", "val.parquet"];
    for options in [
        ["--steps", "60", "--hidden", "32,32"].as_slice(),
        &[
            "--steps",
            "40",
            "--family",
            "network",
            "--context",
            "3",
            "--distill",
        ],
        &["--family", "kneser-ney", "--counts-context", "4"],
    ] {
        let list = ["train", "finnish-names", "--no-refit", "--out", "list"];
        run(&[&list, options].concat()).success();
        for part in ["train", "val"] {
            let file = format!("{part}.parquet");
            let export = [
                "export", "-f", "counts", "-m", "list", "--part", part, "-o", &file, "--force",
            ];
            run(&export).success();
        }
        let counts = ["train", "--counts", "train.parquet", "--out", "counted"];
        let trained = run(&[&counts, &split_val[..], options].concat()).success();
        assert!(
            stderr(&trained).contains("counts contain no names"),
            "{}",
            stderr(&trained)
        );
        assert_eq!(
            parameters(&out("list")),
            parameters(&out("counted")),
            "{options:?}"
        );
    }
    // What names were needed for is refused, and the rest works.
    let said = stderr(&run(&["generate", "-m", "counted", "--novel"]).code(2));
    assert!(said.contains("--novel"), "{said}");
    assert_eq!(
        stdout(&run(&["generate", "-m", "counted", "-n", "3"]).success())
            .lines()
            .count(),
        3
    );
    run(&["score", "-m", "counted", "aino"]).success();
}

#[test]
fn several_files_of_counts_add_up() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| nextchar(folder.path(), arguments);
    let names = [
        "zoé", "aino", "eino", "väinö", "ilma", "ilmari", "oona", "toivo", "aili", "anna",
    ];
    let options = [
        "--split",
        "1,0,0",
        "--alphabet",
        "data",
        "--family",
        "mixture",
        "--steps",
        "30",
    ];
    let write = |file: &str, names: &[&str]| {
        std::fs::write(folder.path().join(file), names.join("\n")).unwrap();
        run(&[
            &["train", file, "--out", &format!("{file}.model")],
            &options[..],
        ]
        .concat())
        .success();
    };
    write("all", &names);
    for (file, names) in [("a", &names[..4]), ("b", &names[4..])] {
        write(file, names);
        let model = format!("{file}.model");
        let out = format!("{file}.parquet");
        run(&["export", "-f", "counts", "-m", &model, "-o", &out]).success();
    }
    let counts = [
        "train",
        "--counts",
        "a.parquet",
        "--counts",
        "b.parquet",
        "--out",
        "ab.model",
    ];
    run(&[&counts, &options[4..]].concat()).success();
    let file = |name: &str| parameters(&folder.path().join(name));
    assert_eq!(file("all.model"), file("ab.model"));
    // The alphabet of all files, and what is outside of a–z where that is asked for.
    let said = stderr(&run(&[&counts[..], &["--alphabet", "az", "--force"]].concat()).code(1));
    assert!(
        said.contains("is not one of a–z") && said.contains("--alphabet data"),
        "{said}"
    );
}

#[test]
fn counts_that_cannot_be_used_are_told_with_a_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| nextchar(folder.path(), arguments);
    std::fs::write(folder.path().join("names.txt"), "aino\n").unwrap();
    run(&[
        "export",
        "-f",
        "counts",
        "-o",
        "short.parquet",
        "--context",
        "3",
    ])
    .success();
    for (arguments, code, says) in [
        (
            ["--counts", "names.txt", "--steps", "9"].as_slice(),
            1,
            "cannot be read as Parquet",
        ),
        (&["--counts", "none.parquet"], 1, "no such file"),
        (&["--counts", "short.parquet"], 2, "--context 3"),
        (
            &["finnish-names", "--counts", "short.parquet"],
            2,
            "cannot be used with",
        ),
        (&["--val-counts", "short.parquet"], 2, "--counts"),
    ] {
        let said = stderr(&run(&[&["train"], arguments].concat()).code(code));
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
}

#[test]
fn a_resumed_training_names_the_counts_that_differ() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| nextchar(folder.path(), arguments);
    for (list, of) in [("finnish-names", "f"), ("italian-names", "i")] {
        run(&["train", list, "--steps", "9", "--no-refit", "--out", of]).success();
        for part in ["train", "val"] {
            let file = format!("{of}.{part}");
            let export = [
                "export", "-f", "counts", "-m", of, "--part", part, "-o", &file,
            ];
            run(&export).success();
        }
    }
    let options = [
        "--counts",
        "f.train",
        "--val-counts",
        "f.val",
        "--hidden",
        "24",
        "--steps",
        "200",
    ];
    run(&[&["train", "--out", "whole"], &options[..]].concat()).success();
    let stopped = [
        "train",
        "--out",
        "resumed",
        "--checkpoint",
        "state",
        "--stop-after",
        "70",
    ];
    run(&[&stopped[..], &options].concat()).success();
    for (other, says) in [
        (["--counts", "i.train"].as_slice(), "--counts was windows ("),
        (
            &["--counts", "f.train", "--counts", "f.val"],
            "--counts was windows (",
        ),
        (&["--val-counts", "i.val"], "--val-counts was windows ("),
        (
            &["--test-counts", "i.val"],
            "--test-counts was not given and is now windows (",
        ),
        (&["--counts", "f.val"], "the folds of --counts was "),
        (&["finnish-names"], "with the options of the checkpoint"),
    ] {
        let said = stderr(&run(&[&["train", "--resume", "state"], other].concat()).code(2));
        assert!(said.contains(says), "{other:?}: {said}");
    }
    run(&["train", "--resume", "state"]).success();
    let file = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert!(file("whole") == file("resumed"));
}

#[test]
fn a_preset_that_filters_by_length_says_that_counts_cannot_be_filtered() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| nextchar(folder.path(), arguments);
    let options = ["--preset", "lecture", "--steps", "90"];
    run(&[&["train", "finnish-names", "--out", "list"], &options[..]].concat()).success();
    run(&[
        "export",
        "-f",
        "counts",
        "-m",
        "list",
        "-o",
        "counts.parquet",
    ])
    .success();
    let counted = ["train", "--counts", "counts.parquet", "--out", "counted"];
    let said = stderr(&run(&[&counted, &options[..]].concat()).success());
    let note = "note: --preset lecture trains on names of 5 to 9 characters, but counts contain no whole names";
    assert!(said.contains(note), "{said}");
    // Options that would filter are refused.
    let said = stderr(&run(&[&counted[..], &["--min-length", "5"]].concat()).code(2));
    assert!(
        said.contains("cannot be used with") && said.contains("--min-length"),
        "{said}"
    );
}
