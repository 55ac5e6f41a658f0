//! Checkpoints on disk: what a training needs to go on, saved every few seconds, and taken up again.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::parser::ValueSource;
use clap::{ArgAction, CommandFactory, Parser};
use nextchar::train::{StopReason, TrainState, Trained};
use nextchar::{Choice, Corpus, Part, Plan};
use nextchar_formats::Checkpoint;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::args::{Cli, Command, TrainArgs};
use crate::failure::Failure;
use crate::output::{count, note, plural};
use crate::store;

/// Options that a resumed training does not take over: they change nothing in its result, or are of
/// the one run only.
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

/// Saves the state of a training now and then.
pub struct Keeper {
    path: PathBuf,
    every: Duration,
    last: Instant,
    checkpoint: Checkpoint,
    /// A network was cut short: its state is what is gone on from, so no other follows it.
    closed: bool,
    /// What the file holds, in words.
    holds: Option<String>,
    failing: bool,
    resumed_at: Option<String>,
}

/// Reads the checkpoint of `--resume`.
pub fn load(path: &Path) -> Result<Checkpoint, Failure> {
    let bytes = store::read(path, store::LARGEST_CHECKPOINT).map_err(|failure| {
        let help = "leave --resume out to begin; --checkpoint FILE saves what it takes to go on";
        match path.exists() {
            true => failure,
            false => failure.help(help),
        }
    })?;
    Checkpoint::from_bytes(&bytes).map_err(|error| Failure::failed(error).within(path.display()))
}

/// The options of a resumed training: the checkpoint's, and those of this command line.
pub fn merged_args(checkpoint: &Checkpoint) -> Result<TrainArgs, Failure> {
    let given = own_arguments();
    let kept = checkpoint.arguments.iter();
    let kept = kept.filter(|(id, _)| !given.contains_key(*id));
    let kept = kept.flat_map(|(_, words)| words.iter().map(OsString::from));
    let line = ["nextchar", "train"].map(OsString::from);
    let line = line
        .into_iter()
        .chain(kept)
        .chain(std::env::args_os().skip(2));
    match Cli::try_parse_from(line).map(|cli| cli.command) {
        Ok(Command::Train(args)) => Ok(*args),
        Ok(_) => Err(Failure::failed("the checkpoint is of no training")),
        Err(error) => Err(Failure::misuse(error).within("with the options of the checkpoint")),
    }
}

/// The options of this command line that another run takes over, as words, by name.
fn own_arguments() -> BTreeMap<String, Vec<String>> {
    let mut command = Cli::command();
    command.build();
    let mut found = BTreeMap::new();
    let Ok(matches) = command.try_get_matches_from_mut(std::env::args_os()) else {
        return found;
    };
    let (Some(matches), Some(train)) = (
        matches.subcommand_matches("train"),
        command.find_subcommand("train"),
    ) else {
        return found;
    };
    for argument in train.get_arguments() {
        let id = argument.get_id().as_str();
        // Groups of options are in the list too, and have no source.
        let given = matches!(matches.try_contains_id(id), Ok(true))
            && matches.value_source(id) == Some(ValueSource::CommandLine);
        if !given || OF_ONE_RUN.contains(&id) {
            continue;
        }
        let values = matches.get_raw(id).into_iter().flatten();
        let values = values.map(|value| value.to_string_lossy().into_owned());
        let words: Vec<String> = match (argument.get_long(), argument.get_action()) {
            (Some(long), ArgAction::SetTrue) => vec![format!("--{long}")],
            (Some(long), _) => values.map(|value| format!("--{long}={value}")).collect(),
            (None, _) => values.collect(),
        };
        found.insert(id.to_owned(), words);
    }
    found
}

/// Refuses, before any work, a place where no checkpoint could be saved, or where one is that would be
/// lost. `resumed` says that it is the one that is gone on from.
pub fn check_destination(path: &Path, resumed: bool, force: bool) -> Result<(), Failure> {
    store::check_place("--checkpoint", path)?;
    if resumed || force || !path.exists() {
        return Ok(());
    }
    let found = store::read(path, store::LARGEST_CHECKPOINT)?;
    let path = path.display();
    Err(match nextchar_formats::is_checkpoint(&found) {
        true => Failure::misuse(format!(
            "--checkpoint {path}: it holds a training that did not come to its end"
        ))
        .help(format!(
            "`nextchar train --resume {path}` goes on with it; --force begins anew and replaces it"
        )),
        false => Failure::misuse(format!(
            "--checkpoint {path}: the file exists and is not a checkpoint"
        ))
        .help("choose another name, or --force to replace it"),
    })
}

impl Keeper {
    /// What saves a training that is planned, and goes on with `resumed` if that is of the same options.
    pub fn new(
        args: &TrainArgs,
        plan: &Plan,
        corpus: &Corpus,
        resumed: Option<Checkpoint>,
    ) -> Result<Option<Self>, Failure> {
        let Some(path) = args.checkpoint.as_ref().or(args.resume.as_ref()) else {
            return Ok(None);
        };
        let options = options(args, plan, corpus)?;
        let mut checkpoint = Checkpoint {
            program: env!("CARGO_PKG_VERSION").into(),
            options,
            arguments: own_arguments(),
            shape: plan.shape.clone(),
            finished: Vec::new(),
            state: None,
        };
        let (mut holds, mut resumed_at) = (None, None);
        if let Some(resumed) = resumed {
            check_same(&resumed, &checkpoint, args.resume.as_deref())?;
            checkpoint.arguments = resumed.arguments;
            (checkpoint.finished, checkpoint.state) = (resumed.finished, resumed.state);
            let done = checkpoint.finished.len();
            let step = checkpoint
                .state
                .as_ref()
                .map(|state| state.progress.steps_done);
            let at = described(done, step);
            holds = (args.resume.as_ref() == Some(path)).then(|| at.clone());
            resumed_at = Some(at);
        }
        Ok(Some(Keeper {
            path: path.clone(),
            every: args.checkpoint_every,
            last: Instant::now(),
            closed: false,
            holds,
            resumed_at,
            failing: false,
            checkpoint,
        }))
    }

    /// Says where a training goes on.
    pub fn describe(&self) {
        if let Some(at) = &self.resumed_at {
            note(&format!("resumed {at}"));
        }
    }

    /// The network of this place in the order, if it was done before.
    pub fn finished(&self, index: usize) -> Option<Trained> {
        self.checkpoint.finished.get(index).cloned()
    }

    /// Where to go on with the network of this place, if it had begun.
    pub fn state(&mut self, index: usize) -> Option<TrainState> {
        match self.checkpoint.finished.len() == index {
            true => self.checkpoint.state.take(),
            false => None,
        }
    }

    /// Saves the state if it is time, or `now`; gives back what a person should know of it.
    pub fn offer(&mut self, now: bool, state: &dyn Fn() -> TrainState) -> Option<String> {
        if self.closed || !(now || self.last.elapsed() >= self.every) {
            return None;
        }
        self.checkpoint.state = Some(state());
        self.closed = now;
        self.save()
    }

    /// Saves that a network is done, unless it was cut short.
    pub fn finish(&mut self, trained: &Trained) -> Option<String> {
        if self.closed || trained.stop == StopReason::Observer {
            self.closed = true;
            return None;
        }
        self.checkpoint.finished.push(trained.clone());
        self.checkpoint.state = None;
        self.save()
    }

    fn save(&mut self) -> Option<String> {
        let (path, checkpoint) = (self.path.display(), &self.checkpoint);
        let step = checkpoint
            .state
            .as_ref()
            .map(|state| state.progress.steps_done);
        let now = described(checkpoint.finished.len(), step);
        let bytes = checkpoint.to_bytes().map_err(Failure::failed);
        let saved = bytes.and_then(|bytes| store::save(&self.path, &bytes));
        let again = std::mem::replace(&mut self.failing, saved.is_err());
        let said = match saved {
            Ok(()) => {
                self.holds = Some(now.clone());
                again.then(|| format!("{path} is written again, {now}"))
            }
            Err(failure) if !again => {
                let last = match &self.holds {
                    Some(at) => format!("the last one is that {at}"),
                    None => "there is none yet".into(),
                };
                Some(format!(
                    "no checkpoint could be written: {failure}; training goes on, {last}"
                ))
            }
            Err(_) => None,
        };
        self.last = Instant::now();
        said
    }

    /// The file, if there is something in it to go on from.
    pub fn kept(&self) -> Option<&Path> {
        self.holds.as_ref().map(|_| self.path.as_path())
    }

    /// Takes the file away: the training came to its end and its model is saved.
    pub fn remove(&mut self) {
        if !self.closed {
            let _ = std::fs::remove_file(&self.path);
            self.holds = None;
        }
    }
}

/// How far a training is, in words.
fn described(finished: usize, step: Option<u64>) -> String {
    match (finished, step) {
        (0, None) => "at its beginning".into(),
        (0, Some(step)) => format!("after step {}", count(step)),
        (_, None) => format!("after {}", plural(finished as u64, "network")),
        (_, Some(step)) => format!("after step {} of network {}", count(step), finished + 1),
    }
}

/// Whether an option is as if it had not been given.
fn unset(value: &str) -> bool {
    ["not given", "off"].contains(&value)
}

/// Refuses a checkpoint of other options or data, and names the differences.
fn check_same(was: &Checkpoint, is: &Checkpoint, path: Option<&Path>) -> Result<(), Failure> {
    let path = path.unwrap_or(Path::new("")).display();
    if was.program != is.program {
        note(&format!(
            "{path} was written by version {} of this program, and this is {}: the result may differ in its last digits",
            was.program, is.program
        ));
    }
    let names: std::collections::BTreeSet<&String> =
        was.options.keys().chain(is.options.keys()).collect();
    let absent = "not given".to_owned();
    let differences: Vec<String> = names
        .into_iter()
        .map(|name| {
            let value =
                |options: &BTreeMap<String, String>| options.get(name).unwrap_or(&absent).clone();
            (name, value(&was.options), value(&is.options))
        })
        // An option that an older version did not have yet was off.
        .filter(|(_, was, is)| was != is && !(unset(was) && unset(is)))
        .map(|(name, was, is)| format!("{name} was {was} and is {is}"))
        .collect();
    match differences.is_empty() {
        true => Ok(()),
        false => Err(Failure::misuse(format!("--resume {path}: {}", differences.join("; "))).help(
            "a training goes on with the names and options that it began with; options that are left out are taken from the checkpoint",
        )),
    }
}

/// Everything that decides the bytes of the model, by the name of the option or in words.
fn options(
    args: &TrainArgs,
    plan: &Plan,
    corpus: &Corpus,
) -> Result<BTreeMap<String, String>, Failure> {
    let mut found = BTreeMap::new();
    let mut put = |name: &str, value: Value| found.insert(name.to_owned(), text(&value));
    for (what, held) in data(corpus)? {
        put(what, held.into());
    }
    put("--preset", args.preset.name().into());
    put("--family", serde_json::to_value(plan.family)?);
    put("--networks", plan.networks.into());
    put("--distill", plan.distill.into());
    put("--good-turing", args.good_turing.into());
    put("--counts-context", args.counts_context.into());
    put("--label-smoothing", args.label_smoothing.into());
    put("--no-names", args.no_names.into());
    put("--split", args.corpus.split.to_string().into());
    put("--split-seed", args.corpus.split_seed.to_string().into());
    if let Some(teacher) = &args.teacher {
        let bytes = store::read(teacher, store::LARGEST_MODEL)?;
        let digest = short_digest(&bytes);
        put("--teacher", format!("a model ({digest})").into());
    }
    let configs = [
        serde_json::to_value(&plan.shape)?,
        serde_json::to_value(&plan.config)?,
    ];
    for (key, value) in configs.into_iter().flat_map(|config| match config {
        Value::Object(fields) => fields,
        _ => serde_json::Map::new(),
    }) {
        let name = match key.as_str() {
            "vocab_size" => "the number of classes".into(),
            "context_length" => "--context".into(),
            "embedding_dim" => "--embedding".into(),
            "hidden_sizes" => "--hidden".into(),
            _ => format!("--{}", key.replace('_', "-")),
        };
        put(&name, value);
    }
    Ok(found)
}

/// What is learnt from and judged by: names, or windows that were counted elsewhere.
fn data(corpus: &Corpus) -> Result<Vec<(&'static str, String)>, Failure> {
    let mut found = Vec::new();
    for (what, counts, part) in [
        ("the list to learn from", "--counts", Part::Train),
        ("the list of val", "--val-counts", Part::Val),
        ("the list of test", "--test-counts", Part::Test),
    ] {
        let digest = corpus.digest(part)?;
        let digest = digest.get(..12).unwrap_or("none");
        let names = || plural(corpus.names(part).len() as u64, "name");
        match corpus.given_counts() {
            None => found.push((what, format!("{} ({digest})", names()))),
            Some(counted) if counted.has(part) => {
                found.push((counts, format!("windows ({digest})")));
            }
            Some(_) => {}
        }
    }
    if let Some(counted) = corpus.given_counts() {
        let folds = counted.fold_digests(corpus.vocab()).concat();
        found.push(("the folds of --counts", short_digest(folds.as_bytes())));
        let longest = counted.longest_name.to_string();
        found.push(("the longest name of the counts", longest));
    }
    Ok(found)
}

/// The first 12 digits of a SHA-256.
fn short_digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest[..6]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A value as it stands on a command line.
fn text(value: &Value) -> String {
    match value {
        Value::Null => "not given".into(),
        Value::Bool(true) => "on".into(),
        Value::Bool(false) => "off".into(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "none".into(),
        Value::Array(values) => values.iter().map(text).collect::<Vec<_>>().join(","),
        // Such as {"contexts": 256} and {"adamw": {"beta1": 0.9, …}}.
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{name} {}", text(value));
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
        Value::Number(number) => number.to_string(),
    }
}
