//! `train --good-turing`: whole names that return as often as the list says, from the option to new names.

use std::path::Path;

use crate::{nextchar, stderr, stdout};

/// A list in which a tenth of the names stand twice, and names to judge by of which some stand in it.
fn write_lists(folder: &Path) {
    let letters = |number: usize| -> String {
        let syllables = ["na", "ri", "ka", "so", "mi", "le", "ta", "vu"];
        [number % 8, number / 8 % 8, number / 64 % 8]
            .map(|place| syllables[place])
            .concat()
    };
    let mut train = String::new();
    for number in 0..300 {
        let times = if number % 10 == 0 { 2 } else { 1 };
        train.push_str(&format!("{}\n", letters(number * 7 % 512)).repeat(times));
    }
    let val: Vec<String> = (0..100).map(|number| letters(number * 11 % 512)).collect();
    std::fs::write(folder.join("train.txt"), train).unwrap();
    std::fs::write(folder.join("val.txt"), val.join("\n")).unwrap();
}

#[test]
fn names_return_as_often_as_the_list_says() {
    let folder = tempfile::tempdir().unwrap();
    write_lists(folder.path());
    let run = |arguments: &[&str]| nextchar(folder.path(), arguments);
    let train = |options: &[&str]| {
        let all = [
            "train",
            "train.txt",
            "--val",
            "val.txt",
            "--keep-duplicates",
            "--steps",
            "200",
        ];
        run(&[&all, options].concat())
    };
    train(&["--out", "plain"]).success();
    let trained = train(&["--good-turing", "--out", "returning"]).success();
    assert!(
        stdout(&trained).contains("10 new names"),
        "{}",
        stdout(&trained)
    );

    // n₁ = 270, n₂ = 30, N = 330: the next name is a known one with probability 2·30 / 330 = 0.18,
    // a little more by the prior and because no long names are drawn.
    let inspected = stdout(&run(&["inspect", "-m", "returning"]).success());
    let line = inspected
        .lines()
        .find(|line| line.starts_with("good-turing names seen once ×"));
    assert!(line.is_some(), "{inspected}");
    let known = |model: &str| -> f64 {
        let evaluated = run(&["evaluate", "-m", model, "val.txt", "--json"]).success();
        let found: serde_json::Value = serde_json::from_str(&stdout(&evaluated)).unwrap();
        let generated = &found["generated"];
        let known = generated["novelty"]["in_train"].as_f64().unwrap();
        known / generated["names"].as_f64().unwrap()
    };
    let (plain, returning) = (known("plain"), known("returning"));
    assert!(
        (0.17..0.26).contains(&returning) && plain > 0.4,
        "{plain} {returning}"
    );

    // The rival's names return alike, so that the margin is of letters alone.
    let report = stdout(&run(&["evaluate", "-m", "returning", "val.txt"]).success());
    assert!(
        report.contains("better than Kneser–Ney (with the same estimate of repeat names) by"),
        "{report}"
    );

    // All that takes a model takes it.
    let novel = [
        "generate",
        "-m",
        "returning",
        "-n",
        "5",
        "--novel",
        "--unique",
        "--suffix",
        "na",
    ];
    assert_eq!(stdout(&run(&novel).success()).lines().count(), 5);
    run(&["score", "-m", "returning", "nariko"]).success();
    let explained = stdout(&run(&["explain", "-m", "returning", "--word", "nari"]).success());
    assert!(explained.contains("ln P(nari)"), "{explained}");
    let export = ["export", "-f", "pytorch", "-m", "returning", "-o", "net.py"];
    let said = stderr(&run(&export).success());
    assert!(
        said.contains("how often whole names repeat, are left out"),
        "{said}"
    );
    run(&[
        "export",
        "-f",
        "arpa",
        "-m",
        "returning",
        "--prune",
        "1e-4",
        "--context",
        "4",
        "-o",
        "a.arpa",
    ])
    .success();
}

#[test]
fn what_cannot_tell_how_often_names_return_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_lists(folder.path());
    let refused = |options: &[&str], code: i32, expected: &str| {
        let run = nextchar(
            folder.path(),
            &[&["train", "train.txt", "--good-turing"], options].concat(),
        );
        assert!(stderr(&run.code(code)).contains(expected), "{options:?}");
    };
    refused(
        &[],
        2,
        "how often whole names repeat cannot be estimated: each name is in the list once",
    );
    refused(
        &[],
        2,
        "--keep-duplicates counts the lines of each name; --weights",
    );
    refused(
        &["--keep-duplicates", "--no-names"],
        2,
        "cannot be used with",
    );
    assert!(!folder.path().join("nextchar.safetensors").exists());
}
