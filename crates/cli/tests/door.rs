//! The library and the program make the same models: the ten-line example of `nextchar` against `train`.

use std::path::Path;

use assert_cmd::Command;
use nextchar::data::EmbeddedList;
use nextchar::{Family, Model, Names, Preset, TrainOptions};

#[path = "../../nextchar/examples/door.rs"]
mod example;

/// What `nextchar train` saves.
fn trained(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    Command::new(env!("CARGO_BIN_EXE_nextchar"))
        .current_dir(folder)
        .args(["train", "--out", "program.safetensors"])
        .args(arguments)
        .timeout(std::time::Duration::from_secs(300))
        .assert()
        .success();
    std::fs::read(folder.join("program.safetensors")).unwrap()
}

/// The example is run as it stands, in a folder with a `mine.txt`.
#[test]
fn ten_lines_save_what_the_program_saves() {
    let folder = tempfile::tempdir().unwrap();
    let rows = EmbeddedList::find("finnish-names").unwrap().rows();
    let lines: String = rows.map(|row| format!("{row}\n")).collect();
    std::fs::write(folder.path().join("mine.txt"), lines).unwrap();
    std::env::set_current_dir(&folder).unwrap();

    example::main().unwrap();
    let saved = std::fs::read("mine.safetensors").unwrap();
    assert!(saved == trained(folder.path(), &["mine.txt", "--preset", "fast"]));
}

/// The model that is part of the program.
#[test]
fn defaults_make_the_embedded_model() {
    let names = Names::embedded("indian-names").unwrap();
    let model = Model::train(&names, &TrainOptions::default()).unwrap();
    let embedded = include_bytes!("../../nextchar/model/indian-names.safetensors");
    assert!(model.to_bytes().unwrap() == embedded);
}

#[test]
fn options_mean_the_same_in_both() {
    let folder = tempfile::tempdir().unwrap();
    let quick = |preset| TrainOptions {
        steps: Some(20),
        hidden: Some([16].into()),
        ..TrainOptions::preset(preset)
    };
    for options in [
        quick(Preset::Lecture),
        TrainOptions {
            networks: Some(2),
            distill: true,
            ..quick(Preset::Kaiming)
        },
        TrainOptions {
            family: Some(Family::KneserNey),
            no_names: true,
            ..TrainOptions::default()
        },
    ] {
        let names = Names::embedded("colors").unwrap();
        let model = Model::train(&names, &options).unwrap();
        let words = options.to_arguments();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let program = trained(folder.path(), &[&["colors"], &words[..]].concat());
        assert!(model.to_bytes().unwrap() == program, "{words:?}");
    }
}
