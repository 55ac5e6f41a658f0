//! How a command fails: the only place that decides messages and exit codes.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use nextchar::CoreError as Error;
use nextchar::setting::OutOfRange;

use crate::hints;

/// Success.
pub const DONE: u8 = 0;
/// Something failed: a file, the data, the training.
const FAILED: u8 = 1;
/// The command line makes no sense.
const MISUSE: u8 = 2;
/// Ctrl-C.
pub const INTERRUPTED: u8 = 130;

/// The columns of counted windows, which are not names.
const COUNTS: [&str; 3] = ["context", "next", "count"];

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default();

/// Why a command failed, and what to do about it.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    message: String,
    help: Option<String>,
}

impl Failure {
    /// The failure of a valid command.
    pub fn failed(message: impl Display) -> Self {
        Failure {
            code: FAILED,
            message: message.to_string(),
            help: None,
        }
    }

    /// The failure of a command that makes no sense.
    pub fn misuse(message: impl Display) -> Self {
        Failure {
            code: MISUSE,
            ..Failure::failed(message)
        }
    }

    /// Adds what to do about it.
    pub fn help(mut self, help: impl Display) -> Self {
        self.help = Some(help.to_string());
        self
    }

    /// The same with the exit code of misuse.
    pub fn into_misuse(self) -> Self {
        Failure {
            code: MISUSE,
            ..self
        }
    }

    /// Whether there is nothing to report: the reader of standard output has gone away.
    pub fn is_silent(&self) -> bool {
        self.code == DONE
    }

    /// A failure to access a file.
    pub fn file(path: &Path, error: &io::Error) -> Self {
        let what = match error.kind() {
            io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
            io::ErrorKind::IsADirectory => "it is a folder, not a file".to_owned(),
            io::ErrorKind::NotADirectory => "a part of its path is a file, not a folder".to_owned(),
            io::ErrorKind::InvalidFilename => "the file name is too long".to_owned(),
            io::ErrorKind::StorageFull => "the disk is full".to_owned(),
            io::ErrorKind::FileTooLarge => "the disk is full or the file too large".to_owned(),
            io::ErrorKind::QuotaExceeded => "the disk quota is used up".to_owned(),
            io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
            _ => error.to_string(),
        };
        Failure::failed(format!("{}: {what}", path.display()))
    }

    /// Prefixes the message with where it happened.
    pub fn within(mut self, place: impl Display) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// Prints it and returns the exit code. A reader that has gone away is no failure.
    pub fn report(self) -> ExitCode {
        if self.code != DONE {
            anstream::eprintln!("{ERROR}error:{ERROR:#} {}", self.message);
            if let Some(help) = self.help {
                anstream::eprintln!("  {HELP}help:{HELP:#} {help}");
            }
        }
        ExitCode::from(self.code)
    }
}

/// The message alone, as a part of another.
impl Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let failure = match &error {
            Error::OutOfRange(OutOfRange {
                setting,
                value,
                allowed,
            }) => Failure::misuse(match hints::flag(*setting) {
                Some(flag) => format!("{flag} {value}: {}", allowed.requirement(value.0)),
                None => error.to_string(),
            }),
            Error::Unused { setting, beside } => Failure::misuse(match hints::flag(*setting) {
                Some(flag) => format!("{flag} has no effect {beside}"),
                None => error.to_string(),
            }),
            Error::ContextTooLong { .. }
            | Error::LongerThanCounts { .. }
            | Error::TablesTooLarge { .. }
            | Error::BatchNormBatches
            | Error::DecayWithSgd
            | Error::NoInstructions { .. }
            | Error::NoRepeats(_)
            | Error::BadPattern { .. }
            | Error::Impossible(_)
            | Error::TooManyStates { .. }
            | Error::TooManyClasses { .. }
            | Error::NotText { .. }
            | Error::NoCells { .. }
            | Error::AmbiguousColumn { .. } => Failure::misuse(&error),
            // An empty file has no columns, whatever is selected.
            Error::NoColumn { columns, .. } if !columns.is_empty() => Failure::misuse(&error),
            _ => Failure::failed(&error),
        };
        match error.hint().and_then(hints::words) {
            Some(words) => failure.help(words),
            None => failure,
        }
    }
}

impl From<nextchar::Error> for Failure {
    fn from(error: nextchar::Error) -> Self {
        use nextchar::{CoreError, Error};
        match error {
            Error::Core(fault) => fault.into(),
            Error::Names { label, fault } => {
                let counts = match &fault {
                    CoreError::LooksLikeCsv { columns } => {
                        columns.starts_with(&COUNTS.map(str::to_owned))
                    }
                    _ => false,
                };
                let failure = Failure::from(fault).within(&label);
                match counts {
                    true => failure.help("`nextchar train --counts` learns from counted windows"),
                    false => failure,
                }
            }
            Error::File { path, fault } => Failure::file(&path, &fault),
            Error::NoLength { .. } => Failure::misuse(error),
            Error::WithoutParquet => Failure::failed(error)
                .help("build it again with `cargo build --release --features parquet`"),
            Error::CountsAlphabet { .. } => Failure::failed(error)
                .help("--alphabet data accepts any characters that the counts contain"),
            Error::TooFewNames { .. } => Failure::failed(error)
                .help("give a longer list: without held-out names, options cannot be compared"),
            other => Failure::failed(other),
        }
    }
}

/// Only standard output is written through bare `io::Error`s.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure {
                code: DONE,
                ..Failure::failed("")
            };
        }
        Failure::file(Path::new("standard output"), &error)
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(kind) => io::Error::from(kind).into(),
            None => Failure::failed(error),
        }
    }
}
