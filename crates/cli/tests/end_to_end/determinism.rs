//! One file for one seed: whatever the threads and the vector instructions.

use nextchar_kernels::Kernels;

use crate::nextchar;

/// Trains briefly and returns the model file.
fn model(folder: &std::path::Path, more: &[&str]) -> Vec<u8> {
    let arguments = [
        "train",
        "english-names",
        "--steps",
        "8",
        "--hidden",
        "24,20",
    ];
    nextchar(folder, &[&arguments, more].concat()).success();
    std::fs::read(folder.join("nextchar.safetensors")).unwrap()
}

#[test]
fn files_do_not_depend_on_threads_or_instructions() {
    let folder = tempfile::tempdir().unwrap();
    let sets = Kernels::available();
    for batch in [
        ["--batch", "full", "--activation", "tanh"],
        ["--batch", "700", "--activation", "gelu"],
        ["--batch", "600", "--draw", "windows"],
        ["--batch", "700", "--batch-norm", "--residual"],
    ] {
        for arithmetic in [[].as_slice(), &["--portable"]] {
            let with = |more: &[&str]| model(folder.path(), &[&batch, arithmetic, more].concat());
            let expected = with(&["--threads", "1"]);
            for threads in ["2", "3", "8"] {
                assert!(
                    with(&["--threads", threads]) == expected,
                    "{batch:?}, {threads} threads"
                );
            }
            for set in &sets {
                let set = set.to_string();
                let found = with(&["--instructions", &set, "--threads", "2"]);
                assert!(found == expected, "{batch:?} {arithmetic:?}, {set}");
            }
        }
    }
}

#[test]
fn portable_arithmetic_rounds_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    assert!(model(folder.path(), &[]) != model(folder.path(), &["--portable"]));
}

#[test]
fn a_target_and_a_time_stop_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let run = nextchar(folder.path(), &[&["train", "--json"], arguments].concat()).success();
        serde_json::from_str::<serde_json::Value>(&crate::stdout(&run)).unwrap()
    };
    let found = run(&["--target-loss", "2.3"]);
    assert_eq!(found["stop"], "target_loss");
    assert!(found["val_loss"].as_f64().unwrap() <= 2.3, "{found}");
    assert!(found["steps"].as_u64().unwrap() < 1500, "{found}");
    let two = run(&["finnish-names", "--time", "2s", "--networks", "2"]);
    assert!(
        two["steps"].as_u64().unwrap() > 1,
        "the second network has its share of the time: {two}"
    );
    let found = run(&["finnish-names", "--time", "300ms"]);
    assert!(found["steps"].as_u64().unwrap() > 0 && found["seconds"].as_f64().unwrap() < 30.0);
}

#[test]
fn instructions_that_do_not_exist_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = nextchar(folder.path(), &["train", "--instructions", "sse9"]).code(2);
    assert!(crate::stderr(&run).contains("portable, sse2, avx2, avx512, neon or simd128"));
}
