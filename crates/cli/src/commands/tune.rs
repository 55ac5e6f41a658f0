//! `nextchar tune`: searches for better options in a given time, by val alone.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use clap::Parser;
use nextchar::data::{NameList, Split};
use nextchar::language_model::loss;
use nextchar::{Corpus, LanguageModel, Part, Training, Workers};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::args::{Cli, Command, TrainArgs, TuneArgs};
use crate::corpus::read_corpus;
use crate::failure::{DONE, Failure, INTERRUPTED};
use crate::output::{self, BOLD, count, note};
use crate::progress::{Watcher, catch_interrupts, interrupted, styled_bar};
use crate::search::{Job, Trial, next_job, options};
use crate::store;
use crate::threads::threads;

/// Below this many names for train and val, all of them judge in turn: one small val is mostly chance.
const FEW_NAMES: usize = 2_000;
const FOLDS: usize = 5;

pub fn run(args: &TuneArgs) -> Result<u8, Failure> {
    let started = Instant::now();
    let deadline = started + args.time;
    catch_interrupts();
    let corpus = read_corpus(&args.corpus, None)?;
    let digest = corpus.parts().train.digest();
    let mut trials = kept_trials(args, &digest)?;
    let rounds = rounds(corpus)?;
    let tuner = Tuner::new(args, rounds)?;
    let counting = tuner.counting()?;
    let bar = styled_bar(args.time.as_secs(), "{bar:30} {pos}/{len} s  {msg}");
    while !interrupted() {
        let left = deadline.saturating_duration_since(Instant::now());
        let Some(job) = next_job(&trials, left.as_secs_f64()) else {
            break;
        };
        // The first is let to its end: there must be something to tell.
        let end = (!trials.is_empty()).then_some(deadline);
        let Some(trial) = tuner.try_out(job, end)? else {
            break;
        };
        trials.push(trial);
        if let Some(path) = &args.trials {
            save_trials(path, args, &digest, &trials)?;
        }
        let best = best_first(&trials)[0];
        bar.set_position(started.elapsed().as_secs());
        bar.set_message(format!(
            "{} trials, best val {:.4}",
            trials.len(),
            best.val_loss
        ));
    }
    bar.finish_and_clear();
    report(&tuner, &trials, counting)?;
    match interrupted() {
        true => Ok(INTERRUPTED),
        false => Ok(DONE),
    }
}

/// Every trial is judged on every round: the split's train and val, or folds of both.
fn rounds(corpus: Corpus) -> Result<Vec<Corpus>, Failure> {
    let parts = corpus.parts();
    if parts.val.is_empty() && parts.train.len() < FOLDS {
        return Err(
            Failure::failed(format!("{}: too few names to hold any out", corpus.label()))
                .help("give more names; options cannot be told apart without"),
        );
    }
    let number = parts.train.len() + parts.val.len();
    if number >= FEW_NAMES && !parts.val.is_empty() {
        return Ok(vec![corpus]);
    }
    let names: Vec<_> = parts.train.names().chain(parts.val.names()).collect();
    let part = |wanted: &dyn Fn(usize) -> bool| {
        let chosen = names.iter().enumerate().filter(|(place, _)| wanted(*place));
        NameList::from_names(chosen.map(|(_, name)| (name.text, name.count)))
    };
    let fold = |fold: usize| {
        let parts = Split {
            train: part(&|place| place % FOLDS != fold),
            val: part(&|place| place % FOLDS == fold),
            test: NameList::default(),
        };
        let split = corpus.split_options().cloned();
        Corpus::of_parts(corpus.label(), corpus.vocab().clone(), parts, split)
    };
    Ok((0..FOLDS).map(fold).collect::<Result<_, _>>()?)
}

/// What all trials share.
struct Tuner<'a> {
    args: &'a TuneArgs,
    workers: &'static Workers,
    /// A training of the default preset in each round, whose counts all trials share.
    rounds: Vec<Training>,
}

impl<'a> Tuner<'a> {
    fn new(args: &'a TuneArgs, rounds: Vec<Corpus>) -> Result<Self, Failure> {
        let workers = threads(args.threads)?;
        let usual = train_args(args, Job::FIRST)?.options();
        let training = |corpus| {
            let training = Training::new(corpus, &usual, workers)?;
            training.rivals()?;
            Ok::<_, Failure>(training)
        };
        Ok(Tuner {
            args,
            workers,
            rounds: rounds.into_iter().map(training).collect::<Result<_, _>>()?,
        })
    }

    /// Trains a candidate; `None` where the time ended it, or Ctrl-C did.
    fn try_out(&self, job: Job, deadline: Option<Instant>) -> Result<Option<Trial>, Failure> {
        let begun = Instant::now();
        let options = train_args(self.args, job)?.options();
        let mut judged = Judged::default();
        for round in &self.rounds {
            let training = round.with_options(&options)?;
            let made = training.run(None, &mut Watcher::quiet(deadline))?;
            if interrupted() || deadline.is_some_and(|end| Instant::now() > end) {
                return Ok(None);
            }
            judged.add(&made.model, training.corpus(), self.workers)?;
        }
        Ok(Some(Trial {
            candidate: job.candidate,
            rung: job.rung,
            val_loss: judged.loss(),
            seconds: begun.elapsed().as_secs_f64(),
        }))
    }

    /// The loss of Kneser–Ney on the same names.
    fn counting(&self) -> Result<f64, Failure> {
        let mut judged = Judged::default();
        for round in &self.rounds {
            let rivals = round.rivals()?;
            let best = rivals.best_kneser_ney.as_ref();
            let model = best.or(rivals.kneser_ney.as_ref());
            let model = model.expect("Kneser–Ney is always counted");
            judged.add(model, round.corpus(), self.workers)?;
        }
        Ok(judged.loss())
    }
}

/// The loss on the validation names of several rounds together.
#[derive(Default)]
struct Judged {
    nll: f64,
    examples: f64,
}

impl Judged {
    fn add(
        &mut self,
        model: &dyn LanguageModel,
        corpus: &Corpus,
        workers: &Workers,
    ) -> Result<(), Failure> {
        if let Some(val) = corpus.windows(Part::Val, model.context_length())? {
            let examples = val.examples() as f64;
            self.nll += examples * loss(model, &val, workers);
            self.examples += examples;
        }
        Ok(())
    }

    fn loss(&self) -> f64 {
        self.nll / self.examples
    }
}

impl Job {
    const FIRST: Job = Job {
        candidate: 0,
        rung: 0,
    };
}

/// The command line of a job, without the program's name.
fn arguments(args: &TuneArgs, job: Job) -> Vec<String> {
    let mut arguments = vec!["train".to_owned()];
    arguments.extend(args.corpus.to_arguments());
    for (name, value) in options(&args.seed, job.candidate) {
        arguments.extend([name.to_owned(), value]);
    }
    arguments.extend(["--steps".into(), job.steps().to_string()]);
    let seed = args.seed.to_string();
    if seed != "42" {
        arguments.extend(["--seed".into(), seed]);
    }
    arguments
}

fn train_args(args: &TuneArgs, job: Job) -> Result<TrainArgs, Failure> {
    let line = std::iter::once("nextchar".to_owned()).chain(arguments(args, job));
    match Cli::try_parse_from(line).map(|cli| cli.command) {
        Ok(Command::Train(args)) => Ok(*args),
        Ok(_) => unreachable!("the line begins with `train`"),
        Err(error) => Err(Failure::misuse(error)),
    }
}

/// Candidates on their highest rung, by val.
fn best_first(trials: &[Trial]) -> Vec<&Trial> {
    let last = |trial: &&Trial| {
        let higher = |other: &Trial| other.candidate == trial.candidate && other.rung > trial.rung;
        !trials.iter().any(higher)
    };
    let mut found: Vec<&Trial> = trials.iter().filter(last).collect();
    found.sort_by(|a, b| a.val_loss.total_cmp(&b.val_loss));
    found
}

fn report(tuner: &Tuner<'_>, trials: &[Trial], counting: f64) -> Result<(), Failure> {
    let args = tuner.args;
    let ranked = best_first(trials);
    let winner = ranked.first().filter(|trial| trial.val_loss < counting);
    let command = command(args, winner.copied());
    let mut out = output::stdout();
    if args.json {
        let shown = |trial: &&Trial| {
            json!({
                "options": arguments(args, job(trial))[1..].join(" "),
                "val_loss": trial.val_loss,
                "seconds": trial.seconds,
            })
        };
        let result = json!({
            "tried": trials.len(),
            "trials": ranked.iter().map(shown).collect::<Vec<_>>(),
            "folds": tuner.rounds.len(),
            "val_loss": winner.map_or(counting, |trial| trial.val_loss),
            "kneser_ney": counting,
            "command": command,
        });
        output::json(&mut out, &result)?;
        return Ok(out.flush()?);
    }
    let how = match tuner.rounds.len() {
        1 => "val".to_owned(),
        folds => format!("{folds} folds of train and val"),
    };
    writeln!(
        out,
        "{BOLD}{} trials{BOLD:#}, nats per predicted character on {how}; test was not touched",
        count(trials.len() as u64)
    )?;
    output::table(&mut out, &rows(args, &ranked, counting))?;
    writeln!(out, "\n{BOLD}The best again{BOLD:#}\n  {command}")?;
    out.flush()?;
    if winner.is_none() {
        note("no network beats counting on these names: the command is Kneser–Ney's");
    }
    Ok(())
}

fn job(trial: &Trial) -> Job {
    Job {
        candidate: trial.candidate,
        rung: trial.rung,
    }
}

/// The command that trains the winner again, or counts where no network won.
fn command(args: &TuneArgs, winner: Option<&Trial>) -> String {
    let line = match winner {
        Some(trial) => arguments(args, job(trial)),
        None => {
            let mut line = vec!["train".to_owned()];
            line.extend(args.corpus.to_arguments());
            line.extend(["--family".into(), "kneser-ney".into()]);
            line
        }
    };
    let words = std::iter::once("nextchar".into()).chain(line).map(quoted);
    words.collect::<Vec<_>>().join(" ")
}

/// The best trials below counting and the options' names.
fn rows(args: &TuneArgs, ranked: &[&Trial], counting: f64) -> Vec<Vec<String>> {
    let cells = |candidate| options(&args.seed, candidate).into_iter();
    let mut header = ["", "loss", "steps", "seconds"].map(str::to_owned).to_vec();
    header.extend(cells(1).map(|(name, _)| name[2..].to_owned()));
    let mut rows = vec![header, vec!["Kneser–Ney".into(), format!("{counting:.4}")]];
    for (place, trial) in ranked.iter().take(args.show).enumerate() {
        let mut row = vec![
            format!("{}", place + 1),
            format!("{:.4}", trial.val_loss),
            count(job(trial).steps()),
            format!("{:.1}", trial.seconds),
        ];
        match trial.candidate {
            0 => row.push("the default preset".into()),
            candidate => row.extend(cells(candidate).map(|(_, value)| value)),
        }
        rows.push(row);
    }
    rows
}

/// As a shell reads it.
fn quoted(argument: String) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,+:@%".contains(c);
    match argument.chars().all(plain) && !argument.is_empty() {
        true => argument,
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

/// The file of `--trials`.
#[derive(Serialize, Deserialize)]
struct Kept {
    data_hash: String,
    seed: String,
    trials: Vec<Trial>,
}

fn kept_trials(args: &TuneArgs, digest: &str) -> Result<Vec<Trial>, Failure> {
    let Some(path) = args.trials.as_deref().filter(|path| path.exists()) else {
        return Ok(Vec::new());
    };
    let text = std::fs::read(path).map_err(|error| Failure::file(path, &error))?;
    let kept: Kept = serde_json::from_slice(&text).map_err(|error| {
        Failure::misuse(format!(
            "--trials {}: not a file of trials: {error}",
            path.display()
        ))
    })?;
    let differs = |what| {
        Failure::misuse(format!("--trials {}: made {what}", path.display()))
            .help("another file for another search")
    };
    if kept.data_hash != digest {
        return Err(differs("from other training names"));
    }
    if kept.seed != args.seed.to_string() {
        return Err(differs("with another --seed"));
    }
    note(&format!(
        "{} trials of before stand in {}",
        kept.trials.len(),
        path.display()
    ));
    Ok(kept.trials)
}

fn save_trials(
    path: &Path,
    args: &TuneArgs,
    digest: &str,
    trials: &[Trial],
) -> Result<(), Failure> {
    let kept = Kept {
        data_hash: digest.to_owned(),
        seed: args.seed.to_string(),
        trials: trials.to_vec(),
    };
    store::save(path, &serde_json::to_vec(&kept)?)
}
