//! `nextchar export`: a model in the formats of other programs.

use std::io::Write;
use std::path::{Path, PathBuf};

use nextchar::LanguageModel;
use nextchar::combine::mixture::{Mixture, Weights};
use nextchar::counts::{BackoffNgram, every_context};
use nextchar::data::{CountedWindows, folds};
use nextchar::language_model::loss;
use nextchar::model::Network;
use nextchar::rng::Seed;
use nextchar::sample::sampled_windows;
use nextchar_formats::counts::{FOLDS, to_bytes as to_parquet};
use nextchar_formats::export::{arpa, embeddings, html, onnx, programs};
use nextchar_formats::{ModelFile, state_dict};
use serde_json::json;

use crate::args::{ExportArgs, ExportFormat, PartName};
use crate::failure::{DONE, Failure};
use crate::output::{self, bytes, count, note};
use crate::output_files::{Existing, OutputFile, RunFiles};
use crate::store;
use crate::threads::threads;

/// An engine for browsers may be this large, in bytes; it has about a million.
const LARGEST_ENGINE: u64 = 64 << 20;

pub fn run(args: &ExportArgs) -> Result<u8, Failure> {
    args.check()?;
    let out_files = claim(args)?;
    let model = store::load(args.model.as_deref())?;
    let contents = contents(args, model.as_file())?;
    for (out_file, contents) in out_files.iter().zip(&contents) {
        out_file.save(contents)?;
    }
    if out_files.iter().any(OutputFile::is_stdout) {
        return Ok(DONE);
    }
    let files = out_files.iter().map(OutputFile::path).zip(&contents);
    let mut out = output::stdout();
    if args.json {
        let files = files.map(|(path, contents)| json!({"path": path, "bytes": contents.len()}));
        output::json(&mut out, &json!({"files": files.collect::<Vec<_>>()}))?;
    } else {
        for (path, contents) in files {
            writeln!(out, "{}: {}", path.display(), bytes(contents.len() as u64))?;
        }
    }
    out.flush()?;
    Ok(DONE)
}

/// The places of all files, claimed beside what the run reads.
fn claim(args: &ExportArgs) -> Result<Vec<OutputFile>, Failure> {
    let paths = paths(args.format, &args.out)?;
    if args.json && args.out == Path::new("-") {
        return Err(
            Failure::misuse("--out -: standard output has the object of --json")
                .help("leave --json out, or name a file"),
        );
    }
    let mut files = RunFiles::default();
    for (option, path) in [("--model", &args.model), ("--engine", &args.engine)] {
        if let Some(path) = path {
            files.reads(option, path);
        }
    }
    let existing = Existing::Keep("would be replaced").or_forced(args.force);
    let claim = |path: &PathBuf| files.claim_or_stdout("--out", path, existing);
    paths.iter().map(claim).collect()
}

/// The files of a format, of which `--out` names one.
fn paths(format: ExportFormat, out: &Path) -> Result<Vec<PathBuf>, Failure> {
    let single = !matches!(
        format,
        ExportFormat::Pytorch | ExportFormat::Numpy | ExportFormat::Projector
    );
    if out == Path::new("-") && !single {
        return Err(
            Failure::misuse("--out -: standard output cannot take two files")
                .help("name one of them; the other stands beside it"),
        );
    }
    match format {
        ExportFormat::Pytorch | ExportFormat::Numpy => {
            let extension = out.extension().and_then(|extension| extension.to_str());
            match extension {
                Some("py" | "safetensors") => Ok(["safetensors", "py"]
                    .map(|extension| out.with_extension(extension))
                    .into()),
                _ => Err(Failure::misuse(format!(
                    "--out {}: a program and its weights are written, under one name that ends with .py or .safetensors",
                    out.display()
                ))),
            }
        }
        ExportFormat::Projector => Ok(vec![out.to_owned(), out.with_extension("metadata.tsv")]),
        ExportFormat::Onnx
        | ExportFormat::Arpa
        | ExportFormat::Counts
        | ExportFormat::Word2vec
        | ExportFormat::Html => Ok(vec![out.to_owned()]),
    }
}

/// What goes into the files, in the order of [`paths`].
fn contents(args: &ExportArgs, file: &ModelFile) -> Result<Vec<Vec<u8>>, Failure> {
    let label = || store::label(args.model.as_deref());
    match args.format {
        ExportFormat::Pytorch => weights_and(programs::PYTORCH, file, &label()),
        ExportFormat::Numpy => weights_and(programs::NUMPY, file, &label()),
        ExportFormat::Onnx => {
            let model = onnx::model(&file.vocab, &file.model);
            let model = model.map_err(|too_large| {
                let what = format!("{}: {too_large}", label());
                let instead = match file.model.networks() {
                    [] => String::new(),
                    _ => ", `train --family network --distill` puts both into one network, --format pytorch writes the network alone"
                        .to_owned(),
                };
                let fits = format!("`train --counts-context {}` makes one that fits", too_large.longest);
                Failure::failed(what).help(fits + &instead)
            })?;
            if file.model.repeats().is_some() {
                let part = file.model.clone().with_repeats(None);
                say_what_is_lost("how often whole names return is left out", file, &part)?;
            }
            Ok(vec![model])
        }
        ExportFormat::Arpa => {
            let ngram = ngram(args, file, &label())?;
            Ok(vec![arpa::text(&file.vocab, &ngram).into()])
        }
        ExportFormat::Counts => Ok(vec![counts(args, file, &label())?]),
        ExportFormat::Word2vec => {
            let networks = networks(file, &label())?;
            Ok(vec![embeddings::word2vec(&file.vocab, networks).into()])
        }
        ExportFormat::Projector => {
            let networks = networks(file, &label())?;
            let (vectors, names) = embeddings::projector(&file.vocab, networks, &file.bigrams);
            Ok(vec![vectors.into(), names.into()])
        }
        ExportFormat::Html => {
            let path = args.engine.as_deref().expect("clap asks for it");
            let engine = nextchar::read_file(path, LARGEST_ENGINE, |start| {
                if html::is_module(start) {
                    return Ok(());
                }
                let what = format!("{}: it is no WebAssembly module", path.display());
                Err(Failure::failed(what)
                    .help("`web/build --engine` makes web/public/assets/engine.wasm"))
            })?;
            let model = file.to_bytes().map_err(Failure::failed)?;
            Ok(vec![
                html::page(args.title.as_deref().unwrap_or("Names"), &engine, &model).into(),
            ])
        }
    }
}

/// The networks, of which there must be one.
fn networks<'a>(file: &'a ModelFile, label: &str) -> Result<&'a [Network], Failure> {
    match file.model.networks() {
        [] => Err(Failure::failed(format!(
            "{label}: counts alone have no parameters of a network"
        ))
        .help("`train --family network` makes a model with some; --format arpa takes counts")),
        networks => Ok(networks),
    }
}

/// The networks' weights, and the program that runs them.
fn weights_and(program: &str, file: &ModelFile, label: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let networks = networks(file, label)?;
    let weights = state_dict::to_bytes(&file.vocab, networks, file.record.longest_name);
    let weights = weights.map_err(Failure::failed)?;
    let left_out = match (file.model.counts(), file.model.repeats()) {
        (None, None) => None,
        (Some(_), None) => Some("the counts are left out"),
        (None, Some(_)) => Some("how often whole names return is left out"),
        (Some(_), Some(_)) => Some("the counts, and how often whole names return, are left out"),
    };
    if let Some(left_out) = left_out {
        let part = Mixture::new(networks.to_vec(), None, Weights::default())?;
        say_what_is_lost(left_out, file, &part)?;
    }
    Ok(vec![weights, program.into()])
}

/// The shortest default context of counts: what every baseline of `train` looks back.
const COUNTED_CONTEXT: usize = 6;

/// The counted windows of a part of the model's names.
fn counts(args: &ExportArgs, file: &ModelFile, label: &str) -> Result<Vec<u8>, Failure> {
    let names = file.names.as_ref().ok_or_else(|| {
        Failure::failed(format!(
            "{label}: it holds no names whose windows could be counted"
        ))
        .help(store::WITHOUT_NAMES)
    })?;
    let length = args
        .context
        .unwrap_or(file.model.tokens_seen().max(COUNTED_CONTEXT));
    let lists = match args.part.unwrap_or(PartName::Train) {
        PartName::Train => folds(&names.train, FOLDS),
        PartName::Val => vec![names.val.clone()],
        PartName::Test => vec![names.test.clone()],
    };
    let tables = lists
        .iter()
        .map(|list| CountedWindows::from_list(list, &file.vocab, length));
    let tables = tables.collect::<Result<Vec<_>, _>>()?;
    to_parquet(&file.vocab, &tables, file.record.longest_name).map_err(Failure::failed)
}

/// No more n-grams are written where none is left out.
const MOST_NGRAMS: usize = 2_000_000;

/// Names that are drawn to learn which contexts matter.
const DRAWN_NAMES: usize = 200_000;

/// Orders that KenLM reads unless it is built for more.
const USUAL_ORDER: usize = 6;

/// The model in back-off form: exactly where it can be, or pruned.
fn ngram(args: &ExportArgs, file: &ModelFile, label: &str) -> Result<BackoffNgram, Failure> {
    let (vocab_size, own) = (file.model.vocab_size(), file.model.context_length());
    let longest = args.context.unwrap_or(own);
    if longest == 0 || longest > own {
        return Err(Failure::misuse(format!(
            "--context {longest}: must be at most {own}, the context of {label}"
        )));
    }
    let threshold = args.prune.unwrap_or(0.0);
    let whole = longest == own && args.prune.is_none();
    let ngram = match (file.model.networks(), file.model.counts()) {
        ([], Some(counts)) if whole && file.model.repeats().is_none() => BackoffNgram::from(counts),
        _ => {
            let all = vocab_size.checked_pow(own as u32 + 1);
            let all = all.filter(|&all| all <= MOST_NGRAMS);
            if all.is_none() && args.prune.is_none() {
                return Err(Failure::misuse(format!(
                    "{label}: a context of {own} over {vocab_size} classes is too many n-grams to write all"
                ))
                .help("--prune 1e-7 leaves out what matters less and says what that costs"));
            }
            let threads = threads(None)?;
            let longest_name = file.record.longest_name.max(1);
            let seed = Seed::from(0);
            let (model, vocab) = (&file.model, &file.vocab);
            let mut contexts =
                sampled_windows(model, vocab, DRAWN_NAMES, longest_name, &seed, threads)?;
            if all.is_some() {
                contexts = contexts.merged(&every_context(vocab_size, own)?);
            }
            let ngram = BackoffNgram::approximate(model, &contexts, longest, threshold, threads);
            if args.prune.is_some() || !whole {
                let what = format!(
                    "{} n-grams are left",
                    count(ngram.sizes().iter().sum::<usize>() as u64)
                );
                say_what_is_lost(&what, file, &ngram)?;
            }
            ngram
        }
    };
    if ngram.order() > USUAL_ORDER {
        note(&format!(
            "its order is {}: KenLM reads it if built with KENLM_MAX_ORDER={0}; --context {} stays within the usual {USUAL_ORDER}",
            ngram.order(),
            USUAL_ORDER - 1
        ));
    }
    Ok(ngram)
}

/// How much worse than the model a part or an approximation of it is, on the names held out.
fn say_what_is_lost(what: &str, file: &ModelFile, part: &dyn LanguageModel) -> Result<(), Failure> {
    let held_out = file.names.as_ref().map(|names| &names.test);
    let Some(names) = held_out.filter(|names| !names.is_empty()) else {
        note(&format!(
            "{what}; the model holds no test names to measure the loss by"
        ));
        return Ok(());
    };
    let threads = threads(None)?;
    let table = CountedWindows::from_list(names, &file.vocab, file.model.context_length())?;
    let whole = loss(&file.model, &table, threads);
    let part = loss(part, &*table.shorten(part.context_length())?, threads);
    note(&format!(
        "{what}: a loss of {part:.4} on the test names, where the model has {whole:.4}"
    ));
    Ok(())
}
