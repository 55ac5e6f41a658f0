//! A training that is killed at any moment and resumed ends in the bytes of one that was not; what a
//! disk does meanwhile loses nothing.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::{nextchar, stderr};

/// Small, and with everything that a state has: passes, dropout, averages, moments, a curve.
const MIXTURE: &[&str] = &["--steps", "900", "--hidden", "32,32"];
const WINDOWS: &[&str] = &[
    "--family", "network", "--preset", "kaiming", "--hidden", "50", "--steps", "6000",
];
const CONTEXTS: &[&str] = &[
    "--family", "network", "--batch", "300", "--draw", "contexts", "--steps", "700", "--hidden",
    "40",
];
const FULL: &[&str] = &[
    "--batch",
    "full",
    "--portable",
    "--steps",
    "300",
    "--hidden",
    "24",
    "--patience",
    "20",
];
const SEVERAL: &[&str] = &["--networks", "3", "--steps", "350", "--hidden", "24,24"];

fn train(folder: &Path, options: &[&str], more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nextchar"));
    command
        .current_dir(folder)
        .args(["train", "finnish-names", "--out", "model"])
        .args(options)
        .args(more)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// A step of a small generator (Marsaglia 2003): the moments of the kills.
fn next(random: &mut u32) -> u32 {
    *random ^= *random << 13;
    *random ^= *random >> 17;
    *random ^= *random << 5;
    *random
}

/// Waits for a time; says whether the training was still running, which then is killed.
fn kill_after(mut child: Child, time: Duration) -> bool {
    let end = Instant::now() + time;
    while Instant::now() < end {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap(); // SIGKILL
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!message.contains("error"), "{message}");
    !output.status.success()
}

/// Kills before a training may end.
const KILLS: u32 = 2;

/// Kills the training again and again, each time going on, until it is done; one that ended too soon begins
/// anew. Gives the numbers of kills and of runs that went on from a checkpoint.
fn killed(options: &[&str], random: &mut u32) -> (u32, u32) {
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    assert!(
        train(folder.path(), options, &[])
            .status()
            .unwrap()
            .success()
    );
    let usual = begun.elapsed().as_millis() as u32;
    let expected = fs::read(folder.path().join("model")).unwrap();
    let (mut kills, mut resumed) = (0, 0);
    for threads in ["1", "2", "3"] {
        fs::remove_file(folder.path().join("model")).unwrap();
        let mut own = 0;
        loop {
            let checkpoint = folder.path().join("state").exists();
            let mut more = vec!["--threads", threads, "--checkpoint-every", "15ms"];
            more.extend(match checkpoint {
                true => ["--resume", "state"],
                false => ["--checkpoint", "state"],
            });
            let child = train(folder.path(), options, &more).spawn().unwrap();
            resumed += u32::from(checkpoint);
            // The longer it takes, the longer it may: it comes to an end.
            let time = next(random) % (usual + 20 * own);
            if kill_after(child, Duration::from_millis(time.into())) {
                own += 1;
            } else if own < KILLS {
                fs::remove_file(folder.path().join("model")).unwrap();
            } else {
                break;
            }
        }
        kills += own;
        let model = fs::read(folder.path().join("model")).unwrap();
        assert!(
            model == expected,
            "{options:?}, {threads} threads, {own} kills"
        );
        let left: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["model"], "nothing else stays");
    }
    (kills, resumed)
}

#[test]
fn killed_trainings_end_in_the_same_bytes() {
    let mut random = 0x9e37_79b9;
    let (mut kills, mut resumed) = (0, 0);
    for options in [MIXTURE, WINDOWS, CONTEXTS, FULL, SEVERAL] {
        let found = killed(options, &mut random);
        kills += found.0;
        resumed += found.1;
    }
    eprintln!("{kills} kills, {resumed} times resumed");
    assert!(
        kills >= 15 * KILLS && resumed >= 8,
        "{kills} kills, {resumed} times resumed"
    );
}

/// A minute or more: `./test --long` runs it.
#[test]
#[ignore = "long"]
fn killed_trainings_with_a_student_end_in_the_same_bytes() {
    const DISTILLED: &[&str] = &[
        "--networks",
        "2",
        "--distill",
        "--steps",
        "200",
        "--hidden",
        "16",
    ];
    let mut random = 0x1234_5678;
    let (kills, resumed) = killed(DISTILLED, &mut random);
    assert!(
        kills >= 3 && resumed >= 3,
        "{kills} kills, {resumed} times resumed"
    );
    for round in 0..10 {
        for options in [MIXTURE, WINDOWS, CONTEXTS, FULL, SEVERAL] {
            let (kills, _) = killed(options, &mut random);
            eprintln!("round {round}: {kills} kills, {options:?}");
        }
    }
}

/// What a training printed on standard error, and its exit code.
fn ended(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The bytes of a training that nothing disturbs.
fn undisturbed(options: &[&str]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    assert!(
        train(folder.path(), options, &[])
            .status()
            .unwrap()
            .success()
    );
    fs::read(folder.path().join("model")).unwrap()
}

#[test]
fn a_resumed_training_takes_its_options_over_and_names_differences() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (code, message) = ended(&mut train(
        path,
        MIXTURE,
        &["--checkpoint", "state", "--stop-after", "70"],
    ));
    assert_eq!(code, Some(0));
    assert!(
        message.contains("`nextchar train --resume state` resumes the training"),
        "{message}"
    );
    let refused = |arguments: &[&str], code: i32, parts: &[&str]| {
        let message = stderr(&nextchar(path, arguments).code(code));
        for part in parts {
            assert!(message.contains(part), "{part:?} is missing: {message}");
        }
    };
    let state = fs::read(path.join("state")).unwrap();
    refused(
        &["train", "--resume", "state", "--hidden", "16"],
        2,
        &["--hidden was 32,32 and is now 16"],
    );
    refused(
        &[
            "train",
            "italian-names",
            "--resume",
            "state",
            "--portable",
            "--seed",
            "7",
        ],
        2,
        &[
            "--portable was off and is now on",
            "--seed was 42 and is now 7",
            "the list to learn from was 309 names (",
        ],
    );
    refused(
        &["train", "--resume", "state", "--epochs", "3"],
        2,
        &["with the options of the checkpoint", "'--epochs"],
    );
    refused(
        &["train", "--checkpoint", "state"],
        2,
        &[
            "it contains an unfinished training",
            "`nextchar train --resume state` resumes it",
        ],
    );
    refused(
        &["train", "--checkpoint", "model"],
        2,
        &["model: the file exists and is not a checkpoint"],
    );
    refused(
        &["train", "--resume", "model"],
        1,
        &["model: it is a safetensors file, but not a checkpoint"],
    );
    refused(
        &["train", "--resume", "nowhere"],
        1,
        &["nowhere: there is no such file", "omit --resume"],
    );
    refused(
        &["next", "a", "--model", "state"],
        1,
        &["state: it is a safetensors file, but not a model"],
    );
    let mut future = state.clone();
    let version = br#"format_version\":1"#;
    let place = future
        .windows(version.len())
        .position(|part| part == version)
        .unwrap();
    future[place + version.len() - 1] = b'7';
    fs::write(path.join("future"), future).unwrap();
    refused(
        &["train", "--resume", "future"],
        1,
        &["future: it has format version 7", "update nextchar"],
    );
    assert!(
        state == fs::read(path.join("state")).unwrap(),
        "no refusal touches it"
    );
    nextchar(path, &["train", "--resume", "state", "--hidden", "32,32"]).success();
    assert!(fs::read(path.join("model")).unwrap() == undisturbed(MIXTURE));
    assert!(!path.join("state").exists());
}

/// The checkpoint of `testdata/files` goes on to the bytes of a training that was never stopped.
#[test]
fn the_checkpoint_of_version_1_is_gone_on_with_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let kept = "../../testdata/files/checkpoint-1.safetensors";
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join(kept);
    fs::copy(kept, folder.path().join("state")).unwrap();
    nextchar(folder.path(), &["train", "--resume", "state"]).success();
    let resumed = fs::read(folder.path().join("model.safetensors")).unwrap();
    let options = ["--networks", "2", "--hidden", "8,8", "--steps", "3000"];
    assert!(resumed == undisturbed(&options));
}

#[cfg(unix)]
#[test]
fn an_interrupted_training_saves_the_best_and_goes_on_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let options = &["--steps", "40000", "--hidden", "32"];
    let state = ["--checkpoint", "state", "--checkpoint-every", "20ms"];
    let child = train(path, options, &state).spawn().unwrap();
    while !path.join("state").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let interrupt = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(interrupt.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{message}");
    assert!(message.contains("interrupted after step"), "{message}");
    assert!(
        message.contains("`nextchar train --resume state` resumes the training"),
        "{message}"
    );
    nextchar(path, &["next", "a", "--model", "model"]).success();
    let left = fs::read_dir(path).unwrap().count();
    assert_eq!(left, 2, "the model and the state");
}

/// A training in a shell in which no file may grow beyond so many kilobytes, as on a full disk.
#[cfg(target_os = "linux")]
fn train_with_room(folder: &Path, kilobytes: u32, arguments: &[&str]) -> Command {
    let mut command = Command::new("bash");
    let script = format!("trap '' XFSZ; ulimit -f {kilobytes}; exec \"$0\" \"$@\"");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_nextchar"), "train"]);
    command.args(arguments).current_dir(folder);
    command
}

#[cfg(target_os = "linux")]
#[test]
fn without_room_for_checkpoints_training_goes_on_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    ended(&mut train(
        path,
        MIXTURE,
        &["--checkpoint", "state", "--stop-after", "300"],
    ));
    let state = fs::read(path.join("state")).unwrap();
    let resume = ["--resume", "state", "--checkpoint-every", "1ms"];
    let (code, message) = ended(&mut train_with_room(
        path,
        90,
        &[&resume[..], &["--stop-after", "500"]].concat(),
    ));
    assert_eq!(code, Some(0), "{message}");
    let said = "no checkpoint could be saved: state: the disk is full or the file too large; training continues, and the last one was saved after step 300";
    assert_eq!(message.matches(said).count(), 1, "said once: {message}");
    assert!(
        fs::read(path.join("state")).unwrap() == state,
        "it is as it was"
    );
    let (code, message) = ended(&mut train_with_room(path, 90, &resume));
    assert_eq!(code, Some(0), "{message}");
    assert!(fs::read(path.join("model")).unwrap() == undisturbed(MIXTURE));
    assert_eq!(
        fs::read_dir(path).unwrap().count(),
        1,
        "nothing half-written stays"
    );
}

/// Takes a folder away, whatever is being written in it.
fn vanish(folder: &Path) {
    while folder.exists() {
        let _ = fs::remove_dir_all(folder);
    }
}

#[test]
fn when_the_folders_vanish_the_model_is_saved_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::create_dir(path.join("gone")).unwrap();
    let places = [
        "--out",
        "gone/model",
        "--checkpoint",
        "gone/state",
        "--checkpoint-every",
        "1ms",
    ];
    let mut command = Command::new(env!("CARGO_BIN_EXE_nextchar"));
    command
        .current_dir(path)
        .env("TMPDIR", path)
        .arg("train")
        .arg("finnish-names");
    command
        .args(MIXTURE)
        .args(places)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    while !path.join("gone/state").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    vanish(&path.join("gone"));
    let output = child.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{message}");
    for part in [
        "no checkpoint could be saved: gone/state: there is no such file or folder; training continues",
        "gone/model: there is no such file or folder",
        "the model was saved as ",
    ] {
        assert!(message.contains(part), "{part:?} is missing: {message}");
    }
    let entries: Vec<_> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert!(fs::read(&entries[0]).unwrap() == undisturbed(MIXTURE));
}
