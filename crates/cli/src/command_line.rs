//! Reads the command line, which nothing else does, and turns options back into one.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, CommandFactory, FromArgMatches};

use crate::args::{Cli, Command, TrainArgs};
use crate::failure::Failure;

/// Options that a resumed training does not take over: they do not affect the result, or concern a
/// single run.
const OF_ONE_RUN: [&str; 8] = [
    "threads",
    "instructions",
    "stop_after",
    "checkpoint",
    "resume",
    "force",
    "json",
    "help",
];

/// The options of `train` that were given: their words by the names of the options.
#[derive(Debug, Default)]
pub struct Given(BTreeMap<String, Vec<OsString>>);

/// Reads a command line; help, version and unknown options end the program here.
pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<(Cli, Given), Failure> {
    let mut command = command();
    let matches = command.try_get_matches_from_mut(words);
    let matches = matches.or_else(refused)?;
    command.build();
    let given = match (
        matches.subcommand_matches("train"),
        command.find_subcommand("train"),
    ) {
        (Some(matches), Some(train)) => Given::find(matches, train),
        _ => Given::default(),
    };
    let cli = Cli::from_arg_matches(&matches);
    Ok((cli.or_else(refused)?, given))
}

fn refused<T>(error: clap::Error) -> Result<T, Failure> {
    match bad_value(&error) {
        Some(failure) => Err(failure),
        None => error.exit(),
    }
}

/// The commands. All options accept negative numbers, so that these are rejected as values and not taken for
/// options.
fn command() -> clap::Command {
    fn with_negatives(command: clap::Command) -> clap::Command {
        let command = command.mut_subcommands(with_negatives);
        command.mut_args(
            |arg| match arg.get_action().takes_values() && !arg.is_positional() {
                true => arg.allow_negative_numbers(true),
                false => arg,
            },
        )
    }
    with_negatives(Cli::command())
}

/// An invalid value of an option, worded like all such errors.
fn bad_value(error: &clap::Error) -> Option<Failure> {
    if error.kind() != ErrorKind::ValueValidation {
        return None;
    }
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let option = context(ContextKind::InvalidArg)?.split(' ').next()?;
    let value = context(ContextKind::InvalidValue)?;
    let why = std::error::Error::source(error)?;
    Some(Failure::misuse(format!("{option} {value}: {why}")))
}

/// A command line, quoted for a shell.
pub fn shown(words: impl IntoIterator<Item = String>) -> String {
    let words = std::iter::once("nextchar".into()).chain(words);
    words.map(quoted).collect::<Vec<_>>().join(" ")
}

fn quoted(word: String) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,+:@%".contains(c);
    if word.chars().all(plain) && !word.is_empty() {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

impl Given {
    fn find(matches: &ArgMatches, train: &clap::Command) -> Self {
        let mut found = BTreeMap::new();
        for argument in train.get_arguments() {
            let id = argument.get_id().as_str();
            // Groups of options are in the list too, and have no source.
            let given = matches!(matches.try_contains_id(id), Ok(true))
                && matches.value_source(id) == Some(ValueSource::CommandLine);
            if !given {
                continue;
            }
            let values = matches.get_raw(id).into_iter().flatten();
            let named = |long: &str, value: &OsStr| {
                let mut word = OsString::from(format!("--{long}="));
                word.push(value);
                word
            };
            let words = match (argument.get_long(), argument.get_action()) {
                (Some(long), ArgAction::SetTrue) => vec![format!("--{long}").into()],
                (Some(long), _) => values.map(|value| named(long, value)).collect(),
                (None, _) => values.map(OsString::from).collect(),
            };
            found.insert(id.to_owned(), words);
        }
        Given(found)
    }

    /// The options that a run that resumes this one takes over.
    pub fn to_keep(&self) -> BTreeMap<String, Vec<String>> {
        let kept = self.0.iter();
        let kept = kept.filter(|(id, _)| !OF_ONE_RUN.contains(&id.as_str()));
        let texts = |words: &[OsString]| {
            let words = words.iter();
            words
                .map(|word| word.to_string_lossy().into_owned())
                .collect()
        };
        kept.map(|(id, words)| (id.clone(), texts(words))).collect()
    }

    /// The options of a run that resumes one with these kept options: its own take precedence.
    pub fn over(&self, kept: &BTreeMap<String, Vec<String>>) -> Result<TrainArgs, Failure> {
        let mut all = self.0.clone();
        for (id, words) in kept {
            let words = || words.iter().map(OsString::from).collect();
            all.entry(id.clone()).or_insert_with(words);
        }
        // The positional argument comes last, whatever it begins with.
        let data = all.remove("data").unwrap_or_default();
        let options = all.into_values().flatten();
        let line = ["nextchar", "train"].map(OsString::from).into_iter();
        let line = line
            .chain(options)
            .chain([OsString::from("--")])
            .chain(data);
        let matches = command().try_get_matches_from(line);
        let cli = matches.and_then(|matches| Cli::from_arg_matches(&matches));
        match cli.map(|cli| cli.command) {
            Ok(Command::Train(args)) => Ok(*args),
            Ok(_) => Err(Failure::failed(
                "the checkpoint does not belong to a training",
            )),
            Err(error) => {
                let bad = bad_value(&error).unwrap_or_else(|| Failure::misuse(error));
                Err(bad.within("with the options of the checkpoint"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(words: &[&str]) -> Given {
        let line = ["nextchar", "train"].iter().chain(words);
        read(line.map(OsString::from)).unwrap().1
    }

    #[test]
    fn options_become_words_and_options_again() {
        let words = [
            "--steps",
            "9",
            "list.txt",
            "--hidden=8,8",
            "--residual",
            "--threads",
            "2",
        ];
        let kept = given(&words).to_keep();
        let steps = vec!["--steps=9".to_owned()];
        assert_eq!(kept.get("steps"), Some(&steps));
        assert!(!kept.contains_key("threads"), "it concerns a single run");
        let args = given(&["--steps", "12", "--resume", "state"])
            .over(&kept)
            .unwrap();
        assert_eq!((args.steps, args.residual), (Some(12), true));
        assert_eq!(args.corpus.data, ["list.txt"]);
        assert_eq!(args.threads, None);
        assert_eq!(args.hidden.unwrap().0, [8, 8]);
    }

    #[test]
    fn a_list_may_be_called_as_options_are() {
        let kept = given(&["--", "--steps"]).to_keep();
        let args = given(&["--resume", "state"]).over(&kept).unwrap();
        assert_eq!(args.corpus.data, ["--steps"]);
    }

    #[test]
    fn words_are_quoted_where_a_shell_would_read_them_otherwise() {
        let words = ["train", "my list", "it's"].map(str::to_owned);
        assert_eq!(shown(words), r"nextchar train 'my list' 'it'\''s'");
    }
}
