//! A training run: started, advanced from outside, watched, and finished, giving a model.

use nextchar::train::StopReason;
use nextchar::{
    Corpus, Ended, Error, Model, Names, Plan, Reports, Steps, TrainOptions, Training, Workers,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::fault::Fault;
use crate::lists::{Read, Source};
use crate::request::read;
use crate::shown::{Shown, shape, symbols};

/// A run as requested by the page.
#[derive(Deserialize)]
pub(crate) struct Start {
    source: Source,
    #[serde(default)]
    read: Read,
    options: Map<String, Value>,
}

impl Start {
    /// The planned training, and the native command that repeats it.
    pub(crate) fn plan(&self, bytes: &[u8]) -> Result<(Training, String), Fault> {
        let mut given = self.options.clone();
        // These two belong to the split, the others to the training.
        let mut text = |key| match given.remove(key) {
            Some(Value::String(text)) => Some(text),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let (shares, seed) = (text("split"), text("split_seed"));
        given.retain(|_, value| !value.is_null());
        let options = TrainOptions {
            portable: true,
            ..read(&given)?
        };
        let lengths = options.preset.lengths();
        let names = self.source.read(&self.read, lengths, bytes)?;
        let command = self.command(&options, shares.as_deref(), seed.as_deref());
        let corpus = split(names, shares, seed)?.corpus(options.preset)?;
        let mut training = Training::new(corpus, &options, Workers::serial())?;
        if training.plan().distill {
            return Err(Fault::new("the page cannot distil").help("`nextchar train` can"));
        }
        training.find_learning_rate()?;
        Ok((training, command))
    }

    /// The native command with these options.
    fn command(&self, options: &TrainOptions, split: Option<&str>, seed: Option<&str>) -> String {
        let mut words = vec![
            "nextchar".to_owned(),
            "train".to_owned(),
            self.source.label(),
        ];
        words.extend(self.read.arguments());
        words.extend(options.to_arguments());
        for (option, value) in [("--split", split), ("--split-seed", seed)] {
            words.extend(
                value
                    .map(|value| [option.to_owned(), value.to_owned()])
                    .into_iter()
                    .flatten(),
            );
        }
        let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        words.join(" ")
    }
}

fn split(names: Names, shares: Option<String>, seed: Option<String>) -> Result<Names, Fault> {
    let mut split = nextchar::data::SplitOptions::default();
    if let Some(shares) = shares {
        split.shares = shares
            .parse()
            .map_err(|bad: nextchar::data::BadShares| Fault::new(bad.to_string()))?;
    }
    if let Some(seed) = seed {
        split.seed = seed.parse().unwrap_or_else(|never| match never {});
    }
    Ok(names.with_split(split))
}

/// A run, and how much of it was reported.
pub(crate) struct Run {
    steps: Steps,
    command: String,
    /// The network whose loss curve was reported last, and the number of its points reported.
    told: (usize, usize),
}

impl Run {
    pub(crate) fn begin((training, command): (Training, String)) -> Result<Self, Fault> {
        Ok(Run {
            steps: Steps::new(training)?,
            command,
            told: (1, 0),
        })
    }

    pub(crate) fn restart(&mut self) -> Result<(), Fault> {
        self.told = (1, 0);
        Ok(self.steps.restart()?)
    }

    pub(crate) fn advance(&mut self, steps: u64) -> Result<u64, Error> {
        self.steps.advance(steps)
    }

    pub(crate) fn step(&self) -> u64 {
        self.steps.steps_done()
    }

    /// `Progress` of the protocol, without the worker's part.
    pub(crate) fn progress(&mut self) -> Value {
        let train_loss = self.steps.take_batch_loss();
        let (network, points) = (self.steps.network_number(), self.steps.evaluations());
        let told = if self.told.0 == network {
            self.told.1
        } else {
            0
        };
        self.told = (network, points.len());
        let back = json!({
            "network": network,
            "step": self.steps.steps_done(),
            "steps": self.plan().config.steps,
            "epoch": self.steps.epoch(),
            "learning_rate": self.steps.learning_rate(),
            "train_loss": train_loss,
            "evaluations": points.get(told..).unwrap_or_default(),
        });
        self.steps.see();
        back
    }

    /// Names from the current network, with the same random numbers every time.
    pub(crate) fn sample(&self, count: usize) -> Result<Vec<String>, Error> {
        let Some(wanted) = self.steps.generate() else {
            return Ok(Vec::new());
        };
        let seed = self.plan().config.seed.clone();
        let names = wanted.seed(seed).take(count).try_iter()?;
        Ok(names.map(|generated| generated.name).collect())
    }

    /// `Run` of the protocol.
    pub(crate) fn describe(&self) -> Value {
        let (training, plan, corpus) = (self.steps.training(), self.plan(), self.corpus());
        let parts = corpus.parts();
        let parameters = plan.shape.parameter_count().unwrap_or(0);
        json!({
            "label": corpus.label(),
            "family": plan.family,
            "shape": shape(&plan.shape),
            "symbols": symbols(corpus.vocab()),
            "parameters": if plan.trains() { parameters } else { 0 },
            "examples": training.table().examples(),
            "contexts": training.table().len(),
            "parts": {
                "train": parts.train.len(), "val": parts.val.len(), "test": parts.test.len(),
            },
            "steps": plan.config.steps,
            "networks": plan.networks,
            "evaluate_every": plan.config.evaluate_every,
            "learning_rate": plan.config.learning_rate,
            "first_loss": self.steps.first_loss(),
            "command": self.command,
        })
    }

    /// The command of the run, with the step at which it was ended.
    pub(crate) fn command_so_far(&self) -> String {
        match self.steps.last() {
            Some(last) if last.stop == StopReason::Observer && self.plan().networks == 1 => {
                format!("{} --stop-after {}", self.command, last.steps)
            }
            _ => self.command.clone(),
        }
    }

    /// Ends the run if necessary, and takes steps of the one on all names; returns which share of it is done.
    pub(crate) fn refit(&mut self, steps: u64) -> Result<f64, Error> {
        self.steps.refit(steps)
    }

    /// Ends the run if necessary; returns its model and its losses.
    pub(crate) fn finish(&mut self) -> Result<(Model, Reports), Error> {
        self.steps.finish()
    }

    /// Why the run ended, if it did, with a message.
    pub(crate) fn ended(&self) -> Option<(&'static str, Option<&str>)> {
        Some(match self.steps.ended()? {
            Ended::Diverged(message) => ("diverged", Some(message)),
            Ended::Stopped(StopReason::EarlyStop) => ("early_stop", None),
            Ended::Stopped(StopReason::TargetLoss) => ("target_loss", None),
            Ended::Stopped(StopReason::Finished | StopReason::Observer) => ("finished", None),
        })
    }

    /// Whether there is a network that calls can refer to.
    pub(crate) fn was_seen(&self) -> bool {
        self.steps.seen().is_some()
    }

    pub(crate) fn shown(&self) -> Result<Shown<'_>, Fault> {
        let none = || Fault::new("this run only counts, so it has no network").help("finish it");
        let (network, step) = self.steps.seen().ok_or_else(none)?;
        let corpus = self.corpus();
        Ok(Shown {
            vocab: corpus.vocab(),
            networks: std::slice::from_ref(network),
            model: network,
            whole: None,
            step: Some(step),
            parts: Some(corpus.parts()),
            usual: self.steps.usual().clone(),
        })
    }

    fn plan(&self) -> &Plan {
        self.steps.training().plan()
    }

    fn corpus(&self) -> &Corpus {
        self.steps.training().corpus()
    }
}

/// A word quoted for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,/=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
