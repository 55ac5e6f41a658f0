//! `nextchar score`: how plausible words are as names, character by character, and a calibrated verdict.

use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;

use nextchar::score::{Judge, WordScorer};
use nextchar::setting::Allowed;
use nextchar::{Model, Placeholders, Recognition, read_file};

use crate::args::{ReadArgs, ScoreArgs, in_range};
use crate::corpus::{Source, like, note_guesses, read_options, warn_of_rejected};
use crate::failure::{DONE, Failure};
use crate::output::{self, count, plural};
use crate::scoring::{self, Input, Style, Verdicts, Words};
use crate::store;
use crate::threads::threads;

const TOO_FEW: &str = "this model was made from too few names to judge words";

/// The exit code of `--check` if a word is not plausible.
const NOT_ALL: u8 = 1;

pub fn run(args: &ScoreArgs) -> Result<u8, Failure> {
    // Like grep: 1 says that a word is not plausible, so an error is 2.
    score(args).or_else(|failure| match (args.check, failure.is_silent()) {
        (false, _) => Err(failure),
        (true, false) => Err(failure.into_misuse()),
        // A reader that stopped has seen a word that is not plausible, because no others are written.
        (true, true) => Ok(NOT_ALL),
    })
}

fn score(args: &ScoreArgs) -> Result<u8, Failure> {
    in_range(
        "--false-rejection",
        args.false_rejection,
        Allowed::Below(0.0, 1.0),
    )?;
    let model = store::load(args.model.as_deref())?;
    let own = args.placeholders.as_deref().map(placeholders).transpose()?;
    let mut recognition = Recognition::new(&model, own.as_ref().unwrap_or(Placeholders::usual()));
    if args.judge_known {
        recognition = recognition.judging_known();
    }
    if args.file.is_some() {
        recognition = recognition.for_many();
    }
    let verdicts = Verdicts {
        judge: judge(args, &model)?,
        false_rejection: args.false_rejection,
        recognition,
        only_failing: args.check,
    };
    match &verdicts.judge {
        Some(judge) => warn_of_few(judge.ranked_among(), args.false_rejection),
        None => output::note(&format!(
            "{TOO_FEW}: `score`, `percentile` and `plausible` stay empty"
        )),
    }
    let all = match !args.json && output::has_colours() {
        true => stream(args, &model, &verdicts, true, &mut output::stdout())?,
        false => stream(args, &model, &verdicts, false, &mut io::stdout().lock())?,
    };
    match args.check && !all {
        true => Ok(NOT_ALL),
        false => Ok(DONE),
    }
}

/// Scores the words of the arguments.
fn stream(
    args: &ScoreArgs,
    model: &Model,
    verdicts: &Verdicts<'_>,
    colours: bool,
    out: &mut impl Write,
) -> Result<bool, Failure> {
    let mut input: Box<dyn Input + '_> = match &args.file {
        Some(list) => scoring::open(list, args.column.as_deref(), model.vocab())?,
        None => Box::new(Words::new(&args.words)),
    };
    let style = match (args.json, input.header()) {
        (true, _) => Style::Json,
        (false, Some(_)) => Style::Table,
        (false, None) => Style::Text { colours },
    };
    if let (Some(list), Style::Table) = (&args.file, style) {
        scoring::check_columns(list, input.header().as_ref())?;
    }
    // A few words are not worth several threads.
    let threads = match args.file {
        Some(_) => threads(args.threads)?,
        None => threads(Some(NonZeroUsize::MIN))?,
    };
    let all = scoring::run(
        &mut WordScorer::new(model.language_model())?,
        model.vocab(),
        verdicts,
        &mut *input,
        style,
        out,
        threads,
    )?;
    out.flush()?;
    if let Some(list) = &args.file {
        let (encoding, first_row) = input.guesses();
        note_guesses(list, encoding, first_row);
    }
    Ok(all)
}

/// The user's own placeholders.
fn placeholders(path: &Path) -> Result<Placeholders, Failure> {
    const LARGEST: u64 = 1 << 20;
    let bytes = read_file(path, LARGEST, |_| Ok::<(), Failure>(()))?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Placeholders::from_lines(
            text.trim_start_matches('\u{feff}'),
        )),
        Err(error) => {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count();
            Err(
                Failure::failed(format!("{}: line {line}: not valid UTF-8", path.display()))
                    .help("a list of placeholders is UTF-8 text with one placeholder per line"),
            )
        }
    }
}

/// The model's judge, or one that is calibrated on the user's own names.
fn judge(args: &ScoreArgs, model: &Model) -> Result<Option<Judge>, Failure> {
    let judge = model.judge()?;
    let Some(list) = &args.calibrate else {
        if judge.is_none() && args.check {
            return Err(Failure::misuse(format!("--check: {TOO_FEW}")));
        }
        return Ok(judge.cloned());
    };
    if judge.is_none() {
        return Err(Failure::misuse(format!("--calibrate: {TOO_FEW}")));
    }
    let options = read_options(&ReadArgs::default(), like(model.vocab()), false);
    let mut names = Source::find(Some(list))?.read(&options)?;
    warn_of_rejected(&names);
    let all = names.len();
    let unknown = names.retain_known(model.vocab());
    if names.is_empty() {
        return Err(Failure::failed(format!(
            "{list}: every name has a character that the model does not know"
        )));
    }
    if unknown > 0 {
        output::note(&format!(
            "{list}: skipped {} of {} with characters that the model does not know",
            count(unknown as u64),
            plural(all as u64, "name")
        ));
    }
    Ok(Some(model.judge_among(&names)?.0))
}

/// With few names the percentiles are coarse: a word that scores below all N of them is rejected, and so is 1 real
/// name in N + 1.
fn warn_of_few(names: usize, false_rejection: f64) {
    let finest = 1.0 / (names as f64 + 1.0);
    if false_rejection > 0.0 && 1.05 * false_rejection < finest {
        output::note(&format!(
            "the verdict is calibrated on {}, so it rejects {:.1} % of real names, more than --false-rejection {false_rejection}",
            plural(names as u64, "name"),
            100.0 * finest,
        ));
    }
}
