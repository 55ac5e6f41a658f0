//! Nothing is lost: no output replaces an input, a model or a list of the same run, and every refusal
//! comes before any work.

use std::fs;
use std::path::Path;

use crate::{nextchar, stderr, stdout};

const SHORT: &[&str] = &[
    "train",
    "finnish-names",
    "--no-refit",
    "--steps",
    "20",
    "--hidden",
    "8",
];

/// A folder with a list, a model and an unfinished checkpoint.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("list.txt"), "aino\neino\nilma\noona\n".repeat(3)).unwrap();
    nextchar(path, &[SHORT, &["--out", "b.model"]].concat()).success();
    let stopped = ["--stop-after", "9", "--checkpoint", "state", "--out", "m"];
    nextchar(path, &[SHORT, &stopped].concat()).success();
    fs::remove_file(path.join("m")).unwrap();
    folder
}

/// Names and contents of everything in a folder; a link is where it points.
fn contents(folder: &Path) -> Vec<(String, Option<std::path::PathBuf>, Vec<u8>)> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut found: Vec<_> = entries
        .map(|entry| {
            let link = fs::read_link(entry.path()).ok();
            let bytes = fs::read(entry.path()).unwrap_or_default();
            (entry.file_name().into_string().unwrap(), link, bytes)
        })
        .collect();
    found.sort();
    found
}

/// Expects a refusal as misuse, with every part of the message, that changes nothing and trains nothing.
fn refused(folder: &Path, arguments: &[&str], parts: &[&str]) {
    let before = contents(folder);
    let run = nextchar(folder, arguments);
    let message = stderr(&run);
    assert_eq!(
        run.get_output().status.code(),
        Some(2),
        "{arguments:?}: {message}"
    );
    for part in parts {
        assert!(
            message.contains(part),
            "{arguments:?}: {part:?} is missing: {message}"
        );
    }
    assert!(message.contains("help:"), "no way out: {message}");
    assert!(!message.contains("os error"), "{message}");
    assert!(!message.contains("epoch"), "refused too late: {message}");
    assert!(contents(folder) == before, "{arguments:?} changed a file");
}

#[test]
fn the_model_and_the_checkpoint_are_never_one_file() {
    let folder = folder();
    let path = folder.path();
    let both = "the same file as --checkpoint";
    for checkpoint in ["a.model", "./a.model", "../x/../{}/a.model"] {
        let name = path.file_name().unwrap().to_str().unwrap();
        let checkpoint = checkpoint.replace("x/../{}", name);
        let outputs = ["--out", "a.model", "--checkpoint", &checkpoint, "--force"];
        refused(path, &[SHORT, &outputs].concat(), &[both]);
    }
    let resume = ["train", "--resume", "state", "--out", "state", "--force"];
    refused(path, &resume, &["--out state: the same file as --resume"]);
    // Going on into the file that it goes on from is what `--resume` does by itself.
    let same = [
        "--checkpoint",
        "./state",
        "--out",
        "m",
        "--stop-after",
        "12",
    ];
    nextchar(path, &[&["train", "--resume", "state"], &same[..]].concat()).success();
    assert!(path.join("state").exists() && path.join("m").exists());
    nextchar(path, &["train", "--resume", "state", "--out", "m"]).success();
    assert!(!path.join("state").exists() && path.join("m").exists());
}

#[cfg(unix)]
#[test]
fn links_do_not_hide_that_two_files_are_one() {
    let folder = folder();
    let path = folder.path();
    std::os::unix::fs::symlink("b.model", path.join("soft")).unwrap();
    std::os::unix::fs::symlink("not-yet", path.join("dangling")).unwrap();
    fs::hard_link(path.join("b.model"), path.join("hard")).unwrap();
    for checkpoint in ["soft", "hard"] {
        let outputs = ["--out", "b.model", "--checkpoint", checkpoint, "--force"];
        refused(path, &[SHORT, &outputs].concat(), &["the same file as"]);
    }
    std::os::unix::fs::symlink("circle", path.join("circle")).unwrap();
    let circle = [SHORT, &["--out", "circle"]].concat();
    refused(path, &circle, &["its links form a loop"]);
    let outputs = ["--out", "not-yet", "--checkpoint", "dangling", "--force"];
    refused(path, &[SHORT, &outputs].concat(), &["the same file as"]);
    for html in ["soft", "hard"] {
        let evaluate = ["evaluate", "-m", "b.model", "--html", html, "--force"];
        refused(path, &evaluate, &["the same file as --model b.model"]);
    }
}

#[test]
fn no_output_replaces_an_input_even_with_force() {
    let folder = folder();
    let path = folder.path();
    let counts = ["export", "-f", "counts", "-m", "b.model", "-o", "c.parquet"];
    nextchar(path, &counts).success();
    fs::write(path.join("engine.wasm"), b"\0asm").unwrap();
    for (arguments, says) in [
        (&["train", "list.txt", "--out", "list.txt"][..], "DATA"),
        (&["train", "list.txt", "--checkpoint", "list.txt"], "DATA"),
        (
            &["train", "--val", "list.txt", "--out", "list.txt"],
            "--val",
        ),
        (
            &["train", "--test", "list.txt", "--out", "list.txt"],
            "--test",
        ),
        (
            &["train", "--teacher", "b.model", "--out", "b.model"],
            "--teacher",
        ),
        (
            &["train", "--counts", "c.parquet", "--out", "c.parquet"],
            "--counts",
        ),
        (
            &[
                "evaluate",
                "list.txt",
                "--alphabet",
                "data",
                "--html",
                "list.txt",
            ],
            "DATA",
        ),
        (
            &["evaluate", "-m", "b.model", "--html", "b.model"],
            "--model",
        ),
        (
            &["export", "-f", "word2vec", "-m", "b.model", "-o", "b.model"],
            "--model",
        ),
        (
            &[
                "export",
                "-f",
                "html",
                "--engine",
                "engine.wasm",
                "-o",
                "engine.wasm",
            ],
            "--engine",
        ),
    ] {
        refused(
            path,
            &[arguments, &["--force"]].concat(),
            &["the same file as", says],
        );
    }
    refused(
        path,
        &["tune", "list.txt", "--trials", "list.txt"],
        &["the same file as DATA"],
    );
    fs::copy(path.join("b.model"), path.join("m.safetensors")).unwrap();
    let both = [
        "export",
        "-f",
        "numpy",
        "-m",
        "m.safetensors",
        "-o",
        "m.py",
        "--force",
    ];
    refused(path, &both, &["m.safetensors: the same file as --model"]);
    fs::rename(path.join("b.model"), path.join("b.svg")).unwrap();
    let plot = [
        "plot", "bigrams", "-m", "b.svg", "--out", "b.svg", "--force",
    ];
    refused(path, &plot, &["the same file as --model"]);
}

/// What is written first stands beside its place for a moment: not in the place of another file.
#[test]
fn a_half_written_file_has_a_name_of_its_own() {
    let folder = folder();
    let path = folder.path();
    fs::write(path.join("m.partial"), "precious").unwrap();
    nextchar(path, &[SHORT, &["--out", "m"]].concat()).success();
    assert_eq!(fs::read(path.join("m.partial")).unwrap(), b"precious");
    fs::copy(path.join("list.txt"), path.join("n.nextchar-partial")).unwrap();
    let train = ["train", "n.nextchar-partial", "--out", "n"];
    refused(
        path,
        &train,
        &["n.nextchar-partial", "the same file as DATA"],
    );
}

#[test]
fn what_exists_is_replaced_only_with_force() {
    let folder = folder();
    let path = folder.path();
    for (file, arguments) in [
        (
            "page",
            &[
                "evaluate", "-m", "b.model", "--names", "50", "--html", "page",
            ][..],
        ),
        (
            "p.svg",
            &["plot", "bigrams", "-m", "b.model", "--out", "p.svg"],
        ),
        (
            "p.png",
            &["plot", "bigrams", "-m", "b.model", "--out", "p.png"],
        ),
        (
            "v.txt",
            &["export", "-f", "word2vec", "-m", "b.model", "-o", "v.txt"],
        ),
        (
            "s",
            &[
                "train",
                "list.txt",
                "--alphabet",
                "data",
                "--steps",
                "9",
                "--checkpoint",
                "s",
            ],
        ),
        (
            "o",
            &[
                "train",
                "list.txt",
                "--alphabet",
                "data",
                "--steps",
                "9",
                "--out",
                "o",
            ],
        ),
    ] {
        fs::write(path.join(file), "precious").unwrap();
        refused(path, arguments, &["the file exists", "--force"]);
        nextchar(path, &[arguments, &["--force"]].concat()).success();
        let now = fs::read(path.join(file));
        assert!(now.is_err() || now.unwrap() != b"precious", "{file}");
    }
    refused(
        path,
        &["tune", "list.txt", "--trials", "b.model"],
        &["not a file of trials"],
    );
}

#[cfg(unix)]
#[test]
fn a_write_protected_file_is_not_replaced() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let path = folder.path();
    let model = path.join("b.model");
    fs::set_permissions(&model, fs::Permissions::from_mode(0o444)).unwrap();
    let train = [SHORT, &["--out", "b.model"]].concat();
    refused(
        path,
        &train,
        &["--out b.model: the file is write-protected", "--force"],
    );
    nextchar(path, &[&train[..], &["--force"]].concat()).success();
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_its_target_is_replaced() {
    let folder = folder();
    let path = folder.path();
    fs::create_dir(path.join("elsewhere")).unwrap();
    for link in ["first", "second"] {
        std::os::unix::fs::symlink("elsewhere/model", path.join(link)).unwrap();
        nextchar(path, &[SHORT, &["--out", link]].concat()).success();
        let found = fs::read_link(path.join(link));
        assert_eq!(found.unwrap(), Path::new("elsewhere/model"));
        nextchar(path, &["inspect", "-m", "elsewhere/model"]).success();
        let files = fs::read_dir(path.join("elsewhere")).unwrap().count();
        assert_eq!(files, 1, "nothing half-written stays");
    }
}

#[test]
fn places_where_nothing_can_be_written_are_named_before_any_work() {
    let folder = folder();
    let path = folder.path();
    let long = "a".repeat(300);
    for (place, says) in [
        ("x/", "it is the name of a folder, not of a file"),
        ("nowhere/..", "it is the name of a folder, not of a file"),
        (".", "it is a folder, not a file"),
        ("nowhere/m", "the folder nowhere does not exist"),
        ("list.txt/m", "list.txt is not a folder"),
        (&long, "the file name is too long"),
    ] {
        for option in ["--out", "--checkpoint"] {
            let said = format!("{option} {place}: {says}");
            refused(path, &[SHORT, &[option, place]].concat(), &[&said]);
        }
        let said = format!("--html {place}: {says}");
        refused(
            path,
            &["evaluate", "-m", "b.model", "--html", place],
            &[&said],
        );
        let said = format!("--trials {place}: {says}");
        refused(path, &["tune", "--trials", place], &[&said]);
        let said = format!("--out {place}: {says}");
        refused(
            path,
            &["export", "-f", "word2vec", "--out", place],
            &[&said],
        );
    }
}

#[test]
fn a_dash_is_standard_output_or_refused_by_name() {
    let folder = folder();
    let path = folder.path();
    refused(
        path,
        &[SHORT, &["--out", "-"]].concat(),
        &["--out -: ", "./-"],
    );
    refused(
        path,
        &[SHORT, &["--checkpoint", "-"]].concat(),
        &["--checkpoint -: "],
    );
    refused(path, &["tune", "--trials", "-"], &["--trials -: "]);
    refused(
        path,
        &["evaluate", "-m", "b.model", "--html", "-"],
        &["--html -: "],
    );
    for format in ["pytorch", "numpy", "projector"] {
        let export = ["export", "-f", format, "-m", "b.model", "-o", "-"];
        refused(path, &export, &["--out -: ", "two files"]);
    }
    let json = [
        "export", "-f", "word2vec", "-m", "b.model", "-o", "-", "--json",
    ];
    refused(path, &json, &["--out -: ", "--json"]);
    for format in ["word2vec", "counts"] {
        let export = ["export", "-f", format, "-m", "b.model", "-o"];
        nextchar(path, &[&export[..], &["file"]].concat()).success();
        let run = nextchar(path, &[&export[..], &["-"]].concat()).success();
        let file = fs::read(path.join("file")).unwrap();
        assert!(run.get_output().stdout == file, "{format}");
        fs::remove_file(path.join("file")).unwrap();
    }
    // A file of that name can be had all the same.
    nextchar(path, &[SHORT, &["--out", "./-"]].concat()).success();
    assert!(path.join("-").exists());
}

/// A shell's redirections are inputs and outputs like others.
#[cfg(target_os = "linux")]
#[test]
fn redirected_files_are_not_replaced() {
    let folder = folder();
    let path = folder.path();
    for (script, says) in [
        (
            "train - --alphabet data --out list.txt --force < list.txt",
            "--out list.txt: the same file as standard input",
        ),
        (
            "train finnish-names --out log --force > log",
            "--out log: the same file as standard output",
        ),
    ] {
        let program = env!("CARGO_BIN_EXE_nextchar");
        let output = std::process::Command::new("sh")
            .args(["-c", &format!("\"$0\" {script}"), program])
            .current_dir(path)
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(says), "{message}");
    }
    assert!(
        fs::read(path.join("list.txt"))
            .unwrap()
            .starts_with(b"aino")
    );
}

/// A device without an end is refused by its first bytes.
#[cfg(target_os = "linux")]
#[test]
fn files_are_known_by_their_first_bytes() {
    let folder = folder();
    let program = env!("CARGO_BIN_EXE_nextchar");
    for (script, says) in [
        (
            "train --resume /dev/zero",
            "/dev/zero: it is not a complete safetensors file",
        ),
        (
            "train --resume /dev/urandom",
            "/dev/urandom: it is not a complete safetensors file",
        ),
        (
            "inspect -m /dev/zero",
            "/dev/zero: it is not a complete safetensors file",
        ),
        (
            "train --teacher /dev/zero",
            "/dev/zero: it is not a complete safetensors file",
        ),
        (
            "train --counts /dev/zero",
            "/dev/zero: it cannot be read as Parquet",
        ),
        (
            "export -f html --engine /dev/zero -o page",
            "/dev/zero: it is not a WebAssembly module",
        ),
    ] {
        // 400 MB of addresses are a tenth of what such a file could fill.
        let limited = format!("ulimit -v 400000; exec \"$0\" {script}");
        let output = std::process::Command::new("sh")
            .args(["-c", &limited, program])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{script}: {message}");
        assert!(message.contains(says), "{script}: {message}");
    }
    // A whole file comes through a pipe as before.
    let inspect = std::process::Command::new("bash")
        .args(["-c", "\"$0\" inspect -m <(cat b.model)", program])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(inspect.status.success());
}

#[test]
fn a_number_of_threads_beyond_any_use_is_lowered_with_a_note() {
    let folder = folder();
    let started = std::time::Instant::now();
    let most = u64::MAX.to_string();
    let generate = ["generate", "-m", "b.model", "-n", "1", "--threads"];
    let few = nextchar(folder.path(), &[&generate[..], &["1"]].concat()).success();
    for threads in ["30000", &most] {
        let run = nextchar(folder.path(), &[&generate[..], &[threads]].concat()).success();
        assert_eq!(stdout(&run), stdout(&few));
        let said = format!("--threads {threads}: ");
        assert!(stderr(&run).contains(&said), "{}", stderr(&run));
    }
    let train = [SHORT, &["--threads", &most, "--out", "m"]].concat();
    nextchar(folder.path(), &train).success();
    assert!(started.elapsed() < std::time::Duration::from_secs(20));
}

/// A program whose parent ignores signals, started with them ignored, and stopped by others as before.
#[cfg(unix)]
mod signals {
    use std::path::Path;
    use std::process::{Child, Command, Stdio};
    use std::time::Duration;

    fn start(folder: &Path, ignored: &str, arguments: &str) -> Child {
        let script = format!("trap '' {ignored}; exec \"$0\" {arguments}");
        Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_nextchar")])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn send(signal: &str, child: &Child) {
        let kill = Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status();
        assert!(kill.unwrap().success());
    }

    #[test]
    fn ignored_ones_stay_ignored() {
        for (ignored, sent, deadly) in [("HUP", "-HUP", "-INT"), ("INT", "-INT", "-HUP")] {
            let folder = tempfile::tempdir().unwrap();
            let train =
                "train finnish-names --steps 200000 --out m --checkpoint c --checkpoint-every 20ms";
            let mut child = start(folder.path(), ignored, train);
            while !folder.path().join("c").exists() {
                std::thread::sleep(Duration::from_millis(5));
            }
            send(sent, &child);
            send(sent, &child);
            std::thread::sleep(Duration::from_millis(300));
            assert!(child.try_wait().unwrap().is_none(), "{sent} ended it");
            send(deadly, &child);
            let output = child.wait_with_output().unwrap();
            let message = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(130), "{message}");
            assert!(message.contains("interrupted after step"), "{message}");
        }
    }

    /// Waits until the program, and not the shell that becomes it, has a handler for SIGINT.
    #[cfg(target_os = "linux")]
    fn wait_for_handler(child: &Child) {
        let status = format!("/proc/{}/status", child.id());
        let caught = || {
            let text = std::fs::read_to_string(&status).unwrap();
            if !text.starts_with("Name:\tnextchar\n") {
                return false;
            }
            let line = text.lines().find_map(|line| line.strip_prefix("SigCgt:"));
            u64::from_str_radix(line.unwrap().trim(), 16).unwrap() & 1 << 1 != 0
        };
        while !caught() {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_search_that_tried_nothing_concludes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for json in ["", "--json"] {
            let arguments = format!("tune --time 60s {json}");
            let child = start(folder.path(), "HUP", &arguments);
            wait_for_handler(&child);
            send("-INT", &child);
            let output = child.wait_with_output().unwrap();
            let message = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(130), "{message}");
            let said = "interrupted before the first trial finished: nothing was compared";
            assert!(message.contains(said), "{message}");
            assert!(!message.contains("no network is better"), "{message}");
            assert_eq!(output.stdout, b"", "nothing is concluded");
        }
    }

    /// Of several networks those that are missing are counted.
    #[test]
    fn an_interrupted_training_says_how_many_networks_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let train = "train finnish-names --networks 3 --steps 200000 --out m --checkpoint c --checkpoint-every 20ms";
        let child = start(folder.path(), "HUP", train);
        while !folder.path().join("c").exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        send("-INT", &child);
        let output = child.wait_with_output().unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(130), "{message}");
        assert!(
            message.contains("was saved; the model has 1 of 3 networks"),
            "{message}"
        );
    }

    /// A second signal does not wait.
    #[test]
    fn a_second_one_ends_the_program_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let train =
            "train finnish-names --steps 200000 --out m --checkpoint c --checkpoint-every 20ms";
        let mut child = start(folder.path(), "HUP", train);
        while !folder.path().join("c").exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        // Until it is over: the first may already be enough.
        while child.try_wait().unwrap().is_none() {
            let _ = Command::new("kill")
                .args(["-TERM", &child.id().to_string()])
                .stderr(Stdio::null())
                .status();
        }
        assert_eq!(child.wait().unwrap().code(), Some(130));
    }
}

/// Every file that the program writes goes through one module, which knows what else the run needs.
#[test]
fn no_writer_bypasses_the_module_of_output_files() {
    const WRITERS: [&str; 18] = [
        "File::create",
        "File::options",
        "OpenOptions",
        "fs::write",
        "fs::rename",
        "fs::copy",
        "hard_link",
        "symlink(",
        "remove_file",
        "remove_dir",
        "create_dir",
        "set_len",
        "set_permissions",
        "persist(",
        ".keep()",
        "tempfile",
        "BitMapBackend::new(",
        "SVGBackend::new(",
    ];
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut seen) = (vec![sources], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            seen += 1;
            let own = path.ends_with("output_files.rs");
            let text = fs::read_to_string(&path).unwrap();
            let found = WRITERS.iter().find(|writer| text.contains(**writer));
            assert_eq!(found.is_some(), own, "{}: {found:?}", path.display());
        }
    }
    assert!(seen > 40, "the sources are there: {seen} files");
}
