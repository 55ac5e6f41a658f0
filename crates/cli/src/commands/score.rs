//! `nextchar score`: how plausible words are as names, letter by letter, and a calibrated verdict.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use nextchar::data::{Alphabet, Vocab};
use nextchar::ngram::AdditiveNgram;
use nextchar::score::{Judge, Plausibility, token_log_probs};
use nextchar_formats::ModelFile;
use serde_json::{Value, json};

use crate::args::{ReadArgs, ScoreArgs};
use crate::corpus::{Source, read_options};
use crate::failure::{DONE, Failure};
use crate::output::{self, DIM};
use crate::store;

/// The exit code of `--check` where a word is not plausible.
const NOT_ALL: u8 = 1;

/// Everything that a verdict needs.
struct Scorer<'a> {
    file: &'a ModelFile,
    judge: Judge<'a>,
    plausibility: Option<Plausibility>,
    false_rejection: f64,
}

/// What is said of one word.
struct Scored {
    text: String,
    /// None where the vocabulary cannot hold it; then `reason` says why.
    tokens: Option<Vec<(char, f64)>>,
    reason: Option<String>,
    /// Log-odds of a name against a shuffled or random word.
    score: Option<f64>,
    percentile: Option<f64>,
    plausible: Option<bool>,
}

pub fn run(args: &ScoreArgs) -> Result<u8, Failure> {
    // Like grep: 1 says that a word is not plausible, so an error is 2.
    score(args).map_err(|failure| match args.check {
        true => failure.into_misuse(),
        false => failure,
    })
}

fn score(args: &ScoreArgs) -> Result<u8, Failure> {
    if !(0.0..1.0).contains(&args.false_rejection) {
        return Err(Failure::misuse(format!(
            "--false-rejection {}: a share from 0 to below 1 is possible, such as 0.01",
            args.false_rejection
        )));
    }
    let file = store::load(args.model.as_deref())?;
    let unigram = AdditiveNgram::with_context(&file.bigrams, 0)?;
    let judge = Judge::new(&file.model, &unigram);
    let mut plausibility = file.record.plausibility.clone();
    if let Some(list) = &args.calibrate {
        let own = plausibility.take().ok_or_else(|| {
            Failure::misuse("--calibrate: this model was made from too few names to judge words")
        })?;
        let source = Source::find(Some(list))?;
        let alphabet = if file.vocab == Vocab::az() {
            Alphabet::Az
        } else {
            Alphabet::Data
        };
        let (mut names, _) = source.read(&read_options(&ReadArgs::default(), alphabet, false)?)?;
        names.retain(|name| file.vocab.encode(name).is_ok());
        plausibility = Some(own.calibrated(&judge, &file.vocab, &names)?);
    }
    if args.check && plausibility.is_none() {
        return Err(Failure::misuse(
            "--check: this model was made from too few names to judge words",
        ));
    }
    let scorer = Scorer {
        file: &file,
        judge,
        plausibility,
        false_rejection: args.false_rejection,
    };
    let mut out = output::stdout();
    let all = match (&args.file, &args.column) {
        (Some(list), Some(column)) => scorer.table(&mut out, list, column, args)?,
        (Some(list), None) => scorer.lines(&mut out, list, args)?,
        (None, _) => {
            let mut all = true;
            for word in &args.words {
                all &= scorer.print(&mut out, &scorer.score(word), args)?;
            }
            all
        }
    };
    out.flush()?;
    match args.check && !all {
        true => Ok(NOT_ALL),
        false => Ok(DONE),
    }
}

/// A list, or standard input.
fn open(list: &str) -> Result<Box<dyn BufRead>, Failure> {
    if list == "-" {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let path = Path::new(list);
    let file = File::open(path).map_err(|error| Failure::file(path, &error))?;
    if path.is_dir() {
        return Err(Failure::file(path, &io::ErrorKind::IsADirectory.into()));
    }
    Ok(Box::new(BufReader::new(file)))
}

impl Scorer<'_> {
    /// A word as names are cleaned: trimmed and lower-cased.
    fn score(&self, text: &str) -> Scored {
        let word = text.trim().to_lowercase();
        let mut scored = Scored {
            text: text.trim().to_owned(),
            tokens: None,
            reason: None,
            score: None,
            percentile: None,
            plausible: self.plausibility.as_ref().map(|_| false),
        };
        let encoded = match self.file.vocab.encode(&word) {
            Ok(encoded) if encoded.is_empty() => {
                scored.reason = Some("it is empty".into());
                return scored;
            }
            Ok(encoded) => encoded,
            Err(unknown) => {
                scored.reason = Some(format!("{unknown}"));
                return scored;
            }
        };
        let log_probs = token_log_probs(&self.file.model, &encoded);
        let letters = word.chars().chain(['_']);
        scored.tokens = Some(letters.zip(log_probs).collect());
        if let Some(plausibility) = &self.plausibility {
            let verdict = self.judge.verdict(plausibility, &encoded);
            scored.score = Some(verdict.score);
            scored.percentile = Some(verdict.percentile);
            scored.plausible = Some(verdict.percentile >= 100.0 * self.false_rejection);
        }
        scored
    }

    /// Every line of a list, as it comes.
    fn lines(&self, out: &mut impl Write, list: &str, args: &ScoreArgs) -> Result<bool, Failure> {
        let mut all = true;
        for line in open(list)?.split(b'\n') {
            let line = line.map_err(|error| Failure::file(Path::new(list), &error))?;
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_start_matches('\u{feff}').trim();
            if !text.is_empty() {
                all &= self.print(out, &self.score(text), args)?;
            }
        }
        Ok(all)
    }

    /// A table with columns added, a row at a time.
    fn table(
        &self,
        out: &mut impl Write,
        list: &str,
        column: &str,
        args: &ScoreArgs,
    ) -> Result<bool, Failure> {
        let mut input = open(list)?;
        let tabs = input
            .fill_buf()
            .map_err(|error| Failure::file(Path::new(list), &error))?
            .split(|&byte| byte == b'\n')
            .next()
            .is_some_and(|header| header.contains(&b'\t'));
        let delimiter = if tabs { b'\t' } else { b',' };
        let failed = |error: csv::Error| Failure::failed(format!("{list}: {error}"));
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(input);
        let mut headers = reader.headers().map_err(failed)?.clone();
        let found = headers.iter().position(|name| name.trim() == column);
        let place = found.ok_or_else(|| {
            let names: Vec<&str> = headers.iter().collect();
            Failure::misuse(format!(
                "{list}: there is no column {column:?}; its columns are: {}",
                names.join(", ")
            ))
        })?;
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_writer(out);
        headers.extend(["log_prob", "percentile", "plausible"]);
        writer.write_record(&headers).map_err(failed)?;
        let mut all = true;
        for row in reader.into_records() {
            let mut row = row.map_err(failed)?;
            let scored = self.score(row.get(place).unwrap_or_default());
            let plausible = scored.plausible.unwrap_or(true);
            all &= plausible;
            if args.check && plausible {
                continue;
            }
            let number = |x: Option<f64>| x.map_or(String::new(), |x| format!("{x:.4}"));
            row.push_field(&number(scored.log_prob()));
            row.push_field(&number(scored.percentile));
            row.push_field(&scored.plausible.map_or(String::new(), |p| p.to_string()));
            writer.write_record(&row).map_err(failed)?;
        }
        writer.flush()?;
        Ok(all)
    }

    /// One word; says whether it is plausible.
    fn print(
        &self,
        out: &mut impl Write,
        scored: &Scored,
        args: &ScoreArgs,
    ) -> Result<bool, Failure> {
        let plausible = scored.plausible.unwrap_or(true);
        if args.check && plausible {
            return Ok(true);
        }
        if args.json {
            output::json(out, &scored.to_json())?;
            return Ok(plausible);
        }
        let verdict = match scored.plausible {
            Some(true) => "plausible",
            Some(false) => "not plausible",
            None => "",
        };
        let Some(tokens) = &scored.tokens else {
            let reason = scored.reason.as_deref().unwrap_or_default();
            writeln!(out, "{:<20} {verdict}: {reason}", scored.text)?;
            return Ok(plausible);
        };
        let rank = scored
            .percentile
            .map_or(String::new(), |rank| format!("above {rank:.1} % of names"));
        let total = scored.log_prob().unwrap_or(f64::NEG_INFINITY);
        let per_char = total / tokens.len() as f64;
        let letters: String = tokens.iter().map(|(c, x)| format!(" {c} {x:.1}")).collect();
        writeln!(
            out,
            "{:<20} {verdict:<14} {rank:<22} ln P {total:.2}, {per_char:.2} a character {DIM}{letters}{DIM:#}",
            scored.text
        )?;
        Ok(plausible)
    }
}

impl Scored {
    fn log_prob(&self) -> Option<f64> {
        let tokens = self.tokens.as_ref()?;
        Some(tokens.iter().map(|(_, log_prob)| log_prob).sum())
    }

    fn to_json(&self) -> Value {
        let tokens = self.tokens.as_ref().map(|tokens| {
            let token =
                |(token, log_prob): &(char, f64)| json!({"token": token, "log_prob": log_prob});
            tokens.iter().map(token).collect::<Vec<_>>()
        });
        let per_char = self
            .log_prob()
            .zip(self.tokens.as_ref())
            .map(|(total, tokens)| total / tokens.len() as f64);
        json!({
            "text": self.text,
            "log_prob": self.log_prob(),
            "per_char": per_char,
            "tokens": tokens,
            "score": self.score,
            "percentile": self.percentile,
            "plausible": self.plausible,
            "reason": self.reason,
        })
    }
}
