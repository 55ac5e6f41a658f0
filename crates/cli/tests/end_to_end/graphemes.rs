//! `train --tokens graphemes`, and all that is done with such a model.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use nextchar::text::graphemes;
use serde_json::Value;

use crate::{nextchar, stderr, stdout};

const TRAIN: [&str; 10] = [
    "train",
    "devanagari-names",
    "--tokens",
    "graphemes",
    "--steps",
    "60",
    "--hidden",
    "16",
    "--counts-context",
    "2",
];

/// A folder with `model.safetensors` and what training it said; made once.
fn trained() -> &'static (PathBuf, String) {
    static TRAINED: OnceLock<(PathBuf, String)> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap().keep();
        let more = ["--no-refit", "--out", "model.safetensors"];
        let run = nextchar(&folder, &[&TRAIN[..], &more].concat()).success();
        (folder, stderr(&run))
    })
}

fn run(arguments: &[&str]) -> assert_cmd::assert::Assert {
    let (folder, _) = trained();
    nextchar(folder, &[arguments, &["-m", "model.safetensors"]].concat())
}

fn lines(arguments: &[&str]) -> Vec<String> {
    let out = stdout(&run(arguments).success());
    out.lines().map(str::to_owned).collect()
}

/// The JSON objects of a command, one per line.
fn jsons(arguments: &[&str]) -> Vec<Value> {
    let lines = lines(&[arguments, &["--json"]].concat());
    let values = lines.iter().map(|line| serde_json::from_str(line).unwrap());
    values.collect()
}

fn json(arguments: &[&str]) -> Value {
    jsons(arguments).remove(0)
}

#[test]
fn names_are_well_formed_and_of_the_asked_lengths() {
    let (_, said) = trained();
    assert!(
        said.contains("in graphemes (losses are per token)"),
        "{said}"
    );
    let draw = ["generate", "-n", "300"];
    let names = lines(&[&draw[..], &["--min-length", "3", "--max-length", "4"]].concat());
    assert!(names.len() == 300);
    for name in &names {
        assert!((3..=4).contains(&graphemes(name)), "{name}");
        // The list has no vowel sign after another one or a virama, but two names that end in a virama.
        let is_sign = |c: char| ('\u{93e}'..='\u{94c}').contains(&c);
        let characters: Vec<char> = name.chars().collect();
        let mut pairs = characters.windows(2);
        assert!(
            !pairs.any(|pair| (is_sign(pair[0]) || pair[0] == '\u{94d}') && is_sign(pair[1])),
            "{name}"
        );
    }
    for name in lines(&[&draw[..], &["--suffix", "ति", "--prefix", "प्र"]].concat()) {
        assert!(name.starts_with("प्र") && name.ends_with("ति"), "{name}");
    }
    // र is not part of रि.
    for name in lines(&[&draw[..], &["--contains", "र", "--novel", "--unique"]].concat()) {
        let mut after = name.split('र').skip(1);
        assert!(
            after.any(|rest| graphemes(&format!("र{rest}")) > graphemes(rest)),
            "{name}"
        );
    }
    let likely = lines(&["generate", "-n", "5", "--most-likely", "--suffix", "न"]);
    assert!(likely.len() == 5 && likely.iter().all(|line| line.contains('न')));
}

#[test]
fn every_held_out_name_has_a_score_and_it_is_that_of_its_explanation() {
    let (folder, _) = trained();
    let all = stdout(&nextchar(folder, &["data", "show", "devanagari-names"]).success());
    std::fs::write(folder.join("all.txt"), &all).unwrap();
    let scored = jsons(&["score", "--file", "all.txt"]);
    assert_eq!(scored.len(), all.lines().count());
    for value in &scored {
        assert!(value["log_prob"].as_f64().unwrap() < 0.0, "{value}");
    }

    let score = json(&["score", "क्षमा"]);
    let explained = json(&["explain", "--word", "क्षमा"]);
    let log_prob = |value: &Value| value["log_prob"].as_f64().unwrap();
    assert!((log_prob(&score) - log_prob(&explained)).abs() < 1e-9);
    let tokens = score["tokens"].as_array().unwrap();
    let sum: f64 = tokens.iter().map(log_prob).sum();
    assert!((sum - log_prob(&score)).abs() < 1e-9);
    // The names that are drawn have the probabilities that they are scored with.
    let drawn = jsons(&["generate", "-n", "20", "--temperature", "1"]);
    let names = drawn.iter().map(|name| name["name"].as_str().unwrap());
    let score: Vec<&str> = ["score"].into_iter().chain(names).collect();
    for (drawn, scored) in drawn.iter().zip(jsons(&score)) {
        assert!(
            (log_prob(drawn) - log_prob(&scored)).abs() < 1e-9,
            "{drawn}"
        );
    }
    let unknown = stderr(&run(&["next", "कX"]).code(2));
    assert!(unknown.contains("'X' (character 2)"), "{unknown}");
}

#[test]
fn the_other_commands_take_such_a_model() {
    let (folder, _) = trained();
    run(&["evaluate", "--names", "200"]).success();
    let shown = stdout(&run(&["inspect"]).success());
    assert!(shown.contains("classes"), "{shown}");
    run(&["next", "प्र"]).success();
    run(&["explain", "प्र"]).success();
    let export = |format: &str, out: &str| run(&["export", "-f", format, "-o", out]);
    for (format, out) in [("onnx", "m.onnx"), ("word2vec", "m.txt")] {
        export(format, out).success();
    }
    for (format, out) in [
        ("pytorch", "m.py"),
        ("numpy", "n.py"),
        ("counts", "m.parquet"),
    ] {
        let said = stderr(&export(format, out).code(1));
        assert!(said.contains("characters"), "{format}: {said}");
        assert!(!folder.join(out).exists());
    }
}

#[test]
fn a_resumed_training_keeps_its_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| nextchar(folder.path(), arguments);
    let file = |name: &str| std::fs::read(Path::new(folder.path()).join(name)).unwrap();
    run(&[&TRAIN[..], &["--out", "whole"]].concat()).success();
    let kept = [
        "--checkpoint",
        "state",
        "--stop-after",
        "30",
        "--out",
        "resumed",
    ];
    run(&[&TRAIN[..], &kept].concat());
    let other = run(&["train", "--resume", "state", "--tokens", "characters"]).code(2);
    let said = stderr(&other);
    assert!(
        said.contains("--tokens was graphemes and is now not given"),
        "{said}"
    );
    run(&["train", "--resume", "state"]).success();
    assert!(file("whole") == file("resumed"));
}

#[test]
fn where_every_grapheme_is_a_character_the_model_is_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for tokens in ["characters", "graphemes"] {
        let train = ["train", "english-names", "--steps", "20", "--hidden", "8"];
        let more = ["--tokens", tokens, "--out", tokens];
        nextchar(folder.path(), &[&train[..], &more].concat()).success();
    }
    let file = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert!(file("characters") == file("graphemes"));
}

#[test]
fn counts_are_of_characters() {
    let folder = tempfile::tempdir().unwrap();
    let train = ["train", "--counts", "c.parquet", "--tokens", "graphemes"];
    let said = stderr(&nextchar(folder.path(), &train).code(2));
    assert!(
        said.contains("--tokens graphemes: --counts are counts of characters"),
        "{said}"
    );
}

#[test]
fn held_out_files_are_spelled_in_the_tokens_of_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, names: &str| std::fs::write(folder.path().join(file), names).unwrap();
    write("list", "मीरा\nमीना\nनीला\nराम\nलीला\nमाला\n");
    write("val", "रीना\nनीरा\n");
    write("other", "कीरा\n");
    let train = |val: &str| {
        let arguments = ["train", "list", "--tokens", "graphemes", "--steps", "9"];
        nextchar(
            folder.path(),
            &[&arguments[..], &["--val", val, "--json"]].concat(),
        )
    };
    let made: Value = serde_json::from_str(&stdout(&train("val").success())).unwrap();
    let loss = made["val_loss"].as_f64().unwrap();
    assert!(loss.is_finite() && loss > 0.0, "{made}");
    let said = stderr(&train("other").code(1));
    assert!(said.contains("'क' (character 1)"), "{said}");
}
