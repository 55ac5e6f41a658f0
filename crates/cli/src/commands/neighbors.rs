//! `nextchar neighbors`: characters with similar embeddings.

use std::io::Write;

use nextchar::text::{END, Token};
use serde_json::json;

use crate::args::NeighborsArgs;
use crate::commands::next::unknown;
use crate::failure::{DONE, Failure};
use crate::output::{self, BOLD};
use crate::store;

pub fn run(args: &NeighborsArgs) -> Result<u8, Failure> {
    let model = store::load(args.model.as_deref())?;
    model.first_network().map_err(|_| {
        let label = store::label(args.model.as_deref());
        Failure::failed(format!("{label}: counts have no embedding"))
            .help("`nextchar train --family network` makes a model with one")
    })?;
    let mut letters: Vec<Token> = Vec::new();
    for letter in &args.letters {
        let tokens = model.context(letter, letter.chars().count());
        letters.extend(tokens.map_err(|error| unknown(&model, args.model.as_deref(), error))?);
    }
    if letters.is_empty() {
        letters = (END..model.vocab().len() as Token).collect();
    }
    let mut out = output::stdout();
    if !args.json {
        writeln!(
            out,
            "{BOLD}Characters by the cosine of their embeddings{BOLD:#}, relative to the mean of all; _ is the end mark"
        )?;
    }
    for letter in letters {
        let symbol = model.vocab().symbol(letter);
        let mut found = model.neighbors(symbol)?;
        found.truncate(args.count);
        if args.json {
            let near = found.iter();
            let near = near
                .map(|(letter, similarity)| json!({"letter": letter, "similarity": similarity}));
            let near: Vec<_> = near.collect();
            output::json(&mut out, &json!({"letter": symbol, "neighbors": near}))?;
        } else {
            let near = found.iter();
            let near = near.map(|(letter, similarity)| format!("{letter} {similarity:5.2}"));
            let near: Vec<String> = near.collect();
            writeln!(out, "  {symbol}   {}", near.join("   "))?;
        }
    }
    out.flush()?;
    Ok(DONE)
}
