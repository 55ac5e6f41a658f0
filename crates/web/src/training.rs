//! A run: begun, stepped from outside, watched, and finished into a model file.

use nextchar::counts::Uniform;
use nextchar::data::CountedWindows;
use nextchar::model::Network;
use nextchar::sample::{Conditions, Generator, Request};
use nextchar::score::{Rivals, evaluate};
use nextchar::train::{Engine, Run, StopReason, Trained, find_learning_rate};
use nextchar::{Corpus, Plan, Preset, Reports, TrainOptions, plan};
use nextchar::{Error, Serial};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::fault::Fault;
use crate::lists::{Read, Source};
use crate::request::read;
use crate::shown::{Opened, Shown, shape, symbols};

/// A run and everything that it is made from.
pub(crate) struct Training {
    corpus: Corpus,
    plan: Plan,
    /// Windows to learn from, and the contexts that they collapse to.
    examples: u64,
    table: CountedWindows,
    val: Option<CountedWindows>,
    /// What counting reaches, once it was asked for: it takes longer than all the rest of a beginning.
    rivals: Option<Rivals>,
    /// The native command that repeats it.
    command: String,
    /// Networks that are done, and the run of the last of them.
    done: Vec<Network>,
    last: Option<Trained>,
    /// The network that is learning; none when all are done.
    run: Option<Run<'static>>,
    /// The network as it was last seen, which calls are about.
    seen: Option<(Network, u64)>,
    /// Losses of the batches since the last event, added up, and how many.
    losses: (f64, u64),
    /// Points of the curve that were sent.
    sent: usize,
    ended: Option<(&'static str, Option<String>)>,
}

#[derive(Deserialize)]
pub(crate) struct Start {
    source: Source,
    #[serde(default)]
    read: Read,
    options: Map<String, Value>,
}

impl Training {
    pub(crate) fn new(start: &Start, bytes: &[u8]) -> Result<Self, Fault> {
        let mut given = start.options.clone();
        // These two are the split's, and the rest the training's.
        let mut text = |key| match given.remove(key) {
            Some(Value::String(text)) => Some(text),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let mut split = nextchar::data::SplitOptions::default();
        if let Some(shares) = text("split") {
            split.shares = shares.parse().map_err(Fault::new)?;
        }
        if let Some(seed) = text("split_seed") {
            split.seed = seed.parse().unwrap_or_else(|never| match never {});
        }
        let automatic = given.get("learning_rate") == Some(&Value::from("auto"));
        if automatic {
            given.remove("learning_rate");
        }
        given.retain(|_, value| !value.is_null());
        let mut options = read::<TrainOptions>(&given)?;
        options.portable = true;
        let lengths = Preset::find(&options.preset).and_then(|preset| preset.lengths);
        let listed = start.source.read(&start.read, lengths, bytes)?;
        let (label, alphabet) = (start.source.label(), listed.options.alphabet);
        let corpus = Corpus::split(label, listed.names, alphabet, split)?;
        let (mut plan, table) = plan(&options, &corpus)?;
        if plan.distill {
            return Err(Fault::new("the page does not distil").help("`nextchar train` does"));
        }
        if automatic && plan.trains() {
            let engine = Engine::new(&Serial);
            plan.config.learning_rate =
                find_learning_rate(&plan.shape, &plan.config, &table, &engine)?;
        }
        let context = plan.shape.context_length;
        Ok(Training {
            val: corpus.windows(nextchar::Part::Val, context)?,
            rivals: None,
            command: command(start, &corpus.label),
            corpus,
            examples: table.examples(),
            table: plan.smoothed(table),
            plan,
            done: Vec::new(),
            last: None,
            run: None,
            seen: None,
            losses: (0.0, 0),
            sent: 0,
            ended: None,
        })
    }

    /// Stands before the first step of a network; the first forgets all that was done.
    pub(crate) fn begin(&mut self, index: usize) -> Result<(), Error> {
        if index == 0 {
            (self.last, self.ended, self.seen) = (None, None, None);
            self.done.clear();
        }
        (self.losses, self.sent, self.run) = ((0.0, 0), 0, None);
        if !self.plan.trains() {
            self.ended = Some(("finished", None));
            return Ok(());
        }
        let (table, val) = (self.table.clone(), self.val.clone());
        let engine = Engine::new(&Serial);
        let config = self.plan.member(index);
        let val = val.map(std::borrow::Cow::Owned);
        let run = Run::begin(&self.plan.shape, &config, table, val, &engine)?;
        self.seen = Some((run.network()?, 0));
        self.run = Some(run);
        Ok(())
    }

    pub(crate) fn step(&self) -> u64 {
        let last = self.last.as_ref().map_or(0, |last| last.steps);
        self.run.as_ref().map_or(last, Run::steps_done)
    }

    /// The network as it is now, where it can be used.
    pub(crate) fn see(&mut self) {
        let step = self.step();
        let new = self.seen.as_ref().is_none_or(|(_, seen)| *seen != step);
        if new && let Some(Ok(network)) = self.run.as_ref().map(Run::network) {
            self.seen = Some((network, step));
        }
    }

    pub(crate) fn advance(&mut self, steps: u64) -> Result<u64, Error> {
        let mut done = 0;
        while done < steps && self.ended.is_none() {
            match self.one_step() {
                Ok(None) => {}
                Ok(Some(stop)) => self.next_network(stop)?,
                Err(error) => self.ended = Some(("diverged", Some(error.to_string()))),
            }
            done += 1;
        }
        Ok(done)
    }

    fn one_step(&mut self) -> Result<Option<StopReason>, Error> {
        let run = self.run.as_mut().expect("a run that has not ended");
        self.losses.0 += run.step()?;
        self.losses.1 += 1;
        match run.is_due() {
            true => Ok(run.look()?.1),
            false => Ok(None),
        }
    }

    /// Keeps the network that is done, and goes on to the next, if there is to be one.
    fn next_network(&mut self, stop: StopReason) -> Result<(), Error> {
        self.see();
        let index = self.done.len() + 1;
        let more = stop != StopReason::Observer && index < self.plan.networks;
        if let Some(run) = self.run.take() {
            let trained = run.end(stop);
            self.done.push(trained.network.clone());
            self.last = Some(trained);
        }
        if more {
            return self.begin(index);
        }
        self.ended = Some(match stop {
            StopReason::EarlyStop => ("early_stop", None),
            StopReason::TargetLoss => ("target_loss", None),
            StopReason::Finished | StopReason::Observer => ("finished", None),
        });
        Ok(())
    }

    /// Ends the run where it stands.
    fn end(&mut self) -> Result<(), Fault> {
        if let Some(("diverged", Some(message))) = &self.ended {
            return Err(Fault::new(message.clone()));
        }
        if let Some(run) = &mut self.run {
            run.look_if_new()?;
            self.next_network(StopReason::Observer)?;
        }
        Ok(())
    }

    /// What `Progress` of the protocol says, without the worker's share.
    pub(crate) fn progress(&mut self) -> Value {
        let (sum, count) = std::mem::take(&mut self.losses);
        let looks = match (&self.run, &self.last) {
            (Some(run), _) => run.evaluations(),
            (None, Some(last)) => &last.evaluations,
            (None, None) => &[],
        };
        let new = looks.get(self.sent..).unwrap_or_default();
        let last = looks.last();
        let back = json!({
            "network": (self.done.len() + usize::from(self.run.is_some())).max(1),
            "step": self.step(),
            "steps": self.plan.config.steps,
            "epoch": self.run.as_ref().map_or(last.map_or(0.0, |look| look.epoch), Run::epoch),
            "learning_rate": self.run.as_ref().map_or(0.0, Run::learning_rate),
            "train_loss": (count > 0).then(|| sum / count as f64),
            "evaluations": new,
        });
        self.sent = looks.len();
        back
    }

    /// Names from the network as it is, the same draws every time.
    pub(crate) fn sample(&self, count: usize) -> Result<Vec<String>, Error> {
        let Some((network, _)) = &self.seen else {
            return Ok(Vec::new());
        };
        let request = Request {
            count,
            conditions: Conditions {
                max_length: self.corpus.longest(),
                ..Conditions::default()
            },
            ..Request::default()
        };
        let seed = &self.plan.config.seed;
        let names = Generator::new(network, &self.corpus.vocab, request, seed, &Serial)?;
        Ok(names.map(|generated| generated.name).collect())
    }

    fn rivals(&mut self) -> Result<&Rivals, Error> {
        if self.rivals.is_none() {
            let context = self.plan.shape.context_length;
            self.rivals = Some(self.corpus.rivals(context, &Serial)?);
        }
        Ok(self.rivals.as_ref().expect("just made"))
    }

    /// What counting alone reaches on val, or on train where there is no val.
    pub(crate) fn baselines(&mut self) -> Result<Value, Error> {
        let longest = self.rivals()?.context_length();
        let (corpus, rivals) = (&self.corpus, self.rivals.as_ref().expect("asked for above"));
        let judged = corpus.windows(nextchar::Part::Val, longest)?;
        let part = if judged.is_some() { "val" } else { "train" };
        let judged = match judged {
            Some(val) => val,
            None => CountedWindows::from_list(&corpus.parts.train, &corpus.vocab, longest)?,
        };
        let uniform = Uniform {
            vocab_size: corpus.vocab.len(),
        };
        let report = evaluate(&uniform, &judged, rivals, &Serial)?;
        Ok(json!({"baselines": report.baselines, "part": part}))
    }

    /// What `Run` of the protocol says.
    pub(crate) fn describe(&self) -> Result<Value, Fault> {
        let (plan, corpus) = (&self.plan, &self.corpus);
        let parts = &corpus.parts;
        let parameters = plan.shape.parameter_count().unwrap_or(0);
        Ok(json!({
            "label": corpus.label,
            "family": plan.family,
            "shape": shape(&plan.shape),
            "symbols": symbols(&corpus.vocab),
            "parameters": if plan.trains() { parameters } else { 0 },
            "examples": self.examples,
            "contexts": self.table.len(),
            "parts": {
                "train": parts.train.len(), "val": parts.val.len(), "test": parts.test.len(),
            },
            "steps": plan.config.steps,
            "networks": plan.networks,
            "evaluate_every": plan.config.evaluate_every,
            "learning_rate": plan.config.learning_rate,
            "first_loss": self.run.as_ref().map(Run::first_loss),
            "command": self.command,
        }))
    }

    /// The command of the run, ended where this one was.
    pub(crate) fn command_so_far(&self) -> String {
        match &self.last {
            Some(last) if last.stop == StopReason::Observer && self.plan.networks == 1 => {
                format!("{} --stop-after {}", self.command, last.steps)
            }
            _ => self.command.clone(),
        }
    }

    /// The network that is learning, as it was last seen.
    /// The model file of a run that has ended, or ends here, and its losses.
    pub(crate) fn finish(&mut self) -> Result<(Opened, Reports), Fault> {
        self.end()?;
        let networks = self.done.clone();
        let rivals = self.rivals()?.clone();
        let model = self.plan.model(&self.corpus, networks, &rivals, &Serial)?;
        let last = self.last.as_ref();
        let (file, reports) = self.plan.file(&self.corpus, model, last, rivals, &Serial)?;
        let bytes = file.to_bytes()?;
        Ok((Opened { file, bytes }, reports))
    }

    /// Why the run ended, if it did, and what is said of it.
    pub(crate) fn ended(&self) -> Option<(&'static str, Option<&str>)> {
        let (reason, message) = self.ended.as_ref()?;
        Some((reason, message.as_deref()))
    }

    /// Whether there is a network that calls can be about.
    pub(crate) fn was_seen(&self) -> bool {
        self.seen.is_some()
    }

    pub(crate) fn shown(&self) -> Result<Shown<'_>, Fault> {
        let none = || Fault::new("this run only counts: it has no network").help("finish it");
        let (network, step) = self.seen.as_ref().ok_or_else(none)?;
        Ok(Shown {
            vocab: &self.corpus.vocab,
            networks: std::slice::from_ref(network),
            model: network,
            whole: None,
            step: Some(*step),
        })
    }

    /// The list that it learns from.
    pub(crate) fn corpus(&self) -> &Corpus {
        &self.corpus
    }
}

/// The native command with these options.
fn command(start: &Start, label: &str) -> String {
    let mut words = vec!["nextchar".to_owned(), "train".to_owned(), quoted(label)];
    words.extend(start.read.arguments().iter().map(|word| quoted(word)));
    for (key, value) in &start.options {
        let value = match value {
            Value::Null | Value::Bool(false) => continue,
            Value::Bool(true) => None,
            Value::Array(widths) if widths.is_empty() => Some("none".to_owned()),
            Value::Array(widths) => {
                let widths: Vec<String> = widths.iter().map(Value::to_string).collect();
                Some(widths.join(","))
            }
            Value::String(text) => Some(quoted(text)),
            other => Some(other.to_string()),
        };
        words.push(format!("--{}", key.replace('_', "-")));
        words.extend(value);
    }
    words.push("--portable".into());
    words.join(" ")
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,/=".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}
