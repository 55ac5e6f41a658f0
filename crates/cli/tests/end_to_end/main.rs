//! What a person sees of every command: output, messages, exit codes, files.

mod bad_input;
mod bad_input_table;
mod commands;
mod counts;
mod crash;
mod determinism;
mod evaluation;
mod export;
mod files;
mod generation;
mod good_turing;
mod graphemes;
mod nothing_lost;
mod parquet;
mod refusals;
mod scoring;
mod teaching;

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use assert_cmd::Command;
use assert_cmd::assert::Assert;

/// Its transcripts are what the program prints.
const README: &str = include_str!("../../../../README.md");

/// The program, run in `folder`.
fn nextchar(folder: &Path, arguments: &[&str]) -> Assert {
    Command::new(env!("CARGO_BIN_EXE_nextchar"))
        .current_dir(folder)
        .args(arguments)
        .timeout(std::time::Duration::from_secs(300))
        .assert()
}

/// What a run printed on standard output.
fn stdout(run: &Assert) -> String {
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

/// What a run printed on standard error.
fn stderr(run: &Assert) -> String {
    String::from_utf8(run.get_output().stderr.clone()).unwrap()
}

/// A folder with `model.safetensors`, which has not learned its held-out names; made once.
fn held_out() -> &'static PathBuf {
    static TRAINED: OnceLock<PathBuf> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap().keep();
        let model = ["--no-refit", "--out", "model.safetensors"];
        let train = ["train", "colors", "--steps", "600", "--hidden", "64,64"];
        nextchar(&folder, &[&train[..], &model].concat()).success();
        folder
    })
}

/// A folder with `model.safetensors` from the default training and what that printed; made once.
fn trained() -> &'static (PathBuf, String, String) {
    static TRAINED: OnceLock<(PathBuf, String, String)> = OnceLock::new();
    TRAINED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap().keep();
        let run = nextchar(&folder, &["train", "--out", "model.safetensors"]).success();
        (folder, stdout(&run), stderr(&run))
    })
}
