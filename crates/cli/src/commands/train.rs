//! `nextchar train`: read, split, collapse, train, evaluate, save, and ten new names.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

use nextchar::data::{CountedWindows, NameList, Split, SplitOptions};
use nextchar::optim::{Engine, StopReason, Tables, TrainConfig, Trained, train};
use nextchar::sample::{Generator, Request, Temperature};
use nextchar::score::evaluate;
use nextchar_formats::{Losses, ModelFile, Record};
use serde_json::json;

use crate::args::TrainArgs;
use crate::corpus::{Corpus, read_corpus};
use crate::failure::{DONE, Failure, INTERRUPTED};
use crate::output::{self, BOLD, count, note};
use crate::presets::Preset;
use crate::progress::Progress;
use crate::report::{Reports, describe, describe_first_loss};
use crate::store;
use crate::threads::threads;
use crate::training::{model_config, steps_within, train_config};

pub fn run(args: &TrainArgs) -> Result<u8, Failure> {
    let started = Instant::now();
    store::check_destination(&args.out, args.force)?;
    let threads = threads(args.threads)?;
    let mut engine = Engine::new(&threads);
    engine.instruction_set = args.instructions.unwrap_or(engine.instruction_set);
    let preset = Preset::find(&args.preset).expect("clap knows the presets");

    let corpus = read_corpus(args, &preset)?;
    let model = model_config(args, &preset, corpus.vocab.len());
    model.validate()?;
    let windows =
        |names: &NameList| CountedWindows::from_list(names, &corpus.vocab, model.context_length);
    let held_out = |names: &NameList| (!names.is_empty()).then(|| windows(names)).transpose();
    let table = windows(&corpus.parts.train)?;
    let (val, test) = (held_out(&corpus.parts.val)?, held_out(&corpus.parts.test)?);
    let read_seconds = started.elapsed().as_secs_f64();
    let tables = Tables {
        train: &table,
        val: val.as_ref(),
    };
    let mut config = train_config(args, &preset, &table)?;
    if let Some(time) = args.time {
        let steps = steps_within(time, &model, &config, tables, &engine)?;
        config = train_config(&args.with_steps(steps), &preset, &table)?;
    }
    describe(&corpus, &table, &model);

    let train_started = Instant::now();
    let deadline = args.time.map(|time| started + time);
    let mut progress = Progress::new(&config, args.stop_after, deadline);
    let trained = train(&model, &config, tables, &engine, &mut progress);
    let (interrupted, step_seconds) = progress.finish();
    let trained = trained?;
    let train_seconds = train_started.elapsed().as_secs_f64();
    describe_first_loss(&trained, &config, model.vocab_size);

    let bigrams = table.shorten(1)?.into_owned();
    let report = |table| evaluate(&trained.network, table, &bigrams, &threads);
    let reports = Reports {
        train: report(&table)?,
        val: val.as_ref().map(report).transpose()?,
        test: test.as_ref().map(report).transpose()?,
    };
    let file = ModelFile {
        record: record(args, &corpus, &config, &trained, &table, &reports),
        vocab: corpus.vocab.clone(),
        network: trained.network.clone(),
        bigrams,
        names: (!args.no_names).then(|| corpus.parts.clone()),
    };
    let bytes = file.to_bytes().map_err(Failure::failed)?;
    store::save(&args.out, &bytes)?;

    let mut out = output::stdout();
    if args.json {
        let mut result = json!({
            "train_loss": reports.train.loss,
            "val_loss": reports.val.map(|report| report.loss),
            "test_loss": reports.test.map(|report| report.loss),
            "read_seconds": read_seconds,
            "train_seconds": train_seconds,
            "step_seconds": step_seconds,
            "epochs": trained.epochs,
            "steps": trained.steps,
            "best_step": trained.best_step,
            "stop": trained.stop,
            "first_loss": trained.first_loss,
            "parameters": trained.network.params().count(),
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
    if trained.stop == StopReason::Observer && args.stop_after != Some(trained.steps) {
        let why = if interrupted {
            "interrupted"
        } else {
            "out of time"
        };
        note(&format!(
            "{why} after step {} of {}: the best so far (step {}) is saved; --steps {} --stop-after {} repeats this run",
            count(trained.steps),
            count(config.steps),
            count(trained.best_step),
            config.steps,
            trained.steps,
        ));
    } else if args.time.is_some() {
        note(&format!("--steps {} repeats this run", config.steps));
    }
    if let (StopReason::TargetLoss, false) = (trained.stop, args.json) {
        note(&format!(
            "val reached the target at step {}, {train_seconds:.3} s after the first",
            count(trained.steps)
        ));
    }
    match interrupted && trained.stop == StopReason::Observer {
        true => Ok(INTERRUPTED),
        false => Ok(DONE),
    }
}

fn record(
    args: &TrainArgs,
    corpus: &Corpus,
    config: &TrainConfig,
    trained: &Trained,
    table: &CountedWindows,
    reports: &Reports,
) -> Record {
    let options = BTreeMap::from([
        ("preset".to_owned(), json!(args.preset)),
        ("training".to_owned(), json!(config)),
    ]);
    let seed = args.split_seed.clone();
    Record {
        data_hash: corpus.parts.train.digest(),
        split: (!corpus.own_files).then_some(SplitOptions {
            shares: args.split,
            seed,
        }),
        longest_name: [&corpus.parts.train, &corpus.parts.val, &corpus.parts.test]
            .map(NameList::longest)
            .into_iter()
            .max()
            .unwrap_or(0),
        options,
        examples: table.examples(),
        contexts: table.len() as u64,
        steps: trained.steps,
        best_step: trained.best_step,
        losses: Losses {
            train: reports.train.loss,
            val: reports.val.map(|report| report.loss),
            test: reports.test.map(|report| report.loss),
        },
    }
}

/// Ten names that are in no part of the list.
fn print_new_names(
    out: &mut impl Write,
    file: &ModelFile,
    parts: &Split,
    args: &TrainArgs,
) -> Result<(), Failure> {
    let known = |name: &str| parts.contains(name);
    let request = Request {
        count: 10,
        temperature: Temperature::default(),
        min_length: 1,
        max_length: file.record.longest_name,
        unique: true,
        known: Some(&known),
        tries: super::generate::TRIES,
    };
    let mut names = Generator::new(&file.network, &file.vocab, request, &args.seed)?;
    let found: Vec<String> = names.by_ref().map(|generated| generated.name).collect();
    match found.len() {
        0 => writeln!(
            out,
            "\nNo new name was found in {} draws.",
            count(names.outcome().draws)
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
