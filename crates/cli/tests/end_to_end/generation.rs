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
    assert!(stderr(&run).contains("only 3 names fit; there are no more"));
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
    std::fs::write(folder.path().join("table.csv"), "name,id\narav,1\n").unwrap();
    std::fs::write(folder.path().join("none.txt"), "\n").unwrap();
    let run = generate(&["-n", "1", "--not-in", "none.txt"]).success();
    assert!(stderr(&run).contains("--not-in none.txt: it is empty, so nothing is excluded"));
    let run = generate(&["-n", "1", "--not-in", "table.csv"]).code(1);
    assert!(
        stderr(&run).contains("--not-in table.csv: it looks like a table (its columns: name, id)"),
        "{}",
        stderr(&run)
    );
    std::fs::write(folder.path().join("greek.txt"), "αβ\nγδ\n").unwrap();
    let run = generate(&["-n", "1", "--not-in", "greek.txt"]).success();
    assert!(
        stderr(&run).contains("--not-in greek.txt: none of its 2 names has only characters that"),
        "{}",
        stderr(&run)
    );
    let run = generate(&["--pattern", "ar(jun|av|nav)", "--novel"]).code(1);
    assert!(
        stderr(&run).contains("every name that meets the other conditions is in an excluded list"),
        "{}",
        stderr(&run)
    );
    let out =
        stdout(&generate(&["-n", "2", "--most-likely", "--pattern", "ar(jun|av|nav)"]).success());
    assert_eq!(out, "arav\narnav\n");
    let run = generate(&["-n", "0", "--most-likely"]).success();
    assert_eq!((stdout(&run), stderr(&run)), (String::new(), String::new()));
}

#[test]
fn json_names_end_with_the_probability_of_the_conditions() {
    let folder = tempfile::tempdir().unwrap();
    let arguments = ["generate", "-n", "3", "--prefix", "r", "--unique", "--json"];
    let out = stdout(&nextchar(folder.path(), &arguments).success());
    let values: Vec<serde_json::Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(values.len(), 4);
    assert!(values[0]["name"].as_str().unwrap().starts_with('r'));
    assert!(values[0]["log_prob"].as_f64().unwrap() < 0.0);
    let told = |key: &str| values[3][key].as_f64().unwrap();
    assert!(told("low") <= told("constraint_probability"));
    assert!(0.0 < told("constraint_probability") && told("constraint_probability") <= told("high"));
    assert_eq!(values[3]["method"], "draws");
    assert!(told("evaluations") >= 3.0);
    // With a context of three letters it is exact, and so it is where few names fit.
    let exact = |arguments: &[&str]| {
        let out = stdout(&nextchar(folder.path(), arguments).success());
        let last: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        assert_eq!(
            (&last["method"], &last["low"]),
            (&"exact".into(), &last["high"])
        );
        last["constraint_probability"].as_f64().unwrap()
    };
    counts(folder.path());
    let with = ["generate", "-m", "counts", "--json", "-n", "5", "--prefix"];
    let sum: f64 = ('a'..='z')
        .map(|c| exact(&[&with[..], &[&c.to_string()]].concat()))
        .sum();
    let all = exact(&[
        "generate",
        "-m",
        "counts",
        "--json",
        "-n",
        "1",
        "--contains",
        "",
        "--min-length",
        "1",
    ]);
    assert!((sum - all).abs() < 1e-9 && all > 0.9, "{sum} {all}");
    assert!(exact(&["generate", "--json", "--pattern", "ar(jun|av|nav)"]) < 1e-3);
    // What no number can hold is not said to be exact.
    let run = nextchar(
        folder.path(),
        &[
            "generate",
            "-n",
            "1",
            "--min-length",
            "200",
            "--letters",
            "q",
        ],
    );
    let said = stderr(&run.success());
    assert!(said.contains("with probability below 1e-290;"), "{said}");
}

/// A search for rare names does not take longer than it may, and says how rare they are.
#[test]
fn rare_names_are_searched_for_as_long_as_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let generate = |more: &[&str]| nextchar(folder.path(), &[&["generate"], more].concat());
    let rare = ["-n", "3", "--suffix", "zzz"];
    let timed = [&rare[..], &["--time", "300ms"]].concat();
    let run = generate(&timed).success();
    assert_eq!(stdout(&run), "");
    let said = stderr(&run);
    assert!(
        said.contains("the time is up: found 0 of 3 names"),
        "{said}"
    );
    assert!(said.contains(" (98 % confidence)"), "{said}");

    let run = generate(&[&timed[..], &["--json"]].concat()).success();
    let last: serde_json::Value = serde_json::from_str(stdout(&run).trim()).unwrap();
    let high = last["high"].as_f64().unwrap();
    assert!(0.0 < high && high < 0.01, "{last}");
    assert_eq!(
        (&last["low"], &last["out_of_time"]),
        (&0.0.into(), &true.into())
    );

    let run = generate(&rare).code(1);
    let said = stderr(&run);
    assert!(said.contains("with probability below "), "{said}");
    assert!(said.contains("250,000 draws in a row"), "{said}");

    // Names that come in time are printed, with the exit code of success.
    let run = generate(&["-n", "1000000000", "--time", "1s", "--prefix", "a"]).success();
    assert!(
        stdout(&run).lines().count() > 100
            && stdout(&run).lines().all(|name| name.starts_with('a'))
    );
    assert!(
        stderr(&run).contains("the time is up: found "),
        "{}",
        stderr(&run)
    );
    // A request that is done in time says nothing of it.
    let quick = generate(&["-n", "5", "--time", "1m"]).success();
    assert_eq!(stderr(&quick), "");
    assert_eq!(stdout(&quick), stdout(&generate(&["-n", "5"]).success()));
}

/// A search for the most likely names prints what it has found when it ends early, and what the others are at most.
#[test]
fn the_most_likely_names_until_the_time_is_up() {
    let folder = tempfile::tempdir().unwrap();
    let many = [
        "generate",
        "--most-likely",
        "-n",
        "10000000",
        "--time",
        "500ms",
    ];
    let run = nextchar(folder.path(), &many).success();
    let names = stdout(&run);
    let expected = nextchar(folder.path(), &["generate", "--most-likely", "-n", "10"]).success();
    assert!(names.starts_with(&stdout(&expected)), "{names}");
    let said = stderr(&run);
    assert!(
        said.contains("no other name that fits is more probable than "),
        "{said}"
    );
    let run = nextchar(folder.path(), &[&many[..], &["--json"]].concat()).success();
    let out = stdout(&run);
    let mut lines = out.lines().rev().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line
    });
    let (last, name) = (lines.next().unwrap(), lines.next().unwrap());
    assert_eq!(last["out_of_time"], true);
    let least = name["log_prob"].as_f64().unwrap();
    assert!(
        last["others_at_most"].as_f64().unwrap().ln() <= least + 1e-9,
        "{last} {name}"
    );
}

/// A model of context 3 in the file `counts`.
fn counts(folder: &std::path::Path) {
    let family = [
        "--family",
        "kneser-ney",
        "--context",
        "3",
        "--out",
        "counts",
    ];
    nextchar(folder, &[&["train", "finnish-names"], &family[..]].concat()).success();
}

/// The names of a seed, whatever the threads. They change only with a line in the CHANGELOG.
#[test]
fn golden_names() {
    let folder = tempfile::tempdir().unwrap();
    counts(folder.path());
    let check = |arguments: &[&str], golden: [&str; 3]| {
        let with = |threads: &str| {
            let run = [&["generate", "--threads", threads], arguments].concat();
            let run = nextchar(folder.path(), &run).success();
            (stdout(&run), stderr(&run))
        };
        let expected = with("1");
        let first: Vec<&str> = expected.0.lines().take(3).collect();
        assert_eq!(first, golden, "{arguments:?}");
        for threads in ["2", "3", "8"] {
            assert!(
                with(threads) == expected,
                "{arguments:?}, {threads} threads"
            );
        }
    };
    // Free draws: contexts asked for on the way, a table of all contexts, and names left out.
    check(&["-n", "300"], ["pratapa", "bhrishi", "arujaga"]);
    check(
        &["-m", "counts", "-n", "20000"],
        ["kaisasi", "eliri", "martte"],
    );
    check(&["-m", "counts", "-n", "3"], ["kaisasi", "eliri", "martte"]);
    check(&["-n", "300", "--novel"], ["pratapa", "bhrishi", "arujaga"]);
    check(
        &["-m", "counts", "-n", "3000", "--unique"],
        ["kaisasi", "eliri", "martte"],
    );
    // The dynamic program, with replacement and without.
    check(
        &["-m", "counts", "-n", "3000", "--suffix", "a"],
        ["mia", "rita", "esa"],
    );
    check(
        &[
            "-m",
            "counts",
            "-n",
            "3000",
            "--unique",
            "--suffix",
            "a",
            "--temperature",
            "1.2",
        ],
        ["mia", "rita", "esa"],
    );
    // Bounds.
    check(
        &["-n", "300", "--contains", "ee", "--top-k", "8"],
        ["prakalpreet", "deepa", "manojeet"],
    );
    check(
        &["-n", "300", "--prefix", "sh", "--unique", "--novel"],
        ["shak", "shattaru", "shandhar"],
    );
}

#[test]
fn few_letters_are_left_by_top_k_and_top_p() {
    let folder = tempfile::tempdir().unwrap();
    let generate = |more: &[&str]| nextchar(folder.path(), &[&["generate"], more].concat());
    let run = generate(&["-n", "9", "--top-k", "1", "--unique"]).success();
    assert_eq!(stdout(&run).lines().count(), 1);
    assert!(
        stderr(&run).contains("only 1 name fits; there are no more"),
        "{}",
        stderr(&run)
    );
    let likeliest = stdout(&run);
    let out = stdout(&generate(&["-n", "30", "--top-p", "0.01"]).success());
    assert!(
        out.lines().all(|name| name == likeliest.trim_end()),
        "{out}"
    );
    let run = generate(&["--top-k", "1", "--prefix", "zo"]).code(1);
    assert!(
        stderr(&run).contains("--top-k, --top-p or --temperature rule out"),
        "{}",
        stderr(&run)
    );
}
