//! `nextchar generate`: new names, one a line, each from the true conditional distribution.

use std::io::Write;

use nextchar::CoreError;
use nextchar::data::{Name, NameList};
use nextchar::sample::{
    Conditions, Generated, Generator, Method, Outcome, Probability, Request, SampleConfig,
    most_likely,
};
use nextchar::text::Alphabet;
use nextchar::text::Vocab;
use nextchar_formats::ModelFile;
use serde_json::json;

use crate::args::{GenerateArgs, ReadArgs};
use crate::corpus::{Source, read_options, warn_of_rejected};
use crate::failure::{DONE, Failure};
use crate::output::{self, count, note, plural};
use crate::store;
use crate::threads::threads;

/// Attempts in a row without a name after which it is said that there may be none.
pub const TRIES: u64 = 1_000_000;

pub fn run(args: &GenerateArgs) -> Result<u8, Failure> {
    let config = SampleConfig::new(args.temperature, args.top_k, args.top_p)?;
    let threads = threads(args.threads)?;
    let file = store::load(args.model.as_deref())?;
    let conditions = conditions(args, &file);
    let excluded = args.not_in.iter().map(|list| not_in(list, &file.vocab));
    let excluded = excluded.collect::<Result<Vec<_>, Failure>>()?;
    let mut unwanted: Vec<&NameList> = excluded.iter().collect();
    if args.novel {
        unwanted.extend(own_names(args, &file)?);
    }
    let mut out = output::stdout();
    if args.most_likely {
        let (model, vocab) = (&file.model, &file.vocab);
        let names = most_likely(model, vocab, &conditions, &unwanted, args.count)?;
        for generated in &names {
            print(&mut out, generated, args.json)?;
        }
        out.flush()?;
        if names.is_empty() && args.count > 0 {
            return Err(Failure::failed("no name fits the conditions").help(LOOSEN));
        }
        return Ok(all_that_exist(names.len() as u64, args.count));
    }
    let conditioned = conditions != only_lengths(&file) || !unwanted.is_empty();
    let request = Request {
        count: args.count,
        config,
        conditions,
        unwanted,
        unique: args.unique,
        tries: TRIES,
        ..Request::default()
    };
    let generator =
        |request| Generator::new(&file.model, &file.vocab, request, &args.seed, threads);
    let mut names = generator(request.clone())?;
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
    if conditioned {
        say_probability(&names.outcome(), args.json)?;
    }
    let found = names.found();
    if names.gave_up() {
        return Err(gave_up(found, args.count));
    }
    if found == 0 && args.count > 0 {
        let any = |request| Ok::<bool, Failure>(generator(request)?.next().is_some());
        return Err(why_none(&request, any)?);
    }
    Ok(all_that_exist(found, args.count))
}

fn print(out: &mut impl Write, generated: &Generated, as_json: bool) -> Result<(), Failure> {
    match as_json {
        true => output::json(out, generated),
        false => Ok(writeln!(out, "{}", generated.name)?),
    }
}

/// No condition but the longest length, which every draw has.
fn only_lengths(file: &ModelFile) -> Conditions {
    Conditions {
        max_length: file.record.longest_name.max(1),
        ..Conditions::default()
    }
}

fn conditions(args: &GenerateArgs, file: &ModelFile) -> Conditions {
    let longest = only_lengths(file).max_length.max(args.min_length);
    Conditions {
        min_length: args.min_length,
        max_length: args.max_length.unwrap_or(longest),
        prefixes: args.prefix.clone(),
        suffixes: args.suffix.clone(),
        contains: args.contains.clone(),
        excludes: args.exclude.clone(),
        letters: args.letters.clone(),
        patterns: args.pattern.clone(),
    }
}

/// A list of names that are not wanted, of any letters; whoever collects names begins with an empty one.
fn not_in(list: &str, vocab: &Vocab) -> Result<NameList, Failure> {
    let source = Source::find(Some(list))?;
    let options = read_options(&ReadArgs::default(), Alphabet::Data, false)?;
    let (names, found) = source.scan(&options)?;
    if found.lines == found.blank {
        note(&format!(
            "--not-in {list}: it is empty; nothing is left out"
        ));
        return Ok(names);
    }
    if names.is_empty() {
        return Err(source.without_names(&found, &options));
    }
    warn_of_rejected(&source.label(), &found);
    let known = |name: Name<'_>| vocab.encode(name.text).is_ok();
    let any_known = names.names().any(known);
    if let (false, Some(columns)) = (any_known, found.looks_like_header) {
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

/// Every name that the model was made from, whatever its part.
fn own_names<'f>(args: &GenerateArgs, file: &'f ModelFile) -> Result<[&'f NameList; 3], Failure> {
    let names = file.names.as_ref().ok_or_else(|| {
        let label = store::label(args.model.as_deref());
        let help = format!(
            "--not-in LIST excludes a list of your own; {}",
            store::WITHOUT_NAMES
        );
        Failure::misuse(format!("--novel: {label} holds no names to compare with")).help(help)
    })?;
    Ok([&names.train, &names.val, &names.test])
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
fn why_none<'r>(
    request: &Request<'r>,
    any: impl Fn(Request<'r>) -> Result<bool, Failure>,
) -> Result<Failure, Failure> {
    let listed = Request {
        unwanted: Vec::new(),
        ..request.clone()
    };
    if !request.unwanted.is_empty() && any(listed.clone())? {
        let what = "every name that fits the other conditions is in a list that is left out";
        return Ok(Failure::failed(what).help(LOOSEN));
    }
    let all_letters = Request {
        config: SampleConfig::default(),
        ..listed
    };
    if request.config != SampleConfig::default() && any(all_letters)? {
        let what = "no name that fits is left by --top-k, --top-p or the temperature";
        return Ok(Failure::failed(what).help("raise them, or loosen a condition"));
    }
    Ok(Failure::failed("the model gives no name that fits the conditions").help(LOOSEN))
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
        count(TRIES),
        count(found),
        plural(wanted as u64, "name"),
    ))
    .help("loosen a condition, or raise --temperature")
}
