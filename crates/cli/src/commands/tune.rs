//! `nextchar tune`: searches for better options in a given time, by val alone.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use nextchar::data::{NameList, Split};
use nextchar::language_model::loss;
use nextchar::{Corpus, Family, LanguageModel, Part, Preset, TrainOptions, Training, Workers};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::args::TuneArgs;
use crate::command_line;
use crate::corpus::{note_inputs, read_corpus};
use crate::failure::{DONE, Failure, INTERRUPTED};
use crate::output::{self, BOLD, count, note};
use crate::output_files::{Existing, OutputFile, RunFiles};
use crate::progress::{Watcher, styled_bar};
use crate::search::{Job, Trial, candidate, next_job};
use crate::signals::{self, interrupted};
use crate::threads::threads;

/// Below this many names for train and val, all of them judge in turn: one small val is mostly chance.
const FEW_NAMES: usize = 2_000;
const FOLDS: usize = 5;

pub fn run(args: &TuneArgs) -> Result<u8, Failure> {
    let started = Instant::now();
    let deadline = started + args.time;
    signals::catch();
    let trials_file = claim(args)?;
    let corpus = read_corpus(&args.corpus, Preset::default())?;
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
        if let Some(file) = &trials_file {
            save_trials(file, args, &digest, &trials)?;
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
    if trials.is_empty() {
        note("interrupted before the first trial was done: nothing was compared");
        return Ok(INTERRUPTED);
    }
    report(&tuner, &trials, counting)?;
    match interrupted() {
        true => Ok(INTERRUPTED),
        false => Ok(DONE),
    }
}

/// The file of the trials, claimed beside the lists that the run reads.
fn claim(args: &TuneArgs) -> Result<Option<OutputFile>, Failure> {
    let mut files = RunFiles::default();
    note_inputs(&args.corpus, &mut files);
    let why = "the trials are saved again and again, which standard output cannot take";
    let claim = |path: &PathBuf| files.claim("--trials", path, Existing::Continue, why);
    args.trials.as_ref().map(claim).transpose()
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
        let usual = train_options(args, Job::FIRST);
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
        let options = train_options(self.args, job);
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

/// The options of a job.
fn train_options(args: &TuneArgs, job: Job) -> TrainOptions {
    TrainOptions {
        steps: Some(job.steps()),
        seed: args.seed.clone(),
        ..candidate(&args.seed, job.candidate)
    }
}

/// The words of a training's command line, without the program's name.
fn arguments(args: &TuneArgs, options: &TrainOptions) -> Vec<String> {
    let mut arguments = vec!["train".to_owned()];
    arguments.extend(args.corpus.to_arguments());
    arguments.extend(options.to_arguments());
    arguments
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
                "options": arguments(args, &train_options(args, job(trial)))[1..].join(" "),
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
    let options = match winner {
        Some(trial) => train_options(args, job(trial)),
        None => TrainOptions {
            family: Some(Family::KneserNey),
            ..TrainOptions::default()
        },
    };
    command_line::shown(arguments(args, &options))
}

/// The best trials below counting and the options' names.
fn rows(args: &TuneArgs, ranked: &[&Trial], counting: f64) -> Vec<Vec<String>> {
    let words = |number| candidate(&args.seed, number).to_arguments();
    let mut header = ["", "loss", "steps", "seconds"].map(str::to_owned).to_vec();
    header.extend(words(1).iter().step_by(2).map(|name| name[2..].to_owned()));
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
            number => row.extend(words(number).into_iter().skip(1).step_by(2)),
        }
        rows.push(row);
    }
    rows
}

/// The file of `--trials`.
#[derive(Serialize, Deserialize)]
struct Kept {
    data_hash: String,
    seed: String,
    trials: Vec<Trial>,
}

/// A million trials are not tried.
const LARGEST_TRIALS: u64 = 100 << 20;
const OTHER_FILE: &str = "another file for another search";

fn kept_trials(args: &TuneArgs, digest: &str) -> Result<Vec<Trial>, Failure> {
    let Some(path) = args.trials.as_deref().filter(|path| path.exists()) else {
        return Ok(Vec::new());
    };
    let text = nextchar::read_file(path, LARGEST_TRIALS, |_| Ok::<(), Failure>(()))?;
    let kept: Kept = serde_json::from_slice(&text).map_err(|error| {
        Failure::misuse(format!(
            "--trials {}: not a file of trials: {error}",
            path.display()
        ))
        .help(OTHER_FILE)
    })?;
    let differs = |what| {
        Failure::misuse(format!("--trials {}: made {what}", path.display())).help(OTHER_FILE)
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
    file: &OutputFile,
    args: &TuneArgs,
    digest: &str,
    trials: &[Trial],
) -> Result<(), Failure> {
    let kept = Kept {
        data_hash: digest.to_owned(),
        seed: args.seed.to_string(),
        trials: trials.to_vec(),
    };
    file.save(&serde_json::to_vec(&kept)?)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    #[test]
    fn the_command_that_is_shown_has_the_options_that_were_tried() {
        let line = [
            "nextchar",
            "tune",
            "finnish-names",
            "--seed",
            "7",
            "--split",
            "70,15,15",
        ];
        let Command::Tune(args) = Cli::parse_from(line).command else {
            unreachable!("the words say `tune`");
        };
        for candidate in 0..20 {
            let options = train_options(&args, Job { candidate, rung: 1 });
            let line = std::iter::once("nextchar".to_owned()).chain(arguments(&args, &options));
            let Command::Train(shown) = Cli::parse_from(line).command else {
                unreachable!("the words say `train`");
            };
            assert_eq!(shown.options(), options);
            assert_eq!(shown.corpus.to_arguments(), args.corpus.to_arguments());
        }
    }
}
