//! `nextchar evaluate`: the loss on held-out or other names, beside what counting reaches.

use std::borrow::Cow;
use std::io::Write;

use nextchar::LanguageModel;
use nextchar::data::{Alphabet, CountedWindows, NameList, Split, Vocab};
use nextchar::ngram::KneserNey;
use nextchar::score::{Rivals, evaluate};
use nextchar_formats::ModelFile;
use nextchar_parallel::Threads;

use crate::args::EvaluateArgs;
use crate::corpus::{Source, read_options, warn_of_rejected};
use crate::failure::{DONE, Failure};
use crate::family::warn_of_counting;
use crate::output::{self, BOLD, count, note, plural};
use crate::store;
use crate::threads::threads;

pub fn run(args: &EvaluateArgs) -> Result<u8, Failure> {
    let file = store::load(args.model.as_deref())?;
    let (label, names) = match &args.data {
        Some(data) => read(data, args, &file.vocab)?,
        None => held_out(args, &file)?,
    };
    let context_length = file.model.context_length();
    let threads = threads(None)?;
    let rivals = rivals(&file, &threads)?;
    let longest = context_length.max(rivals.context_length());
    let table = CountedWindows::from_list(&names, &file.vocab, longest)?;
    let report = evaluate(&file.model, &table, &rivals, &threads)?;
    let mut out = output::stdout();
    if args.json {
        output::json(&mut out, &report)?;
    } else {
        writeln!(
            out,
            "{BOLD}{label}{BOLD:#}: {} predicted characters, the end marks counted",
            count(report.examples)
        )?;
        let row = |name: &str, loss: f64| {
            let bits = format!("{:.4}", loss / std::f64::consts::LN_2);
            vec![
                name.into(),
                format!("{loss:.4}"),
                bits,
                format!("{:.2}", loss.exp()),
            ]
        };
        let header = ["", "nats", "bits", "perplexity"]
            .map(str::to_owned)
            .to_vec();
        let mut rows = vec![
            header,
            row(
                &format!("this model, context {context_length}"),
                report.loss,
            ),
        ];
        let baselines = &report.baselines;
        if let Some(loss) = baselines.kneser_ney {
            rows.push(row(&format!("Kneser–Ney, context {context_length}"), loss));
        }
        if let (Some(loss), Some(length)) =
            (baselines.best_kneser_ney, baselines.best_kneser_ney_context)
            && length != context_length
        {
            rows.push(row(
                &format!("Kneser–Ney, context {length}, its best"),
                loss,
            ));
        }
        rows.push(row("bigram counts", baselines.bigram));
        rows.push(row("unigram counts", baselines.unigram));
        rows.push(row("uniform", baselines.uniform));
        output::table(&mut out, &rows)?;
        let counting = baselines.best_kneser_ney.or(baselines.kneser_ney);
        warn_of_counting(report.loss, counting);
    }
    out.flush()?;
    Ok(DONE)
}

/// Counting models of the same training names, where the file kept them.
fn rivals(file: &ModelFile, threads: &Threads) -> Result<Rivals, Failure> {
    let fit = |length| {
        let names = file.names.as_ref();
        let fit = |names: &Split| KneserNey::fit(&names.train, &file.vocab, length, threads);
        names.map(fit).transpose()
    };
    Ok(Rivals {
        bigrams: file.bigrams.clone(),
        kneser_ney: fit(file.model.context_length())?,
        best_kneser_ney: match file.record.best_counts {
            Some(length) => fit(length)?,
            None => None,
        },
    })
}

/// The names, and what they are called.
type Names<'a> = (String, Cow<'a, NameList>);

/// DATA as it stands: every accepted line, duplicates too.
fn read<'a>(data: &str, args: &EvaluateArgs, vocab: &Vocab) -> Result<Names<'a>, Failure> {
    let source = Source::find(Some(data))?;
    let alphabet = if *vocab == Vocab::az() {
        Alphabet::Az
    } else {
        Alphabet::Data
    };
    let (mut names, found) = source.read(&read_options(&args.read, alphabet, true)?)?;
    warn_of_rejected(&source.label(), &found);
    let skipped = names.retain(|name| vocab.encode(name).is_ok());
    if skipped > 0 {
        note(&format!(
            "{}: skipped {} with characters that the model does not know",
            source.label(),
            plural(skipped as u64, "name")
        ));
    }
    if names.is_empty() {
        return Err(Failure::failed(format!(
            "{}: the model knows the letters of none of its names",
            source.label()
        )));
    }
    Ok((source.label(), Cow::Owned(names)))
}

/// The test names that the model file keeps.
fn held_out<'a>(args: &EvaluateArgs, file: &'a ModelFile) -> Result<Names<'a>, Failure> {
    let test = file
        .names
        .as_ref()
        .map(|names| &names.test)
        .filter(|test| !test.is_empty());
    let test = test.ok_or_else(|| {
        Failure::failed(format!(
            "{} holds no test names",
            store::label(args.model.as_deref())
        ))
        .help("give a list: `nextchar evaluate FILE -m MODEL`")
    })?;
    Ok(("test names of the model's list".into(), Cow::Borrowed(test)))
}
