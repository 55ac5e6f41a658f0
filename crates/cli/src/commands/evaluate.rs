//! `nextchar evaluate`: the loss on held-out or other names, beside what counting reaches.

use std::borrow::Cow;
use std::io::Write;

use nextchar::LanguageModel;
use nextchar::data::{Alphabet, CountedWindows, NameList, Vocab};
use nextchar::score::evaluate;
use nextchar_formats::ModelFile;

use crate::args::EvaluateArgs;
use crate::corpus::{Source, read_options, warn_of_rejected};
use crate::failure::{DONE, Failure};
use crate::output::{self, BOLD, count, note, plural};
use crate::store;
use crate::threads::threads;

pub fn run(args: &EvaluateArgs) -> Result<u8, Failure> {
    let file = store::load(&args.model)?;
    let (label, names) = match &args.data {
        Some(data) => read(data, args, &file.vocab)?,
        None => held_out(args, &file)?,
    };
    let context_length = file.network.context_length();
    let table = CountedWindows::from_list(&names, &file.vocab, context_length)?;
    let threads = threads(None)?;
    let report = evaluate(&file.network, &table, &file.bigrams, &threads)?;
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
        output::table(
            &mut out,
            &[
                header,
                row(
                    &format!("this network, context {}", context_length),
                    report.loss,
                ),
                row("bigram counts", report.baselines.bigram),
                row("unigram counts", report.baselines.unigram),
                row("uniform", report.baselines.uniform),
            ],
        )?;
        if report.loss > report.baselines.bigram {
            note("counting pairs of letters predicts these names better than this network");
        }
    }
    out.flush()?;
    Ok(DONE)
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
        Failure::failed(format!("{} holds no test names", args.model.display()))
            .help("give a list: `nextchar evaluate FILE -m MODEL`")
    })?;
    Ok(("test names of the model's list".into(), Cow::Borrowed(test)))
}
