//! `train --teacher`: networks that learn what another model predicts.

use nextchar_formats::ModelFile;

use crate::{nextchar, stderr, stdout};

#[test]
fn students_learn_what_a_teacher_predicts() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| nextchar(folder.path(), arguments);
    let shape = [
        "--steps",
        "60",
        "--hidden",
        "16",
        "--family",
        "network",
        "--no-refit",
    ];
    run(&[
        "train",
        "finnish-names",
        "--family",
        "kneser-ney",
        "--out",
        "teacher",
    ])
    .success();
    let train =
        |options: &[&str]| run(&[&["train", "finnish-names"], &shape[..], options].concat());
    let taught = [
        "--context",
        "3",
        "--teacher",
        "teacher",
        "--networks",
        "2",
        "--out",
        "students",
    ];
    let said = stderr(&train(&taught).success());
    assert!(said.contains("student 2 of 2"), "{said}");
    let bytes = std::fs::read(folder.path().join("students")).unwrap();
    let students = ModelFile::from_bytes(&bytes).unwrap().model;
    let [first, second] = students.networks() else {
        panic!("{} networks", students.networks().len());
    };
    assert_ne!(first.params(), second.params());

    // Four times as many steps as were asked for, on soft targets: better than the same network alone.
    train(&["--context", "3", "--networks", "2", "--out", "alone"]).success();
    let loss = |model: &str| -> f64 {
        let evaluated = run(&["evaluate", "-m", model, "--json"]).success();
        let found: serde_json::Value = serde_json::from_str(&stdout(&evaluated)).unwrap();
        found["loss"].as_f64().unwrap()
    };
    assert!(
        loss("students") < loss("alone"),
        "{} {}",
        loss("students"),
        loss("alone")
    );

    let longer = train(&[
        "--context",
        "9",
        "--teacher",
        "teacher",
        "--force",
        "--out",
        "students",
    ]);
    let said = stderr(&longer.code(2));
    assert!(
        said.contains("a context of 9 is longer than the teacher's"),
        "{said}"
    );
}
