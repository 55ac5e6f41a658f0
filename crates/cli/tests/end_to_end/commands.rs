//! Every command doing what it is for.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::{README, nextchar, stderr, stdout, trained};

#[test]
fn training_prints_what_the_readme_shows() {
    let (_, out, err) = trained();
    assert!(out.contains("Loss, in nats"), "{out}");
    for line in out.lines().filter(|line| !line.starts_with("Saved to")) {
        assert!(README.contains(line), "not in the README: {line}");
    }
    let first = err
        .lines()
        .find(|line| line.starts_with("first loss"))
        .unwrap();
    assert!(README.contains(first), "not in the README: {first}");
}

#[test]
fn trainings_of_one_seed_save_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let train = |seed: &str, out: &str| {
        nextchar(
            folder.path(),
            &[
                "train",
                "finnish-names",
                "--steps",
                "50",
                "--seed",
                seed,
                "--out",
                out,
            ],
        )
        .success();
        std::fs::read(folder.path().join(out)).unwrap()
    };
    let first = train("text", "a.safetensors");
    assert_eq!(first, train("text", "b.safetensors"));
    assert_ne!(first, train("another", "c.safetensors"));
}

#[test]
fn next_shows_a_whole_distribution() {
    let (folder, ..) = trained();
    let out = stdout(&nextchar(folder, &["next", "aab", "-m", "model.safetensors"]).success());
    assert!(out.starts_with("P(x) after ___aab"), "{out}");
    assert!(out.contains("  h  0.6036  █"), "{out}");
    let total: f64 = out
        .lines()
        .skip(1)
        .map(|line| {
            line.split_whitespace()
                .nth(1)
                .unwrap()
                .parse::<f64>()
                .unwrap()
        })
        .sum();
    assert_eq!(out.lines().count(), 28);
    assert!((total - 1.0).abs() < 0.002, "{total}");
}

#[test]
fn explain_shows_five_stages() {
    let (folder, ..) = trained();
    let out = stdout(&nextchar(folder, &["explain", "aab", "-m", "model.safetensors"]).success());
    for stage in [
        "1 Context",
        "2 Embedding",
        "3 Features",
        "4 Layer 1",
        "5 Output",
    ] {
        assert!(out.contains(stage), "{stage} is missing: {out}");
    }
}

#[test]
fn evaluate_and_inspect_agree_with_the_training() {
    let (folder, ..) = trained();
    let out = stdout(&nextchar(folder, &["evaluate", "-m", "model.safetensors"]).success());
    assert!(out.contains("test                1.8117"), "{out}");
    let out = stdout(&nextchar(folder, &["inspect", "-m", "model.safetensors"]).success());
    assert!(
        out.contains("train 1.5675, val 1.8154, test 1.8117"),
        "{out}"
    );
    assert!(out.contains("hidden.0.weight    [128, 96]"), "{out}");
}

#[test]
fn json_is_one_object() {
    let (folder, ..) = trained();
    for arguments in [
        ["next", "aab", "-m", "model.safetensors", "--json"].as_slice(),
        &["explain", "aab", "-m", "model.safetensors", "--json"],
        &["evaluate", "-m", "model.safetensors", "--json"],
        &["inspect", "-m", "model.safetensors", "--json"],
        &["data", "check", "finnish-names", "--json"],
        &[
            "train",
            "finnish-names",
            "--steps",
            "10",
            "--out",
            "json.safetensors",
            "--json",
        ],
    ] {
        let out = stdout(&nextchar(folder, arguments).success());
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert!(value.is_object(), "{arguments:?}: {out}");
    }
}

#[test]
fn data_lists_shows_and_cuts_windows() {
    let (folder, ..) = trained();
    let out = stdout(&nextchar(folder, &["data"]).success());
    assert!(out.starts_with("indian-names       26,991"), "{out}");
    let out = stdout(&nextchar(folder, &["data", "windows", "aabid"]).success());
    assert_eq!(
        out,
        "___ → a\n__a → a\n_aa → b\naab → i\nabi → d\nbid → _\n"
    );
}

#[test]
fn ctrl_c_saves_the_best_so_far() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_nextchar"))
        .current_dir(folder.path())
        .args(["train", "--steps", "200000", "--out", "best.safetensors"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    // Two rows of the progress table: one look at val lies behind it.
    lines
        .by_ref()
        .map(Result::unwrap)
        .filter(|line| line.trim_start().starts_with(|c: char| c.is_ascii_digit()))
        .nth(1)
        .unwrap();
    Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    lines.for_each(drop);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    nextchar(folder.path(), &["inspect", "-m", "best.safetensors"]).success();
}

#[test]
fn ctrl_c_while_all_names_are_learned_saves_the_model_that_was_measured() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_nextchar"))
        .current_dir(folder.path())
        .args(["train", "--family", "network", "--context", "3"])
        .args(["--steps", "4000", "--out", "m"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut lines = lines.by_ref().map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with("training again on all names")));
    Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    let said: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{said:?}");
    let is_told = |line: &String| line.contains("interrupted while it learned all names");
    assert!(said.iter().any(is_told), "{said:?}");
    let evaluate = ["evaluate", "-m", "m", "--names", "0", "--json"];
    let out = stdout(&nextchar(folder.path(), &evaluate).success());
    assert!(
        out.contains("\"loss\"") && !out.contains("refitted"),
        "{out}"
    );
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let (folder, ..) = trained();
    let program = env!("CARGO_BIN_EXE_nextchar");
    let script =
        format!("set -o pipefail; '{program}' generate -m model.safetensors -n 20000 | head -n 1");
    let run = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(run.status.success(), "{run:?}");
    assert!(run.stderr.is_empty(), "{run:?}");
}

#[test]
fn windows_line_ends_a_mark_and_case_are_understood() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("a.txt"),
        "\u{feff}Aadesh\r\n  ZEEL \r\nnan\r\nx_1\r\n",
    )
    .unwrap();
    let run = nextchar(folder.path(), &["data", "check", "a.txt", "--json"]).success();
    let text = stdout(&run);
    assert!(!text.contains("feff") && stderr(&run).is_empty(), "{text}");
    let plain = stdout(&nextchar(folder.path(), &["data", "check", "a.txt"]).success());
    assert!(plain.contains("line 4"), "{plain}");
}

/// The training's JSON, for a list in the folder.
fn trained_json(folder: &std::path::Path, arguments: &[&str]) -> serde_json::Value {
    let arguments = [&["train", "--json", "--steps", "20"], arguments].concat();
    serde_json::from_str(&stdout(&nextchar(folder, &arguments).success())).unwrap()
}

#[test]
fn columns_filters_weights_and_duplicates_decide_what_counts() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "t.csv",
        "id,name,gender,n\n1,Ana,f,2\n2,Bo,m,3\n3,ANA,f,5\n4,Cy,f,1\n",
    );
    let examples = |arguments: &[&str]| trained_json(folder.path(), arguments)["examples"].clone();
    let table = ["t.csv", "--column", "name", "--split", "1,0,0"];
    let with = |more: &[&'static str]| examples(&[&table, more].concat());
    // Windows: 4 for ana, 3 for bo, 3 for cy.
    assert_eq!(with(&[]), 10);
    assert_eq!(with(&["--where", "gender=f"]), 7);
    assert_eq!(with(&["--keep-duplicates"]), 14);
    assert_eq!(with(&["--weights", "n"]), 4 * 7 + 3 * 3 + 3);
    assert_eq!(with(&["--min-length", "3"]), 4);
}

#[test]
fn own_val_and_test_files_are_cleared_of_training_names() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("train", "ana\nbo\ncy\n");
    write("val", "ana\nbob\n");
    let run = nextchar(
        folder.path(),
        &[
            "train", "train", "--val", "val", "--test", "val", "--steps", "20",
        ],
    )
    .success();
    let message = stderr(&run);
    assert!(
        message.contains("--val: skipped 1 name that is also in the training names"),
        "{message}"
    );
    assert!(message.contains("train 3, val 1, test 1"), "{message}");
}

#[test]
fn other_alphabets_train_and_generate() {
    let folder = tempfile::tempdir().unwrap();
    let list = "Élodie\nRenée\nZoë\nAndré\n";
    std::fs::write(folder.path().join("list"), list).unwrap();
    let arguments = [
        "train",
        "-",
        "--alphabet",
        "data",
        "--steps",
        "300",
        "--no-names",
    ];
    let run = assert_cmd::Command::new(env!("CARGO_BIN_EXE_nextchar"))
        .current_dir(folder.path())
        .args(arguments)
        .write_stdin(list)
        .assert()
        .success();
    assert!(
        stderr(&run).contains("standard input: 4 names, 12 classes"),
        "{}",
        stderr(&run)
    );
    let model = ["-m", "nextchar.safetensors"];
    let out = stdout(&nextchar(folder.path(), &[&["generate"], &model[..]].concat()).success());
    assert!(out.contains(|c: char| !c.is_ascii()), "{out}");
    let run = nextchar(
        folder.path(),
        &[&["generate", "--novel"], &model[..]].concat(),
    )
    .code(2);
    assert!(stderr(&run).contains("--no-names"), "{}", stderr(&run));
}

#[test]
fn a_stopped_run_repeats_with_the_command_it_prints() {
    let folder = tempfile::tempdir().unwrap();
    let run = |out: &str, more: &[&str]| {
        let arguments = ["train", "finnish-names", "--out", out, "--steps", "200"];
        nextchar(folder.path(), &[&arguments, more].concat()).success();
        std::fs::read(folder.path().join(out)).unwrap()
    };
    let stopped = run("a.safetensors", &["--stop-after", "60"]);
    assert_eq!(stopped, run("b.safetensors", &["--stop-after", "60"]));
    assert_ne!(stopped, run("c.safetensors", &[]));
}

#[test]
fn the_diagnosis_of_a_list_is_a_page_to_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("list"),
        "ana\nana\n\nbo\nx_\nnan\nx\u{200b}y\n",
    )
    .unwrap();
    let out = stdout(&nextchar(folder.path(), &["data", "check", "list"]).success());
    let expected = "\
list: 4 different names in 7 lines
  blank lines                      1
  duplicates                       1
  rejected                         1
  freed from invisible characters  1

Lengths
     2          2  ████████████████████████████████████████
     3          2  ████████████████████████████████████████

Characters
  a         3  n         3  b         1  o         1  x         1  y         1

Rejected lines
  line 5, character 2: '_' stands for the end of a name, in \"x_\"

To learn it: nextchar train list
";
    assert_eq!(out, expected);
}

#[test]
fn help_completions_and_manual_name_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let print = |arguments: &[&str]| stdout(&nextchar(folder.path(), arguments).success());
    for arguments in [
        ["--help"].as_slice(),
        &["completions", "bash"],
        &["completions", "zsh"],
        &["completions", "fish"],
        &["man"],
    ] {
        let out = print(arguments);
        for command in [
            "train", "generate", "next", "explain", "evaluate", "inspect", "data",
        ] {
            assert!(out.contains(command), "{arguments:?}: {command} is missing");
        }
    }
    assert!(print(&["train", "--help"]).contains("--keep-duplicates"));
}

#[test]
fn the_embedded_model_is_what_train_makes() {
    let (folder, ..) = trained();
    let made = std::fs::read(folder.join("model.safetensors")).unwrap();
    let embedded = include_bytes!("../../../nextchar/model/indian-names.safetensors");
    assert!(
        made == embedded,
        "copy a fresh model to crates/nextchar/model/ and note it in CHANGELOG.md"
    );
    let with = |arguments: &[&str]| stdout(&nextchar(folder, arguments).success());
    let arguments = ["generate", "-n", "5", "--novel", "--seed", "golden"];
    assert_eq!(
        with(&arguments),
        with(&[&arguments[..], &["-m", "model.safetensors"]].concat())
    );
}

#[test]
fn counts_alone_and_mixtures_are_models_too() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| nextchar(folder.path(), arguments);
    let small = ["--steps", "200", "--hidden", "32"];
    let two = [&small[..], &["--networks", "2", "--no-names"]].concat();
    let distilled = [&small[..], &["--distill"]].concat();
    for (family, more, file) in [
        ("kneser-ney", [].as_slice(), "counts"),
        ("mixture", &two, "mixture"),
        ("network", &distilled, "student"),
    ] {
        let train = ["train", "finnish-names", "--family", family, "--out", file];
        let arguments = [&train, more, &["--no-refit"]].concat();
        let out = stdout(&run(&arguments).success());
        assert!(out.contains("Kneser–Ney, same context"), "{out}");
        let names = stdout(&run(&["generate", "-m", file, "-n", "7"]).success());
        assert_eq!(names.lines().count(), 7);
        let printed = |report: String| {
            let line = report
                .lines()
                .find(|line| line.contains("this model"))
                .unwrap()
                .to_owned();
            line.split_whitespace().rev().nth(2).unwrap().to_owned()
        };
        if more.contains(&"--no-names") {
            continue;
        }
        // What `evaluate` says of the file is what `train` said.
        let again = printed(stdout(&run(&["evaluate", "-m", file]).success()));
        assert!(out.contains(&again), "{family}: {again}\n{out}");
    }
    let counts = run(&["explain", "ab", "-m", "counts"]).code(2);
    assert!(stderr(&counts).contains("counts alone have no stages"));
    run(&["explain", "ab", "-m", "mixture"]).success();
    assert!(stdout(&run(&["inspect", "-m", "mixture"]).success()).contains("member.1.output.bias"));
}
