//! `nextchar next`: the classification itself, P(next character) after a context.

use std::io::Write;
use std::path::Path;

use nextchar::text::Vocab;
use nextchar::{Error, LanguageModel, Model};
use serde_json::{Map, Value, json};

use crate::args::ContextArgs;
use crate::failure::{DONE, Failure};
use crate::output::{self, BOLD, bar};
use crate::store;

pub fn run(args: &ContextArgs) -> Result<u8, Failure> {
    let model = store::load(args.model.as_deref())?;
    let fault = |error| unknown(&model, args.model.as_deref(), error);
    let rows = model.next(&args.context).map_err(fault)?;
    let length = model.language_model().context_length();
    let context = model.context(&args.context, length).map_err(fault)?;
    let shown = model.vocab().decode(&context);
    let mut out = output::stdout();
    if args.json {
        let probs: Map<String, Value> = rows
            .iter()
            .map(|(symbol, p)| (symbol.to_string(), json!(p)))
            .collect();
        output::json(&mut out, &json!({"context": shown, "probs": probs}))?;
    } else {
        writeln!(
            out,
            "{BOLD}P(x) after {shown}{BOLD:#}   (_ pads the start of the context; as x it ends the name)"
        )?;
        print_bars(&mut out, &rows)?;
    }
    out.flush()?;
    Ok(DONE)
}

/// One row per character: its probability as a number and as a bar, with the longest for the largest.
pub fn print_bars(out: &mut impl Write, rows: &[(&str, f64)]) -> Result<(), Failure> {
    let largest = rows
        .iter()
        .fold(f64::MIN_POSITIVE, |largest, row| row.1.max(largest));
    for (symbol, p) in rows {
        let line = format!("  {symbol}  {p:.4}  {}", bar(p / largest, 40));
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// The first symbols of a vocabulary; those of several characters are set apart.
pub fn symbols(vocab: &Vocab, most: usize) -> String {
    let symbols: Vec<&str> = vocab.pieces().take(most).collect();
    symbols.join(if vocab.alphabet().is_some() { "" } else { " " })
}

/// What is wrong with a text that the model cannot read, and which characters it knows.
pub fn unknown(model: &Model, path: Option<&Path>, error: Error) -> Failure {
    let Error::UnknownPiece { text, fault } = &error else {
        return error.into();
    };
    let letters = symbols(model.vocab(), 80);
    Failure::misuse(format!("{text:?}: {fault} of {}", store::label(path)))
        .help(format!("it knows {letters}, and _ as padding at the start"))
}
