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
        run(&[&["train", "finnish-names", "--out", "list"], options].concat()).success();
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
            stderr(&trained).contains("counts hold no names"),
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
