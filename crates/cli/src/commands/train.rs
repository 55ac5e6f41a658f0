//! `nextchar train`: read, split, collapse, train, evaluate, save, and show ten new names.

use std::cell::RefCell;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use nextchar::train::{StopReason, Trained};
use nextchar::{Corpus, Made, Model, Part, Reports, Training};
use nextchar_formats::{Checkpoint, Sampling};
use serde_json::{Value, json};

use crate::args::TrainArgs;
use crate::checkpoint::{self, Keeper};
use crate::command_line::Given;
use crate::corpus::{note_inputs, read_corpus};
use crate::counts;
use crate::failure::{DONE, Failure, INTERRUPTED};
use crate::output::{self, BOLD, count, note};
use crate::output_files::{self, Existing, OutputFile, RunFiles};
use crate::progress::Watcher;
use crate::report::{describe, describe_first_loss, print_losses};
use crate::signals::interrupted;
use crate::store;
use crate::threads::threads;

pub fn run(args: &TrainArgs, given: &Given) -> Result<u8, Failure> {
    let Some(path) = &args.resume else {
        return train(args, given, None);
    };
    let resumed = checkpoint::load(path)?;
    let args = given.over(&resumed.arguments)?;
    train(&args, given, Some(resumed))
}

/// The paths of the model and the checkpoint, claimed after noting everything that the run reads.
fn claim(args: &TrainArgs) -> Result<(OutputFile, Option<OutputFile>), Failure> {
    let mut files = RunFiles::default();
    note_inputs(&args.corpus, &mut files);
    for (option, paths) in [
        ("--counts", &args.counts),
        ("--val-counts", &args.val_counts),
        ("--test-counts", &args.test_counts),
    ] {
        paths.iter().for_each(|path| files.reads(option, path));
    }
    if let Some(path) = &args.teacher {
        files.reads("--teacher", path);
    }
    let checkpoint = checkpoint::claim(args, &mut files)?;
    if let Some(path) = &args.resume {
        files.reads("--resume", path);
    }
    let existing = Existing::ReplaceModel.or_forced(args.force);
    let why = "standard output shows the losses and the new names";
    let model = files.claim("--out", &args.out, existing, why)?;
    Ok((model, checkpoint))
}

fn train(args: &TrainArgs, given: &Given, resumed: Option<Checkpoint>) -> Result<u8, Failure> {
    let started = Instant::now();
    args.check()?;
    let (model_file, checkpoint_file) = claim(args)?;
    let teacher = args.teacher.as_deref().map(load_teacher).transpose()?;
    let corpus = read(args)?;
    let mut training = Training::new(corpus, &args.options(), threads(args.threads)?)?
        .with_instructions(args.instructions);
    let read_seconds = started.elapsed().as_secs_f64();

    let train_started = Instant::now();
    if let Some(time) = args.time {
        match resumed.as_ref().and_then(Checkpoint::steps) {
            Some(steps) => training.set_steps(steps)?,
            None => training.fit_to(time, &started)?,
        }
    }
    if let Some(rate) = training.find_learning_rate()? {
        note(&format!("found a suitable --learning-rate {rate:.6}"));
    }
    let keeper = checkpoint_file.map(|file| {
        let arguments = given.to_keep();
        let (plan, corpus) = (training.plan(), training.corpus());
        Keeper::new(args, file, plan, corpus, arguments, resumed)
    });
    let keeper = keeper.transpose()?;
    describe(&training);
    keeper.iter().for_each(Keeper::describe);
    let keeper = keeper.map(RefCell::new);
    let deadline = args.time.map(|time| started + time);
    let mut watcher = Watcher::new(args.stop_after, deadline, keeper.as_ref());
    let made = run_with(&training, args, teacher.as_ref(), &mut watcher)?;
    let (step_seconds, refit_seconds) = (watcher.step_seconds(), watcher.refit_seconds());
    let (model, reports) = training.finish(&made)?;
    let train_seconds = train_started.elapsed().as_secs_f64();
    if let Some(trained) = &made.last {
        let classes = training.corpus().vocab().len();
        describe_first_loss(trained, &training.plan().config, classes);
    }

    let bytes = model.to_bytes()?;
    let mut keeper = keeper.as_ref().map(RefCell::borrow_mut);
    model_file
        .save(&bytes)
        .map_err(|failure| unsaved(failure, &bytes, keeper.as_deref()))?;
    if let Some(keeper) = &mut keeper {
        keeper.delete();
    }

    let mut out = output::stdout();
    if args.json {
        let mut result = result(args, &training, &made, (&model, &reports));
        result["step_seconds"] = step_seconds.into();
        result["read_seconds"] = read_seconds.into();
        result["refit_seconds"] = refit_seconds.into();
        result["train_seconds"] = train_seconds.into();
        result["seconds"] = started.elapsed().as_secs_f64().into();
        output::json(&mut out, &result)?;
    } else {
        print_losses(
            &reports,
            &mut out,
            training.corpus().split_options().is_some(),
        )?;
        say_what_was_saved(&training, &made, &model);
        print_new_names(&mut out, &training, &model, args)?;
        let (path, size) = (args.out.display(), output::bytes(bytes.len() as u64));
        writeln!(
            out,
            "\nSaved to {path} ({size}) after {:.1} s.",
            started.elapsed().as_secs_f64()
        )?;
    }
    out.flush()?;
    if let Some(trained) = &made.last {
        say_how_it_ended(args, &training, &made, trained, train_seconds);
    }
    if let Some(path) = keeper.as_deref().and_then(Keeper::kept) {
        note(&format!(
            "`nextchar train --resume {}` resumes the training",
            path.display()
        ));
    }
    if made.is_cancelled || was_not_refitted(&training, &made) && interrupted() {
        return Ok(INTERRUPTED);
    }
    Ok(DONE)
}

/// Reports what the saved model has learned since its losses were measured, and how it draws names.
fn say_what_was_saved(training: &Training, made: &Made, model: &Model) {
    if made.refitted.is_some() {
        note(
            "the saved model has since learned all names, held-out ones too; --no-refit saves the one above",
        );
    } else if was_not_refitted(training, made) {
        let why = match interrupted() {
            true => "interrupted while it learned all names",
            false => "there was no time left to learn all names",
        };
        note(&format!(
            "{why}: the saved model is the one above, which has not learned the held-out names"
        ));
    }
    let sampling = model.record().sampling;
    if sampling != Sampling::default() {
        note(&format!(
            "names are drawn with --top-p {}, so that few have a pair of letters that no name of the list has",
            sampling.top_p
        ));
    }
}

/// Whether the networks were trained to their end, but not again on all names, as was planned.
fn was_not_refitted(training: &Training, made: &Made) -> bool {
    training.refits() && made.refitted.is_none() && !made.is_cancelled
}

/// The list that the arguments select, or counts instead of it.
fn read(args: &TrainArgs) -> Result<Corpus, Failure> {
    if counts::given(args)? {
        return counts::read(args);
    }
    read_corpus(&args.corpus, args.preset)
}

fn load_teacher(path: &Path) -> Result<Model, Failure> {
    store::load(Some(path))
}

/// Trains, and names the option if the teacher is not suitable.
fn run_with(
    training: &Training,
    args: &TrainArgs,
    teacher: Option<&Model>,
    watcher: &mut Watcher<'_>,
) -> Result<Made, Failure> {
    if let Some(teacher) = teacher
        && teacher.vocab() == training.corpus().vocab()
        && teacher.record().data_hash != training.corpus().digest(Part::Train)?
    {
        note("the teacher learnt from another list, which may contain names of val and test");
    }
    let place = || args.teacher.as_deref().unwrap_or(Path::new("")).display();
    training.run(teacher, watcher).map_err(|error| match error {
        nextchar::Error::TeacherAlphabet => Failure::misuse(format!(
            "--teacher {}: its alphabet is not that of the list",
            place()
        )),
        error @ nextchar::Error::TeacherContext { .. } => Failure::misuse(error),
        other => other.into(),
    })
}

/// The result, for programs; the times are added later.
fn result(
    args: &TrainArgs,
    training: &Training,
    made: &Made,
    (model, reports): (&Model, &Reports),
) -> Value {
    let (trained, table) = (made.last.as_ref(), training.table());
    json!({
        "train_loss": reports.train.loss,
        "val_loss": reports.val.map(|report| report.loss),
        "test_loss": reports.test.map(|report| report.loss),
        "epochs": trained.map(|trained| trained.epochs),
        "steps": trained.map(|trained| trained.steps),
        "best_step": trained.map(|trained| trained.best_step),
        "stop": trained.map(|trained| trained.stop),
        "first_loss": trained.map(|trained| trained.first_loss),
        "refitted": made.refitted.is_some(),
        "sampling": model.record().sampling,
        "parameters": made.model.parameter_count(),
        "examples": table.examples(),
        "contexts": table.len(),
        "baselines": {
            "val": reports.val.map(|report| report.baselines),
            "test": reports.test.map(|report| report.baselines),
        },
        "model": args.out,
    })
}

/// A model that could not be saved at its path is saved elsewhere, so that it is not lost.
fn unsaved(failure: Failure, bytes: &[u8], keeper: Option<&Keeper>) -> Failure {
    let mut help = match output_files::rescue(bytes) {
        Some(path) => format!("the model was saved as {} instead", path.display()),
        None => "the model could not be saved in the folder for temporary files either".into(),
    };
    if let Some(path) = keeper.and_then(Keeper::kept) {
        help.push_str(&format!(
            "; `nextchar train --resume {}` saves it again",
            path.display()
        ));
    }
    failure.help(help)
}

/// Reports how the run ended, and the options that repeat it.
fn say_how_it_ended(
    args: &TrainArgs,
    training: &Training,
    made: &Made,
    trained: &Trained,
    seconds: f64,
) {
    let plan = training.plan();
    let (config, planned) = (&plan.config, plan.networks);
    if trained.stop == StopReason::Observer && args.stop_after != Some(trained.steps) {
        let why = if made.is_cancelled {
            "interrupted"
        } else {
            "out of time"
        };
        let repeat = match (planned, plan.distill) {
            (1, false) => format!(
                "--steps {} --stop-after {} repeats this run",
                config.steps, trained.steps
            ),
            (_, false) => format!(
                "the model has {} of {} networks",
                made.model.networks().len(),
                plan.networks
            ),
            (_, true) => "the model has what was trained so far".into(),
        };
        note(&format!(
            "{why} after step {} of {}: the best so far (step {}) was saved; {repeat}",
            count(trained.steps),
            count(config.steps),
            count(trained.best_step),
        ));
    } else if args.time.is_some() {
        note(&format!("--steps {} repeats this run", config.steps));
    }
    if let (StopReason::TargetLoss, false) = (trained.stop, args.json) {
        note(&format!(
            "val reached the target at step {}, {seconds:.3} s after the first",
            count(trained.steps)
        ));
    }
}

/// Prints ten names that are in no part of the list.
fn print_new_names(
    out: &mut impl Write,
    training: &Training,
    model: &Model,
    args: &TrainArgs,
) -> Result<(), Failure> {
    // Looking up a few names is faster than giving the whole list to the generator.
    const MOST_LOOKED_UP: usize = 100_000;
    let (parts, normalizer) = (training.corpus().parts(), model.vocab().normalizer());
    let is_new = |name: &String| !parts.contains(&normalizer.normalize(name));
    let wanted = model.generate().unique().take(MOST_LOOKED_UP);
    let wanted = wanted.seed(args.seed.clone());
    let mut names = wanted.workers(threads(args.threads)?).try_iter()?;
    let found = names.by_ref().map(|found| found.name).filter(is_new);
    let found: Vec<String> = found.take(10).collect();
    if found.is_empty() {
        let attempts = names.outcome().map_or(0, |outcome| outcome.attempts);
        writeln!(out, "\nFound no new name in {} attempts.", count(attempts))?;
    } else {
        let what = if args.counts.is_empty() {
            "new names, in no part of the list"
        } else {
            "names"
        };
        writeln!(out, "\n{BOLD}{} {what}{BOLD:#}", found.len())?;
    }
    for name in found {
        writeln!(out, "  {name}")?;
    }
    Ok(())
}
