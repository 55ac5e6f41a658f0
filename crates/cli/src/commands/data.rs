//! `nextchar data`: the embedded lists, the diagnosis of a list, the lecture's windows.

use std::io::Write;

use nextchar::data::{Diagnosis, EMBEDDED_LISTS, EmbeddedList, ListCase, names_column, windows};
use nextchar::text::Vocab;
use nextchar::text::clean;
use nextchar::{CoreError, Error, Names};
use serde_json::json;

use crate::args::{DataArgs, DataCommand};
use crate::command_line;
use crate::corpus::{Source, note_guesses, read_options, say_what_was_chosen};
use crate::failure::{DONE, Failure};
use crate::output::{self, BOLD, DIM, bar, count};

/// Number of rejected lines that are shown without `--all`.
const REJECTED_SHOWN: usize = 20;

pub fn run(args: &DataArgs) -> Result<u8, Failure> {
    let mut out = output::stdout();
    match &args.command {
        None => list(&mut out, args.json)?,
        Some(DataCommand::Show { name }) => show(&mut out, name)?,
        Some(DataCommand::Check {
            file,
            read,
            all,
            json,
        }) => {
            let source = Source::find(Some(file))?;
            let options = read_options(read, (source.alphabet(), ListCase::Auto), false);
            let names = source
                .scan(&options)
                .map_err(|error| with_column(error, file))?;
            let found = names.diagnosis();
            note_guesses(names.label(), found.encoding, found.first_row);
            // The rows of a table are not names, so each of them would be rejected.
            let is_table = names.is_empty() && found.looks_like_header.is_some();
            if *json {
                output::json(&mut out, &with_count(&names)?)?;
            } else if !is_table {
                say_what_was_chosen(&names);
                diagnose(&mut out, &names, *all)?;
            }
            if !*json && !names.is_empty() && file != "-" {
                let arguments = [vec!["train".into(), file.clone()], read.to_arguments()];
                let command = command_line::shown(arguments.concat());
                writeln!(out, "\n{BOLD}To learn it:{BOLD:#} {command}")?;
            }
            out.flush()?;
            names
                .not_empty()
                .map_err(|error| with_column(error, file))?;
        }
        Some(DataCommand::Windows {
            name,
            context,
            json,
        }) => print_windows(&mut out, name, *context, *json)?,
    }
    out.flush()?;
    Ok(DONE)
}

/// Adds the command that reads a column of a table, if one of the columns says that it contains names.
fn with_column(error: Error, file: &str) -> Failure {
    let column = match &error {
        Error::Names {
            fault: CoreError::LooksLikeCsv { columns } | CoreError::LooksLikeJson { keys: columns },
            ..
        } => names_column(columns).cloned(),
        _ => None,
    };
    let failure = Failure::from(error);
    match column {
        Some(column) => {
            let words = ["data", "check", file, "--column", &column].map(str::to_owned);
            failure.help(format!(
                "`{}` reads the column {column:?}",
                command_line::shown(words)
            ))
        }
        None => failure,
    }
}

fn list(out: &mut impl Write, as_json: bool) -> Result<(), Failure> {
    if as_json {
        let lists: Vec<_> = EMBEDDED_LISTS
            .iter()
            .map(|list| {
                json!({
                    "name": list.name, "names": list.rows().count(), "title": list.title,
                    "source": list.source, "licence": list.licence,
                    "columns": list.columns().collect::<Vec<_>>(),
                })
            })
            .collect();
        return output::json(out, &lists);
    }
    for list in EMBEDDED_LISTS {
        writeln!(
            out,
            "{BOLD}{:<17}{BOLD:#} {:>7}  {:<42} {DIM}{}; {}{DIM:#}",
            list.name,
            count(list.rows().count() as u64),
            list.title,
            list.licence,
            list.source
        )?;
    }
    Ok(())
}

fn show(out: &mut impl Write, name: &str) -> Result<(), Failure> {
    let list = EmbeddedList::find(name).ok_or_else(|| {
        Failure::failed(format!("there is no embedded list {name:?}"))
            .help("`nextchar data` lists them")
    })?;
    for row in list.rows() {
        writeln!(out, "{row}")?;
    }
    Ok(())
}

fn with_count(names: &Names) -> Result<serde_json::Value, Failure> {
    let mut value = serde_json::to_value(names.diagnosis())?;
    value["names"] = names.len().into();
    Ok(value)
}

fn diagnose(out: &mut impl Write, names: &Names, all: bool) -> Result<(), Failure> {
    let (label, found) = (names.label(), names.diagnosis());
    writeln!(
        out,
        "{BOLD}{label}{BOLD:#}: {} in {}",
        output::plural(names.len() as u64, "different name"),
        output::plural(found.lines, "line")
    )?;
    let rows = [
        ("blank lines", found.blank),
        ("duplicates", found.duplicates),
        ("filtered by length", found.filtered_by_length),
        ("filtered by column", found.filtered_by_column),
        ("rejected", found.rejected),
        ("freed from invisible characters", found.cleaned),
    ];
    let rows = rows.into_iter().filter(|&(_, number)| number > 0);
    output::table(
        out,
        &rows
            .map(|(what, number)| vec![what.into(), count(number)])
            .collect::<Vec<_>>(),
    )?;

    if names.is_empty() {
        return print_rejected(out, found, all);
    }
    writeln!(out, "\n{BOLD}Lengths{BOLD:#}")?;
    let largest = found.lengths.values().copied().max().unwrap_or(1);
    for (length, &number) in &found.lengths {
        writeln!(
            out,
            "  {length:>4}  {:>9}  {}",
            count(number),
            bar(number as f64 / largest as f64, 40)
        )?;
    }
    writeln!(out, "\n{BOLD}Characters{BOLD:#}")?;
    let mut letters: Vec<(&str, u64)> = found
        .letters
        .iter()
        .map(|(letter, &number)| (letter.as_str(), number))
        .collect();
    letters.sort_by_key(|&(letter, number)| (std::cmp::Reverse(number), letter));
    for row in letters.chunks(6) {
        let cells: String = row
            .iter()
            .map(|(letter, number)| format!("  {letter} {:>9}", count(*number)))
            .collect();
        writeln!(out, "{cells}")?;
    }
    print_rejected(out, found, all)
}

fn print_rejected(out: &mut impl Write, found: &Diagnosis, all: bool) -> Result<(), Failure> {
    if found.rejected == 0 {
        return Ok(());
    }
    writeln!(out, "\n{BOLD}Rejected lines{BOLD:#}")?;
    let shown = if all {
        found.rejected_lines.len()
    } else {
        REJECTED_SHOWN
    };
    for rejected in found.rejected_lines.iter().take(shown) {
        writeln!(
            out,
            "  line {}, character {}: {}, in {:?}",
            rejected.line, rejected.column, rejected.reason, rejected.text
        )?;
    }
    let left = found.rejected.saturating_sub(shown as u64);
    if left > 0 {
        let how = if all { "" } else { "; --all shows them" };
        writeln!(out, "  … {} more{how}", count(left))?;
    }
    Ok(())
}

fn print_windows(
    out: &mut impl Write,
    name: &str,
    context_length: usize,
    as_json: bool,
) -> Result<(), Failure> {
    const LONGEST: usize = 1000;
    if context_length > LONGEST || name.chars().count() > LONGEST {
        return Err(Failure::misuse(format!(
            "at most {LONGEST} characters can be shown"
        )));
    }
    let name = clean(name.trim());
    let vocab = Vocab::from_characters(name.chars())
        .ok_or_else(|| Failure::misuse("a name must have at least one character other than _"))?;
    let tokens = vocab.encode(&name).map_err(|unknown| {
        Failure::misuse(format!(
            "{name:?}, character {}: _ stands for the end of a name",
            unknown.column
        ))
    })?;
    let rows = windows(&tokens, context_length)
        .map(|(context, target)| (vocab.decode(&context), vocab.symbol(target)));
    if as_json {
        let rows: Vec<_> = rows
            .map(|(context, target)| json!({"context": context, "target": target}))
            .collect();
        return output::json(out, &rows);
    }
    for (context, target) in rows {
        writeln!(out, "{context} → {target}")?;
    }
    Ok(())
}
