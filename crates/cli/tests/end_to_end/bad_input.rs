//! Bad input: what is said, with which exit code, and that nothing half-written stays.

use std::fs;

use crate::{nextchar, stderr, trained};

/// Runs in a folder with `files`, and expects the exit code and every part of the message.
fn refused(files: &[(&str, &[u8])], arguments: &[&str], code: i32, parts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let run = nextchar(folder.path(), arguments).code(code);
    let message = stderr(&run);
    for part in parts {
        assert!(message.contains(part), "{part:?} is missing: {message}");
    }
    assert!(!message.contains("panicked"), "{message}");
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, files.len(), "something was left behind");
}

const CSV: &[u8] = b"name,gender\naadesh,m\nzeel,f\n";

#[test]
fn lists_without_a_name() {
    refused(
        &[("a", b"")],
        &["train", "a"],
        1,
        &["a: there is no name in it: it is empty"],
    );
    refused(
        &[("a", b"\n\n \n")],
        &["train", "a"],
        1,
        &["all of its lines are blank"],
    );
    refused(
        &[("a", b"\xff\xfe\n")],
        &["train", "a"],
        1,
        &["line 1, character 1: not valid UTF-8"],
    );
    let long = vec![b'a'; 1_000_000];
    refused(
        &[("a", &long)],
        &["train", "a"],
        1,
        &["line 1, character 1001: longer than 1000"],
    );
}

#[test]
fn files_that_cannot_be_read() {
    refused(&[], &["train", "."], 1, &[".: it is a folder, not a file"]);
    refused(
        &[],
        &["train", "missing.txt"],
        1,
        &["missing.txt: there is no such file", "help:"],
    );
    refused(
        &[],
        &["generate", "-m", "missing"],
        1,
        &["missing: there is no such file", "nextchar train"],
    );
}

#[test]
fn columns_and_filters_that_are_not_there() {
    let files: &[(&str, &[u8])] = &[("t.csv", CSV)];
    refused(
        files,
        &["train", "t.csv", "--column", "nam"],
        2,
        &["no column \"nam\"; its columns are: name, gender"],
    );
    refused(
        files,
        &["train", "t.csv", "--column", "name", "--where", "gender=x"],
        1,
        &["none of its 2 rows passes the filter"],
    );
    refused(
        files,
        &["train", "t.csv", "--where", "gender"],
        2,
        &["it is not COLUMN=VALUE"],
    );
}

#[test]
fn strict_refuses_at_the_line() {
    refused(
        &[("a", "aadesh\nRenée\n".as_bytes())],
        &["train", "a", "--strict"],
        1,
        &[
            "a: line 2, character 4: 'é' is not one of a–z, in \"Renée\"",
            "--alphabet data",
        ],
    );
}

#[test]
fn model_files_that_are_none() {
    refused(
        &[("m", b"junk")],
        &["generate", "-m", "m"],
        1,
        &["m: it is not a whole safetensors file"],
    );
    let huge = [&u64::MAX.to_le_bytes()[..], b"{}"].concat();
    refused(
        &[("m", &huge)],
        &["inspect", "-m", "m"],
        1,
        &["m: it is not a whole safetensors file"],
    );
    let whole = fs::read(trained().0.join("model.safetensors")).unwrap();
    for length in [1000, whole.len() / 2, whole.len() - 1] {
        refused(
            &[("m", &whole[..length])],
            &["next", "a", "-m", "m"],
            1,
            &["m: it is not a whole safetensors file"],
        );
    }
}

#[test]
fn options_that_contradict_each_other() {
    refused(
        &[],
        &["train", "--min-length", "9", "--max-length", "2"],
        2,
        &["no name has at least 9 and at most 2 characters"],
    );
    refused(
        &[],
        &["train", "--optimizer", "sgd", "--weight-decay", "1"],
        2,
        &["--weight-decay needs --optimizer adamw"],
    );
    refused(
        &[],
        &["train", "--context", "100000"],
        2,
        &["too long for 27 classes"],
    );
    refused(
        &[],
        &["train", "--context", "0"],
        2,
        &["a context of 0 characters"],
    );
    refused(&[], &["train", "--split", "0,0,0"], 2, &["80,10,10"]);
}

#[test]
fn a_diverging_training_is_noticed() {
    refused(
        &[],
        &["train", "--learning-rate", "1e9"],
        1,
        &["training diverged at step", "try a smaller learning rate"],
    );
}

#[test]
fn foreign_files_are_not_replaced() {
    refused(
        &[("mine", b"precious")],
        &["train", "--out", "mine"],
        2,
        &["is not a model of this program", "--force"],
    );
    refused(&[], &["train", "--out", "nowhere/m"], 1, &["nowhere"]);
}

#[test]
fn generation_that_cannot_be() {
    let (folder, ..) = trained();
    let run = nextchar(
        folder,
        &[
            "generate",
            "-m",
            "model.safetensors",
            "--min-length",
            "9",
            "--max-length",
            "3",
        ],
    );
    assert!(stderr(&run.code(2)).contains("at least 9 and at most 3"));
    let run = nextchar(folder, &["next", "AB9", "-m", "model.safetensors"]);
    assert!(stderr(&run.code(2)).contains("'9' (character 3) is not in the alphabet"));
}
