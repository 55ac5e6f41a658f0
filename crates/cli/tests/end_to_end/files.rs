//! Lists as people have them: packed, in other encodings, as JSON Lines, in tables of all kinds, in several files.

use std::fs;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::Value;
use tempfile::TempDir;

use crate::bad_input::refused;
use crate::{nextchar, stderr, stdout};

const NAMES: &str = "Asha\nUsha\nIsha\nasha\n";

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    compress_to_vec(text, CompressionLevel::Fastest)
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let text = format!("\u{feff}{text}");
    text.encode_utf16().flat_map(bytes).collect()
}

/// A folder with files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

/// The diagnosis of a list, and the notes on standard error.
fn checked(files: &[(&str, &[u8])], arguments: &[&str]) -> (Value, String) {
    let folder = folder(files);
    let arguments = [&["data", "check", "--json"], arguments].concat();
    let run = nextchar(folder.path(), &arguments).success();
    let found = serde_json::from_str(&stdout(&run)).unwrap();
    (found, stderr(&run))
}

#[test]
fn packed_lists_and_other_encodings_are_read_like_the_text_itself() {
    let parts = [gzip(b"Asha\nUs"), gzip(b"ha\nIsha\nasha\n")].concat();
    let (plain, said) = checked(&[("x", NAMES.as_bytes())], &["x"]);
    assert_eq!((&plain["names"], &said[..]), (&3.into(), ""));
    let skipped = b"\x50\x2a\x4d\x18\x03\0\0\0any";
    for bytes in [
        gzip(NAMES.as_bytes()),
        parts,
        zstd(NAMES.as_bytes()),
        [&skipped[..], &zstd(b"Asha\nUs"), &zstd(b"ha\nIsha\nasha\n")].concat(),
        gzip(format!("\u{feff}{NAMES}").as_bytes()),
    ] {
        let (found, said) = checked(&[("x", &bytes)], &["x"]);
        assert_eq!((&found, &said), (&plain, &String::new()));
    }
    for order in [u16::to_le_bytes, u16::to_be_bytes] {
        let text = utf16(&NAMES.replace('\n', "\r\n"), order);
        for bytes in [gzip(&text), text] {
            let (found, said) = checked(&[("x", &bytes)], &["x"]);
            assert_eq!(
                (&found["names"], &found["encoding"]),
                (&3.into(), &"UTF-16".into())
            );
            assert_eq!((&found["rejected"], &said[..]), (&0.into(), ""));
        }
    }
}

#[test]
fn every_option_that_takes_a_list_reads_them() {
    let packed = gzip(NAMES.as_bytes());
    let wide = utf16(NAMES, u16::to_le_bytes);
    let strings = b"\"Asha\"\n\"Usha\"\n\"Isha\"\n";
    let folder = folder(&[("x.gz", &packed), ("wide", &wide), ("s.jsonl", strings)]);
    for list in ["x.gz", "wide", "s.jsonl"] {
        for arguments in [
            &["evaluate", list, "--names", "0"][..],
            &["generate", "--not-in", list, "-n", "2"],
            &["score", "asha", "--calibrate", list],
            &["train", "finnish-names", "--steps", "5", "--val", list],
            &["train", "finnish-names", "--steps", "5", "--test", list],
        ] {
            nextchar(folder.path(), arguments).success();
        }
        let run = nextchar(folder.path(), &["score", "--json", "--file", list]).success();
        let out = stdout(&run);
        assert!(
            out.contains("\"text\":\"Asha\"") && out.contains("\"text\":\"Isha\""),
            "{out}"
        );
    }
}

#[test]
fn a_damaged_archive_is_refused_and_nothing_is_learnt_from_it() {
    let text: String = (0..60_000u32)
        .map(|i| format!("{:x}a\n", i.wrapping_mul(2_654_435_761)))
        .collect();
    let text: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { 'k' } else { c })
        .collect();
    for (packed, format) in [
        (gzip(text.as_bytes()), "gzip"),
        (zstd(text.as_bytes()), "Zstandard"),
    ] {
        let mut wrong = packed.clone();
        let middle = wrong.len() / 2;
        wrong[middle] ^= 0x55;
        wrong[middle + 1] ^= 0x55;
        let cut = &packed[..packed.len() - 5];
        let more = [&packed[..], b"more"].concat();
        for bytes in [&wrong[..], &packed[..middle], cut, &packed[..8], &more] {
            let said = format!("the {format} file is damaged or incomplete");
            for line in [
                "train x",
                "score --file x",
                "data check x",
                "generate --not-in x",
            ] {
                let arguments: Vec<&str> = line.split(' ').collect();
                refused(
                    &[("x", bytes)],
                    &arguments,
                    1,
                    &["x: ", &said, "copy it again"],
                );
            }
        }
    }
    let table = gzip(format!("name\n{text}").as_bytes());
    let cut = &table[..table.len() / 2];
    let line = ["train", "x", "--column", "name"];
    refused(
        &[("x", cut)],
        &line,
        1,
        &["x: line ", "it ends in the middle"],
    );
}

#[test]
fn a_small_file_that_unpacks_to_much_is_one_long_line() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..256 {
        packed.write_all(&vec![b'a'; 1 << 20]).unwrap();
    }
    let packed = packed.finish().unwrap();
    let line = ["data", "check", "x"];
    refused(
        &[("x", &packed)],
        &line,
        1,
        &["longer than 1000 characters"],
    );
    let line = ["train", "x", "--column", "a"];
    refused(
        &[("x", &packed)],
        &line,
        1,
        &["a row of more than a million bytes"],
    );
}

#[test]
fn windows_1252_is_read_with_a_note() {
    let latin = b"name,n\nRen\xe9e,1\nJos\xe9,2\nO\x92Neil,3\nAnna,4\n";
    let column = ["x", "--column", "name", "--alphabet", "data"];
    let (found, said) = checked(&[("x", latin)], &column);
    assert_eq!(
        (&found["names"], &found["encoding"]),
        (&4.into(), &"Windows-1252".into())
    );
    assert_eq!(found["letters"]["é"], 2);
    assert!(
        said.contains("note: x: it is not valid UTF-8, so it was read as Windows-1252"),
        "{said}"
    );
    let folder = folder(&[("x", latin)]);
    let run = nextchar(folder.path(), &["score", "--file", "x", "--column", "name"]).success();
    assert!(stdout(&run).contains("Renée,1,"), "{}", stdout(&run));
    assert!(stderr(&run).contains("read as Windows-1252"));
    // A mixture is reported line by line.
    let mixture = [&b"Ren\xe9e\n"[..], "Zoë\nanna\n".as_bytes()].concat();
    let (found, said) = checked(&[("x", &mixture)], &["x", "--alphabet", "data"]);
    let lines = found["rejected_lines"].as_array().unwrap();
    assert_eq!(
        (lines.len(), &lines[0]["reason"]),
        (1, &"not valid UTF-8".into())
    );
    assert_eq!((&found["names"], &said[..]), (&2.into(), ""));
}

const OBJECTS: &[u8] = b"{\"name\": \"Asha\", \"count\": 3, \"sex\": \"f\"}\n\
{\"name\": \"Ravi\", \"count\": 2, \"sex\": \"m\"}\n\n\
{\"name\": \"asha\", \"count\": 4, \"sex\": \"f\"}\n{\"name\": \"Mina\", \"count\": \"x\"}\n{\"name\": 7";

#[test]
fn json_lines_have_keys_as_tables_have_columns() {
    let files = [("x", OBJECTS)];
    let (found, _) = checked(&files, &["x", "--column", "name", "--weights", "count"]);
    assert_eq!(
        (&found["names"], &found["accepted"], &found["blank"]),
        (&2.into(), &3.into(), &1.into())
    );
    let rejected = found["rejected_lines"].as_array().unwrap();
    assert_eq!(
        (&rejected[0]["line"], &rejected[1]["line"]),
        (&5.into(), &6.into())
    );
    assert!(
        rejected[1]["reason"]
            .as_str()
            .unwrap()
            .starts_with("JSON: EOF"),
        "{rejected:?}"
    );
    let (found, _) = checked(&files, &["x", "--column", "NAME", "--where", "sex=f"]);
    assert_eq!(
        (&found["names"], &found["filtered_by_column"]),
        (&1.into(), &2.into())
    );
    // A single key needs no name.
    let (found, _) = checked(&[("x", b"{\"a\": \"Asha\"}\n{\"a\": \"Ravi\"}\n")], &["x"]);
    assert_eq!(found["names"], 2);
    refused(
        &files,
        &["train", "x"],
        1,
        &[
            "x: each line is a JSON object (its keys: count, name, sex)",
            "--column",
        ],
    );
    let keys = "no column \"nom\"; its columns are: count, name, sex";
    refused(&files, &["train", "x", "--column", "nom"], 2, &[keys]);
    let array = b"[\n \"Asha\",\n \"Ravi\"\n]\n";
    refused(
        &[("x", array)],
        &["train", "x"],
        1,
        &["x: it is JSON that is not one value on each line", "jq -c"],
    );
}

#[test]
fn words_of_json_lines_are_scored() {
    let folder = folder(&[("x", OBJECTS), ("good", &OBJECTS[..OBJECTS.len() - 10])]);
    let line = ["score", "--file", "good", "--column", "name"];
    let text = stdout(&nextchar(folder.path(), &line).success());
    assert!(
        text.starts_with("Asha ") && text.lines().count() == 4,
        "{text}"
    );
    let run = nextchar(folder.path(), &[&line[..], &["--json"]].concat()).success();
    let second: Value = serde_json::from_str(stdout(&run).lines().nth(1).unwrap()).unwrap();
    assert_eq!(
        (&second["text"], &second["row"]["count"]),
        (&"Ravi".into(), &2.into())
    );
    let broken = ["score", "--file", "x", "--column", "name"];
    let run = nextchar(folder.path(), &broken).code(1);
    assert!(
        stderr(&run).contains("x: line 6, character"),
        "{}",
        stderr(&run)
    );
    let run = nextchar(folder.path(), &broken[..3]).code(1);
    assert!(
        stderr(&run).contains("its keys: count, name, sex"),
        "{}",
        stderr(&run)
    );
}

#[test]
fn tables_have_four_delimiters_and_columns_by_position() {
    for delimiter in [",", ";", "|", "\t"] {
        let text = "country,name,n\nIN,Asha,3\nFI,Aino,2\nIN,Ravi,1\n".replace(',', delimiter);
        let file = [("x", text.as_bytes())];
        let by_name = ["x", "--column", "name", "--where", "country=IN"];
        let (found, said) = checked(&file, &by_name);
        assert_eq!((&found["names"], &said[..]), (&2.into(), ""));
        let by_position = ["x", "--column", "#2", "--where", "#1=IN", "--weights", "#3"];
        let (found, said) = checked(&file, &by_position);
        assert_eq!(
            (&found["names"], &found["first_row"]),
            (&2.into(), &"header".into())
        );
        assert!(
            said.contains("the first line looks like a header and was skipped"),
            "{said}"
        );
        let bare = text.split_once('\n').unwrap().1.as_bytes();
        let (found, said) = checked(&[("x", bare)], &by_position);
        assert_eq!(
            (&found["names"], &found["first_row"]),
            (&2.into(), &"data".into())
        );
        assert!(said.contains("the first line was read as data"), "{said}");
        let folder = folder(&[("x", bare)]);
        let line = ["score", "--file", "x", "--column", "#2"];
        let run = nextchar(folder.path(), &line).success();
        let first = "IN,Asha,3,".replace(',', delimiter);
        assert!(stdout(&run).starts_with(&first) && stdout(&run).lines().count() == 3);
        assert!(stderr(&run).contains("read as data"), "{}", stderr(&run));
        let run = nextchar(folder.path(), &[&line[..], &["--json"]].concat()).success();
        assert!(stdout(&run).contains("\"row\":{\"#1\":\"IN\",\"#2\":\"Asha\",\"#3\":\"3\"}"));
        let missing = ["train", "x", "--column", "#4"];
        refused(&[("x", bare)], &missing, 2, &["there is no column \"#4\""]);
    }
}

#[test]
fn filters_that_are_repeated_must_all_hold() {
    let table = b"name,sex,land\nasha,f,IN\nravi,m,IN\naino,f,FI\n";
    let both = [
        "x", "--column", "name", "--where", "sex=f", "--where", "land=IN",
    ];
    let (found, _) = checked(&[("x", table)], &both);
    assert_eq!(
        (&found["names"], &found["filtered_by_column"]),
        (&1.into(), &2.into())
    );
    let never = [
        "train", "x", "--column", "name", "--where", "sex=f", "--where", "sex=m",
    ];
    refused(
        &[("x", table)],
        &never,
        1,
        &["none of its 3 rows passes the filter"],
    );
}

#[test]
fn several_lists_are_learnt_as_one() {
    let table = gzip(b"name,n\nmina,1\nren_e,2\n");
    let files: &[(&str, &[u8])] = &[
        ("a.txt", b"asha\nusha\n_a\n"),
        ("b.txt", b"usha\nisha\n"),
        ("c.csv.gz", &table),
        ("all.txt", b"asha\nusha\nisha\nmina\n"),
    ];
    let folder = folder(files);
    let train = |lists: &[&str]| {
        let steps = ["--steps", "20", "--json", "--out", "m"];
        let run = nextchar(folder.path(), &[&["train"], lists, &steps].concat()).success();
        let bytes = fs::read(folder.path().join("m")).unwrap();
        (bytes, stderr(&run))
    };
    let (model, said) = train(&["a.txt", "b.txt", "c.csv.gz", "--column", "name"]);
    assert!(model == train(&["all.txt"]).0);
    for part in [
        "a.txt: it has no columns, so each line is a name",
        "a.txt: skipped 1 of 3 lines; the first is line 3, character 1",
        "c.csv.gz: skipped 1 of 2 lines; the first is line 3, character 4",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let again = ["--keep-duplicates", "--split", "1,0,0"];
    let run = |lists: &[&str]| train(&[lists, &again].concat()).0;
    assert!(run(&["a.txt", "b.txt"]) != run(&["a.txt", "all.txt"]));
    refused(
        files,
        &["train", "a.txt", "d.txt"],
        1,
        &["d.txt: there is no such file"],
    );
    refused(
        files,
        &["train", "-", "-"],
        2,
        &["standard input can be read only once"],
    );
    refused(
        files,
        &["train", "a.txt", "c.csv.gz"],
        1,
        &["c.csv.gz: ", "name, n"],
    );
    let column = ["train", "a.txt", "b.txt", "--column", "nom"];
    refused(files, &column, 2, &["a.txt: there is no column \"nom\""]);
    let own = ["train", "b.txt", "a.txt", "--out", "a.txt", "--force"];
    refused(files, &own, 2, &["the same file as DATA a.txt"]);
}

/// The command that `data check` suggests.
fn suggested(folder: &TempDir, arguments: &[&str]) -> String {
    let run = nextchar(folder.path(), &[&["data", "check"], arguments].concat()).success();
    let out = stdout(&run);
    let last = out.lines().last().unwrap();
    last.strip_prefix("To learn it: nextchar ")
        .expect(&out)
        .to_owned()
}

#[test]
fn a_check_ends_with_the_command_that_learns_the_list() {
    let objects = &OBJECTS[..OBJECTS.len() - 10];
    let folder = folder(&[
        (
            "towns.csv",
            b"id|name|land\n1|Turku|FI\n2|Pori|FI\n3|Pune|IN\n",
        ),
        ("my list.txt", NAMES.as_bytes()),
        ("x.jsonl", objects),
    ]);
    for (arguments, expected) in [
        (&["my list.txt"][..], "train 'my list.txt'"),
        (&["finnish-names"], "train finnish-names"),
        (
            &["towns.csv", "--column", "name"],
            "train towns.csv --column name",
        ),
        (
            &[
                "towns.csv",
                "--column",
                "#2",
                "--where",
                "land=FI",
                "--where",
                "#1=2",
            ],
            "train towns.csv --column '#2' --where land=FI --where '#1=2'",
        ),
        (
            &[
                "x.jsonl",
                "--column",
                "name",
                "--weights",
                "count",
                "--max-length",
                "9",
            ],
            "train x.jsonl --column name --weights count --max-length 9",
        ),
    ] {
        let command = suggested(&folder, arguments);
        assert_eq!(command, expected);
        let words: Vec<String> = command
            .split('\'')
            .enumerate()
            .flat_map(|(i, part)| {
                let words: Vec<&str> = if i % 2 == 1 {
                    vec![part]
                } else {
                    part.split_whitespace().collect()
                };
                words.into_iter().map(str::to_owned).collect::<Vec<_>>()
            })
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        nextchar(folder.path(), &[&words[..], &["--steps", "5"]].concat()).success();
    }
    let run = nextchar(folder.path(), &["data", "check", "towns.csv"]).code(1);
    let help = "`nextchar data check towns.csv --column name` reads the column \"name\"";
    assert!(stderr(&run).contains(help), "{}", stderr(&run));
}
