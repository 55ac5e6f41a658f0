//! `nextchar export`: a model in the formats of other programs.

use std::io::Write;
use std::path::{Path, PathBuf};

use nextchar::Error;
use nextchar::export::{
    Dropped, ExportError, ExportOptions, Exported, Files, Losses, Note, USUAL_ORDER,
};
use nextchar_formats::export::html;
use serde_json::json;

use crate::args::ExportArgs;
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
    let exported = args.format.export(&model, &options(args)?);
    let Exported { files, notes } = exported.map_err(|error| explained(error, args))?;
    for told in &notes {
        note(&words(told));
    }
    for (out_file, contents) in out_files.iter().zip(&files) {
        out_file.save(contents)?;
    }
    if out_files.iter().any(OutputFile::is_stdout) {
        return Ok(DONE);
    }
    let written = out_files.iter().map(OutputFile::path).zip(&files);
    let mut out = output::stdout();
    if args.json {
        let written = written.map(|(path, file)| json!({"path": path, "bytes": file.len()}));
        output::json(&mut out, &json!({"files": written.collect::<Vec<_>>()}))?;
    } else {
        for (path, file) in written {
            writeln!(out, "{}: {}", path.display(), bytes(file.len() as u64))?;
        }
    }
    out.flush()?;
    Ok(DONE)
}

/// The places of all files, claimed beside what the run reads.
fn claim(args: &ExportArgs) -> Result<Vec<OutputFile>, Failure> {
    let paths = paths(args.format.files(), &args.out)?;
    if args.json && args.out == Path::new("-") {
        return Err(Failure::misuse(
            "--out -: --json already prints its object on standard output",
        )
        .help("leave --json out, or name a file"));
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

/// The paths of a format's files, of which `--out` names one.
fn paths(files: Files, out: &Path) -> Result<Vec<PathBuf>, Failure> {
    if out == Path::new("-") && files != Files::One {
        return Err(
            Failure::misuse("--out -: standard output cannot take two files")
                .help("name one of them; the other is written beside it"),
        );
    }
    match files {
        Files::One => Ok(vec![out.to_owned()]),
        Files::TableAndMetadata => Ok(vec![out.to_owned(), out.with_extension("metadata.tsv")]),
        Files::WeightsAndProgram => {
            let extension = out.extension().and_then(|extension| extension.to_str());
            if !matches!(extension, Some("py" | "safetensors")) {
                return Err(Failure::misuse(format!(
                    "--out {}: this format has two files, NAME.py and NAME.safetensors; give one of the two",
                    out.display()
                )));
            }
            Ok(["safetensors", "py"]
                .map(|extension| out.with_extension(extension))
                .into())
        }
    }
}

fn options(args: &ExportArgs) -> Result<ExportOptions, Failure> {
    Ok(ExportOptions {
        prune: args.prune,
        context: args.context,
        part: args.part.map(Into::into),
        engine: args.engine.as_deref().map(engine).transpose()?,
        title: args.title.clone(),
        workers: threads(None)?,
    })
}

/// The engine for browsers, known by its first bytes.
fn engine(path: &Path) -> Result<Vec<u8>, Failure> {
    nextchar::read_file(path, LARGEST_ENGINE, |start| {
        if html::is_module(start) {
            return Ok(());
        }
        let what = format!("{}: it is not a WebAssembly module", path.display());
        Err(Failure::failed(what).help("`web/build --engine` makes web/public/assets/engine.wasm"))
    })
}

/// Why this model cannot be exported, and what to do about it.
fn explained(error: Error, args: &ExportArgs) -> Failure {
    let label = store::label(args.model.as_deref());
    match error {
        Error::WithoutNetwork => Failure::failed(format!(
            "{label}: it consists of counts alone, and this format needs a network"
        ))
        .help("`train --family network` makes a network; --format arpa exports counts"),
        Error::WithoutNames => Failure::failed(format!(
            "{label}: it contains no names whose windows could be counted"
        ))
        .help(store::WITHOUT_NAMES),
        Error::Export(ExportError::Context { wanted, own }) => Failure::misuse(format!(
            "--context {wanted}: must be at most {own}, the context of {label}"
        )),
        Error::Export(fault @ ExportError::TooManyNgrams { .. }) => Failure::misuse(fault)
            .within(label)
            .help("--prune 1e-7 leaves out what matters least and reports what that costs"),
        Error::Export(fault @ ExportError::NotCharacters) => Failure::failed(fault)
            .within(label)
            .help("--format onnx writes the network with any tokens"),
        Error::Export(ExportError::Table {
            table,
            has_networks,
        }) => {
            let mut help = format!(
                "`train --counts-context {}` makes one that fits",
                table.longest
            );
            if has_networks {
                help += ", `train --family network --distill` turns both into one network, --format pytorch writes the network alone";
            }
            Failure::failed(table).within(label).help(help)
        }
        other => other.into(),
    }
}

fn words(note: &Note) -> String {
    let (what, losses) = match note {
        Note::HighOrder(order) => {
            return format!(
                "its order is {order}: KenLM reads it if built with KENLM_MAX_ORDER={order}; --context {} stays within the usual {USUAL_ORDER}",
                USUAL_ORDER - 1
            );
        }
        Note::LowerCase => {
            return "the names are in lower case there; this list's rule of upper-case letters is left out".into();
        }
        Note::Dropped { what, losses } => (what, losses),
    };
    let what = match what {
        Dropped::Counts => "the counts are left out".to_owned(),
        Dropped::Repeats => "how often whole names repeat is left out".to_owned(),
        Dropped::CountsAndRepeats => {
            "the counts, and how often whole names repeat, are left out".to_owned()
        }
        Dropped::Ngrams(kept) => format!("{} n-grams are left", count(*kept as u64)),
    };
    match losses {
        Some(Losses { model, exported }) => format!(
            "{what}: a loss of {exported:.4} on the test names, where the model has {model:.4}"
        ),
        None => format!("{what}; the model contains no test names on which to measure the loss"),
    }
}
