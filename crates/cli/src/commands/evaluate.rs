//! `nextchar evaluate`: the loss on held-out or other names, beside what counting reaches.

use std::io::Write;

use nextchar::LanguageModel;
use nextchar::data::{Alphabet, NameList, Token, Vocab};
use nextchar::score::evaluate;
use nextchar_formats::ModelFile;

use crate::args::EvaluateArgs;
use crate::corpus::{Source, read_options, warn_of_rejected};
use crate::failure::{DONE, Failure};
use crate::output::{self, BOLD, count, note};
use crate::store;

pub fn run(args: &EvaluateArgs) -> Result<u8, Failure> {
    let file = store::load(&args.model)?;
    let (label, names) = match &args.data {
        Some(data) => read(data, args, &file.vocab)?,
        None => held_out(args, &file)?,
    };
    let report = evaluate(&file.network, &names, &file.bigrams)?;
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
                    &format!("this network, context {}", file.network.context_length()),
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

/// Tokens and counts of each name, and what they are called.
type Names = (String, Vec<(Vec<Token>, u64)>);

/// DATA as it stands: every accepted line, duplicates too.
fn read(data: &str, args: &EvaluateArgs, vocab: &Vocab) -> Result<Names, Failure> {
    let source = Source::find(Some(data))?;
    let alphabet = if *vocab == Vocab::az() {
        Alphabet::Az
    } else {
        Alphabet::Data
    };
    let (names, found) = source.read(&read_options(&args.read, alphabet, true)?)?;
    warn_of_rejected(&source.label(), &found);
    let known = |list: &NameList| {
        let names = list.names().iter();
        names
            .filter_map(|name| Some((vocab.encode(&name.text).ok()?, name.count)))
            .collect::<Vec<_>>()
    };
    let encoded = known(&names);
    let skipped = names.len() - encoded.len();
    if skipped > 0 {
        note(&format!(
            "{}: skipped {} names with characters that the model does not know",
            source.label(),
            count(skipped as u64)
        ));
    }
    if encoded.is_empty() {
        return Err(Failure::failed(format!(
            "{}: the model knows the letters of none of its names",
            source.label()
        )));
    }
    Ok((source.label(), encoded))
}

/// The test names that the model file keeps.
fn held_out(args: &EvaluateArgs, file: &ModelFile) -> Result<Names, Failure> {
    let test = file
        .names
        .as_ref()
        .map(|names| &names.test)
        .filter(|test| !test.is_empty());
    let test = test.ok_or_else(|| {
        Failure::failed(format!("{} holds no test names", args.model.display()))
            .help("give a list: `nextchar evaluate FILE -m MODEL`")
    })?;
    let names = test.encode(&file.vocab).map_err(Failure::failed)?;
    Ok(("test names of the model's list".into(), names))
}
