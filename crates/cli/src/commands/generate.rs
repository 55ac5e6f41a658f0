//! `nextchar generate`: new names, one a line, each from the true conditional distribution.

use std::io::Write;

use nextchar::data::Name;
use nextchar::sample::{Generated, Method, Outcome, Probability};
use nextchar::text::{Alphabet, Vocab};
use nextchar::{CoreError, Error, Generate, Names, WhyNone};
use serde_json::json;

use crate::args::{GenerateArgs, ReadArgs};
use crate::corpus::{Source, read_options, warn_of_rejected};
use crate::failure::{DONE, Failure};
use crate::output::{self, count, note, plural};
use crate::store;
use crate::threads::threads;

pub fn run(args: &GenerateArgs) -> Result<u8, Failure> {
    let workers = threads(args.threads)?;
    let model = store::load(args.model.as_deref())?;
    let excluded = args.not_in.iter().map(|list| not_in(list, model.vocab()));
    let excluded = excluded.collect::<Result<Vec<_>, Failure>>()?;
    let wanted = model.generate().with(args.options()).workers(workers);
    let wanted = excluded
        .iter()
        .fold(wanted, |wanted, list| wanted.not_in(list));
    let fault = |error| fault(args, error);
    let mut out = output::stdout();
    if args.most_likely {
        let names = wanted.most_likely(args.count).map_err(fault)?;
        for generated in &names {
            print(&mut out, generated, args.json)?;
        }
        out.flush()?;
        if names.is_empty() && args.count > 0 {
            return Err(Failure::failed("no name fits the conditions").help(LOOSEN));
        }
        return Ok(all_that_exist(names.len() as u64, args.count));
    }
    let mut names = wanted.try_iter().map_err(fault)?;
    if args.json {
        for generated in names.by_ref() {
            output::json(&mut out, &generated)?;
        }
        out.flush()?;
    } else {
        drop(out);
        let mut out = std::io::stdout().lock();
        while let Some(lines) = names.next_lines() {
            out.write_all(lines.as_bytes())?;
            out.flush()?;
        }
    }
    if wanted.is_conditioned()
        && let Some(outcome) = names.outcome()
    {
        say_probability(&outcome, args.json)?;
    }
    let found = names.found();
    if names.gave_up() {
        return Err(gave_up(found, args.count));
    }
    if found == 0 && args.count > 0 {
        return Err(why_none(&wanted)?);
    }
    Ok(all_that_exist(found, args.count))
}

/// What is wrong with what is wanted.
fn fault(args: &GenerateArgs, error: Error) -> Failure {
    if !matches!(error, Error::WithoutNames) {
        return error.into();
    }
    let label = store::label(args.model.as_deref());
    let help = format!(
        "--not-in LIST excludes a list of your own; {}",
        store::WITHOUT_NAMES
    );
    Failure::misuse(format!("--novel: {label} holds no names to compare with")).help(help)
}

fn print(out: &mut impl Write, generated: &Generated, as_json: bool) -> Result<(), Failure> {
    match as_json {
        true => output::json(out, generated),
        false => Ok(writeln!(out, "{}", generated.name)?),
    }
}

/// A list of names that are not wanted, of any letters; whoever collects names begins with an empty one.
fn not_in(list: &str, vocab: &Vocab) -> Result<Names, Failure> {
    let source = Source::find(Some(list))?;
    let names = source.scan(&read_options(&ReadArgs::default(), Alphabet::Data, false))?;
    let found = names.diagnosis();
    if found.lines == found.blank {
        note(&format!(
            "--not-in {list}: it is empty; nothing is left out"
        ));
        return Ok(names);
    }
    let names = names.not_empty()?;
    let found = names.diagnosis();
    warn_of_rejected(&names);
    let known = |name: Name<'_>| vocab.encode(name.text).is_ok();
    let any_known = names.names().any(known);
    if let (false, Some(columns)) = (any_known, found.looks_like_header.clone()) {
        let failure = Failure::failed(format!(
            "--not-in {list}: {}",
            CoreError::LooksLikeCsv { columns }
        ));
        return Err(failure.help("give one name a line"));
    }
    if !any_known {
        note(&format!(
            "--not-in {list}: none of its {} is of the model's letters; nothing is left out",
            plural(names.len() as u64, "name")
        ));
    }
    Ok(names)
}

/// How likely a name of the model fits the conditions.
fn say_probability(outcome: &Outcome, as_json: bool) -> Result<(), Failure> {
    let Probability {
        estimate,
        low,
        high,
        method,
    } = outcome.probability;
    if as_json {
        let mut out = output::stdout();
        let line = json!({
            "constraint_probability": estimate, "low": low, "high": high, "method": method,
            "evaluations": outcome.evaluations,
        });
        output::json(&mut out, &line)?;
        return Ok(out.flush()?);
    }
    let how = match method {
        Method::Exact if low < high => format!("below {high:.0e}"),
        Method::Exact => format!("{estimate:.4e}, exactly"),
        Method::Draws => format!("{estimate:.3e}, counted ({low:.2e} to {high:.2e})"),
        Method::Bounds => format!("about {estimate:.2e} ({low:.2e} to {high:.2e})"),
    };
    let asked = count(outcome.evaluations);
    note(&format!(
        "a name of the model fits with probability {how}; {asked} contexts were asked for"
    ));
    Ok(())
}

const LOOSEN: &str = "loosen a condition, or leave out --novel or --not-in";

/// No name fits, though some names have the form that is asked for: what is in the way?
fn why_none(wanted: &Generate<'_>) -> Result<Failure, Failure> {
    let (what, help) = match wanted.why_none()? {
        WhyNone::Listed => (
            "every name that fits the other conditions is in a list that is left out",
            LOOSEN,
        ),
        WhyNone::Cut => (
            "no name that fits is left by --top-k, --top-p or the temperature",
            "raise them, or loosen a condition",
        ),
        WhyNone::Never => ("the model gives no name that fits the conditions", LOOSEN),
    };
    Ok(Failure::failed(what).help(help))
}

/// Fewer names than wanted are no failure where no more exist.
fn all_that_exist(found: u64, wanted: usize) -> u8 {
    if found < wanted as u64 {
        note(&match found {
            1 => "only 1 name fits; that is all".to_owned(),
            _ => format!("only {} fit; these are all", plural(found, "name")),
        });
    }
    DONE
}

/// What was found before the search was given up.
fn gave_up(found: u64, wanted: usize) -> Failure {
    Failure::failed(format!(
        "gave up: {} draws in a row met none of the conditions, or only names that are excluded; found {} of {}",
        count(Generate::TRIES),
        count(found),
        plural(wanted as u64, "name"),
    ))
    .help("loosen a condition, or raise --temperature")
}
