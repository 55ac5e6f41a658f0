//! `nextchar generate`: new names, one a line.

use std::io::Write;

use nextchar::sample::{Generator, Outcome, Request, Temperature};

use crate::args::GenerateArgs;
use crate::failure::{DONE, Failure};
use crate::output::{self, count};
use crate::store;

/// Draws in a row without a name after which it is said that there may be none.
pub const TRIES: u64 = 200_000;

pub fn run(args: &GenerateArgs) -> Result<u8, Failure> {
    let temperature = Temperature::new(args.temperature)?;
    let file = store::load(args.model.as_deref())?;
    let max_length = args
        .max_length
        .unwrap_or(file.record.longest_name.max(args.min_length).max(1));
    let known = match (&file.names, args.novel) {
        (_, false) => None,
        (Some(names), true) => Some(|name: &str| names.contains(name)),
        (None, true) => {
            return Err(Failure::misuse(format!(
                "--novel: {} was saved without the names that it was made from",
                store::label(args.model.as_deref())
            ))
            .help("train without --no-names"));
        }
    };
    let request = Request {
        count: args.count,
        temperature,
        min_length: args.min_length,
        max_length,
        unique: args.unique,
        known: known.as_ref().map(|known| known as &dyn Fn(&str) -> bool),
        tries: TRIES,
    };
    let mut names = Generator::new(&file.model, &file.vocab, request, &args.seed)?;
    let mut out = output::stdout();
    for generated in names.by_ref() {
        match args.json {
            true => output::json(&mut out, &generated)?,
            false => writeln!(out, "{}", generated.name)?,
        }
    }
    out.flush()?;
    match names.outcome() {
        outcome if outcome.gave_up => Err(gave_up(&outcome, args.count)),
        _ => Ok(DONE),
    }
}

/// What was found, and what stood in the way.
fn gave_up(outcome: &Outcome, wanted: usize) -> Failure {
    let reasons = [
        (outcome.too_short, "too short"),
        (outcome.too_long, "too long"),
        (outcome.known, "in the list"),
        (outcome.repeated, "repeated"),
    ];
    let reasons: Vec<String> = reasons
        .into_iter()
        .filter(|&(number, _)| number > 0)
        .map(|(number, why)| format!("{} {why}", count(number)))
        .collect();
    Failure::failed(format!(
        "gave up after {} draws in a row that brought nothing: found {} of {} names; of {} draws, {}",
        count(TRIES),
        count(outcome.accepted),
        count(wanted as u64),
        count(outcome.draws),
        reasons.join(", "),
    ))
    .help("ask for fewer names, allow other lengths, or raise --temperature")
}
