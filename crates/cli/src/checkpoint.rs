//! Checkpoints on disk: the state of a training, saved every few seconds, from which it can resume.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use nextchar::train::{StopReason, TrainState, Trained};
use nextchar::{Choice, Corpus, Part, Plan, Tokens};
use nextchar_formats::Checkpoint;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::args::TrainArgs;
use crate::failure::Failure;
use crate::output::{count, note, plural};
use crate::output_files::{Existing, OutputFile, RunFiles};
use crate::store;

/// Saves the state of a training at intervals.
pub struct Keeper {
    file: OutputFile,
    every: Duration,
    last: Instant,
    checkpoint: Checkpoint,
    /// A network was interrupted: training resumes from its state, so nothing is saved after it.
    closed: bool,
    /// How far the saved state is, in words.
    holds: Option<String>,
    failing: bool,
    resumed_at: Option<String>,
}

/// Reads the checkpoint of `--resume`.
pub fn load(path: &Path) -> Result<Checkpoint, Failure> {
    let bytes = store::read_tensors(path, store::LARGEST_CHECKPOINT).map_err(|failure| {
        let help = "omit --resume to start a new training; --checkpoint FILE makes it resumable";
        match path.exists() {
            true => failure,
            false => failure.help(help),
        }
    })?;
    Checkpoint::from_bytes(&bytes).map_err(|error| Failure::failed(error).within(path.display()))
}

/// Claims, before any work, the file that checkpoints are saved to; without `--checkpoint` it is that of
/// `--resume`. The other files that this run reads have been noted before.
pub fn claim(args: &TrainArgs, files: &mut RunFiles) -> Result<Option<OutputFile>, Failure> {
    let Some(path) = args.checkpoint.as_ref().or(args.resume.as_ref()) else {
        return Ok(None);
    };
    let resumed = args.resume.as_ref();
    let existing = if resumed.is_some_and(|resumed| RunFiles::is_same(resumed, path)) {
        Existing::Continue
    } else {
        let found = || store::read_tensors(path, store::LARGEST_CHECKPOINT).unwrap_or_default();
        if !args.force && path.is_file() && nextchar_formats::is_checkpoint(&found()) {
            return Err(unfinished(path));
        }
        Existing::Keep("is not a checkpoint").or_forced(args.force)
    };
    let why = "a checkpoint is rewritten again and again, which standard output cannot be";
    let option = if args.checkpoint.is_some() {
        "--checkpoint"
    } else {
        "--resume"
    };
    files.claim(option, path, existing, why).map(Some)
}

fn unfinished(path: &Path) -> Failure {
    let path = path.display();
    Failure::misuse(format!(
        "--checkpoint {path}: it contains an unfinished training"
    ))
    .help(format!(
        "`nextchar train --resume {path}` resumes it; --force starts over and replaces it"
    ))
}

impl Keeper {
    /// Prepares to save a planned training, and to resume from `resumed` if its options are the same.
    /// `arguments` are those of the command line.
    pub fn new(
        args: &TrainArgs,
        file: OutputFile,
        plan: &Plan,
        corpus: &Corpus,
        arguments: BTreeMap<String, Vec<String>>,
        resumed: Option<Checkpoint>,
    ) -> Result<Self, Failure> {
        let options = options(args, plan, corpus)?;
        let mut checkpoint = Checkpoint {
            program: env!("CARGO_PKG_VERSION").into(),
            options,
            arguments,
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
            let resume = args.resume.as_deref();
            let same = resume.is_some_and(|resume| RunFiles::is_same(resume, file.path()));
            holds = same.then(|| at.clone());
            resumed_at = Some(at);
        }
        Ok(Keeper {
            file,
            every: args.checkpoint_every,
            last: Instant::now(),
            closed: false,
            holds,
            resumed_at,
            failing: false,
            checkpoint,
        })
    }

    /// Reports where a training resumes.
    pub fn describe(&self) {
        if let Some(at) = &self.resumed_at {
            note(&format!("resumed {at}"));
        }
    }

    /// The network at this index, if an earlier run finished it.
    pub fn finished(&self, index: usize) -> Option<Trained> {
        self.checkpoint.finished.get(index).cloned()
    }

    /// The state from which the network at this index resumes, if an earlier run started it.
    pub fn state(&mut self, index: usize) -> Option<TrainState> {
        match self.checkpoint.finished.len() == index {
            true => self.checkpoint.state.take(),
            false => None,
        }
    }

    /// Saves the state if it is due, or `now`; returns a note for the user, if there is one.
    pub fn offer(&mut self, now: bool, state: &dyn Fn() -> TrainState) -> Option<String> {
        if self.closed || !(now || self.last.elapsed() >= self.every) {
            return None;
        }
        self.checkpoint.state = Some(state());
        self.closed = now;
        self.save()
    }

    /// Saves that a network is finished, unless it was interrupted.
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
        let (path, checkpoint) = (self.file.path().display(), &self.checkpoint);
        let step = checkpoint
            .state
            .as_ref()
            .map(|state| state.progress.steps_done);
        let now = described(checkpoint.finished.len(), step);
        let bytes = checkpoint.to_bytes().map_err(Failure::failed);
        let saved = bytes.and_then(|bytes| self.file.save(&bytes));
        let again = std::mem::replace(&mut self.failing, saved.is_err());
        let said = match saved {
            Ok(()) => {
                self.holds = Some(now.clone());
                again.then(|| format!("checkpoints can be saved to {path} again; saved {now}"))
            }
            Err(failure) if !again => {
                let last = match &self.holds {
                    Some(at) => format!("the last one was saved {at}"),
                    None => "there is none so far".into(),
                };
                Some(format!(
                    "no checkpoint could be saved: {failure}; training continues, and {last}"
                ))
            }
            Err(_) => None,
        };
        self.last = Instant::now();
        said
    }

    /// The file, if it contains a state to resume from.
    pub fn kept(&self) -> Option<&Path> {
        self.holds.as_ref().map(|_| self.file.path())
    }

    /// Deletes the file if this training wrote it or resumed from it, and was not interrupted: its model is saved.
    pub fn delete(&mut self) {
        if !self.closed && self.holds.take().is_some() {
            self.file.delete();
        }
    }
}

/// How far a training has come, in words.
fn described(finished: usize, step: Option<u64>) -> String {
    match (finished, step) {
        (0, None) => "at the start".into(),
        (0, Some(step)) => format!("after step {}", count(step)),
        (_, None) => format!("after {}", plural(finished as u64, "network")),
        (_, Some(step)) => format!("after step {} of network {}", count(step), finished + 1),
    }
}

/// Whether a value means that the option was not given.
fn unset(value: &str) -> bool {
    ["not given", "off"].contains(&value)
}

/// Rejects a checkpoint with other options or data, and names the differences.
fn check_same(was: &Checkpoint, is: &Checkpoint, path: Option<&Path>) -> Result<(), Failure> {
    let path = path.unwrap_or(Path::new("")).display();
    if was.program != is.program {
        note(&format!(
            "{path} was written by version {} of this program, and this is version {}: the last digits of the result may differ",
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
        .map(|(name, was, is)| format!("{name} was {was} and is now {is}"))
        .collect();
    match differences.is_empty() {
        true => Ok(()),
        false => Err(Failure::misuse(format!("--resume {path}: {}", differences.join("; "))).help(
            "a training must be resumed with the names and options that it started with; options that are not given are taken from the checkpoint",
        )),
    }
}

/// Everything that determines the bytes of the model, by the name of the option or a description.
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
    let tokens = args.corpus.tokens;
    let given = (tokens != Tokens::default()).then(|| tokens.name());
    put("--tokens", given.into());
    put("--good-turing", args.good_turing.into());
    put("--counts-context", args.counts_context.into());
    put("--label-smoothing", args.label_smoothing.into());
    put("--no-names", args.no_names.into());
    put("--split", args.corpus.split.to_string().into());
    put("--split-seed", args.corpus.split_seed.to_string().into());
    if let Some(teacher) = &args.teacher {
        let bytes = store::read_tensors(teacher, nextchar::LARGEST_MODEL)?;
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

/// The data for training, validation and test: names, or windows that were counted elsewhere.
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

/// A value as it is written on a command line.
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
