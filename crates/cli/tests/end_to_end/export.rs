//! Exports as a person meets them: what is written, said and refused. What the files hold is compared
//! by the programs that they are for, in `tests/exports/check.py`.

use crate::{held_out, nextchar, stderr, stdout, trained};

#[test]
fn an_export_says_what_it_wrote_and_what_is_lost() {
    let folder = held_out();
    let model = ["-m", "model.safetensors"];
    let run = |arguments: &[&str]| nextchar(folder, &[&["export"], &model[..], arguments].concat());
    let written = run(&["--format", "pytorch", "--out", "p.py"]).success();
    let text = stdout(&written);
    assert!(text.starts_with("p.safetensors: 50.8 kB\np.py: "), "{text}");
    let said = stderr(&written);
    assert!(
        said.contains("the counts are left out: a loss of 2."),
        "{said}"
    );
    assert!(said.contains("where the model has 2.1"), "{said}");
    // The weights alone are a model, too.
    let out = stdout(
        &nextchar(
            folder,
            &["evaluate", "-m", "p.safetensors", "finnish-names"],
        )
        .success(),
    );
    assert!(out.contains("this model, context 6"), "{out}");
    let out = stdout(&nextchar(folder, &["inspect", "-m", "p.safetensors"]).success());
    assert!(
        out.contains("by another program") && !out.contains("NaN"),
        "{out}"
    );

    let json = stdout(&run(&["--format", "projector", "--out", "letters.tsv", "--json"]).success());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["files"][1]["path"], "letters.metadata.tsv");
}

#[test]
fn what_cannot_be_exported_is_told_with_a_way_out() {
    let (folder, ..) = trained();
    let run = |arguments: &[&str]| nextchar(folder, &[&["export"], arguments].concat());
    std::fs::write(folder.join("mine.py"), "mine").unwrap();
    for (arguments, code, says) in [
        (["-f", "pytorch", "-o", "mine.py"], 2, "--force"),
        (
            ["-f", "pytorch", "-o", "mine.pt"],
            2,
            "NAME.py and NAME.safetensors",
        ),
        (["-f", "html", "-o", "m.html"], 2, "--engine"),
        (
            ["-f", "onnx", "-o", "m.onnx"],
            1,
            "`train --counts-context 4`",
        ),
        (
            ["-f", "word2vec", "-o", "no/folder"],
            2,
            "the folder no does not exist",
        ),
        (["-f", "word2vec", "-o", "."], 2, "it is a folder"),
    ] {
        let said = stderr(&run(&arguments).code(code));
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
    assert_eq!(
        std::fs::read_to_string(folder.join("mine.py")).unwrap(),
        "mine"
    );
    assert!(!folder.join("mine.safetensors").exists() && !folder.join("m.onnx").exists());
}
