//! `nextchar train`: read, split, collapse, train, evaluate, save, and ten new names.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

use nextchar::Serial;
use nextchar::data::{CountedWindows, NameList, Split, SplitOptions, Token, Vocab, split};
use nextchar::model::ModelConfig;
use nextchar::optim::{BatchKind, Optimizer, StopReason, TrainConfig, Trained, train};
use nextchar::sample::{Generator, Request, Temperature};
use nextchar::score::{Report, evaluate};
use nextchar_formats::{Losses, ModelFile, Record};
use serde_json::json;

use crate::args::{BatchSize, DrawName, TrainArgs};
use crate::corpus::{Source, read_options, warn_of_rejected};
use crate::failure::{DONE, Failure, INTERRUPTED};
use crate::output::{self, BOLD, count, note};
use crate::presets::{OptimizerName, Preset};
use crate::progress::Progress;
use crate::store;

/// Looks at val in a run.
const EVALUATIONS: u64 = 50;

/// The names as they are learnt from.
struct Corpus {
    label: String,
    vocab: Vocab,
    parts: Split,
    /// Whether val or test are files of their own.
    own_files: bool,
}

/// Tokens and counts of each name.
type Encoded = Vec<(Vec<Token>, u64)>;

pub fn run(args: &TrainArgs) -> Result<u8, Failure> {
    let started = Instant::now();
    store::check_destination(&args.out, args.force)?;
    let preset = Preset::find(&args.preset).expect("clap knows the presets");
    let corpus = read(args, &preset)?;
    let (model, bigrams_source) = (
        shape(args, &preset, corpus.vocab.len()),
        encode(&corpus.parts.train, &corpus.vocab),
    );
    model.validate()?;
    let table = collapse(&bigrams_source, &model)?;
    let val = encode(&corpus.parts.val, &corpus.vocab);
    let val_table = (!val.is_empty())
        .then(|| collapse(&val, &model))
        .transpose()?;
    let config = training(args, &preset, &table)?;
    describe(&corpus, &table, &model);

    let train_started = Instant::now();
    let mut progress = Progress::new(config.steps, config.evaluate_every, args.stop_after);
    let trained = train(
        &model,
        &config,
        &table,
        val_table.as_ref(),
        &Serial,
        &mut progress,
    );
    let interrupted = progress.finish();
    let trained = trained?;
    let train_seconds = train_started.elapsed().as_secs_f64();
    describe_first_loss(&trained, &config, model.vocab_size);

    let bigrams = collapse_to(&bigrams_source, model.vocab_size, 1)?;
    let report = |part: &Encoded| {
        let report = || evaluate(&trained.network, part, &bigrams);
        (!part.is_empty()).then(report).transpose()
    };
    let test = encode(&corpus.parts.test, &corpus.vocab);
    let reports = Reports {
        train: evaluate(&trained.network, &bigrams_source, &bigrams)?,
        val: report(&val)?,
        test: report(&test)?,
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
            "train_seconds": train_seconds,
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
    if interrupted && trained.stop == StopReason::Observer {
        note(&format!(
            "interrupted after step {} of {}: the best so far (step {}) is saved; --steps {} --stop-after {} repeats this run",
            count(trained.steps),
            count(config.steps),
            count(trained.best_step),
            config.steps,
            trained.steps,
        ));
        return Ok(INTERRUPTED);
    }
    Ok(DONE)
}

/// Reads DATA, and val and test where they are files; otherwise splits.
fn read(args: &TrainArgs, preset: &Preset) -> Result<Corpus, Failure> {
    let source = Source::find(args.data.as_deref())?;
    let mut read_args = args.read.clone();
    if let Some((shortest, longest)) = preset.lengths {
        read_args.min_length.get_or_insert(shortest);
        read_args.max_length.get_or_insert(longest);
    }
    let options = read_options(&read_args, source.alphabet(), args.keep_duplicates)?;
    let (names, found) = source.read(&options)?;
    warn_of_rejected(&source.label(), &found);
    let vocab = names.vocab(options.alphabet)?;

    let mut shares = args.split;
    if args.val.is_some() {
        shares.val = 0;
    }
    if args.test.is_some() {
        shares.test = 0;
    }
    let mut parts = split(
        names,
        &SplitOptions {
            shares,
            seed: args.split_seed.clone(),
        },
    );
    let own_file = |file: &Option<String>, part: &mut NameList, option: &str| {
        let Some(file) = file else { return Ok(()) };
        let source = Source::find(Some(file))?;
        let (mut names, found) = source.read(&options)?;
        warn_of_rejected(&source.label(), &found);
        if !args.keep_duplicates {
            let leaked = names.remove_all(&parts.train);
            if leaked > 0 {
                note(&format!(
                    "{option}: left out {} names that stand in the training names too",
                    count(leaked as u64)
                ));
            }
        }
        if let Err(unknown) = names.encode(&vocab) {
            return Err(Failure::failed(format!(
                "{}: {unknown} of the training names",
                source.label()
            ))
            .help("hold out names of the same letters"));
        }
        *part = names;
        Ok(())
    };
    let (mut val, mut test) = (
        std::mem::take(&mut parts.val),
        std::mem::take(&mut parts.test),
    );
    own_file(&args.val, &mut val, "--val")?;
    own_file(&args.test, &mut test, "--test")?;
    (parts.val, parts.test) = (val, test);
    if parts.train.is_empty() {
        return Err(Failure::failed(format!(
            "{}: no name was left to learn from",
            source.label()
        ))
        .help("another --split-seed, or a larger first share of --split"));
    }
    if parts.val.is_empty() {
        note(
            "too few names to hold any out: the last step is kept, and no held-out loss can be told",
        );
    }
    Ok(Corpus {
        label: source.label(),
        vocab,
        parts,
        own_files: args.val.is_some() || args.test.is_some(),
    })
}

fn encode(names: &NameList, vocab: &Vocab) -> Encoded {
    names
        .encode(vocab)
        .expect("every part was read with this alphabet")
}

fn collapse(names: &Encoded, model: &ModelConfig) -> Result<CountedWindows, Failure> {
    collapse_to(names, model.vocab_size, model.context_length)
}

fn collapse_to(
    names: &Encoded,
    vocab_size: usize,
    context: usize,
) -> Result<CountedWindows, Failure> {
    let names = names.iter().map(|(name, count)| (name.as_slice(), *count));
    Ok(CountedWindows::from_names(names, vocab_size, context)?)
}

/// The network's shape: the options, else the preset's.
fn shape(args: &TrainArgs, preset: &Preset, vocab_size: usize) -> ModelConfig {
    let hidden = args.hidden.as_ref().map(|hidden| hidden.0.clone());
    ModelConfig {
        vocab_size,
        context_length: args.context.unwrap_or(preset.context),
        embedding_dim: args.embedding.unwrap_or(preset.embedding),
        hidden_sizes: hidden.unwrap_or_else(|| preset.hidden.to_vec()),
        activation: args.activation.map_or(preset.activation, Into::into),
    }
}

/// How it is trained: the options, else the preset's.
fn training(
    args: &TrainArgs,
    preset: &Preset,
    table: &CountedWindows,
) -> Result<TrainConfig, Failure> {
    let draw = args.draw.unwrap_or(match preset.batch {
        BatchKind::Windows(_) => DrawName::Windows,
        BatchKind::Full | BatchKind::Contexts(_) => DrawName::Contexts,
    });
    let size = args.batch.unwrap_or(match preset.batch {
        BatchKind::Full => BatchSize::Full,
        BatchKind::Contexts(rows) | BatchKind::Windows(rows) => BatchSize::Rows(rows),
    });
    let batch = match (size, draw) {
        (BatchSize::Full, _) => BatchKind::Full,
        (BatchSize::Rows(rows), DrawName::Contexts) => BatchKind::Contexts(rows),
        (BatchSize::Rows(rows), DrawName::Windows) => BatchKind::Windows(rows),
    };
    let optimizer = match args.optimizer.unwrap_or(preset.optimizer) {
        OptimizerName::Sgd if args.weight_decay.is_some() => {
            return Err(Failure::misuse("--weight-decay needs --optimizer adamw"));
        }
        OptimizerName::Sgd => Optimizer::Sgd,
        OptimizerName::Adamw => Optimizer::AdamW {
            beta1: 0.9,
            beta2: 0.99,
            epsilon: 1e-8,
            weight_decay: args.weight_decay.unwrap_or(preset.weight_decay),
        },
    };
    let epochs = args
        .epochs
        .map(|epochs| (epochs as f64 * batch.steps_per_epoch(table)).ceil() as u64);
    let steps = args.steps.or(epochs).unwrap_or(preset.steps);
    let config = TrainConfig {
        init: args.init.map_or(preset.init, Into::into),
        optimizer,
        learning_rate: args.learning_rate.unwrap_or(preset.learning_rate),
        schedule: args.schedule.map_or(preset.schedule, Into::into),
        batch,
        steps,
        evaluate_every: (steps / EVALUATIONS).max(1),
        patience: args.patience,
        seed: args.seed.clone(),
    };
    config.validate()?;
    Ok(config)
}

/// What is about to be learnt, by what.
fn describe(corpus: &Corpus, table: &CountedWindows, model: &ModelConfig) {
    let parts = &corpus.parts;
    let names = |list: &NameList| count(list.len() as u64);
    anstream::eprintln!(
        "{BOLD}data{BOLD:#}     {}: {}, {} classes; train {}, val {}, test {}",
        corpus.label,
        output::plural(parts.all().count() as u64, "name"),
        model.vocab_size,
        names(&parts.train),
        names(&parts.val),
        names(&parts.test),
    );
    anstream::eprintln!(
        "{BOLD}windows{BOLD:#}  {} collapse to {} unique contexts of {} ({:.1} times fewer)",
        count(table.examples()),
        count(table.len() as u64),
        model.context_length,
        table.examples() as f64 / table.len() as f64,
    );
    let hidden: Vec<String> = model.hidden_sizes.iter().map(usize::to_string).collect();
    let layers = match hidden.len() {
        0 => "no hidden layer".into(),
        _ => format!("hidden {} ({:?})", hidden.join(", "), model.activation).to_lowercase(),
    };
    anstream::eprintln!(
        "{BOLD}network{BOLD:#}  {} parameters: embedding {}, {layers}\n",
        count(model.parameter_count().unwrap_or(0) as u64),
        model.embedding_dim,
    );
}

/// Says how the first loss stands to ln V.
fn describe_first_loss(trained: &Trained, config: &TrainConfig, vocab_size: usize) {
    let (first, uniform) = (trained.first_loss, (vocab_size as f64).ln());
    match config.init {
        nextchar::model::Init::Kaiming => anstream::eprintln!(
            "\nfirst loss {first:.4}; ln {vocab_size} = {uniform:.4}, as if every character were equally likely"
        ),
        nextchar::model::Init::Lecture => anstream::eprintln!(
            "\nfirst loss {first:.4}, far above ln {vocab_size} = {uniform:.4}: parameters from N(0, 1) begin confidently wrong"
        ),
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

/// The loss of the saved network on every part.
struct Reports {
    train: Report,
    val: Option<Report>,
    test: Option<Report>,
}

impl Reports {
    /// The network beside what counting reaches.
    fn print(&self, out: &mut impl Write, random_split: bool) -> Result<(), Failure> {
        writeln!(
            out,
            "\n{BOLD}Loss, in nats per predicted character (the end mark counted){BOLD:#}"
        )?;
        let parts = [
            ("train", Some(self.train)),
            ("val", self.val),
            ("test", self.test),
        ];
        let parts: Vec<(&str, Report)> = parts
            .into_iter()
            .filter_map(|(name, r)| Some((name, r?)))
            .collect();
        let row = |name: &str, value: &dyn Fn(&Report) -> f64| {
            let values = parts
                .iter()
                .map(|(_, report)| format!("{:.4}", value(report)));
            std::iter::once(name.to_owned())
                .chain(values)
                .collect::<Vec<_>>()
        };
        let header =
            std::iter::once(String::new()).chain(parts.iter().map(|(name, _)| (*name).to_owned()));
        output::table(
            out,
            &[
                header.collect(),
                row("this network", &|report| report.loss),
                row("bigram counts", &|report| report.baselines.bigram),
                row("unigram counts", &|report| report.baselines.unigram),
                row("uniform", &|report| report.baselines.uniform),
            ],
        )?;
        let held_out = self.test.or(self.val);
        if let Some(report) = held_out {
            writeln!(
                out,
                "  held out: {:.4} bits per character, perplexity {:.2}",
                report.bits_per_char, report.perplexity
            )?;
            if report.loss > report.baselines.bigram {
                note(
                    "counting pairs of letters predicts these names better than this network: give it more --steps or more names",
                );
            }
            if random_split {
                note(
                    "lists of names hold spelling variants (sandhya, sandhaya); some stand on both sides of a split and flatter held-out losses a little",
                );
            }
        }
        Ok(())
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
