//! `nextchar evaluate`: the loss on held-out or other names, where it comes from, and what the model writes.

use std::borrow::Cow;
use std::io::Write;
use std::path::PathBuf;

use nextchar::data::NameList;
use nextchar::score::{GeneratedNames, ScoredName, Share};
use nextchar::text::Alphabet;
use nextchar::text::Vocab;
use nextchar::{EvaluateOptions, Model};
use serde_json::json;

use crate::args::EvaluateArgs;
use crate::corpus::{Source, like, read_all, read_options};
use crate::evaluation::Evaluation;
use crate::failure::{DONE, Failure};
use crate::html;
use crate::output::{self, BOLD, DIM, bar, count, note, plural};
use crate::output_files::{Existing, OutputFile, RunFiles};
use crate::report::warn_of_counting;
use crate::store;
use crate::threads::threads;

/// The path of the page, claimed after noting everything that the run reads.
fn claim(args: &EvaluateArgs) -> Result<Option<OutputFile>, Failure> {
    let mut files = RunFiles::default();
    for data in &args.data {
        files.reads_list("DATA", Some(data));
    }
    if let Some(model) = &args.model {
        files.reads("--model", model);
    }
    let existing = Existing::Keep("would be replaced").or_forced(args.force);
    let why = "standard output shows the report";
    let claim = |path: &PathBuf| files.claim("--html", path, existing, why);
    args.html.as_ref().map(claim).transpose()
}

pub fn run(args: &EvaluateArgs) -> Result<u8, Failure> {
    let page_file = claim(args)?;
    let model = store::load(args.model.as_deref())?;
    if args.data.is_empty() && model.record().refitted {
        return stored(args, &model);
    }
    let (label, names) = match args.data.is_empty() {
        true => held_out(args, &model)?,
        false => read(args, model.vocab())?,
    };
    let options = EvaluateOptions {
        generated: args.names,
        seed: args.seed.clone(),
        workers: threads(None)?,
    };
    let evaluation = Evaluation {
        label,
        context_length: model.language_model().tokens_seen(),
        names_return: model.language_model().repeats().is_some(),
        found: model.evaluate(&names, &options)?,
    };
    if let Some(page_file) = &page_file {
        let page = html::page(&model, &evaluation, options.workers)?;
        page_file.save(page.as_bytes())?;
    }
    let mut out = output::stdout();
    if args.json {
        output::json(&mut out, &evaluation)?;
    } else {
        evaluation.print(&mut out)?;
        let (loss, margin) = (
            evaluation.found.report.loss,
            evaluation.found.breakdown.margin,
        );
        warn_of_counting(loss, margin.map(|margin| loss + margin.difference));
        if model.bigrams().is_empty() {
            note(
                "the model file contains nothing about its training names, so there are no counts to compare with",
            );
        }
    }
    out.flush()?;
    if let Some(path) = &args.html {
        anstream::eprintln!("saved the page to {}", path.display());
    }
    Ok(DONE)
}

/// The losses that a model had before it learned the names that they were measured on.
fn stored(args: &EvaluateArgs, model: &Model) -> Result<u8, Failure> {
    let other_names = "`nextchar evaluate FILE` measures it on names that it has not learned";
    if args.html.is_some() {
        let why =
            "--html: the model has learned all names of its list since its losses were measured";
        return Err(Failure::misuse(why).help(other_names));
    }
    let (record, mut out) = (model.record(), output::stdout());
    let losses = &record.losses;
    if args.json {
        let found = json!({
            "refitted": true, "train": losses.train, "val": losses.val, "test": losses.test,
            "counting": losses.counting,
        });
        output::json(&mut out, &found)?;
        out.flush()?;
        return Ok(DONE);
    }
    writeln!(
        out,
        "{BOLD}Held-out losses{BOLD:#}, in nats per predicted character"
    )?;
    let part = if losses.test.is_some() { "test" } else { "val" };
    let rows = [
        ("train", Some(losses.train)),
        ("val", losses.val),
        ("test", losses.test),
    ];
    let mut rows: Vec<Vec<String>> = rows
        .into_iter()
        .filter_map(|(part, loss)| Some(vec![part.to_owned(), format!("{:.4}", loss?)]))
        .collect();
    if let Some(counting) = losses.counting {
        rows.push(vec![
            format!("Kneser–Ney on {part}"),
            format!("{counting:.4}"),
        ]);
    }
    output::table(&mut out, &rows)?;
    out.flush()?;
    note(&format!(
        "these are the losses before the model learned the held-out names, too; {other_names}"
    ));
    Ok(DONE)
}

impl Evaluation {
    /// Losses by name, the model's first, as tables show them.
    pub fn losses(&self) -> Vec<(String, f64)> {
        let (own, baselines) = (self.context_length, &self.found.report.baselines);
        let mut rows = vec![(format!("this model, context {own}"), self.found.report.loss)];
        if let Some(loss) = baselines.kneser_ney {
            rows.push((format!("Kneser–Ney, context {own}"), loss));
        }
        if let (Some(loss), Some(length)) =
            (baselines.best_kneser_ney, baselines.best_kneser_ney_context)
            && length != own
        {
            rows.push((format!("Kneser–Ney, best context ({length})"), loss));
        }
        rows.push(("bigram counts".into(), baselines.bigram));
        rows.push(("unigram counts".into(), baselines.unigram));
        rows.push(("uniform".into(), baselines.uniform));
        rows
    }

    /// How certain the loss is, in a line.
    pub fn certainty(&self) -> String {
        let error = format!(
            "standard error of the loss {:.4}",
            self.found.breakdown.standard_error
        );
        let alike = match self.names_return {
            true => " (with the same estimate of repeat names)",
            false => "",
        };
        match self.found.breakdown.margin {
            Some(margin) => format!(
                "{error}; better than Kneser–Ney{alike} by {:.4} ± {:.4}, by bootstrap over names",
                margin.difference, margin.standard_error
            ),
            None => format!("{error}, by bootstrap over names"),
        }
    }

    fn print(&self, out: &mut impl Write) -> Result<(), Failure> {
        writeln!(
            out,
            "{BOLD}{}{BOLD:#}: {} predicted characters, including end marks",
            self.label,
            count(self.found.report.examples)
        )?;
        let header = ["", "nats", "bits", "perplexity"].map(str::to_owned);
        let mut rows = vec![header.to_vec()];
        rows.extend(self.losses().into_iter().map(|(name, loss)| {
            let bits = format!("{:.4}", loss / std::f64::consts::LN_2);
            vec![
                name,
                format!("{loss:.4}"),
                bits,
                format!("{:.2}", loss.exp()),
            ]
        }));
        output::table(out, &rows)?;
        writeln!(out, "  {}", self.certainty())?;
        let breakdown = &self.found.breakdown;
        print_shares(
            out,
            "Loss by position of the predicted character",
            &breakdown.by_position,
        )?;
        print_shares(out, "Loss by length of the name", &breakdown.by_length)?;
        print_names(out, "Hardest names", &breakdown.hardest)?;
        print_names(out, "Easiest names", &breakdown.easiest)?;
        match &self.found.generated {
            Some(generated) => print_generated(out, generated),
            None => Ok(()),
        }
    }
}

/// Bars of the positions or lengths that have at least a hundredth of the characters.
fn print_shares(out: &mut impl Write, title: &str, shares: &[Share]) -> Result<(), Failure> {
    writeln!(out, "\n{BOLD}{title}{BOLD:#}")?;
    let total: u64 = shares.iter().map(|share| share.characters).sum();
    let frequent = |share: &&Share| share.characters * 100 >= total;
    let highest = shares.iter().filter(frequent).map(|share| share.loss);
    let highest = highest.fold(f64::MIN_POSITIVE, f64::max);
    for share in shares.iter().filter(frequent) {
        writeln!(
            out,
            "  {:>3}  {:.4}  {:<30}  {DIM}{} characters{DIM:#}",
            share.at,
            share.loss,
            bar(share.loss / highest, 30),
            count(share.characters)
        )?;
    }
    Ok(())
}

fn print_names(out: &mut impl Write, title: &str, names: &[ScoredName]) -> Result<(), Failure> {
    writeln!(out, "\n{BOLD}{title}{BOLD:#}, nats per predicted character")?;
    let shown = names
        .iter()
        .map(|name| format!("{} {:.2}", name.name, -name.per_char));
    let shown: Vec<String> = shown.collect();
    for line in shown.chunks(5) {
        writeln!(out, "  {}", line.join("   "))?;
    }
    Ok(())
}

fn print_generated(out: &mut impl Write, generated: &GeneratedNames) -> Result<(), Failure> {
    let percent = |number: u64| 100.0 * number as f64 / generated.names.max(1) as f64;
    writeln!(
        out,
        "\n{BOLD}{} written by the model{BOLD:#}",
        plural(generated.names, "name")
    )?;
    if let Some(novelty) = generated.novelty {
        writeln!(
            out,
            "  {:.1} % new, {:.1} % in the training names, {:.1} % in the held-out names",
            percent(novelty.new),
            percent(novelty.in_train),
            percent(novelty.in_held_out)
        )?;
    }
    writeln!(
        out,
        "  {:.1} % repeat an earlier one",
        percent(generated.repeated)
    )?;
    if let Some(distance) = generated.length_distance {
        writeln!(
            out,
            "  lengths: {:.1} % of the names would need another length to match the training names",
            100.0 * distance
        )?;
    }
    Ok(())
}

/// The names, and their label.
type Named<'a> = (String, Cow<'a, NameList>);

/// DATA without a split: every accepted line, including duplicates.
fn read<'a>(args: &EvaluateArgs, vocab: &Vocab) -> Result<Named<'a>, Failure> {
    let sources = Source::find_all(&args.data)?;
    let is_az = vocab.pieces().eq(Vocab::az().pieces());
    let (any, case) = like(vocab);
    let alphabet = if is_az { Alphabet::Az } else { any };
    let options = read_options(&args.read, (alphabet, case), true);
    let mut names = read_all(&sources, &options)?;
    let label = names.label().to_owned();
    let skipped = names.retain_known(vocab);
    if skipped > 0 {
        note(&format!(
            "{label}: skipped {} with characters that the model does not know",
            plural(skipped as u64, "name")
        ));
    }
    if names.is_empty() {
        return Err(Failure::failed(format!(
            "{label}: every name has a character that the model does not know"
        )));
    }
    Ok((label, Cow::Owned(names.into_list())))
}

/// The test names in the model file.
fn held_out<'a>(args: &EvaluateArgs, model: &'a Model) -> Result<Named<'a>, Failure> {
    let test = model.test_names().map_err(|_| {
        Failure::failed(format!(
            "{} contains no test names",
            store::label(args.model.as_deref())
        ))
        .help("give a list: `nextchar evaluate FILE -m MODEL`")
    })?;
    Ok(("test names of the model's list".into(), Cow::Borrowed(test)))
}
