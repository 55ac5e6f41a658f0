//! Options and files that are refused, before any work, by a message that names them.

use std::fs;
use std::io::Write;

use crate::bad_input::refused;
use crate::{nextchar, stderr, stdout, trained};

#[test]
fn numbers_that_cannot_be_are_refused_by_their_option() {
    for (line, message) in [
        ("train --batch 0", "--batch 0: must be at least 1"),
        ("train --preset best --batch 0", "--batch 0: must be"),
        (
            "train --batch 0 --draw passes --epochs 2",
            "--batch 0: must",
        ),
        ("train --batch -5", "--batch -5: must be an integer"),
        (
            "train --steps 0",
            "--steps 0: must be an integer of at least 1",
        ),
        ("train --epochs 0", "--epochs 0: must be an integer"),
        ("train --evaluate-every 0", "--evaluate-every 0: must be"),
        ("train --patience 0", "--patience 0: must be"),
        ("train --stop-after 0", "--stop-after 0: must be"),
        ("train --context 0", "--context 0: must be an integer"),
        ("train --counts-context 0", "--counts-context 0: must be"),
        ("train --embedding -1", "--embedding -1: must be an integer"),
        ("train --hidden 8,0", "--hidden 0: must be from 1 to 16384"),
        ("train --hidden -8", "--hidden -8: must be widths"),
        (
            "train --networks 0",
            "--networks 0: must be an integer from 1",
        ),
        ("train --threads 0", "--threads 0: must be an integer of at"),
        (
            "train --learning-rate 0",
            "--learning-rate 0: must be above 0",
        ),
        (
            "train --learning-rate inf",
            "--learning-rate inf: must be a finite",
        ),
        (
            "train --dropout NaN",
            "--dropout NaN: must be a finite number",
        ),
        (
            "train --weight-decay -1",
            "--weight-decay -1: must be at least 0",
        ),
        (
            "train --averaging 1",
            "--averaging 1: must be at least 0 and below 1",
        ),
        (
            "train --label-smoothing -1",
            "--label-smoothing -1: must be",
        ),
        (
            "train --target-loss NaN",
            "--target-loss NaN: must be a finite",
        ),
        (
            "train --target-loss -5",
            "--target-loss -5: must be above 0",
        ),
        ("train --time 0s", "--time 0s: must be a time above 0"),
        ("train --time -5", "--time -5: must be a time such as 2s"),
        ("train --time -5s", "--time -5s: must be a time such as 2s"),
        (
            "train --time 9999years",
            "--time 9999years: must be at most",
        ),
        (
            "train --checkpoint-every -1s",
            "--checkpoint-every -1s: must be",
        ),
        (
            "train --min-length 0",
            "--min-length 0: must be an integer from 1",
        ),
        (
            "train --max-length 1001",
            "--max-length 1001: must be an integer",
        ),
        ("tune --time 0s", "--time 0s: must be a time above 0"),
        (
            "tune --show -1",
            "--show -1: must be an integer of at least 0",
        ),
        (
            "generate -n -5",
            "--count -5: must be an integer of at least 0",
        ),
        (
            "generate --min-length 1001",
            "--min-length 1001: must be an integer from 1 to 1000",
        ),
        ("generate --top-k -1", "--top-k -1: must be an integer"),
        (
            "generate --top-p 0",
            "--top-p 0: must be above 0 and at most 1",
        ),
        (
            "generate --temperature inf",
            "--temperature inf: must be a finite",
        ),
        ("generate --threads -2", "--threads -2: must be an integer"),
        (
            "score a --false-rejection -5",
            "--false-rejection -5: must be",
        ),
        (
            "score a --false-rejection NaN",
            "--false-rejection NaN: must be",
        ),
        ("evaluate --names -1", "--names -1: must be an integer"),
        (
            "data windows a --context -1",
            "--context -1: must be an integer",
        ),
        (
            "neighbors -n 0",
            "--count 0: must be an integer of at least 1",
        ),
        ("plot curves --out a.svg --width -9", "--width -9: must be"),
        (
            "export -f arpa -o a --prune NaN",
            "--prune NaN: must be a finite",
        ),
        (
            "export -f arpa -o a --prune -1",
            "--prune -1: must be at least 0",
        ),
        ("export -f counts -o a --context 0", "--context 0: must be"),
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        refused(&[], &arguments, 2, &[message]);
    }
}

/// The list is not read, nor is a model: nothing of them could make the options possible.
#[test]
fn options_are_refused_before_any_work() {
    for line in [
        "train missing.txt --batch 0",
        "export -m missing -f arpa -o a --prune 2",
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        refused(&[], &arguments, 2, &["must be at least"]);
    }
}

#[test]
fn options_without_an_effect_are_refused_by_name() {
    for (line, message) in [
        (
            "train --family kneser-ney --hidden 3",
            "--hidden has no effect in a model that only counts",
        ),
        (
            "train --family kneser-ney --learning-rate 5",
            "--learning-rate has no",
        ),
        (
            "train --family kneser-ney --learning-rate auto",
            "--learning-rate has no effect",
        ),
        (
            "train --family kneser-ney --steps 5",
            "--steps has no effect",
        ),
        (
            "train --family kneser-ney --distill",
            "--distill has no effect",
        ),
        (
            "train --family kneser-ney --time 5s",
            "--time has no effect",
        ),
        (
            "train --family kneser-ney --checkpoint c",
            "--checkpoint has no",
        ),
        (
            "train --family network --counts-context 3",
            "--counts-context has no effect in a model without counts",
        ),
        (
            "train --batch full --draw windows",
            "--draw has no effect with full",
        ),
        (
            "export -f pytorch -o a.py --prune 3",
            "--prune has no effect with --format pytorch",
        ),
        (
            "export -f numpy -o a.py --context 99",
            "it is an option of --format arpa and counts",
        ),
        ("export -f arpa -o a --part val", "--part has no effect"),
        ("export -f onnx -o a --title Names", "--title has no effect"),
        (
            "export -f onnx -o a --engine e.wasm",
            "--engine has no effect",
        ),
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        refused(&[], &arguments, 2, &[message]);
    }
}

#[test]
fn a_diverging_training_suggests_a_usual_learning_rate() {
    let line = ["train", "finnish-names", "--learning-rate", "1e300"];
    refused(&[], &line, 1, &["a smaller learning rate, such as 0.01"]);
}

/// A table of 20,000 names with a row of its own in the third line.
fn table_with(row: &str) -> Vec<u8> {
    let mut table = format!("name,height\naadesh,170\n{row}\n").into_bytes();
    for i in 0..20_000 {
        let letter = |i: usize| (b'a' + (i % 26) as u8) as char;
        writeln!(
            table,
            "a{}{}{},170",
            letter(i),
            letter(i / 26),
            letter(i / 676)
        )
        .unwrap();
    }
    table
}

#[test]
fn an_open_quote_is_refused_at_its_line_in_short_tables_and_long_ones() {
    let rows = ["\"anna,160", "anna,\"5'10", "\"an\na\",\"5'10"];
    for (row, line) in rows.into_iter().zip(["line 3:", "line 3:", "line 4:"]) {
        for copies in [1, 8] {
            let mut table = table_with(row);
            let names = table.clone();
            let others = names.iter().skip_while(|&&byte| byte != b'\n');
            let others: Vec<u8> = others.filter(|&&byte| byte != b'"').copied().collect();
            (1..copies).for_each(|_| table.extend(&others));
            assert_eq!(table.len() > 1 << 20, copies > 1);
            let files: &[(&str, &[u8])] = &[("q.csv", &table)];
            for command in [["train", "q.csv"], ["data", "check"], ["score", "--file"]] {
                let file = (command[1] != "q.csv").then_some("q.csv");
                let arguments: Vec<&str> = command.into_iter().chain(file).collect();
                let arguments = [&arguments[..], &["--column", "name"]].concat();
                let named = if copies > 1 {
                    "double quote that opens"
                } else {
                    line
                };
                refused(files, &arguments, 1, &["q.csv: line", named, "close it"]);
            }
        }
    }
}

#[test]
fn files_that_are_no_lists_are_named_with_a_remedy() {
    let model = fs::read(trained().0.join("model.safetensors")).unwrap();
    let program = fs::read(env!("CARGO_BIN_EXE_nextchar")).unwrap();
    let files: [(&[u8], &str, &str); 8] = [
        (&model, "a model in the safetensors format", "--model"),
        (b"\xff\xfe\0\0a\0\0\0", "UTF-32 text", "UTF-8"),
        (b"\xfd7zXZ\0\0\x04", "an xz file", "unxz"),
        (
            b"\xff\xd8\xff\xe0\0\x10JFIF",
            "a picture",
            "one name per line",
        ),
        (b"\x80\x04\x95\x1a\0\0\0", "a pickle", "one name per line"),
        (b"PK\x03\x04\x14\0\x06\0", "an Excel workbook", "CSV"),
        (b"[\"aadesh\"]\n", "JSON", "jq"),
        (&program[..1 << 16], "", "one name per line"),
    ];
    for (bytes, what, remedy) in files {
        for line in [
            "train x",
            "score --file x",
            "score --file x --column name",
            "data check x",
            "train x --column name",
            "train finnish-names --val x",
            "evaluate x",
            "generate --not-in x",
            "score a --calibrate x",
        ] {
            let arguments: Vec<&str> = line.split(' ').collect();
            refused(&[("x", bytes)], &arguments, 1, &[what, remedy, "x: it is "]);
        }
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x"), &model).unwrap();
    let said = stderr(&nextchar(folder.path(), &["train", "x"]).code(1));
    assert!(said.len() < 300, "{said}");
}

const PEOPLE: &[u8] = b"id,name,gender\n1,aadesh,m\n2,zeel,f\n";

#[test]
fn a_table_is_no_list_of_words() {
    let columns = "p.csv: it looks like a table (its columns: id, name, gender)";
    for line in [
        "score --file p.csv",
        "train p.csv",
        "train p.csv --where gender=f",
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        refused(&[("p.csv", PEOPLE)], &arguments, 1, &[columns, "--column"]);
    }
    let not_in = ["generate", "--not-in", "p.csv"];
    refused(
        &[("p.csv", PEOPLE)],
        &not_in,
        1,
        &["it looks like a table", "one name per line"],
    );
    // Words beside one with a comma are words.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("w"), "a,b\naadesh\n").unwrap();
    let run = nextchar(folder.path(), &["score", "--file", "w"]).success();
    assert_eq!(stdout(&run).lines().count(), 2);
}

#[test]
fn columns_that_clash_are_refused() {
    let scored: &[u8] = b"name,Plausible\naadesh,true\n";
    let line = ["score", "--file", "s.csv", "--column", "name"];
    refused(
        &[("s.csv", scored)],
        &line,
        2,
        &["it already has a column \"Plausible\"", "rename"],
    );
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("s.csv"), scored).unwrap();
    let as_json = [&line[..], &["--json"]].concat();
    let run = nextchar(folder.path(), &as_json).success();
    assert!(stdout(&run).contains("\"Plausible\":\"true\""));

    let twice: &[u8] = b"name,n,Name\naadesh,1,zeel\n";
    for command in [["score", "--file"], ["data", "check"]] {
        let line = [&command[..], &["t.csv", "--column", "name"]].concat();
        let both = "2 columns have the name \"name\": numbers 1 and 3";
        refused(&[("t.csv", twice)], &line, 2, &[both]);
    }
}

#[test]
fn an_empty_verdict_is_explained() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("few"), "ana\nbob\nzoe\n").unwrap();
    fs::write(folder.path().join("w.csv"), "name\nana\n").unwrap();
    let train = ["train", "few", "--steps", "5", "--out", "m"];
    nextchar(folder.path(), &train).success();
    for words in [&["ana"][..], &["--file", "w.csv", "--column", "name"]] {
        let line = [&["score", "-m", "m"], words].concat();
        let run = nextchar(folder.path(), &line).success();
        let said = stderr(&run);
        assert!(said.contains("too few names to judge words"), "{said}");
        assert!(!stdout(&run).contains("too few"), "{said}");
    }
}

#[test]
fn new_names_of_a_model_without_names_have_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let run = |line: &str| nextchar(folder.path(), &line.split(' ').collect::<Vec<_>>());
    run("export -f counts -o c.parquet").success();
    run("train --counts c.parquet --steps 5 --out m").success();
    let said = stderr(&run("generate --novel -m m").code(2));
    assert!(
        said.contains("contains no names") && said.contains("--not-in"),
        "{said}"
    );
    assert!(said.contains("from counts"), "{said}");
}

#[test]
fn a_split_that_holds_none_out_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let line = ["train", "finnish-names", "--steps", "5", "--split", "1,0,0"];
    let said = stderr(&nextchar(folder.path(), &line).success());
    assert!(
        said.contains("--split holds out no names for val"),
        "{said}"
    );
    assert!(!said.contains("too few names to hold any out"), "{said}");
}

#[test]
fn the_order_of_the_lines_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let show = ["data", "show", "finnish-names"];
    let names = stdout(&nextchar(folder.path(), &show).success());
    let mut lines: Vec<&str> = names.lines().collect();
    for (list, file) in [("a", "x"), ("b", "y")] {
        fs::write(folder.path().join(list), lines.join("\n")).unwrap();
        for (part, model) in [(None, file.to_owned()), (Some("--val"), format!("{file}v"))] {
            let train = ["train", list, "--steps", "20", "--out", &model];
            let own = part
                .into_iter()
                .flat_map(|option| [option, list, "--test", list]);
            let train: Vec<&str> = train
                .into_iter()
                .chain(own)
                .chain(["--keep-duplicates"])
                .collect();
            nextchar(folder.path(), &train).success();
        }
        // Another order: every seventh, and so on.
        let order = |start: usize| lines.iter().skip(start).step_by(7).copied();
        lines = (0..7).rev().flat_map(order).collect();
    }
    let bytes = |file: &str| fs::read(folder.path().join(file)).unwrap();
    assert!(bytes("x") == bytes("y"), "the split depends on the order");
    assert!(
        bytes("xv") == bytes("yv"),
        "lists held out depend on their order"
    );
}
