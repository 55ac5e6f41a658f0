//! `nextchar neighbors`: letters that the embedding puts side by side.

use std::io::Write;

use nextchar::score::neighbors;
use nextchar::text::{END, Token};
use serde_json::json;

use crate::args::NeighborsArgs;
use crate::commands::next::parse_context;
use crate::failure::{DONE, Failure};
use crate::output::{self, BOLD};
use crate::store;

pub fn run(args: &NeighborsArgs) -> Result<u8, Failure> {
    let file = store::load(args.model.as_deref())?;
    let networks = file.model.networks();
    if networks.is_empty() {
        let label = store::label(args.model.as_deref());
        return Err(
            Failure::failed(format!("{label}: counts have no embedding"))
                .help("`nextchar train --family network` makes a model with one"),
        );
    }
    let mut letters: Vec<Token> = Vec::new();
    for letter in &args.letters {
        let length = letter.chars().count();
        letters.extend(parse_context(
            &file.vocab,
            letter,
            length,
            args.model.as_deref(),
        )?);
    }
    if letters.is_empty() {
        letters = (END..file.vocab.len() as Token).collect();
    }
    let mut out = output::stdout();
    if !args.json {
        writeln!(
            out,
            "{BOLD}Letters by the cosine of their embeddings{BOLD:#}, about the mean of all; _ is the end mark"
        )?;
    }
    for letter in letters {
        let symbol = file.vocab.symbol(letter);
        let mut found = neighbors(networks, letter);
        found.truncate(args.count);
        if args.json {
            let near = found.iter().map(|near| {
                json!({"letter": file.vocab.symbol(near.token), "similarity": near.similarity})
            });
            let near: Vec<_> = near.collect();
            output::json(&mut out, &json!({"letter": symbol, "neighbors": near}))?;
        } else {
            let near: Vec<String> = found
                .iter()
                .map(|near| format!("{} {:5.2}", file.vocab.symbol(near.token), near.similarity))
                .collect();
            writeln!(out, "  {symbol}   {}", near.join("   "))?;
        }
    }
    out.flush()?;
    Ok(DONE)
}
