//! docs/bad-input.md shows what the program prints: the table is generated from the program and compared.
//!
//! `NEXTCHAR_UPDATE_DOCS=1 cargo test -p nextchar-cli --test end_to_end bad_input_table` regenerates it.
#![cfg(target_os = "linux")]

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use nextchar::model::Network;
use nextchar_formats::ModelFile;

const HEAD: &str = "\
# Bad input

How the program answers input that it cannot use, or can use only in part: one row for each kind, with the exit
code (0 done, 1 failed, 2 misuse, 130 interrupted). Every answer says what was found, where, and what to do;
no half-written file remains. A test runs each command as an unprivileged user and compares its output with this
page.
";

/// Descriptions and commands. A row shows the errors, helps and notes of a run, or else the first line that it prints.
const ROWS: &[(&str, &[(&str, &str)])] = &[
    (
        "Lists",
        &[
            ("an empty file", "nextchar train empty.txt"),
            ("nothing on standard input", "nextchar train - < /dev/null"),
            ("a file of blank lines", "nextchar train blank.txt"),
            ("a single name", "nextchar train one.txt --steps 20"),
            (
                "a name of one character",
                "nextchar train letter.txt --steps 20",
            ),
            ("a line of a million characters", "nextchar train long.txt"),
            (
                "one such line among others",
                "nextchar data check mostly.txt --strict",
            ),
            (
                "characters outside the alphabet",
                "nextchar data check accents.txt --strict --alphabet az",
            ),
            (
                "the same, with any characters allowed",
                "nextchar data check accents.txt --alphabet data",
            ),
            (
                "only characters outside the alphabet",
                "nextchar train devanagari.txt --alphabet az",
            ),
            (
                "invalid UTF-8 beside valid lines",
                "nextchar data check mixed.txt --strict",
            ),
            (
                "Windows-1252 (Latin-1)",
                "nextchar data check latin1.txt --alphabet data",
            ),
            ("Windows line endings", "nextchar data check crlf.txt"),
            ("a byte-order mark", "nextchar data check bom.txt"),
            ("a table, read as a list", "nextchar train table.csv"),
            (
                "a missing column of a table",
                "nextchar train table.csv --column nam",
            ),
            (
                "a filter that no row passes",
                "nextchar train table.csv --column name --where gender=x",
            ),
            (
                "a weight that is not a number",
                "nextchar data check table.csv --column name --weights gender --strict",
            ),
            (
                "a double quote that is not closed",
                "nextchar train quote.csv --column name",
            ),
            (
                "the same, in a short file and another column",
                "nextchar score --file height.csv --column name",
            ),
            (
                "two columns with the same name",
                "nextchar train columns.csv --column name",
            ),
            (
                "a filter without a column of names",
                "nextchar train table.csv --where gender=f",
            ),
            ("a truncated gzip file", "nextchar train names.gz"),
            ("an xz file", "nextchar train names.xz"),
            ("a picture", "nextchar score --file picture.png"),
            ("UTF-16", "nextchar data check utf16.txt"),
            (
                "JSON Lines without a selected key",
                "nextchar train names.jsonl",
            ),
            ("a JSON array", "nextchar train names.json"),
            (
                "a line that is not JSON",
                "nextchar data check broken.jsonl --column name --strict",
            ),
            (
                "a table without a header, by position",
                "nextchar data check bare.csv --column '#2'",
            ),
            (
                "the same, by a name that no column has",
                "nextchar data check bare.csv --column name",
            ),
            (
                "a missing position",
                "nextchar data check bare.csv --column '#3'",
            ),
            (
                "a Parquet file without a selected column",
                "nextchar data check people.parquet",
            ),
            (
                "a column of it that is not text",
                "nextchar train people.parquet --column births",
            ),
            (
                "a nested column of weights",
                "nextchar train people.parquet --column first_name --weights tags",
            ),
            (
                "a Parquet file with another compression",
                "nextchar train brotli.parquet --column first_name",
            ),
            (
                "a truncated Parquet file",
                "nextchar train cut-people.parquet --column first_name",
            ),
            (
                "a Parquet file, to be scored",
                "nextchar score --file people.parquet --column first_name",
            ),
            ("counts as a list", "nextchar train short.parquet"),
            ("standard input twice", "nextchar train - - < one.txt"),
            ("a model", "nextchar train small.safetensors"),
            (
                "a row with too many cells",
                "nextchar score --file wide.csv --column name",
            ),
            ("duplicate lines", "nextchar data check twice.txt"),
            ("the name nan", "nextchar data check nan.txt"),
            ("NUL bytes", "nextchar train nul.txt --steps 20"),
            (
                "an end mark within a name",
                "nextchar data check mark.txt --strict",
            ),
            (
                "lengths that no name has",
                "nextchar train finnish-names --min-length 900",
            ),
        ],
    ),
    (
        "Files and disks",
        &[
            ("a folder", "nextchar train locked"),
            ("a missing file", "nextchar train missing.txt"),
            (
                "a missing model",
                "nextchar generate --model missing.safetensors",
            ),
            (
                "a folder instead of a model to read",
                "nextchar generate --model locked",
            ),
            (
                "a file without permission to read",
                "nextchar train secret.txt",
            ),
            (
                "a folder without permission to write",
                "nextchar train finnish-names --out locked/model",
            ),
            (
                "the same, for a checkpoint",
                "nextchar train finnish-names --out m --checkpoint locked/state",
            ),
            (
                "a folder that does not exist",
                "nextchar train finnish-names --out nowhere/model",
            ),
            (
                "a device instead of a model to write",
                "nextchar train finnish-names --out /dev/full",
            ),
            (
                "an existing file that is not a model",
                "nextchar train finnish-names --out one.txt",
            ),
            (
                "a folder instead of a file",
                "nextchar train finnish-names --out locked --force",
            ),
            (
                "the name of a folder instead of a file",
                "nextchar train finnish-names --out nowhere/",
            ),
            (
                "standard output instead of a file",
                "nextchar train finnish-names --out -",
            ),
            (
                "the list as the output",
                "nextchar train one.txt --out one.txt --force",
            ),
            (
                "the checkpoint as the output",
                "nextchar train finnish-names --out m --checkpoint ./m",
            ),
            (
                "a page that would replace another file",
                "nextchar evaluate finnish-names --html one.txt",
            ),
            (
                "a page that would replace its own model",
                "nextchar evaluate --model small.safetensors --html small.safetensors --force",
            ),
            (
                "the list as the file of trials",
                "nextchar tune one.txt --trials one.txt",
            ),
            (
                "an export that would replace another file",
                "nextchar export --format word2vec --out one.txt",
            ),
            (
                "a full disk, printing",
                "nextchar generate -n 5000 > /dev/full",
            ),
            (
                "a full disk, saving (no file may grow)",
                "ulimit -f 4; nextchar train finnish-names --steps 20 --out m",
            ),
            (
                "a closed pipe",
                "nextchar generate -n 20000 | head -n 1 > /dev/null",
            ),
            (
                "the same, while scoring words",
                "nextchar score --file many.txt | head -n 1 > /dev/null",
            ),
        ],
    ),
    (
        "Models and checkpoints",
        &[
            ("a text file", "nextchar generate --model one.txt"),
            ("an empty file", "nextchar generate --model empty.txt"),
            (
                "a truncated file",
                "nextchar generate --model cut.safetensors",
            ),
            (
                "a header that claims all memory",
                "nextchar generate --model huge.safetensors",
            ),
            (
                "tensors with wrong sizes",
                "nextchar generate --model sizes.safetensors",
            ),
            (
                "tensors with wrong names",
                "nextchar generate --model names.safetensors",
            ),
            (
                "NaN among the parameters",
                "nextchar generate --model nan.safetensors",
            ),
            (
                "damaged metadata",
                "nextchar generate --model damaged.safetensors",
            ),
            (
                "a later format version",
                "nextchar generate --model future.safetensors",
            ),
            (
                "a model instead of a checkpoint",
                "nextchar train --resume small.safetensors",
            ),
            (
                "a missing checkpoint",
                "nextchar train --resume missing.state",
            ),
            ("an endless device", "nextchar train --resume /dev/zero"),
            (
                "a truncated checkpoint",
                "nextchar train --resume cut.state",
            ),
            (
                "a checkpoint instead of a model",
                "nextchar generate --model run.state",
            ),
            (
                "a checkpoint with other options",
                "nextchar train --resume run.state --hidden 16 --seed 7",
            ),
            (
                "a checkpoint with other names",
                "nextchar train italian-names --resume run.state",
            ),
            (
                "an existing checkpoint",
                "nextchar train finnish-names --out m --checkpoint run.state",
            ),
        ],
    ),
    (
        "Counts",
        &[
            ("a text file", "nextchar train --counts one.txt"),
            ("a truncated file", "nextchar train --counts cut.parquet"),
            (
                "a shorter context than the model's",
                "nextchar train --counts short.parquet",
            ),
            (
                "validation counts without training counts",
                "nextchar train --val-counts short.parquet",
            ),
            (
                "a filter for names",
                "nextchar train --counts short.parquet --context 3 --min-length 5",
            ),
        ],
    ),
    (
        "Options and conditions",
        &[
            (
                "a context that is too long to count",
                "nextchar train --context 100",
            ),
            ("an empty context", "nextchar train --context 0"),
            ("an empty batch", "nextchar train --batch 0"),
            (
                "an option that the model does not use",
                "nextchar train --family kneser-ney --hidden 8",
            ),
            (
                "an option that the format does not use",
                "nextchar export --format pytorch --out a.py --prune 1e-7",
            ),
            ("no threads", "nextchar train --threads 0"),
            ("a negative time", "nextchar tune --time -5s"),
            ("a layer that is too wide", "nextchar train --hidden 100000"),
            (
                "a negative learning rate",
                "nextchar train --learning-rate -1",
            ),
            (
                "contradictory options",
                "nextchar train --optimizer sgd --weight-decay 1",
            ),
            ("a split without any share", "nextchar train --split 0,0,0"),
            (
                "contradictory lengths",
                "nextchar generate --min-length 9 --max-length 3",
            ),
            (
                "contradictory conditions",
                "nextchar generate --prefix ab --exclude b",
            ),
            (
                "a suffix that is too long",
                "nextchar generate --suffix abcdef --max-length 5",
            ),
            (
                "a prefix outside the alphabet",
                "nextchar generate --prefix a9",
            ),
            ("no time for names", "nextchar generate --time 0s"),
            (
                "conditions that hardly any name meets",
                "nextchar generate --suffix zzz",
            ),
            ("an invalid pattern", "nextchar generate --pattern '('"),
            (
                "a pattern with too many states",
                "nextchar generate --pattern '(a|b)*a(a|b){30}'",
            ),
            (
                "a pattern that repeats too much",
                "nextchar generate --pattern '.{900}{900}'",
            ),
            (
                "an invalid range of characters",
                "nextchar generate --letters z-a",
            ),
            (
                "a negative temperature",
                "nextchar generate --temperature -1",
            ),
            ("a context outside the alphabet", "nextchar next AB9"),
            (
                "a missing list of excluded names",
                "nextchar generate --not-in missing.txt",
            ),
            (
                "new names from a model without its list",
                "nextchar generate --novel --model secretive.safetensors",
            ),
        ],
    ),
    (
        "Words",
        &[
            ("a character outside the alphabet", "nextchar score Renée"),
            ("an empty word", "nextchar score ''"),
            ("a word that is too long", "nextchar score --file long.txt"),
            ("an e-mail address", "nextchar score asha@example.com"),
            ("a number", "nextchar score 12-345"),
            ("a placeholder", "nextchar score N/A"),
            ("two names in one cell", "nextchar score 'Asha, Usha'"),
            (
                "placeholders that are not UTF-8",
                "nextchar score aadesh --placeholders latin1.txt",
            ),
            (
                "names that the model cannot spell",
                "nextchar evaluate accents.txt --alphabet data",
            ),
            (
                "a missing column",
                "nextchar score --file table.csv --column nam",
            ),
            (
                "a table without a selected column",
                "nextchar score --file table.csv",
            ),
            (
                "a table that already has an added column",
                "nextchar score --file scored.csv --column name",
            ),
            (
                "a model from too few names to judge words",
                "nextchar score aadesh --model few.safetensors",
            ),
            (
                "an invalid share",
                "nextchar score aadesh --false-rejection 2",
            ),
            (
                "a word to explain that the model cannot spell",
                "nextchar explain --word Renée",
            ),
        ],
    ),
    (
        "Training",
        &[
            (
                "a learning rate that diverges",
                "nextchar train finnish-names --learning-rate 1e9",
            ),
            ("Ctrl-C", INTERRUPTED),
        ],
    ),
];

/// A training that is interrupted after a validation pass.
const INTERRUPTED: &str = "nextchar train finnish-names --steps 200000 --out m --checkpoint c";

/// The folder that the commands are run in, for everybody to write in, and the program for everybody.
struct Place {
    folder: PathBuf,
    root: bool,
}

impl Place {
    fn new(base: &Path) -> Self {
        let everybody = |path: &Path, mode| {
            fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        };
        everybody(base, 0o755);
        fs::create_dir(base.join("bin")).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_nextchar"), base.join("bin/nextchar")).unwrap();
        let folder = base.join("work");
        fs::create_dir(&folder).unwrap();
        everybody(&folder, 0o777);
        let root = fs::metadata(&folder).unwrap().uid() == 0;
        let place = Place { folder, root };
        place.prepare();
        let locked = place.folder.join("locked");
        fs::create_dir(&locked).unwrap();
        everybody(&locked, 0o555);
        everybody(&place.folder.join("secret.txt"), 0o000);
        place
    }

    /// A shell that runs a command, as nobody where the tests run as root.
    fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        let script = format!("trap '' XFSZ; set -o pipefail; {script}");
        let path = format!("{}/../bin:/usr/bin:/bin", self.folder.display());
        command
            .args(["-c", &script])
            .current_dir(&self.folder)
            .env("PATH", path)
            .env("TMPDIR", &self.folder);
        if self.root {
            command.gid(65534).uid(65534);
        }
        command
    }

    fn run(&self, script: &str) -> Output {
        self.shell(script).output().unwrap()
    }

    /// Interrupts a training after the first row of its table; what it says on standard error.
    fn interrupt(&self, script: &str) -> (i32, String) {
        let mut command = self.shell(&format!("exec {script}"));
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        let mut rows = 0;
        for line in BufReader::new(child.stderr.take().unwrap()).lines() {
            let line = line.unwrap();
            let row = line.trim_start().starts_with(|c: char| c.is_ascii_digit());
            rows += u32::from(row);
            if row && rows == 1 {
                let interrupted = Command::new("kill")
                    .args(["-INT", &child.id().to_string()])
                    .status();
                assert!(interrupted.unwrap().success());
            }
            said.push_str(&line);
            said.push('\n');
        }
        (child.wait().unwrap().code().unwrap(), said)
    }

    /// Every input of the rows.
    fn prepare(&self) {
        let write = |name: &str, bytes: &[u8]| fs::write(self.folder.join(name), bytes).unwrap();
        write("empty.txt", b"");
        write("blank.txt", b"\n \n\n");
        write("one.txt", b"aadesh\n");
        write("letter.txt", b"a\n");
        write("long.txt", &[b'a'; 1_000_000]);
        write(
            "mostly.txt",
            &[b"aadesh\n", &[b'a'; 5000][..], b"\nzeel\n"].concat(),
        );
        write("accents.txt", "aadesh\nRenée\n".as_bytes());
        write("devanagari.txt", "आरव\nसीता\n".as_bytes());
        write("latin1.txt", b"Ren\xe9e\n");
        write("mixed.txt", b"Zo\xc3\xab\nRen\xe9e\n");
        write("bare.csv", b"IN,aadesh\nIN,zeel\n");
        write("crlf.txt", b"Aadesh\r\nZEEL\r\n");
        write("bom.txt", b"\xef\xbb\xbfaadesh\nzeel\n");
        write("table.csv", b"id,name,gender\n1,aadesh,m\n2,zeel,f\n");
        write("twice.txt", b"aadesh\nzeel\naadesh\n");
        write("nan.txt", b"nan\nNaN\nnull\n");
        write("nul.txt", b"aa\0desh\n");
        write("mark.txt", b"aa_desh\n");
        write("secret.txt", b"aadesh\n");
        write("many.txt", &b"aadesh\n".repeat(50_000));
        let open = [&b"id,name\n1,\"aadesh\n"[..], &b"2,zeel\n".repeat(200_000)].concat();
        write("quote.csv", &open);
        write("height.csv", b"name,height\naadesh,\"5'10\nzeel,170\n");
        write("columns.csv", b"name,n,Name\naadesh,1,Zeel\n");
        write("scored.csv", b"name,plausible\naadesh,true\n");
        write("names.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03");
        write("names.xz", b"\xfd7zXZ\0\0\x04");
        write("picture.png", b"\x89PNG\r\n\x1a\n");
        write("utf16.txt", b"\xff\xfea\0a\0\n\0");
        write(
            "names.jsonl",
            b"{\"name\":\"aadesh\",\"n\":1}\n{\"name\":\"zeel\",\"n\":2}\n",
        );
        write("names.json", b"[\n  \"aadesh\",\n  \"zeel\"\n]\n");
        write("broken.jsonl", b"{\"name\":\"aadesh\"}\n{\"name\":zeel}\n");
        write("wide.csv", b"id,name\n1,aadesh\n2,zeel,f\n");
        let small = "nextchar train finnish-names --steps 20 --hidden 8 --family network --out small.safetensors";
        assert!(self.run(small).status.success());
        let stopped = "nextchar train finnish-names --steps 40 --hidden 8 --out m --checkpoint run.state --stop-after 9; rm m";
        assert!(self.run(stopped).status.success());
        let secretive =
            "nextchar train finnish-names --steps 20 --no-names --out secretive.safetensors";
        assert!(self.run(secretive).status.success());
        let few = "nextchar train one.txt --steps 5 --out few.safetensors";
        assert!(self.run(few).status.success());
        let short = "nextchar export --format counts --context 3 --out short.parquet";
        assert!(self.run(short).status.success());
        let counts = fs::read(self.folder.join("short.parquet")).unwrap();
        write("cut.parquet", &counts[..counts.len() / 2]);
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/parquet");
        let people = fs::read(kept.join("arrow-zstd.parquet")).unwrap();
        write("people.parquet", &people);
        write("cut-people.parquet", &people[..people.len() / 2]);
        write(
            "brotli.parquet",
            &fs::read(kept.join("arrow-brotli.parquet")).unwrap(),
        );
        let state = fs::read(self.folder.join("run.state")).unwrap();
        write("cut.state", &state[..state.len() / 2]);
        let whole = fs::read(self.folder.join("small.safetensors")).unwrap();
        write("cut.safetensors", &whole[..whole.len() / 2]);
        write(
            "huge.safetensors",
            &[&u64::MAX.to_le_bytes()[..], b"{}"].concat(),
        );
        let replaced = |name: &str, from: &str, to: &str| {
            assert_eq!(from.len(), to.len());
            let place = whole
                .windows(from.len())
                .position(|part| part == from.as_bytes());
            let mut bytes = whole.clone();
            bytes[place.expect(from)..][..to.len()].copy_from_slice(to.as_bytes());
            write(name, &bytes);
        };
        replaced("sizes.safetensors", "\"shape\":[8,96]", "\"shape\":[96,8]");
        replaced("names.safetensors", "\"output.bias\"", "\"output.bios\"");
        replaced(
            "damaged.safetensors",
            "context_length\\\"",
            "context_lengtj\\\"",
        );
        replaced(
            "future.safetensors",
            "format_version\\\":1",
            "format_version\\\":7",
        );
        let mut file = ModelFile::from_bytes(&whole).unwrap();
        let network = &file.model.networks()[0];
        let mut params = network.params().clone();
        params.embedding[5] = f32::NAN;
        file.model = Network::new(network.config().clone(), params)
            .unwrap()
            .into();
        write("nan.safetensors", &file.to_bytes().unwrap());
    }
}

/// The errors, helps and notes, or else the first line printed.
fn told(stdout: &str, stderr: &str) -> String {
    let kinds = ["error: ", "help: ", "note: "];
    let lines = stderr.lines().map(str::trim);
    let told: Vec<&str> = lines
        .filter(|line| kinds.iter().any(|kind| line.starts_with(kind)))
        // Printed for any list that is split at random, and for any network that is not good yet.
        .filter(|line| !line.contains("lists of names contain spelling variants"))
        .filter(|line| !line.contains("counting (Kneser–Ney) predicts these names better"))
        .collect();
    match told.is_empty() {
        true => stdout.lines().next().unwrap_or("").to_owned(),
        false => told.join("<br>"),
    }
}

/// Numbers that differ from run to run.
fn without_numbers(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match c.is_ascii_digit() || (c == ',' && shown.ends_with('N')) {
            true if shown.ends_with('N') => {}
            true => shown.push('N'),
            false => shown.push(c),
        }
    }
    shown
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace("\\<", "<")
}

#[test]
fn the_table_of_bad_input_is_true() {
    let base = tempfile::tempdir().unwrap();
    let place = Place::new(base.path());
    let mut page = HEAD.to_owned();
    for (heading, rows) in ROWS {
        page.push_str(&format!(
            "\n## {heading}\n\n| input | command | exit | answer |\n|---|---|---|---|\n"
        ));
        for (what, command) in *rows {
            let before = listing(&place.folder);
            let (code, answer) = if *command == INTERRUPTED {
                let (code, said) = place.interrupt(command);
                (code, without_numbers(&told("", &said)))
            } else {
                let run = place.run(command);
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                let said = text(&run.stderr);
                assert!(!said.contains("panicked"), "{command}: {said}");
                (
                    run.status.code().expect(command),
                    told(&text(&run.stdout), &said),
                )
            };
            if code == 1 || code == 2 {
                assert_eq!(
                    listing(&place.folder),
                    before,
                    "{command} left something behind"
                );
            }
            page.push_str(&format!(
                "| {what} | `{}` | {code} | {} |\n",
                cell(command),
                cell(&answer)
            ));
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/bad-input.md");
    if std::env::var_os("NEXTCHAR_UPDATE_DOCS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap();
    for (kept, made) in kept.lines().zip(page.lines()) {
        assert_eq!(
            kept, made,
            "docs/bad-input.md; NEXTCHAR_UPDATE_DOCS=1 regenerates it"
        );
    }
    assert_eq!(kept.lines().count(), page.lines().count());
}

/// The names and sizes of everything in a folder.
fn listing(folder: &Path) -> Vec<(PathBuf, u64)> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut found: Vec<_> = entries
        .map(|entry| (entry.path(), entry.metadata().unwrap().len()))
        .collect();
    found.sort();
    found
}
