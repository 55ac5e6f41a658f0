//! Bad input: what is said, with which exit code, and that nothing half-written stays.

use std::fs;

use crate::{nextchar, stderr, trained};

/// Runs in a folder with `files`, and expects the exit code and every part of the message.
pub fn refused(files: &[(&str, &[u8])], arguments: &[&str], code: i32, parts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let run = nextchar(folder.path(), arguments).code(code);
    let message = stderr(&run);
    for part in parts {
        assert!(message.contains(part), "{part:?} is missing: {message}");
    }
    assert!(!message.contains("panicked"), "{message}");
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, files.len(), "something was left behind");
}

const CSV: &[u8] = b"name,gender\naadesh,m\nzeel,f\n";

#[test]
fn lists_without_a_name() {
    refused(
        &[("a", b"")],
        &["train", "a"],
        1,
        &["a: it contains no names: it is empty"],
    );
    refused(
        &[("a", b"\n\n \n")],
        &["train", "a"],
        1,
        &["all of its lines are blank"],
    );
    refused(
        &[("a", b"\xff\xfe\n")],
        &["train", "a"],
        1,
        &["line 1, character 1: not valid UTF-8"],
    );
    let long = vec![b'a'; 1_000_000];
    refused(
        &[("a", &long)],
        &["train", "a"],
        1,
        &["line 1, character 1001: longer than 1000"],
    );
}

#[test]
fn files_that_cannot_be_read() {
    refused(&[], &["train", "."], 1, &[".: it is a folder, not a file"]);
    refused(
        &[],
        &["train", "missing.txt"],
        1,
        &["missing.txt: there is no such file", "help:"],
    );
    refused(
        &[],
        &["generate", "-m", "missing"],
        1,
        &["missing: there is no such file", "nextchar train"],
    );
}

#[test]
fn columns_and_filters_that_are_not_there() {
    let files: &[(&str, &[u8])] = &[("t.csv", CSV)];
    refused(
        files,
        &["train", "t.csv", "--column", "nam"],
        2,
        &["no column \"nam\"; its columns are: name, gender"],
    );
    refused(
        files,
        &["train", "t.csv", "--column", "name", "--where", "gender=x"],
        1,
        &["none of its 2 rows passes the filter"],
    );
    refused(
        files,
        &["train", "t.csv", "--where", "gender"],
        2,
        &["--where gender: must be COLUMN=VALUE"],
    );
}

#[test]
fn strict_refuses_at_the_line() {
    refused(
        &[("a", "aadesh\nRenée\n".as_bytes())],
        &["train", "a", "--strict", "--alphabet", "az"],
        1,
        &[
            "a: line 2, character 4: 'é' is not one of a–z, in \"Renée\"",
            "--alphabet data",
        ],
    );
}

#[test]
fn model_files_that_are_none() {
    refused(
        &[("m", b"junk")],
        &["generate", "-m", "m"],
        1,
        &["m: it is not a complete safetensors file"],
    );
    let huge = [&u64::MAX.to_le_bytes()[..], b"{}"].concat();
    refused(
        &[("m", &huge)],
        &["inspect", "-m", "m"],
        1,
        &["m: it is not a complete safetensors file"],
    );
    let whole = fs::read(trained().0.join("model.safetensors")).unwrap();
    for length in [1000, whole.len() / 2, whole.len() - 1] {
        refused(
            &[("m", &whole[..length])],
            &["next", "a", "-m", "m"],
            1,
            &["m: it is not a complete safetensors file"],
        );
    }
}

#[test]
fn options_that_contradict_each_other() {
    refused(
        &[],
        &["train", "--min-length", "9", "--max-length", "2"],
        2,
        &["no name has at least 9 and at most 2 characters"],
    );
    refused(
        &[],
        &["train", "--optimizer", "sgd", "--weight-decay", "1"],
        2,
        &["--weight-decay needs --optimizer adamw"],
    );
    refused(
        &[],
        &["train", "--context", "100000"],
        2,
        &["too long for 27 classes"],
    );
    refused(
        &[],
        &["train", "--context", "0"],
        2,
        &["--context 0: must be an integer of at least 1"],
    );
    refused(&[], &["train", "--split", "0,0,0"], 2, &["80,10,10"]);
}

#[test]
fn a_diverging_training_is_noticed() {
    refused(
        &[],
        &["train", "--learning-rate", "1e9"],
        1,
        &["training diverged at step", "try a smaller learning rate"],
    );
}

#[test]
fn foreign_files_are_not_replaced() {
    refused(
        &[("mine", b"precious")],
        &["train", "--out", "mine"],
        2,
        &["is not a model of this program", "--force"],
    );
    refused(
        &[],
        &["train", "--out", "nowhere/m"],
        2,
        &["the folder nowhere does not exist"],
    );
}

#[test]
fn generation_that_cannot_be() {
    let (folder, ..) = trained();
    let run = nextchar(
        folder,
        &[
            "generate",
            "-m",
            "model.safetensors",
            "--min-length",
            "9",
            "--max-length",
            "3",
        ],
    );
    assert!(stderr(&run.code(2)).contains("at least 9 and at most 3"));
    let run = nextchar(folder, &["next", "AB9", "-m", "model.safetensors"]);
    assert!(stderr(&run.code(2)).contains("'9' (character 3) is not in the alphabet"));
}

#[test]
fn a_number_below_zero_is_read_as_a_number() {
    refused(
        &[],
        &["train", "--learning-rate", "-1"],
        2,
        &["--learning-rate -1: must be above 0"],
    );
    let run = nextchar(
        &trained().0,
        &["generate", "-m", "model.safetensors", "--temperature", "-1"],
    );
    assert!(stderr(&run.code(2)).contains("--temperature -1: must be above 0"));
}

#[test]
fn tiny_lists_train_and_say_what_cannot_be_told() {
    for (list, names) in [
        ("aadesh\n", "1 name"),
        ("a\n", "1 name"),
        ("a\nb\n", "2 names"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("list"), list).unwrap();
        let run = nextchar(folder.path(), &["train", "list"]).success();
        let message = stderr(&run);
        assert!(
            message.contains("too few names to hold any out"),
            "{message}"
        );
        assert!(message.contains(names), "{message}");
    }
}

#[test]
fn a_list_without_a_usable_line_is_diagnosed_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a"), b"\xff\nx_y\n\n").unwrap();
    let run = nextchar(folder.path(), &["data", "check", "a"]).code(1);
    let out = crate::stdout(&run);
    assert!(out.starts_with("a: 0 different names in 3 lines"), "{out}");
    assert!(
        out.contains("line 1, character 1: not valid UTF-8"),
        "{out}"
    );
    assert!(
        out.contains("line 2, character 2: '_' stands for the end of a name"),
        "{out}"
    );
    assert!(stderr(&run).contains("it contains no names"), "{out}");
}

#[test]
fn a_table_read_as_lines_is_recognised() {
    refused(
        &[("t.csv", b"id,name\n1,aadesh\n2,zeel\n")],
        &["train", "t.csv"],
        1,
        &["it looks like a table", "id, name", "--column"],
    );
    let bare = b"IN,aadesh,3\nIN,zeel,2\n";
    refused(
        &[("t.csv", bare)],
        &["train", "t.csv"],
        1,
        &["IN, aadesh, 3", "or by its position, such as --column '#2'"],
    );
    refused(
        &[("t.csv", bare)],
        &["train", "t.csv", "--column", "name"],
        2,
        &[
            "no column \"name\"; its columns are: IN, aadesh, 3",
            "if this is not a header, select columns by position, such as --column '#2'",
        ],
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said() {
    use std::process::{Command, Stdio};
    let (folder, ..) = trained();
    let full = fs::File::create("/dev/full").unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_nextchar"))
        .current_dir(folder)
        .args(["generate", "-m", "model.safetensors", "-n", "5000"])
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let message = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(1), "{message}");
    assert!(
        message.contains("standard output: the disk is full"),
        "{message}"
    );
    refused(
        &[],
        &["train", "--out", "/dev/full"],
        2,
        &["--out /dev/full: it is a device, not a file"],
    );
}

#[cfg(unix)]
#[test]
fn files_without_permission() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list");
    fs::write(&list, "aadesh\n").unwrap();
    fs::set_permissions(&list, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&list).is_ok() {
        return; // a superuser may read anything
    }
    let run = nextchar(folder.path(), &["train", "list"]).code(1);
    assert!(stderr(&run).contains("list: permission denied"));
}

#[test]
fn conditions_that_cannot_be() {
    let says = |arguments: &[&str], part: &str| {
        refused(&[], &[&["generate"], arguments].concat(), 2, &[part]);
    };
    says(&["--prefix", "zz9"], "begins with zz9");
    says(
        &["--prefix", "ab", "--exclude", "b"],
        "begins with ab and is without b",
    );
    says(
        &["--suffix", "abcdef", "--max-length", "5"],
        "no name of 2 to 5 characters",
    );
    says(
        &["--pattern", "("],
        "the pattern \"(\" cannot be used: unclosed group",
    );
    says(
        &["--top-k", "0"],
        "--top-k 0: must be an integer of at least 1",
    );
    says(
        &["--top-p", "1.5"],
        "--top-p 1.5: must be above 0 and at most 1",
    );
    says(&["--letters", "z-a"], "characters and ranges, such as a-mz");
    says(&["--pattern", ".{900}{900}"], "cannot be used");
}
