//! `score` and `explain --word`.

use crate::{README, nextchar, stderr, stdout};

#[test]
fn words_are_scored_as_the_readme_shows() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| nextchar(folder.path(), arguments);
    let out = stdout(&run(&["score", "Aadesh", "asdfgh"]).success());
    assert_eq!(out.lines().count(), 2);
    for line in out.lines() {
        assert!(README.contains(line), "not in the README: {line}");
    }
    let out = stdout(&run(&["score", "Renée", "x"]).success());
    assert!(
        out.contains("not plausible: 'é' (character 4) is not in the alphabet"),
        "{out}"
    );
    let value: serde_json::Value =
        serde_json::from_str(&stdout(&run(&["score", "zeel", "--json"]).success())).unwrap();
    let tokens = value["tokens"].as_array().unwrap();
    let sum: f64 = tokens
        .iter()
        .map(|token| token["log_prob"].as_f64().unwrap())
        .sum();
    assert!((value["log_prob"].as_f64().unwrap() - sum).abs() < 1e-9 && tokens.len() == 5);
}

#[test]
fn check_is_like_grep() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| nextchar(folder.path(), arguments);
    assert_eq!(
        stdout(&run(&["score", "--check", "priyanka", "aadesh"]).code(0)),
        ""
    );
    let out = stdout(&run(&["score", "--check", "priyanka", "xqzt"]).code(1));
    assert!(
        out.starts_with("xqzt ") && out.lines().count() == 1,
        "{out}"
    );
    run(&["score", "--check", "--file", "missing"]).code(2);
    run(&["score", "a", "--false-rejection", "2"]).code(2);
    run(&["score"]).code(2);
    std::fs::write(folder.path().join("t.csv"), "id,name\n1,Aadesh\n2,qwrtz\n").unwrap();
    let out = stdout(&run(&["score", "--file", "t.csv", "--column", "name"]).success());
    assert_eq!(
        out,
        "id,name,log_prob,percentile,plausible\n1,Aadesh,-11.6807,50.1499,true\n2,qwrtz,-34.3072,0.0000,false\n"
    );
    let run = run(&["score", "--file", "t.csv", "--column", "nam"]).code(2);
    assert!(stderr(&run).contains("its columns are: id, name"));
}

#[test]
fn a_word_is_explained_letter_by_letter() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| stdout(&nextchar(folder.path(), arguments).success());
    let out = run(&["explain", "--word", "aadesh"]);
    assert_eq!(out.lines().count(), 9, "{out}");
    assert!(out.contains("  _aades → h  0.9240   1."), "{out}");
    let value: serde_json::Value =
        serde_json::from_str(&run(&["explain", "--word", "aadesh", "--json"])).unwrap();
    assert_eq!(value["letters"].as_array().unwrap().len(), 7);
}
