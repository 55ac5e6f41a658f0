//! `nextchar next`: the classification itself, P(next character) after a context.

use std::io::Write;
use std::path::Path;

use nextchar::LanguageModel;
use nextchar::text::clean;
use nextchar::text::{Token, Vocab};
use serde_json::{Map, Value, json};

use crate::args::ContextArgs;
use crate::failure::{DONE, Failure};
use crate::output::{self, BOLD, bar};
use crate::store;

pub fn run(args: &ContextArgs) -> Result<u8, Failure> {
    let file = store::load(args.model.as_deref())?;
    let context = parse_context(
        &file.vocab,
        &args.context,
        file.model.context_length(),
        args.model.as_deref(),
    )?;
    let log_probs = file.model.next_log_probs(&context);
    let shown = file.vocab.decode(&context);

    let mut rows: Vec<(&str, f64)> = log_probs
        .iter()
        .enumerate()
        .map(|(token, log_prob)| (file.vocab.symbol(token as Token), log_prob.exp()))
        .collect();
    let mut out = output::stdout();
    if args.json {
        let probs: Map<String, Value> = rows
            .iter()
            .map(|(symbol, p)| (symbol.to_string(), json!(p)))
            .collect();
        output::json(&mut out, &json!({"context": shown, "probs": probs}))?;
    } else {
        rows.sort_by(|a, b| b.1.total_cmp(&a.1));
        writeln!(
            out,
            "{BOLD}P(x) after {shown}{BOLD:#}   (_ before a letter pads the beginning; as x it ends the name)"
        )?;
        print_bars(&mut out, &rows)?;
    }
    out.flush()?;
    Ok(DONE)
}

/// One row a character: its probability as a number and as a bar, the longest for the largest.
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

/// The last characters of a text as a context: trimmed and cleaned as names are.
pub fn parse_context(
    vocab: &Vocab,
    text: &str,
    length: usize,
    model: Option<&Path>,
) -> Result<Vec<Token>, Failure> {
    vocab
        .context(&clean(text.trim()), length)
        .map_err(|unknown| {
            let letters: String = vocab.pieces().take(80).collect();
            Failure::misuse(format!("{text:?}: {unknown} of {}", store::label(model))).help(
                format!("it knows {letters}, and _ as padding at the beginning"),
            )
        })
}
