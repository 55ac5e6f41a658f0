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
    // One line a word, and nothing that moves the cursor.
    assert!(stdout(&run(&["score", "a\nb\u{1b}[2J"]).success()).starts_with("a\\nb\\u{1b}[2J   "));
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
    run(&["score", "--column", "name", "a"]).code(2);
    std::fs::write(folder.path().join("t.csv"), "id,name\n1,Aadesh\n2,qwrtz\n").unwrap();
    let out = stdout(&run(&["score", "--file", "t.csv", "--column", "name"]).success());
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines[0],
        "id,name,log_prob,score,percentile,plausible,reason"
    );
    assert!(
        lines[1].starts_with("1,Aadesh,-11.6817,") && lines[1].ends_with(",true,known"),
        "{out}"
    );
    assert!(
        lines[2].starts_with("2,qwrtz,-34.2922,-")
            && lines[2].ends_with(",0.0000,false,improbable"),
        "{out}"
    );
    let run = run(&["score", "--file", "t.csv", "--column", "nam"]).code(2);
    assert!(stderr(&run).contains("id, name"), "{}", stderr(&run));
}

/// As `score --check | head -n 1` does.
#[test]
fn check_says_what_it_found_to_who_stops_reading() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("list"), "xqzt\n".repeat(300_000)).unwrap();
    let code = |check: &[&str]| {
        let mut program = Command::new(env!("CARGO_BIN_EXE_nextchar"))
            .current_dir(folder.path())
            .args(["score", "--file", "list"])
            .args(check)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(program.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        assert!(line.starts_with("xqzt  "), "{line}");
        drop(out);
        program.wait().unwrap().code()
    };
    assert_eq!((code(&["--check"]), code(&[])), (Some(1), Some(0)));
}

#[test]
fn a_table_keeps_its_columns() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| nextchar(folder.path(), arguments);
    let write = |text: &str| std::fs::write(folder.path().join("t.csv"), text).unwrap();
    write("\u{feff}id;Name;note\r\n1;Asha;\"a;b\"\r\n2;xqzt\r\n3;;\"\"\"x\"\"\"\r\n");
    let table = ["score", "--file", "t.csv", "--column", "name"];
    let out = stdout(&run(&table).success());
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines[0],
        "id;Name;note;log_prob;score;percentile;plausible;reason"
    );
    assert!(
        lines[1].starts_with("1;Asha;\"a;b\";-") && lines[1].ends_with(";true;known"),
        "{out}"
    );
    assert!(
        lines[2].starts_with("2;xqzt;;-") && lines[2].ends_with(";0.0000;false;improbable"),
        "{out}"
    );
    assert_eq!(lines[3], "3;;\"\"\"x\"\"\";;;;false;empty");
    let failing = stdout(&run(&[&table[..], &["--check"]].concat()).code(1));
    assert_eq!(
        failing.lines().collect::<Vec<_>>(),
        [lines[0], lines[2], lines[3]]
    );
    let rows = stdout(&run(&[&table[..], &["--json"]].concat()).success());
    let first: serde_json::Value = serde_json::from_str(rows.lines().next().unwrap()).unwrap();
    assert_eq!(
        first["row"],
        serde_json::json!({"id": "1", "Name": "Asha", "note": "a;b"})
    );
    // More cells than the header: what is added would stand under the wrong names.
    write("id,name\n1,asha\n2,usha,x\n");
    let message = stderr(&run(&table).code(1));
    assert!(
        message.contains("line 3 has 3 cells, but the header has 2"),
        "{message}"
    );
    run(&[&table[..], &["--check"]].concat()).code(2);
}

/// One cell of each kind, and the reason that is documented for it.
#[test]
fn every_cell_has_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| nextchar(folder.path(), arguments);
    let long = "a".repeat(1001);
    let cells = [
        ("Aadesh", "true,known"),
        // Shorter than almost every other, but on the list.
        ("Om", "true,known"),
        ("Nishankara", "true,"),
        ("xqzt", "false,improbable"),
        (&long, "false,improbable"),
        ("", "false,empty"),
        ("Renée", "false,characters"),
        ("Asha Usha", "false,joined"),
        ("\"Asha, Usha\"", "false,joined"),
        ("Asha xqzt", "false,characters"),
        ("basantipriyamvada", "false,joined"),
        ("Unknown", "false,placeholder"),
        ("N/A", "false,placeholder"),
        ("test test 2", "false,placeholder"),
        ("---", "false,placeholder"),
        ("asha@example.com", "false,email"),
        ("2024-01-31", "false,number"),
    ];
    let lines = cells.map(|(cell, _)| format!("{cell},1\n"));
    std::fs::write(
        folder.path().join("t.csv"),
        format!("name,n\n{}", lines.concat()),
    )
    .unwrap();
    let table = ["score", "--file", "t.csv", "--column", "name"];
    let out = stdout(&run(&table).success());
    for (line, (cell, end)) in out.lines().skip(1).zip(cells) {
        assert!(line.ends_with(&format!(",{end}")), "{cell}: {line}");
    }
    let json = stdout(&run(&[&table[..], &["--json"]].concat()).success());
    for (line, (cell, end)) in json.lines().zip(cells) {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let (plausible, reason) = (&row["plausible"], row["reason"].as_str().unwrap_or(""));
        assert_eq!(format!("{plausible},{reason}"), end, "{cell}");
        assert_eq!(
            row["message"].is_null(),
            !row["log_prob"].is_null(),
            "{row}"
        );
    }
    // Only what fails, with the same reasons.
    let failing = stdout(&run(&[&table[..], &["--check"]].concat()).code(1));
    let expected: Vec<&str> = out
        .lines()
        .filter(|line| !line.contains(",true,"))
        .collect();
    assert_eq!(failing.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn names_of_the_list_are_judged_like_others_if_asked() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| nextchar(folder.path(), arguments);
    run(&["score", "--check", "Om"]).code(0);
    let out = stdout(
        &run(&[
            "score",
            "--check",
            "--judge-known",
            "--false-rejection",
            "0.3",
            "Om",
        ])
        .code(1),
    );
    assert!(
        out.starts_with("Om                   not plausible  scores above "),
        "{out}"
    );
}

#[test]
fn placeholders_are_documented_and_can_be_replaced() {
    let page = include_str!("../../../../docs/verdict.md").replace('\n', " ");
    for reason in nextchar::Reason::ALL {
        assert!(page.contains(&format!("| `{reason}` | ")), "{reason}");
    }
    let listed = nextchar::Placeholders::USUAL
        .iter()
        .map(|text| format!("`{text}`"));
    assert!(page.contains(&format!(
        "list:  {}  Some",
        listed.collect::<Vec<_>>().join(", ")
    )));
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| stdout(&nextchar(folder.path(), arguments).success());
    assert!(run(&["score", "Unknown"]).contains("not plausible  a placeholder "));
    std::fs::write(folder.path().join("own"), "\u{feff}kein Name\r\nAnmol\n").unwrap();
    let reasons = |words: &[&str]| {
        let own = ["score", "--json", "--placeholders", "own"];
        let lines = run(&[&own[..], words].concat());
        let reason = |line: &str| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            row["reason"].as_str().unwrap_or("").to_owned()
        };
        lines.lines().map(reason).collect::<Vec<_>>()
    };
    // A name of the list is none, unless it is judged like other words.
    let words = ["Kein Name", "N/A", "anmol"];
    assert_eq!(reasons(&words), ["placeholder", "characters", "known"]);
    assert_eq!(
        reasons(&[&words[..], &["--judge-known"]].concat())[2],
        "placeholder"
    );
}

/// A list of several blocks, with what lists hold: the same bytes for any number of threads, and the same
/// as word by word.
#[test]
fn a_long_list_streams() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| stdout(&nextchar(folder.path(), arguments).success());
    let long = "x".repeat(100_000);
    let mut list = String::new();
    let words = [
        "asha",
        "Priyanka",
        "xqzt",
        "Ren\u{e9}e",
        "",
        "zeel ",
        "o'neil",
        &long,
    ];
    let mut seed = 1u32;
    for _ in 0..20_000 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [a, b, c, d] = seed.to_le_bytes().map(|byte| char::from(b'a' + byte % 26));
        let place = if seed.is_multiple_of(1000) {
            7
        } else {
            (seed >> 8) as usize % 7
        };
        list.push_str(&format!("{}\n{d}a{c}i{b}{a}\r\n", words[place]));
    }
    list.truncate(list.trim_end().len());
    std::fs::write(folder.path().join("list"), &list).unwrap();
    for style in [&["--check"][..], &["--json"], &[]] {
        let score = |threads: &str| {
            let options = ["score", "--file", "list", "--threads", threads];
            let code = i32::from(style == ["--check"]);
            stdout(&nextchar(folder.path(), &[&options[..], style].concat()).code(code))
        };
        let one = score("1");
        assert_eq!(one, score("3"));
        if style.is_empty() {
            let lines: Vec<&str> = one.lines().collect();
            let words: Vec<&str> = list.lines().filter(|line| !line.is_empty()).collect();
            assert_eq!(lines.len(), words.len());
            for place in (0..words.len()).step_by(words.len() / 20) {
                let alone = run(&["score", "--", words[place]]);
                assert_eq!(alone.trim_end_matches('\n'), lines[place]);
            }
            assert!(one.contains("x… not plausible: it is longer than 1,000 characters"));
        }
    }
}

#[test]
fn few_names_rank_coarsely_and_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| nextchar(folder.path(), arguments);
    std::fs::write(folder.path().join("own"), "asha\nusha\nisha\nnisha\n").unwrap();
    let scored = run(&["score", "--calibrate", "own", "asha"]).success();
    assert!(stderr(&scored).contains(
        "is calibrated on 4 names, so it rejects 20.0 % of real names, more than --false-rejection 0.01"
    ));
    std::fs::write(folder.path().join("mixed"), "Asha\r\nअमित\r\nusha\r\n").unwrap();
    let mixed = [
        "score",
        "--calibrate",
        "mixed",
        "--false-rejection",
        "0.4",
        "isha",
    ];
    let said = stderr(&run(&mixed).success());
    assert!(
        said.contains("mixed: skipped 1 of 3 names with characters that the model does not know"),
        "{said}"
    );
    std::fs::write(folder.path().join("other"), "अमित\n").unwrap();
    let said = stderr(&run(&["score", "--check", "--calibrate", "other", "isha"]).code(2));
    assert!(
        said.contains("other: every name has a character that the model does not know"),
        "{said}"
    );
    let quiet = run(&[
        "score",
        "--calibrate",
        "own",
        "asha",
        "--false-rejection",
        "0.2",
    ])
    .success();
    assert_eq!(stderr(&quiet), "");
}

#[test]
fn a_word_is_explained_letter_by_letter() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| stdout(&nextchar(folder.path(), arguments).success());
    let out = run(&["explain", "aad"]);
    assert!(
        out.contains("a = gelu(z), [128]") && out.contains("a = gelu(z) + a of layer 1, [128]"),
        "{out}"
    );
    let out = run(&["explain", "--word", "aadesh"]);
    assert!(out.contains("_aades  → h  0.9241    1.    0.1 "), "{out}");
    assert!(
        out.contains("the greatest surprise: e as character 4, 5.5 bits"),
        "{out}"
    );
    assert!(
        !out.contains('\u{1b}'),
        "no colours where there is no terminal"
    );
    let value: serde_json::Value =
        serde_json::from_str(&run(&["explain", "--word", "aadesh", "--json"])).unwrap();
    let letters = value["letters"].as_array().unwrap();
    assert_eq!(
        (letters.len(), value["most_surprising"].as_u64()),
        (7, Some(3))
    );
    let bits: f64 = letters
        .iter()
        .map(|letter| letter["bits"].as_f64().unwrap())
        .sum();
    assert!((bits / 7.0 - value["bits_per_char"].as_f64().unwrap()).abs() < 1e-9);
}
