//! `generate`: what comes out under which conditions.

use crate::{README, nextchar, stderr, stdout, trained};

#[test]
fn generated_names_are_new_unique_and_repeatable() {
    let (folder, ..) = trained();
    let arguments = [
        "generate",
        "-m",
        "model.safetensors",
        "-n",
        "200",
        "--novel",
        "--unique",
        "--min-length",
        "4",
        "--max-length",
        "7",
    ];
    let out = stdout(&nextchar(folder, &arguments).success());
    let list = stdout(&nextchar(folder, &["data", "show", "indian-names"]).success());
    let known: std::collections::HashSet<&str> = list
        .lines()
        .filter_map(|line| line.split('\t').next())
        .collect();
    assert!(
        known.contains("aadesh"),
        "the embedded list was not understood"
    );
    let names: Vec<&str> = out.lines().collect();
    assert_eq!(names.len(), 200);
    for name in &names {
        assert!((4..=7).contains(&name.len()), "{name}");
        assert!(!known.contains(name), "{name} is in the list");
    }
    let distinct: std::collections::HashSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), 200);
    assert_eq!(out, stdout(&nextchar(folder, &arguments).success()));
}

#[test]
fn generated_names_as_json_lines() {
    let (folder, ..) = trained();
    let run = nextchar(
        folder,
        &["generate", "-m", "model.safetensors", "-n", "3", "--json"],
    )
    .success();
    let out = stdout(&run);
    assert_eq!(out.lines().count(), 3);
    for line in out.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn conditions_hold_and_the_readme_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let generate = |more: &[&str]| nextchar(folder.path(), &[&["generate"], more].concat());
    let run = generate(&[
        "-n",
        "4",
        "--min-length",
        "6",
        "--max-length",
        "6",
        "--suffix",
        "ya",
        "--novel",
        "--unique",
    ])
    .success();
    for line in stdout(&run).lines().chain(stderr(&run).lines()) {
        assert!(README.contains(line), "not in the README: {line}");
    }
    let out = stdout(
        &generate(&[
            "-n",
            "50",
            "--prefix",
            "sh",
            "--prefix",
            "r",
            "--exclude",
            "a",
        ])
        .success(),
    );
    assert_eq!(out.lines().count(), 50);
    assert!(
        out.lines()
            .all(|name| name.starts_with("sh") || name.starts_with('r')),
        "{out}"
    );
    assert!(!out.contains('a'), "{out}");
    let out = stdout(&generate(&["-n", "5", "--letters", "a-fx", "--contains", "ee"]).success());
    assert!(
        out.lines()
            .all(|name| name.contains("ee") && !name.contains('g')),
        "{out}"
    );
}

#[test]
fn only_three_exist_and_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let generate = |more: &[&str]| nextchar(folder.path(), &[&["generate"], more].concat());
    let run = generate(&["-n", "9", "--pattern", "ar(jun|av|nav)", "--unique"]).success();
    let mut names: Vec<String> = stdout(&run).lines().map(str::to_owned).collect();
    names.sort();
    assert_eq!(names, ["arav", "arjun", "arnav"]);
    assert!(stderr(&run).contains("only 3 names fit; these are all"));
    std::fs::write(folder.path().join("mine"), "arav\nARNAV\n").unwrap();
    let out = generate(&[
        "-n",
        "9",
        "--pattern",
        "ar(jun|av|nav)",
        "--unique",
        "--not-in",
        "mine",
    ]);
    assert_eq!(stdout(&out.success()), "arjun\n");
    let run = generate(&["--pattern", "ar(jun|av|nav)", "--novel"]).code(1);
    assert!(
        stderr(&run).contains("no name fits the conditions"),
        "{}",
        stderr(&run)
    );
    let out =
        stdout(&generate(&["-n", "2", "--most-likely", "--pattern", "ar(jun|av|nav)"]).success());
    assert_eq!(out, "arav\narnav\n");
}

#[test]
fn json_names_end_with_the_probability_of_the_conditions() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["generate", "-n", "3", "--prefix", "r", "--json"];
    let out = stdout(&nextchar(folder.path(), &arguments).success());
    let values: Vec<serde_json::Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(values.len(), 4);
    assert!(values[0]["name"].as_str().unwrap().starts_with('r'));
    assert!(values[0]["log_prob"].as_f64().unwrap() < 0.0);
    assert!(values[3]["constraint_probability"].as_f64().unwrap() > 0.0);
}
