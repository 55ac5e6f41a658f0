//! Evaluation as a report, pictures, neighbours, and the search for options.

use std::fs;

use serde_json::Value;

use super::{held_out, nextchar, stderr, stdout, trained};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_report_says_where_the_loss_comes_from() {
    let folder = held_out();
    let run = |more: &[&str]| {
        let arguments = [&["evaluate", "-m", "model.safetensors"], more].concat();
        stdout(&nextchar(folder, &arguments).success())
    };
    let text = run(&[]);
    for part in [
        "standard error of the loss 0.01",
        "better than Kneser–Ney by 0.0",
        "Loss by position",
        "Loss by length",
        "Hardest names",
        "Easiest names",
        "10,000 names written by the model",
        "% new",
        "repeat an earlier one",
        "lengths:",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let report = json(&run(&["--json", "--names", "500"]));
    let positions = report["by_position"].as_array().unwrap();
    let characters: u64 = positions
        .iter()
        .map(|at| at["characters"].as_u64().unwrap())
        .sum();
    assert_eq!(Some(characters), report["examples"].as_u64());
    let novelty = &report["generated"]["novelty"];
    let kinds = ["new", "in_train", "in_held_out"].map(|kind| novelty[kind].as_u64().unwrap());
    assert_eq!(kinds.iter().sum::<u64>(), 500);
    let margin = &report["margin"];
    let [difference, error] =
        ["difference", "standard_error"].map(|key| margin[key].as_f64().unwrap());
    let best = report["baselines"]["best_kneser_ney"].as_f64().unwrap();
    assert!((difference - (best - report["loss"].as_f64().unwrap())).abs() < 1e-9);
    assert!(error > 0.0 && error < report["standard_error"].as_f64().unwrap());
    assert_eq!(
        json(&run(&["--json", "--names", "0"]))["generated"],
        Value::Null
    );
}

#[test]
fn a_model_that_has_learned_its_held_out_names_tells_what_it_had() {
    let (folder, ..) = trained();
    let evaluate = ["evaluate", "-m", "model.safetensors"];
    let run = nextchar(folder, &evaluate).success();
    assert!(stdout(&run).contains("Kneser–Ney on test  1.8456"));
    assert!(stderr(&run).contains("before the model learned the held-out names"));
    let run = nextchar(folder, &[&evaluate[..], &["--json"]].concat()).success();
    let found = json(&stdout(&run));
    assert_eq!(found["refitted"], true);
    assert!((found["test"].as_f64().unwrap() - 1.8117).abs() < 1e-3);
    let page = [&evaluate[..], &["--html", "page.html"]].concat();
    let said = stderr(&nextchar(folder, &page).code(2));
    assert!(said.contains("has learned all names of its list"), "{said}");
    let other = [&evaluate[..], &["finnish-names", "--names", "0"]].concat();
    let out = stdout(&nextchar(folder, &other).success());
    assert!(out.contains("this model, context 6"), "{out}");
}

#[test]
fn the_report_is_one_page_that_fetches_nothing() {
    let folder = held_out();
    let arguments = [
        "evaluate",
        "-m",
        "model.safetensors",
        "--names",
        "200",
        "--html",
        "report.html",
    ];
    nextchar(folder, &arguments).success();
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("prefers-color-scheme: dark"));
    // Six plots, each for light and for dark.
    for class in ["light", "dark"] {
        assert_eq!(page.matches(&format!("<svg class=\"{class}\"")).count(), 6);
    }
    for fetched in ["<script", "<link", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(fetched), "{fetched}");
    }
    let missing = [
        "evaluate",
        "-m",
        "model.safetensors",
        "--html",
        "no/folder/x.html",
    ];
    let run = nextchar(folder, &missing).code(2);
    assert!(
        stderr(&run).contains("the folder no/folder does not exist"),
        "{}",
        stderr(&run)
    );
}

#[test]
fn pictures_are_svg_or_png() {
    let (folder, ..) = trained();
    for kind in ["curves", "embedding", "bigrams"] {
        let (svg, png) = (format!("{kind}.svg"), format!("{kind}.png"));
        for out in [&svg, &png] {
            let arguments = ["plot", kind, "-m", "model.safetensors", "--out", out];
            nextchar(folder, &arguments).success();
        }
        let text = fs::read_to_string(folder.join(svg)).unwrap();
        assert!(text.starts_with("<svg ") && text.trim_end().ends_with("</svg>"));
        let bytes = fs::read(folder.join(png)).unwrap();
        let image = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let height = if kind == "bigrams" { 900 } else { 600 };
        assert_eq!((image.info().width, image.info().height), (900, height));
    }
    let on_paper = [
        "plot", "bigrams", "--out", "-", "--theme", "dark", "--width", "300",
    ];
    let svg = stdout(&nextchar(folder, &on_paper).success());
    assert!(
        svg.contains("width=\"300\"") && svg.contains("#16181D"),
        "{}",
        &svg[..300]
    );

    let run = nextchar(folder, &["plot", "curves", "--out", "curves.gif"]).code(2);
    assert!(stderr(&run).contains("must end in .svg or .png"));
}

#[test]
fn counts_have_neither_curve_nor_embedding() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(
        folder.join("list.txt"),
        "asha\nusha\nisha\nnisha\nmanisha\nvarsha\n",
    )
    .unwrap();
    nextchar(
        folder,
        &[
            "train",
            "list.txt",
            "--family",
            "kneser-ney",
            "--out",
            "c.safetensors",
        ],
    )
    .success();
    for (arguments, message) in [
        (
            vec!["plot", "curves", "--out", "-"],
            "contains no loss curve",
        ),
        (
            vec!["plot", "embedding", "--out", "-"],
            "counts have no embedding",
        ),
        (vec!["neighbors"], "counts have no embedding"),
    ] {
        let arguments = [arguments, vec!["-m", "c.safetensors"]].concat();
        let run = nextchar(folder, &arguments).code(1);
        assert!(
            stderr(&run).contains(message) && stderr(&run).contains("help:"),
            "{}",
            stderr(&run)
        );
    }
    nextchar(
        folder,
        &["plot", "bigrams", "--out", "-", "-m", "c.safetensors"],
    )
    .success();
}

#[test]
fn neighbors_are_ranked() {
    let (folder, ..) = trained();
    let text = stdout(&nextchar(folder, &["neighbors", "-m", "model.safetensors"]).success());
    assert_eq!(
        text.lines().count(),
        28,
        "a heading and a line for each class"
    );
    let arguments = [
        "neighbors",
        "a",
        "z",
        "-n",
        "3",
        "--json",
        "-m",
        "model.safetensors",
    ];
    let lines = stdout(&nextchar(folder, &arguments).success());
    let lines: Vec<Value> = lines.lines().map(json).collect();
    assert_eq!(lines.len(), 2);
    for line in &lines {
        let near: Vec<f64> = line["neighbors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|near| near["similarity"].as_f64().unwrap())
            .collect();
        assert!(
            near.len() == 3 && near.is_sorted_by(|a, b| a >= b),
            "{line}"
        );
    }
    let run = nextchar(folder, &["neighbors", "é"]).code(2);
    assert!(stderr(&run).contains('é'));
}

/// A search that is stopped goes on, and what it prints at the end can be run.
#[test]
fn tune_finds_options_and_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let list = stdout(&nextchar(folder, &["data", "show", "indian-names"]).success());
    let names = list.lines().filter_map(|line| line.split('\t').next());
    let some: Vec<&str> = names.step_by(90).collect();
    fs::write(folder.join("some.txt"), some.join("\n")).unwrap();
    let search = |time: &str| {
        let arguments = [
            "tune",
            "some.txt",
            "--time",
            time,
            "--trials",
            "trials.json",
            "--json",
        ];
        json(&stdout(&nextchar(folder, &arguments).success()))
    };
    let first = search("3s");
    let second = search("3s");
    let tried = |found: &Value| found["tried"].as_u64().unwrap();
    assert!(tried(&second) >= tried(&first) && tried(&first) > 0);
    let loss = |found: &Value, key: &str| found[key].as_f64().unwrap();
    for found in [&first, &second] {
        assert_eq!(found["folds"], 5);
        assert!(loss(found, "val_loss") <= loss(found, "kneser_ney"));
    }
    let command = second["command"].as_str().unwrap().to_owned();
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    nextchar(folder, &words).success();

    let other = ["tune", "--time", "1s", "--trials", "trials.json"];
    let run = nextchar(folder, &other).code(2);
    assert!(
        stderr(&run).contains("made from other training names"),
        "{}",
        stderr(&run)
    );
    fs::write(folder.join("bad.json"), "{}").unwrap();
    let bad = ["tune", "some.txt", "--trials", "bad.json"];
    assert!(stderr(&nextchar(folder, &bad).code(2)).contains("not a file of trials"));
    fs::write(folder.join("few.txt"), "asha\nusha\n").unwrap();
    let run = nextchar(folder, &["tune", "few.txt"]).code(1);
    assert!(stderr(&run).contains("too few names"), "{}", stderr(&run));
}
