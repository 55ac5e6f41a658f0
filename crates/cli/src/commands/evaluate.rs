//! `nextchar evaluate`: the loss on held-out or other names, where it comes from, what the model writes.

use std::borrow::Cow;
use std::io::Write;

use nextchar::LanguageModel;
use nextchar::Workers;
use nextchar::data::{CountedWindows, NameList};
use nextchar::score::{GeneratedNames, ScoredName, Share, breakdown, evaluate, generated_names};
use nextchar::text::Alphabet;
use nextchar::text::Vocab;
use nextchar_formats::ModelFile;

use crate::args::EvaluateArgs;
use crate::corpus::{Source, read_options, warn_of_rejected};
use crate::evaluation::{Evaluation, rival, rivals};
use crate::failure::{DONE, Failure};
use crate::html;
use crate::output::{self, BOLD, DIM, bar, count, note, plural};
use crate::report::warn_of_counting;
use crate::store;
use crate::threads::threads;

pub fn run(args: &EvaluateArgs) -> Result<u8, Failure> {
    let file = store::load(args.model.as_deref())?;
    let (label, names) = match &args.data {
        Some(data) => read(data, args, &file.vocab)?,
        None => held_out(args, &file)?,
    };
    let context_length = file.model.characters_seen();
    let threads = threads(None)?;
    let rivals = rivals(&file, threads)?;
    let longest = file.model.context_length().max(rivals.context_length());
    let table = CountedWindows::from_list(&names, &file.vocab, longest)?;
    let rival = rival(&file, &rivals, threads)?;
    let evaluation = Evaluation {
        label,
        context_length,
        report: evaluate(&file.model, &table, &rivals, threads)?,
        breakdown: breakdown(
            &file.model,
            rival.as_ref().map(|rival| rival as &dyn LanguageModel),
            &names,
            &file.vocab,
            threads,
        )?,
        names_return: file.model.returning().is_some(),
        generated: written(args, &file, threads)?,
    };
    if let Some(path) = &args.html {
        let page = html::page(&file, &evaluation, threads)?;
        store::save(path, page.as_bytes())?;
    }
    let mut out = output::stdout();
    if args.json {
        output::json(&mut out, &evaluation)?;
    } else {
        evaluation.print(&mut out)?;
        let (loss, margin) = (evaluation.report.loss, evaluation.breakdown.margin);
        warn_of_counting(loss, margin.map(|margin| loss + margin.difference));
        if file.bigrams.is_empty() {
            note(
                "the model's file knows nothing of its training names: there are no counts to compare with",
            );
        }
    }
    out.flush()?;
    if let Some(path) = &args.html {
        anstream::eprintln!("the page is in {}", path.display());
    }
    Ok(DONE)
}

/// Names that the model writes, unless none are wanted.
fn written(
    args: &EvaluateArgs,
    file: &ModelFile,
    threads: &Workers,
) -> Result<Option<GeneratedNames>, Failure> {
    let longest = file.record.longest_name.max(1);
    let list = file.names.as_ref();
    let draw = || {
        generated_names(
            &file.model,
            &file.vocab,
            list,
            longest,
            args.names,
            &args.seed,
            threads,
        )
    };
    Ok((args.names > 0).then(draw).transpose()?)
}

impl Evaluation {
    /// Losses by name, the model's first, as they stand in tables.
    pub fn losses(&self) -> Vec<(String, f64)> {
        let (own, baselines) = (self.context_length, &self.report.baselines);
        let mut rows = vec![(format!("this model, context {own}"), self.report.loss)];
        if let Some(loss) = baselines.kneser_ney {
            rows.push((format!("Kneser–Ney, context {own}"), loss));
        }
        if let (Some(loss), Some(length)) =
            (baselines.best_kneser_ney, baselines.best_kneser_ney_context)
            && length != own
        {
            rows.push((format!("Kneser–Ney, context {length}, its best"), loss));
        }
        rows.push(("bigram counts".into(), baselines.bigram));
        rows.push(("unigram counts".into(), baselines.unigram));
        rows.push(("uniform".into(), baselines.uniform));
        rows
    }

    /// How sure the loss is, in a line.
    pub fn certainty(&self) -> String {
        let error = format!(
            "standard error of the loss {:.4}",
            self.breakdown.standard_error
        );
        let alike = match self.names_return {
            true => ", whose names return as often,",
            false => "",
        };
        match self.breakdown.margin {
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
            "{BOLD}{}{BOLD:#}: {} predicted characters, the end marks counted",
            self.label,
            count(self.report.examples)
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
        let breakdown = &self.breakdown;
        print_shares(
            out,
            "Loss by position of the predicted character",
            &breakdown.by_position,
        )?;
        print_shares(out, "Loss by length of the name", &breakdown.by_length)?;
        print_names(out, "Hardest names", &breakdown.hardest)?;
        print_names(out, "Easiest names", &breakdown.easiest)?;
        match &self.generated {
            Some(generated) => print_generated(out, generated),
            None => Ok(()),
        }
    }
}

/// Bars of the places where at least a hundredth of the characters stand.
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
        "\n{BOLD}{} that the model writes{BOLD:#}",
        plural(generated.names, "name")
    )?;
    if let Some(novelty) = generated.novelty {
        writeln!(
            out,
            "  {:.1} % new, {:.1} % in the training names, {:.1} % among those held out",
            percent(novelty.new),
            percent(novelty.in_train),
            percent(novelty.in_held_out)
        )?;
    }
    writeln!(
        out,
        "  {:.1} % stood before among them",
        percent(generated.repeated)
    )?;
    if let Some(distance) = generated.length_distance {
        writeln!(
            out,
            "  lengths: {:.1} % of all names would have to change theirs to match the training names'",
            100.0 * distance
        )?;
    }
    Ok(())
}

/// The names, and what they are called.
type Names<'a> = (String, Cow<'a, NameList>);

/// DATA as it stands: every accepted line, duplicates too.
fn read<'a>(data: &str, args: &EvaluateArgs, vocab: &Vocab) -> Result<Names<'a>, Failure> {
    let source = Source::find(Some(data))?;
    let alphabet = if *vocab == Vocab::az() {
        Alphabet::Az
    } else {
        Alphabet::Data
    };
    let (mut names, found) = source.read(&read_options(&args.read, alphabet, true)?)?;
    warn_of_rejected(&source.label(), &found);
    let skipped = names.retain(|name| vocab.encode(name).is_ok());
    if skipped > 0 {
        note(&format!(
            "{}: skipped {} with characters that the model does not know",
            source.label(),
            plural(skipped as u64, "name")
        ));
    }
    if names.is_empty() {
        return Err(Failure::failed(format!(
            "{}: the model knows the letters of none of its names",
            source.label()
        )));
    }
    Ok((source.label(), Cow::Owned(names)))
}

/// The test names that the model file keeps.
fn held_out<'a>(args: &EvaluateArgs, file: &'a ModelFile) -> Result<Names<'a>, Failure> {
    let test = file
        .names
        .as_ref()
        .map(|names| &names.test)
        .filter(|test| !test.is_empty());
    let test = test.ok_or_else(|| {
        Failure::failed(format!(
            "{} holds no test names",
            store::label(args.model.as_deref())
        ))
        .help("give a list: `nextchar evaluate FILE -m MODEL`")
    })?;
    Ok(("test names of the model's list".into(), Cow::Borrowed(test)))
}
