//! `nextchar explain`: the five stages of one prediction, with their numbers.

use std::io::Write;

use nextchar::Model;
use nextchar::model::ModelConfig;
use nextchar::score::Explanation;
use nextchar::text::END_SYMBOL;

use super::next::{print_bars, unknown};
use crate::args::ExplainArgs;
use crate::failure::{DONE, Failure};
use crate::output::{self, BOLD, DIM, count, heights, note, vector};
use crate::store;
use crate::word_picture;

/// Number of characters of the distribution that are shown.
const SHOWN: usize = 8;

pub fn run(args: &ExplainArgs) -> Result<u8, Failure> {
    let model = store::load(args.model.as_deref())?;
    if let Some(word) = &args.word {
        return letter_by_letter(args, &model, word);
    }
    let network = model.first_network().map_err(|_| {
        Failure::misuse(format!(
            "{}: counts alone have no stages to explain",
            store::label(args.model.as_deref())
        ))
        .help("`nextchar next` shows what they predict")
    })?;
    let stages = model.explain(&args.context);
    let stages = stages.map_err(|error| unknown(&model, args.model.as_deref(), error))?;
    if model.is_more_than_a_network() {
        note(
            "this is the first network alone; `nextchar next` shows what the whole model predicts",
        );
    }
    let mut out = output::stdout();
    if args.json {
        output::json(&mut out, &stages)?;
    } else {
        print(&mut out, &stages, network.config())?;
    }
    out.flush()?;
    Ok(DONE)
}

fn print(out: &mut impl Write, stages: &Explanation, config: &ModelConfig) -> Result<(), Failure> {
    let context = stages.context.concat();
    let tokens: Vec<String> = stages
        .tokens
        .iter()
        .map(|token| token.to_string())
        .collect();
    let width = stages.embeddings.first().map_or(0, Vec::len);
    writeln!(
        out,
        "{BOLD}1 Context{BOLD:#}  {context}   {DIM}tokens {}{DIM:#}",
        tokens.join(" ")
    )?;
    writeln!(
        out,
        "\n{BOLD}2 Embedding{BOLD:#}  {DIM}one row of the table [{}, {width}] for each character{DIM:#}",
        stages.probs.len()
    )?;
    for (symbol, row) in stages.context.iter().zip(&stages.embeddings) {
        writeln!(out, "  {symbol} {}", vector(row))?;
    }
    let features = count(stages.features.len() as u64);
    writeln!(
        out,
        "\n{BOLD}3 Features{BOLD:#}  {DIM}the rows end to end, [{features}]{DIM:#}"
    )?;
    writeln!(out, "    {}", vector(&stages.features))?;
    let activation = format!("{:?}", config.activation).to_lowercase();
    for (index, layer) in stages.hidden.iter().enumerate() {
        let added = match config.is_residual(index) {
            true => format!(" + a of layer {index}"),
            false => String::new(),
        };
        let (number, units) = (index + 1, count(layer.activation.len() as u64));
        writeln!(
            out,
            "\n{BOLD}4 Layer {number}{BOLD:#}  {DIM}z = W·a + b, a = {activation}(z){added}, [{units}]{DIM:#}"
        )?;
        writeln!(out, "  z {}", vector(&layer.preactivation))?;
        writeln!(out, "  a {}", vector(&layer.activation))?;
        writeln!(out, "    {}", heights(&layer.activation))?;
    }
    writeln!(
        out,
        "\n{BOLD}5 Output{BOLD:#}  {DIM}logits, then softmax: the {SHOWN} most likely of {}{DIM:#}",
        stages.probs.len()
    )?;
    writeln!(out, "  z {}", vector(&stages.logits))?;
    let mut rows: Vec<(&str, f64)> = stages
        .symbols
        .iter()
        .map(String::as_str)
        .zip(stages.probs.iter().copied())
        .collect();
    rows.sort_by(|a, b| b.1.total_cmp(&a.1));
    print_bars(out, &rows[..rows.len().min(SHOWN)])?;
    writeln!(
        out,
        "\n{DIM}--json prints every number; `nextchar next {context}` prints the whole table{DIM:#}"
    )?;
    Ok(())
}

/// A name character by character: how likely each was, and what was likelier.
fn letter_by_letter(args: &ExplainArgs, model: &Model, word: &str) -> Result<u8, Failure> {
    if word.trim().starts_with(END_SYMBOL) {
        return Err(Failure::misuse(format!(
            "{word:?}: _ stands for the end of a name"
        )));
    }
    let found = model.explain_word(word, word_picture::SHOWN);
    let found = found.map_err(|error| unknown(model, args.model.as_deref(), error))?;
    let mut out = output::stdout();
    match args.json {
        true => output::json(&mut out, &found)?,
        false => word_picture::print(&mut out, &found)?,
    }
    out.flush()?;
    Ok(DONE)
}
