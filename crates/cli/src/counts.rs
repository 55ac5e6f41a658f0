//! Counts in place of a list: Parquet files that a database or an export made.

use std::path::{Path, PathBuf};

use nextchar::data::{CountedWindows, WindowCounter};
use nextchar::text::Alphabet;
use nextchar::text::Vocab;
use nextchar::{Corpus, Counted, Part};
use nextchar_formats::counts::{CountsFile, FOLDS};
use nextchar_formats::state_dict::USUAL_LONGEST_NAME;

use crate::args::TrainArgs;
use crate::failure::Failure;
use crate::output::note;
use crate::panics;

/// No file of counts is larger, in bytes.
const LARGEST: u64 = 1 << 30;

/// Whether there are counts in place of a list. Those to judge by need some to learn from; a checkpoint may
/// hold them, so it is not asked before.
pub fn given(args: &TrainArgs) -> Result<bool, Failure> {
    let judged = [
        ("--val-counts", &args.val_counts),
        ("--test-counts", &args.test_counts),
    ];
    match judged.into_iter().find(|(_, files)| !files.is_empty()) {
        Some((option, _)) if args.counts.is_empty() => Err(Failure::misuse(format!(
            "{option}: windows to judge by need windows to learn from"
        ))
        .help("--counts FILE names them; beside a list, --val and --test take lists")),
        _ => Ok(!args.counts.is_empty()),
    }
}

/// Reads `--counts`, `--val-counts` and `--test-counts`.
pub fn read(args: &TrainArgs) -> Result<Corpus, Failure> {
    let train = open_all("--counts", &args.counts)?;
    let val = open_all("--val-counts", &args.val_counts)?;
    let test = open_all("--test-counts", &args.test_counts)?;
    let all = || train.iter().chain(&val).chain(&test);
    let vocab = vocab(args.corpus.read.alphabet, all())?;
    if let Some((shortest, longest)) = args.preset.lengths() {
        note(&format!(
            "--preset {} learns names of {shortest} to {longest} characters, but counts hold no names to choose from: they are taken as they are",
            args.preset
        ));
    }
    let folded = train.iter().all(|(_, file)| file.has_folds());
    if !folded {
        note(
            "the counts have no column `fold`: Kneser–Ney takes its discounts in closed form rather than cross-fitted",
        );
    }
    let lengths = all().map(|(_, file)| file.context_length());
    let length = lengths.min().unwrap_or(0);
    let mut folds = count(&train, &vocab, length)?;
    let sum =
        |tables: Vec<CountedWindows>| tables.into_iter().reduce(|sum, table| sum.merged(&table));
    if !folded {
        folds = sum(folds).into_iter().collect();
    }
    let val = sum(count(&val, &vocab, length)?);
    let test = sum(count(&test, &vocab, length)?);
    let longest_name = all().filter_map(|(_, file)| file.longest_name()).max();
    let counted = Counted::new(folds, val, test, longest_name.unwrap_or(USUAL_LONGEST_NAME))?;
    let label = args.counts[0].display().to_string();
    let more = match args.counts.len() - 1 {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    if !counted.has(Part::Val) {
        note("no --val-counts: the last step is kept, and no held-out loss can be told");
    }
    note(
        "counts hold no names: the model cannot tell new names from old ones (--novel) or plausible words from others",
    );
    Ok(Corpus::of_counts(label + &more, vocab, counted))
}

type Opened<'a> = (&'a Path, CountsFile);

fn open_all<'a>(option: &str, paths: &'a [PathBuf]) -> Result<Vec<Opened<'a>>, Failure> {
    let open = |path: &'a PathBuf| {
        let fault = |error| Failure::failed(error).within(format!("{option} {}", path.display()));
        let bytes = nextchar::read_file(path, LARGEST, |start| {
            CountsFile::check_start(start).map_err(fault)
        })?;
        // A panic over a damaged file is caught there; nobody needs to see it here.
        let file = panics::expected(|| CountsFile::from_bytes(bytes));
        Ok((path.as_path(), file.map_err(fault)?))
    };
    paths.iter().map(open).collect()
}

/// The alphabet: what the files name or hold, or a–z where that is enough.
fn vocab<'a>(
    alphabet: Option<Alphabet>,
    files: impl Iterator<Item = &'a Opened<'a>> + Clone,
) -> Result<Vocab, Failure> {
    let named = files.clone().filter_map(|(_, file)| file.alphabet());
    let wanted = match named.clone().next() {
        None => alphabet.unwrap_or(Alphabet::Az),
        Some(_) => alphabet.unwrap_or(Alphabet::Data),
    };
    if wanted == Alphabet::Data {
        let held = files.clone().flat_map(|(_, file)| file.characters());
        let pieces = named.flat_map(Vocab::pieces).flat_map(str::chars);
        let vocab = Vocab::from_characters(held.copied().chain(pieces));
        return vocab.ok_or_else(|| Failure::from(nextchar::CoreError::BadAlphabet));
    }
    for (path, file) in files {
        if let Some(character) = file.characters().iter().find(|c| !c.is_ascii_lowercase()) {
            let what = format!("{}: {character:?} is not one of a–z", path.display());
            let help = "--alphabet data takes whatever characters the counts have";
            return Err(Failure::failed(what).help(help));
        }
    }
    Ok(Vocab::az())
}

/// The windows of files by fold, with contexts of a length.
fn count(
    files: &[Opened<'_>],
    vocab: &Vocab,
    length: usize,
) -> Result<Vec<CountedWindows>, Failure> {
    let mut sums: Vec<CountedWindows> = Vec::new();
    for (path, file) in files {
        let counter = WindowCounter::new(vocab.len(), file.context_length())?;
        let mut counters = vec![counter; FOLDS];
        file.count(vocab, &mut counters)
            .map_err(|error| Failure::failed(error).within(path.display()))?;
        let tables = counters.into_iter().map(WindowCounter::finish);
        for (fold, table) in tables.enumerate() {
            let table = table.shorten(length)?.into_owned();
            match sums.get_mut(fold) {
                Some(sum) => *sum = sum.merged(&table),
                None => sums.push(table),
            }
        }
    }
    Ok(sums)
}
