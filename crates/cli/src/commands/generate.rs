//! `nextchar generate`: new names, one per line, drawn from the exact conditional distribution.

use std::io::Write;
use std::time::Instant;

use nextchar::data::Name;
use nextchar::sample::{Method, MostLikely, Outcome, Probability};
use nextchar::text::Vocab;
use nextchar::{CoreError, Error, Generate, Names, WhyNone};
use serde_json::json;

use crate::args::{GenerateArgs, ReadArgs};
use crate::corpus::{Source, like, read_options, warn_of_rejected};
use crate::failure::{DONE, Failure};
use crate::output::{self, count, note, plural};
use crate::progress::Search;
use crate::store;
use crate::threads::threads;

pub fn run(args: &GenerateArgs) -> Result<u8, Failure> {
    let started = Instant::now();
    let workers = threads(args.threads)?;
    let model = store::load(args.model.as_deref())?;
    let excluded = args.not_in.iter().map(|list| not_in(list, model.vocab()));
    let excluded = excluded.collect::<Result<Vec<_>, Failure>>()?;
    let search = Search::new(if args.most_likely {
        "prefixes"
    } else {
        "draws"
    });
    let watch = |waiting| search.show(waiting);
    let wanted = model.generate().with(args.options()).workers(workers);
    let wanted = excluded
        .iter()
        .fold(wanted, |wanted, list| wanted.not_in(list))
        .watched(&watch);
    let wanted = match args.time {
        Some(time) => wanted.within(time, &started),
        None => wanted,
    };
    let fault = |error| fault(args, error);
    if args.most_likely {
        let found = wanted.most_likely(args.count).map_err(fault)?;
        search.clear();
        let out_of_time = args.time.is_some_and(|time| started.elapsed() >= time);
        return print_most_likely(args, &found, out_of_time);
    }
    let mut names = wanted.try_iter().map_err(fault)?;
    if args.json {
        let mut out = output::stdout();
        for generated in names.by_ref() {
            output::json(&mut out, &generated)?;
        }
        out.flush()?;
    } else {
        let mut out = std::io::stdout().lock();
        while let Some(lines) = names.next_lines() {
            out.write_all(lines.as_bytes())?;
            out.flush()?;
        }
    }
    search.clear();
    let (found, out_of_time) = (names.found(), names.out_of_time());
    if (wanted.is_conditioned() || out_of_time && args.json)
        && let Some(outcome) = names.outcome()
    {
        say_probability(&outcome, args.json)?;
    }
    if out_of_time {
        return Ok(time_is_up(found, args.count));
    }
    if names.gave_up() {
        return Err(gave_up(found, args.count));
    }
    if found == 0 && args.count > 0 {
        return Err(why_none(&wanted)?);
    }
    Ok(all_that_exist(found, args.count))
}

/// Prints the names of a search, and what it says of all others if it ended early.
fn print_most_likely(
    args: &GenerateArgs,
    found: &MostLikely,
    out_of_time: bool,
) -> Result<u8, Failure> {
    let mut out = output::stdout();
    for generated in &found.names {
        if args.json {
            output::json(&mut out, generated)?;
        } else {
            writeln!(out, "{}", generated.name)?;
        }
    }
    let number = found.names.len() as u64;
    if found.complete {
        out.flush()?;
        if number == 0 && args.count > 0 {
            return Err(Failure::failed("no name meets the conditions").help(LOOSEN));
        }
        return Ok(all_that_exist(number, args.count));
    }
    let others = found.others.exp();
    if args.json {
        let line = json!({ "others_at_most": others, "out_of_time": out_of_time });
        output::json(&mut out, &line)?;
    }
    out.flush()?;
    let those = if number == 0 {
        "name that fits"
    } else {
        "other name that fits"
    };
    note(&format!("no {those} is more probable than {others:.1e}"));
    if out_of_time {
        return Ok(time_is_up(number, args.count));
    }
    Err(Failure::failed(format!(
        "gave up: the search keeps too many prefixes in memory; found {} of {}",
        count(number),
        plural(args.count as u64, "name")
    ))
    .help("request fewer or shorter names, or relax a condition"))
}

/// What is wrong with a request.
fn fault(args: &GenerateArgs, error: Error) -> Failure {
    if !matches!(error, Error::WithoutNames) {
        return error.into();
    }
    let label = store::label(args.model.as_deref());
    let help = format!(
        "--not-in LIST excludes a list of your own; {}",
        store::WITHOUT_NAMES
    );
    Failure::misuse(format!(
        "--novel: {label} contains no names to compare with"
    ))
    .help(help)
}

/// What to do about a table, of which no column can be selected.
const ONE_NAME_A_LINE: &str = "give one name per line";

/// A list of excluded names, with any characters. It may be empty: a list that names are collected in is empty at
/// first.
fn not_in(list: &str, vocab: &Vocab) -> Result<Names, Failure> {
    let source = Source::find(Some(list))?;
    let options = read_options(&ReadArgs::default(), like(vocab), false);
    let names = source.scan(&options).map_err(|error| match &error {
        Error::Names {
            fault: CoreError::LooksLikeCsv { .. },
            ..
        } => Failure::from(error).help(ONE_NAME_A_LINE),
        _ => error.into(),
    })?;
    let found = names.diagnosis();
    if found.lines == found.blank {
        note(&format!(
            "--not-in {list}: it is empty, so nothing is excluded"
        ));
        return Ok(names);
    }
    let names = names.not_empty()?;
    let found = names.diagnosis();
    warn_of_rejected(&names);
    let known = |name: Name<'_>| vocab.knows(name.text);
    let any_known = names.names().any(known);
    if let (false, Some(columns)) = (any_known, found.looks_like_header.clone()) {
        let failure = Failure::failed(format!(
            "--not-in {list}: {}",
            CoreError::LooksLikeCsv { columns }
        ));
        return Err(failure.help(ONE_NAME_A_LINE));
    }
    if !any_known {
        note(&format!(
            "--not-in {list}: none of its {} has only characters that the model knows, so nothing is excluded",
            plural(names.len() as u64, "name")
        ));
    }
    Ok(names)
}

/// Reports the probability of the conditions.
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
            "evaluations": outcome.evaluations, "out_of_time": outcome.stopped,
        });
        output::json(&mut out, &line)?;
        return Ok(out.flush()?);
    }
    let how = match method {
        Method::Exact if low < high => format!("below {high:.0e}"),
        Method::Exact => format!("{estimate:.4e} (exact)"),
        // Nothing was found: with fewer expected successes than four, that has a probability of e⁻⁴ or more.
        _ if estimate == 0.0 => format!("below {high:.1e} (98 % confidence)"),
        Method::Draws => format!("{estimate:.3e} ({low:.2e} to {high:.2e}, from the draws)"),
        Method::Bounds => format!("about {estimate:.2e} ({low:.2e} to {high:.2e})"),
    };
    let evaluated = count(outcome.evaluations);
    note(&format!(
        "a name of this model meets the conditions with probability {how}; evaluated {evaluated} contexts"
    ));
    Ok(())
}

const LOOSEN: &str = "relax a condition, or omit --novel or --not-in";

/// Why no name fits, although the conditions themselves allow some.
fn why_none(wanted: &Generate<'_>) -> Result<Failure, Failure> {
    let (what, help) = match wanted.why_none()? {
        WhyNone::Listed => (
            "every name that meets the other conditions is in an excluded list",
            LOOSEN,
        ),
        WhyNone::Cut => (
            "--top-k, --top-p or --temperature rule out every name that meets the conditions",
            "raise them, or relax a condition",
        ),
        WhyNone::Never => ("the model writes no name that meets the conditions", LOOSEN),
    };
    Ok(Failure::failed(what).help(help))
}

/// Fewer names than requested are no failure if no more exist.
fn all_that_exist(found: u64, wanted: usize) -> u8 {
    if found < wanted as u64 {
        note(&match found {
            1 => "only 1 name fits; there are no more".to_owned(),
            _ => format!("only {} fit; there are no more", plural(found, "name")),
        });
    }
    DONE
}

/// Fewer names than requested are no failure if that is all the time there was.
fn time_is_up(found: u64, wanted: usize) -> u8 {
    note(&format!(
        "the time is up: found {} of {}",
        count(found),
        plural(wanted as u64, "name")
    ));
    DONE
}

/// The failure of a search that gave up, with the number of names found before.
fn gave_up(found: u64, wanted: usize) -> Failure {
    Failure::failed(format!(
        "gave up: {} draws in a row did not meet the conditions or were excluded names; found {} of {}",
        count(Generate::TRIES),
        count(found),
        plural(wanted as u64, "name"),
    ))
    .help("relax a condition, raise --temperature, or search longer: --time 1m")
}
