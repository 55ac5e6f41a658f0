//! `nextchar train`: read, split, collapse, train, evaluate, save, and ten new names.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

use nextchar::LanguageModel;
use nextchar::data::{CountedWindows, NameList, Split, SplitOptions};
use nextchar::optim::{Engine, StopReason, Tables, Trained, find_learning_rate};
use nextchar::sample::{Conditions, Generator, Request};
use nextchar::score::{Plausibility, evaluate};
use nextchar_formats::{Checkpoint, CurvePoint, Losses, ModelFile, Record};
use serde_json::json;

use crate::args::{LearningRate, TrainArgs};
use crate::checkpoint::{self, Keeper};
use crate::corpus::read_corpus;
use crate::failure::{DONE, Failure, INTERRUPTED};
use crate::family::{Made, Maker};
use crate::output::{self, BOLD, count, note};
use crate::presets::Preset;
use crate::report::{Reports, describe, describe_first_loss};
use crate::store;
use crate::threads::threads;
use crate::training::{model_config, steps_within, train_config};

pub fn run(args: &TrainArgs) -> Result<u8, Failure> {
    let Some(path) = &args.resume else {
        return train(args, None);
    };
    let resumed = checkpoint::load(path)?;
    let args = checkpoint::merged_args(&resumed)?;
    train(&args, Some(resumed))
}

fn train(args: &TrainArgs, resumed: Option<Checkpoint>) -> Result<u8, Failure> {
    let started = Instant::now();
    store::check_destination(&args.out, args.force)?;
    if let Some(path) = args.checkpoint.as_ref().or(args.resume.as_ref()) {
        checkpoint::check_destination(path, args.resume.as_ref() == Some(path), args.force)?;
    }
    let threads = threads(args.threads)?;
    let mut engine = Engine::new(&threads);
    engine.instruction_set = args.instructions.unwrap_or(engine.instruction_set);
    let preset = Preset::find(&args.preset).expect("clap knows the presets");

    let corpus = read_corpus(&args.corpus, preset.lengths)?;
    let shape = model_config(args, &preset, corpus.vocab.len());
    shape.validate()?;
    let windows =
        |names: &NameList| CountedWindows::from_list(names, &corpus.vocab, shape.context_length);
    let table = windows(&corpus.parts.train)?;
    let read_seconds = started.elapsed().as_secs_f64();
    let config = train_config(args, &preset, &table)?;
    let mut maker = Maker {
        args,
        corpus: &corpus,
        shape: shape.clone(),
        config,
        family: args.family.unwrap_or(preset.family),
        networks: args
            .networks
            .map_or(preset.networks, |number| number as usize),
        distill: args.distill || preset.distill,
        engine: &engine,
        deadline: args.time.map(|time| started + time),
        keeper: None,
        quiet: false,
    };
    let train_started = Instant::now();
    let rivals = maker.rivals()?;
    if let Some(steps) = resumed
        .as_ref()
        .and_then(Checkpoint::steps)
        .filter(|_| args.time.is_some())
    {
        maker.config = train_config(&args.with_steps(steps), &preset, &table)?;
    } else if let Some(time) = args.time {
        let val = maker.windows(&corpus.parts.val, shape.context_length)?;
        let tables = Tables {
            train: &table,
            val: val.as_ref(),
        };
        let left = time.saturating_sub(started.elapsed()) / maker.networks as u32;
        let steps = steps_within(left, &shape, &maker.config, tables, &engine)?;
        maker.config = train_config(&args.with_steps(steps), &preset, &table)?;
    }
    if args.learning_rate == Some(LearningRate::Auto) {
        let rate = find_learning_rate(&shape, &maker.config, &table, &engine)?;
        note(&format!("--learning-rate {rate:.6} was found to suit"));
        maker.config.learning_rate = rate;
    }
    let keeper = Keeper::new(&maker, resumed)?;
    describe(&maker, &table);
    keeper.iter().for_each(Keeper::describe);
    let keeper = keeper.map(RefCell::new);
    maker.keeper = keeper.as_ref();
    let made = maker.make(&rivals)?;
    let train_seconds = train_started.elapsed().as_secs_f64();
    if let Some(trained) = &made.trained {
        describe_first_loss(trained, &maker.config, shape.vocab_size);
    }

    let longest = made.model.context_length().max(rivals.context_length());
    let report = |names| {
        let table = maker.windows(names, longest)?;
        let report = |table| evaluate(&made.model, &table, &rivals, &threads);
        Ok::<_, Failure>(table.map(report).transpose()?)
    };
    let parts = &corpus.parts;
    let reports = Reports {
        train: report(&parts.train)?.expect("there are training names"),
        val: report(&parts.val)?,
        test: report(&parts.test)?,
    };
    let file = ModelFile {
        record: Record {
            plausibility: Plausibility::fit(
                &made.model,
                &rivals.bigrams,
                &corpus.vocab,
                &corpus.parts.val,
                &args.seed,
            )?,
            ..record(&maker, &made, &table, &reports)
        },
        vocab: corpus.vocab.clone(),
        model: made.model.clone(),
        bigrams: rivals.bigrams,
        names: (!args.no_names).then(|| corpus.parts.clone()),
    };
    let bytes = file.to_bytes().map_err(Failure::failed)?;
    let mut keeper = keeper.as_ref().map(RefCell::borrow_mut);
    store::save(&args.out, &bytes)
        .map_err(|failure| unsaved(failure, &bytes, keeper.as_deref()))?;
    if let Some(keeper) = &mut keeper {
        keeper.remove();
    }

    let mut out = output::stdout();
    if args.json {
        let mut result = json!({
            "train_loss": reports.train.loss,
            "val_loss": reports.val.map(|report| report.loss),
            "test_loss": reports.test.map(|report| report.loss),
            "read_seconds": read_seconds,
            "train_seconds": train_seconds,
            "step_seconds": made.step_seconds,
            "epochs": made.trained.as_ref().map(|trained| trained.epochs),
            "steps": made.trained.as_ref().map(|trained| trained.steps),
            "best_step": made.trained.as_ref().map(|trained| trained.best_step),
            "stop": made.trained.as_ref().map(|trained| trained.stop),
            "first_loss": made.trained.as_ref().map(|trained| trained.first_loss),
            "parameters": made.model.parameter_count(),
            "examples": table.examples(),
            "contexts": table.len(),
            "baselines": {
                "val": reports.val.map(|report| report.baselines),
                "test": reports.test.map(|report| report.baselines),
            },
            "model": args.out,
        });
        result["seconds"] = started.elapsed().as_secs_f64().into();
        output::json(&mut out, &result)?;
    } else {
        reports.print(&mut out, !corpus.own_files)?;
        print_new_names(&mut out, &file, &corpus.parts, args)?;
        let (path, size) = (args.out.display(), output::bytes(bytes.len() as u64));
        writeln!(
            out,
            "\nSaved to {path} ({size}) after {:.1} s.",
            started.elapsed().as_secs_f64()
        )?;
    }
    out.flush()?;
    if let Some(trained) = &made.trained {
        say_how_it_ended(&maker, trained, made.interrupted, train_seconds);
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

/// The model could not be saved where it should: it is saved elsewhere rather than lost.
fn unsaved(failure: Failure, bytes: &[u8], keeper: Option<&Keeper>) -> Failure {
    let mut help = match store::rescue(bytes) {
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
fn say_how_it_ended(maker: &Maker<'_>, trained: &Trained, interrupted: bool, seconds: f64) {
    let (args, config) = (maker.args, &maker.config);
    let single = maker.networks == 1 && !maker.distill;
    if trained.stop == StopReason::Observer && args.stop_after != Some(trained.steps) {
        let why = if interrupted {
            "interrupted"
        } else {
            "out of time"
        };
        let repeat = match single {
            true => format!(
                "--steps {} --stop-after {} repeats this run",
                config.steps, trained.steps
            ),
            false => "what was done of the others stays".into(),
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

fn record(maker: &Maker<'_>, made: &Made, table: &CountedWindows, reports: &Reports) -> Record {
    let (args, corpus) = (maker.args, maker.corpus);
    let mut options = BTreeMap::from([("preset".to_owned(), json!(args.preset))]);
    if made.trained.is_some() {
        options.insert("training".to_owned(), json!(&maker.config));
        options.insert("networks".to_owned(), json!(maker.networks));
        options.insert("distill".to_owned(), json!(maker.distill));
        if let Some(share) = args.label_smoothing {
            options.insert("label_smoothing".to_owned(), json!(share));
        }
    }
    let seed = args.corpus.split_seed.clone();
    let trained = made.trained.as_ref();
    Record {
        data_hash: corpus.parts.train.digest(),
        split: (!corpus.own_files).then_some(SplitOptions {
            shares: args.corpus.split,
            seed,
        }),
        longest_name: [&corpus.parts.train, &corpus.parts.val, &corpus.parts.test]
            .map(NameList::longest)
            .into_iter()
            .max()
            .unwrap_or(0),
        options,
        best_counts: reports.train.baselines.best_kneser_ney_context,
        examples: table.examples(),
        contexts: table.len() as u64,
        steps: trained.map_or(0, |trained| trained.steps),
        best_step: trained.map_or(0, |trained| trained.best_step),
        losses: Losses {
            train: reports.train.loss,
            val: reports.val.map(|report| report.loss),
            test: reports.test.map(|report| report.loss),
        },
        curve: trained.map_or_else(Vec::new, curve),
        plausibility: None,
    }
}

fn curve(trained: &Trained) -> Vec<CurvePoint> {
    let looks = trained.evaluations.iter();
    looks
        .map(|look| CurvePoint {
            step: look.step,
            train_loss: look.train_loss,
            val_loss: look.val_loss,
        })
        .collect()
}

/// Ten names that are in no part of the list.
fn print_new_names(
    out: &mut impl Write,
    file: &ModelFile,
    parts: &Split,
    args: &TrainArgs,
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
    let mut names = Generator::new(&file.model, &file.vocab, request, &args.seed)?;
    let found: Vec<String> = names.by_ref().map(|generated| generated.name).collect();
    match found.len() {
        0 => writeln!(
            out,
            "\nNo new name was found in {} attempts.",
            count(names.outcome().attempts)
        )?,
        number => writeln!(
            out,
            "\n{BOLD}{number} new names, in no part of the list{BOLD:#}"
        )?,
    }
    for name in found {
        writeln!(out, "  {name}")?;
    }
    Ok(())
}
