//! Lists in Parquet, as pyarrow and polars write them: they are read like the same table as CSV.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::bad_input::refused;
use crate::{nextchar, stderr, stdout};

/// The file of `testdata/parquet` with this name; `make.py` there wrote it.
fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../testdata/parquet")
        .join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    fs::read(kept(name)).unwrap()
}

/// A folder with some of the files.
fn folder(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        fs::copy(kept(name), folder.path().join(name)).unwrap();
    }
    folder
}

/// The model that a list gives, and what the program prints on standard error.
fn learnt(folder: &TempDir, arguments: &[&str]) -> (Vec<u8>, String) {
    let steps = [
        "--family", "network", "--hidden", "8", "--steps", "10", "--out", "m",
    ];
    let train = [&["train"], arguments, &steps, &["--force"]].concat();
    let said = stderr(&nextchar(folder.path(), &train).success());
    (fs::read(folder.path().join("m")).unwrap(), said)
}

const WRITTEN: [&str; 4] = [
    "arrow-zstd.parquet",
    "arrow-gzip.parquet",
    "arrow-snappy.parquet",
    "polars-zstd.parquet",
];

#[test]
fn parquet_gives_the_model_that_csv_gives() {
    let folder = folder(&[&["people.csv", "arrow-single.parquet"], &WRITTEN[..]].concat());
    for options in [
        "--column first_name",
        "--column #2 --keep-duplicates --case keep",
        "--column first_name --weights births --where gender=f --where alive=true",
        "--column First_Name --weights #4 --where gender= --where share=0.5 --split 1,0,0",
    ] {
        let options: Vec<&str> = options.split(' ').collect();
        let list = |name| [&[name], &options[..]].concat();
        let (csv, _) = learnt(&folder, &list("people.csv"));
        for file in WRITTEN {
            assert!(learnt(&folder, &list(file)).0 == csv, "{file} {options:?}");
        }
    }
    let column = ["--column", "first_name"];
    let several = |lists: &[&str]| learnt(&folder, &[lists, &column].concat()).0;
    let csv = several(&["people.csv"]);
    assert!(several(&["people.csv", "arrow-zstd.parquet", "arrow-gzip.parquet"]) == csv);
    // The only column contains the names, as it does in CSV beside a filter.
    assert!(learnt(&folder, &["arrow-single.parquet"]).0 == csv);
    for option in ["--val", "--test"] {
        let held_out = |list| several(&["people.csv", "--keep-duplicates", option, list]);
        assert!(held_out("arrow-zstd.parquet") == held_out("people.csv"));
    }
}

#[test]
fn a_check_diagnoses_a_column_and_ends_with_the_command_that_learns_it() {
    let folder = folder(&["people.csv", "arrow-zstd.parquet"]);
    let check = |arguments: &[&str]| {
        let run = nextchar(folder.path(), &[&["data", "check"], arguments].concat());
        stdout(&run.success())
    };
    let options = ["--column", "first_name", "--weights", "births"];
    let of = |list| check(&[&[list], &options[..]].concat());
    let found = of("arrow-zstd.parquet");
    assert!(found.contains("blank lines  14"), "{found}");
    let learn =
        "To learn it: nextchar train arrow-zstd.parquet --column first_name --weights births\n";
    assert!(found.ends_with(learn), "{found}");
    assert_eq!(
        found.replace("arrow-zstd.parquet", "people.csv"),
        of("people.csv")
    );
    let run = nextchar(folder.path(), &["data", "check", "arrow-zstd.parquet"]).code(1);
    let said = stderr(&run);
    assert!(
        said.contains("its columns: id, first_name, gender"),
        "{said}"
    );
    let help = "`nextchar data check arrow-zstd.parquet --column first_name` reads the column";
    assert!(said.contains(help), "{said}");
}

#[cfg(unix)]
#[test]
fn a_stream_of_parquet_is_read_too() {
    use std::io::Write;
    use std::process::{Command, Stdio};
    let zstd = bytes("arrow-zstd.parquet");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    packed.write_all(&zstd).unwrap();
    for (bytes, cut) in [(zstd, 3), (packed.finish().unwrap(), 1)] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nextchar"))
            .args(["data", "check", "-", "--column", "first_name", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(&bytes[..cut]).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(50));
        input.write_all(&bytes[cut..]).unwrap();
        drop(input);
        let out = child.wait_with_output().unwrap();
        let found: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
        assert_eq!(
            (&found["names"], &found["blank"]),
            (&136.into(), &14.into())
        );
    }
}

#[test]
fn columns_that_cannot_be_used_are_told_with_those_that_can() {
    let file = bytes("arrow-zstd.parquet");
    let train = |options: &str, code: i32, parts: &[&str]| {
        let options = options.split_whitespace();
        let arguments: Vec<&str> = ["train", "x.parquet"].into_iter().chain(options).collect();
        refused(&[("x.parquet", &file)], &arguments, code, parts);
    };
    let columns = "id, first_name, gender, births, alive, share, tags, born";
    train(
        "",
        1,
        &[
            "x.parquet: it looks like a table",
            columns,
            "--column COLUMN",
        ],
    );
    train(
        "--column nam",
        2,
        &["no column \"nam\"; its columns are", columns],
    );
    train("--column #9", 2, &["no column \"#9\"", columns]);
    let text = "not text; the columns of text are: first_name, gender";
    train(
        "--column births",
        2,
        &["\"births\" contains integers (INT64)", text],
    );
    train("--column tags", 2, &["\"tags\" is nested (a list)", text]);
    let name = "--column first_name";
    train(
        &format!("{name} --weights tags"),
        2,
        &["\"tags\" is nested (a list), which can be neither a filter nor weights"],
    );
    train(
        &format!("{name} --where born=1990-01-01"),
        2,
        &["\"born\" contains dates (INT32)"],
    );
    train(
        &format!("{name} --where gender=x"),
        1,
        &["none of its 150 rows passes the filter"],
    );
    train(
        &format!("{name} --weights share --strict"),
        1,
        &["line 1, character 1: the weight \"\" is not an integer"],
    );
    refused(
        &[("x.parquet", &file)],
        &["generate", "--not-in", "x.parquet"],
        1,
        &["it looks like a table", "give one name per line"],
    );
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let whole = bytes("arrow-snappy.parquet");
    let train = |file: &[u8], column: &str, part: &str| {
        let arguments = ["train", "x.parquet", "--column", column];
        refused(
            &[("x.parquet", file)],
            &arguments,
            1,
            &["x.parquet: ", part],
        );
    };
    train(b"", "first_name", "it is empty");
    train(
        &bytes("arrow-empty.parquet"),
        "first_name",
        "it contains no names: it is empty",
    );
    for length in [5, 8, whole.len() / 2, whole.len() - 1] {
        train(
            &whole[..length],
            "first_name",
            "its end is missing; copy it again",
        );
    }
    let mut footer = whole.clone();
    let size = footer.len() - 8;
    footer[size..][..4].copy_from_slice(&u32::MAX.to_le_bytes());
    train(
        &footer,
        "first_name",
        "its footer is damaged; copy it again",
    );
    footer[size..][..4].copy_from_slice(&100u32.to_le_bytes());
    train(
        &footer,
        "first_name",
        "its footer is damaged; copy it again",
    );
    let mut pages = whole.clone();
    pages[5..2000].fill(0xff);
    train(&pages, "first_name", "a page is damaged");
    train(
        &bytes("arrow-brotli.parquet"),
        "first_name",
        "the column \"first_name\" has the compression BROTLI; write it with snappy, zstd, gzip or none",
    );
    train(
        &bytes("arrow-delta.parquet"),
        "first_name",
        "a text column is delta-encoded",
    );
}

#[test]
fn words_are_scored_as_text_only() {
    refused(
        &[("x.parquet", &bytes("arrow-zstd.parquet"))],
        &["score", "--file", "x.parquet", "--column", "first_name"],
        2,
        &[
            "x.parquet: it is a Parquet file",
            "help: write the table as CSV",
        ],
    );
}
