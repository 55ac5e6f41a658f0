//! `nextchar train`: read, split, collapse, train, evaluate, save, and ten new names.

use std::cell::RefCell;
use std::io::Write;
use std::time::{Duration, Instant};

use nextchar::data::{CountedWindows, Split};
use nextchar::sample::{Conditions, Generator, Request};
use nextchar::train::{Engine, StopReason, Tables, Trained, find_learning_rate};
use nextchar::{Part, Preset, Reports, plan};
use nextchar_formats::{Checkpoint, ModelFile};
use nextchar_parallel::Threads;
use serde_json::{Value, json};

use crate::args::{LearningRate, TrainArgs};
use crate::checkpoint::{self, Keeper};
use crate::command_line::Given;
use crate::corpus::{note_inputs, read_corpus};
use crate::counts;
use crate::failure::{DONE, Failure, INTERRUPTED};
use crate::family::{Made, Maker};
use crate::output::{self, BOLD, count, note};
use crate::output_files::{self, Existing, OutputFile, RunFiles};
use crate::report::{describe, describe_first_loss, print_losses};
use crate::threads::threads;
use crate::training::steps_within;

pub fn run(args: &TrainArgs, given: &Given) -> Result<u8, Failure> {
    let Some(path) = &args.resume else {
        return train(args, given, None);
    };
    let resumed = checkpoint::load(path)?;
    let args = given.over(&resumed.arguments)?;
    train(&args, given, Some(resumed))
}

/// The places of the model and of the checkpoint, claimed beside all that the run reads.
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
    let why = "standard output has the losses and the new names";
    let model = files.claim("--out", &args.out, existing, why)?;
    Ok((model, checkpoint))
}

fn train(args: &TrainArgs, given: &Given, resumed: Option<Checkpoint>) -> Result<u8, Failure> {
    let started = Instant::now();
    let (model_file, checkpoint_file) = claim(args)?;
    let threads = threads(args.threads)?;
    let mut engine = Engine::new(&threads);
    engine.instruction_set = args.instructions.unwrap_or(engine.instruction_set);
    let preset = Preset::find(&args.preset).expect("clap knows the presets");

    let corpus = match counts::given(args)? {
        false => read_corpus(&args.corpus, preset.lengths)?,
        true => counts::read(args)?,
    };
    let (plan, table) = plan(&args.options(), &corpus)?;
    let read_seconds = started.elapsed().as_secs_f64();
    let mut maker = Maker {
        args,
        corpus: &corpus,
        plan,
        engine: &engine,
        deadline: args.time.map(|time| started + time),
        keeper: None,
        quiet: false,
    };
    let train_started = Instant::now();
    let rivals = maker.rivals()?;
    if let Some(time) = args.time {
        let steps = match resumed.as_ref().and_then(Checkpoint::steps) {
            Some(steps) => steps,
            None => steps_left(&maker, &table, time.saturating_sub(started.elapsed()))?,
        };
        (maker.plan, _) = nextchar::plan(&args.with_steps(steps).options(), &corpus)?;
    }
    if args.learning_rate == Some(LearningRate::Auto) {
        let rate = find_learning_rate(&maker.plan.shape, &maker.plan.config, &table, &engine)?;
        note(&format!("--learning-rate {rate:.6} was found to suit"));
        maker.plan.config.learning_rate = rate;
    }
    let keeper = checkpoint_file.map(|file| {
        let arguments = given.to_keep();
        Keeper::new(args, file, &maker.plan, maker.corpus, arguments, resumed)
    });
    let keeper = keeper.transpose()?;
    describe(&maker, &table);
    keeper.iter().for_each(Keeper::describe);
    let keeper = keeper.map(RefCell::new);
    maker.keeper = keeper.as_ref();
    let made = maker.make(&rivals)?;
    let train_seconds = train_started.elapsed().as_secs_f64();
    if let Some(trained) = &made.trained {
        describe_first_loss(trained, &maker.plan.config, corpus.vocab.len());
    }

    let (model, trained) = (made.model.clone(), made.trained.as_ref());
    let (file, reports) = maker.plan.file(&corpus, model, trained, rivals, &threads)?;
    let bytes = file.to_bytes().map_err(Failure::failed)?;
    let mut keeper = keeper.as_ref().map(RefCell::borrow_mut);
    model_file
        .save(&bytes)
        .map_err(|failure| unsaved(failure, &bytes, keeper.as_deref()))?;
    if let Some(keeper) = &mut keeper {
        keeper.delete();
    }

    let mut out = output::stdout();
    if args.json {
        let mut result = result(args, &made, &reports, &table);
        result["read_seconds"] = read_seconds.into();
        result["train_seconds"] = train_seconds.into();
        result["seconds"] = started.elapsed().as_secs_f64().into();
        output::json(&mut out, &result)?;
    } else {
        print_losses(&reports, &mut out, corpus.split.is_some())?;
        print_new_names(&mut out, &file, &corpus.parts, args, &threads)?;
        let (path, size) = (args.out.display(), output::bytes(bytes.len() as u64));
        writeln!(
            out,
            "\nSaved to {path} ({size}) after {:.1} s.",
            started.elapsed().as_secs_f64()
        )?;
    }
    out.flush()?;
    if let Some(trained) = &made.trained {
        say_how_it_ended(&maker, &made, trained, train_seconds);
    }
    if let Some(path) = keeper.as_deref().and_then(Keeper::kept) {
        note(&format!(
            "`nextchar train --resume {}` goes on",
            path.display()
        ));
    }
    match made.interrupted {
        true => Ok(INTERRUPTED),
        false => Ok(DONE),
    }
}

/// What came of it, for programs; the times are added.
fn result(args: &TrainArgs, made: &Made, reports: &Reports, table: &CountedWindows) -> Value {
    let trained = made.trained.as_ref();
    json!({
        "train_loss": reports.train.loss,
        "val_loss": reports.val.map(|report| report.loss),
        "test_loss": reports.test.map(|report| report.loss),
        "step_seconds": made.step_seconds,
        "epochs": trained.map(|trained| trained.epochs),
        "steps": trained.map(|trained| trained.steps),
        "best_step": trained.map(|trained| trained.best_step),
        "stop": trained.map(|trained| trained.stop),
        "first_loss": trained.map(|trained| trained.first_loss),
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

/// The model could not be saved where it should: it is saved elsewhere rather than lost.
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

/// What was cut short, and the command that repeats it.
fn say_how_it_ended(maker: &Maker<'_>, made: &Made, trained: &Trained, seconds: f64) {
    let (args, config, planned) = (maker.args, &maker.plan.config, maker.plan.networks);
    if trained.stop == StopReason::Observer && args.stop_after != Some(trained.steps) {
        let why = if made.interrupted {
            "interrupted"
        } else {
            "out of time"
        };
        let repeat = match (planned, maker.plan.distill) {
            (1, false) => format!(
                "--steps {} --stop-after {} repeats this run",
                config.steps, trained.steps
            ),
            (_, false) => format!(
                "the model has {} of {planned} networks",
                made.model.networks().len()
            ),
            (_, true) => "the model has what was trained before".into(),
        };
        note(&format!(
            "{why} after step {} of {}: the best so far (step {}) is saved; {repeat}",
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

/// How many steps of a network fit what is left of --time.
fn steps_left(maker: &Maker<'_>, table: &CountedWindows, left: Duration) -> Result<u64, Failure> {
    let (plan, corpus) = (&maker.plan, maker.corpus);
    let val = corpus.windows(Part::Val, plan.shape.context_length)?;
    let tables = Tables {
        train: table,
        val: val.as_ref(),
    };
    steps_within(left / plan.networks as u32, plan, tables, maker.engine)
}

/// Ten names that are in no part of the list.
fn print_new_names(
    out: &mut impl Write,
    file: &ModelFile,
    parts: &Split,
    args: &TrainArgs,
    threads: &Threads,
) -> Result<(), Failure> {
    let request = Request {
        count: 10,
        conditions: Conditions {
            max_length: file.record.longest_name,
            ..Conditions::default()
        },
        unwanted: vec![&parts.train, &parts.val, &parts.test],
        unique: true,
        ..Request::default()
    };
    let mut names = Generator::new(&file.model, &file.vocab, request, &args.seed, threads)?;
    let found: Vec<String> = names.by_ref().map(|generated| generated.name).collect();
    match found.len() {
        0 => writeln!(
            out,
            "\nNo new name was found in {} attempts.",
            count(names.outcome().attempts)
        )?,
        number => writeln!(
            out,
            "\n{BOLD}{number} {}{BOLD:#}",
            match args.counts.is_empty() {
                true => "new names, in no part of the list",
                false => "names",
            }
        )?,
    }
    for name in found {
        writeln!(out, "  {name}")?;
    }
    Ok(())
}
