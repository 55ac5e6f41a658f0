//! Where names come from: a file, standard input, or an embedded list.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use nextchar::data::{
    EMBEDDED_LISTS, EmbeddedList, Encoding, FirstRow, ListCase, MAX_NAME_LENGTH, ReadOptions,
    RejectReason, SplitOptions,
};
use nextchar::error::NoNames;
use nextchar::text::{Alphabet, Case, Vocab};
use nextchar::{CoreError, Corpus, Error, Names, Part, Preset, Tokens};

use crate::args::{CorpusArgs, ReadArgs};
use crate::failure::Failure;
use crate::output::{count, note, plural};
use crate::output_files::RunFiles;

/// What DATA refers to.
#[derive(Debug)]
pub enum Source {
    Embedded(&'static EmbeddedList),
    File(PathBuf),
    Stdin,
}

impl Source {
    /// A file of this name if there is one, else the embedded list.
    pub fn find(data: Option<&str>) -> Result<Self, Failure> {
        let Some(data) = data else {
            return Ok(Source::Embedded(&EMBEDDED_LISTS[0]));
        };
        if data == "-" {
            return Ok(Source::Stdin);
        }
        let path = Path::new(data);
        let found = path
            .try_exists()
            .map_err(|error| Failure::file(path, &error))?;
        match EmbeddedList::find(data) {
            _ if found => Ok(Source::File(path.to_owned())),
            Some(list) => Ok(Source::Embedded(list)),
            None => Err(Failure::failed(format!("{data}: there is no such file"))
                .help("`nextchar data` lists the names of the embedded lists")),
        }
    }

    /// What several DATA refer to; without any, the default list.
    pub fn find_all(data: &[String]) -> Result<Vec<Self>, Failure> {
        if data.iter().filter(|&data| data == "-").count() > 1 {
            return Err(Failure::misuse(
                "DATA: standard input can be read only once, and - stands for it twice",
            ));
        }
        match data {
            [] => Ok(vec![Source::find(None)?]),
            _ => data.iter().map(|data| Source::find(Some(data))).collect(),
        }
    }

    /// What it is called in messages.
    pub fn label(&self) -> String {
        match self {
            Source::Embedded(list) => list.name.into(),
            Source::File(path) => path.display().to_string(),
            Source::Stdin => "standard input".into(),
        }
    }

    /// The alphabet if no option selects one.
    pub fn alphabet(&self) -> Alphabet {
        match self {
            Source::Embedded(list) => list.alphabet,
            Source::File(_) | Source::Stdin => Alphabet::Auto,
        }
    }

    /// Reads and cleans the list, which must contain a name.
    pub fn read(&self, options: &ReadOptions) -> Result<Names, Failure> {
        Ok(self.scan(options)?.not_empty()?)
    }

    /// Reads and cleans the list, for a diagnosis: it may be empty.
    pub fn scan(&self, options: &ReadOptions) -> Result<Names, Error> {
        match self {
            Source::Embedded(list) => Names::scan_embedded(list, options),
            Source::Stdin => Names::scan(self.label(), io::stdin().lock(), options),
            Source::File(path) => Names::scan_file(path, options),
        }
    }
}

/// The alphabet of several lists if no option selects one: what they have in common, or else what each list tells.
fn common_alphabet(sources: &[Source]) -> Alphabet {
    let mut alphabets = sources.iter().map(Source::alphabet);
    let first = alphabets.next().unwrap_or(Alphabet::Auto);
    match alphabets.all(|alphabet| alphabet == first) {
        true => first,
        false => Alphabet::Auto,
    }
}

/// The library's options from the command line's, with the alphabet and the case for those that do not select them.
pub fn read_options(
    args: &ReadArgs,
    (alphabet, case): (Alphabet, ListCase),
    keep_duplicates: bool,
) -> ReadOptions {
    ReadOptions {
        column: args.column.clone(),
        weights: args.weights.clone(),
        filter: args.filter.clone(),
        alphabet: args.alphabet.unwrap_or(alphabet),
        case: args.case.unwrap_or(case),
        min_length: args.min_length.unwrap_or(1),
        max_length: args.max_length.unwrap_or(MAX_NAME_LENGTH),
        keep_duplicates,
        strict: args.strict,
        ..ReadOptions::default()
    }
}

/// Reports what a file does not say of itself and was guessed.
pub fn note_guesses(label: &str, encoding: Encoding, first_row: Option<FirstRow>) {
    if encoding == Encoding::Windows1252 {
        note(&format!(
            "{label}: it is not valid UTF-8, so it was read as Windows-1252 (Latin-1); if its letters are wrong, convert it with `iconv`"
        ));
    }
    match first_row {
        Some(FirstRow::Header) => note(&format!(
            "{label}: the columns are selected by position; the first line looks like a header and was skipped"
        )),
        Some(FirstRow::Data) => note(&format!(
            "{label}: the columns are selected by position; the first line was read as data"
        )),
        None => {}
    }
}

/// Reading a list for a model: with any characters, in the model's case.
pub fn like(vocab: &Vocab) -> (Alphabet, ListCase) {
    (Alphabet::Data, ListCase::Like(vocab.normalizer()))
}

/// Reports what the list itself has told: its characters, and what its upper-case letters mean.
pub fn say_what_was_chosen(names: &Names) {
    let (options, found) = (names.read_options(), names.diagnosis());
    let chosen = found.chosen;
    let mut how = Vec::new();
    let characters: BTreeSet<char> = found.letters.keys().flat_map(|text| text.chars()).collect();
    if options.alphabet == Alphabet::Auto && chosen.alphabet == Alphabet::Data {
        how.push(format!(
            "in its own {} characters",
            count(characters.len() as u64)
        ));
    }
    if options.tokenizer == Tokens::Graphemes.tokenizer() {
        how.push("in graphemes (losses are per token)".into());
    }
    if options.case == ListCase::Auto {
        how.extend(match chosen.normalizer.case {
            Case::Lower => None,
            Case::Upper => Some("in upper case".to_owned()),
            Case::Title(_) => Some("with upper case at the beginning of words".to_owned()),
            Case::Keep => found
                .letters
                .keys()
                .any(|letter| letter.chars().any(char::is_uppercase))
                .then(|| "in upper and lower case as it is".to_owned()),
        });
    }
    let (label, mut parts) = (names.label(), Vec::new());
    if !how.is_empty() {
        parts.push(format!("it is learned {}", how.join(", ")));
    }
    if chosen.case_exceptions > 0 {
        let exceptions = plural(chosen.case_exceptions, "name");
        parts.push(format!(
            "{exceptions} in another case (--case keep keeps it)"
        ));
    }
    if found.cleaned > 0 {
        let lines = plural(found.cleaned, "line");
        parts.push(format!("invisible characters were dropped from {lines}"));
    }
    if !parts.is_empty() {
        note(&format!("{label}: {}", parts.join("; ")));
    }
}

/// Reports what was guessed, how many lines were skipped, and the first of them.
pub fn warn_of_rejected(names: &Names) {
    let (label, found) = (names.label(), names.diagnosis());
    note_guesses(label, found.encoding, found.first_row);
    let Some(first) = found.rejected_lines.first() else {
        return;
    };
    let is_outside_az = matches!(first.reason, RejectReason::OutsideAz(_));
    let remedy = if is_outside_az {
        "; --alphabet data keeps them"
    } else {
        ""
    };
    note(&format!(
        "{label}: skipped {} of {} lines; the first is line {}, character {}: {} (`nextchar data check` lists them{remedy})",
        count(found.rejected),
        count(found.lines),
        first.line,
        first.column,
        first.reason,
    ));
}

/// Notes the lists that a run reads.
pub fn note_inputs(args: &CorpusArgs, files: &mut RunFiles) {
    for data in &args.data {
        files.reads_list("DATA", Some(data));
    }
    files.reads_list("--val", args.val.as_deref());
    files.reads_list("--test", args.test.as_deref());
}

/// Reads several lists as one. Where a column is selected, a list without columns is read line by line, if others
/// have the column.
pub fn read_all(sources: &[Source], options: &ReadOptions) -> Result<Names, Failure> {
    let found: Vec<_> = sources.iter().map(|source| source.scan(options)).collect();
    let any_has_columns = found.iter().any(Result::is_ok);
    let mut all: Option<Names> = None;
    for (source, found) in sources.iter().zip(found) {
        let names = match found {
            Err(Error::Names {
                label,
                fault:
                    CoreError::NoColumn {
                        columns,
                        is_first_line: true,
                        ..
                    },
            }) if any_has_columns
                && columns.len() < 2
                && !matches!(source, Source::Stdin)
                && options.weights.is_none()
                && options.filter.is_empty() =>
            {
                note(&format!(
                    "{label}: it has no columns, so each line is a name"
                ));
                let column = None;
                source.scan(&ReadOptions {
                    column,
                    ..options.clone()
                })
            }
            found => found,
        };
        let names = names?.not_empty()?;
        warn_of_rejected(&names);
        all = Some(match all {
            Some(all) => all.joined(names),
            None => names,
        });
    }
    Ok(all.expect("there is at least the default list"))
}

/// Reads DATA, and the lists of val and test if they are given; otherwise splits DATA.
pub fn read_corpus(args: &CorpusArgs, preset: Preset) -> Result<Corpus, Failure> {
    let sources = Source::find_all(&args.data)?;
    let mut read_args = args.read.clone();
    if let Some((shortest, longest)) = preset.lengths() {
        read_args.min_length.get_or_insert(shortest);
        read_args.max_length.get_or_insert(longest);
    }
    let letters = match (common_alphabet(&sources), preset.alphabet()) {
        (Alphabet::Auto, Some(alphabet)) => (alphabet, ListCase::Lower),
        (alphabet, _) => (alphabet, ListCase::Auto),
    };
    let mut options = ReadOptions {
        tokenizer: args.tokens.tokenizer(),
        ..read_options(&read_args, letters, args.keep_duplicates)
    };
    let mut names = read_all(&sources, &options)?;
    say_what_was_chosen(&names);
    let chosen = names.diagnosis().chosen;
    (options.alphabet, options.case) = (chosen.alphabet, ListCase::Like(chosen.normalizer));
    let read = |source: Source| read_all(&[source], &options);
    names = names
        .with_all_lengths()
        .with_own_letters()
        .with_split(SplitOptions {
            shares: args.split,
            seed: args.split_seed.clone(),
        });
    if let Some(file) = &args.val {
        names = names.with_val(read(Source::find(Some(file))?)?);
    }
    if let Some(file) = &args.test {
        names = names.with_test(read(Source::find(Some(file))?)?);
    }
    let corpus = names.corpus(preset).map_err(with_help)?;
    for (option, part) in [("--val", Part::Val), ("--test", Part::Test)] {
        let repeated = corpus.repeated(part) as u64;
        if repeated > 0 {
            let are = if repeated == 1 { "is" } else { "are" };
            note(&format!(
                "{option}: skipped {} that {are} also in the training names",
                plural(repeated, "name")
            ));
        }
    }
    if corpus.parts().val.is_empty() {
        let why = if args.split.val == 0 && args.val.is_none() {
            "--split holds out no names for val"
        } else {
            "too few names to hold any out"
        };
        note(&format!(
            "{why}: the last step is kept, and no held-out loss is reported"
        ));
    }
    Ok(corpus)
}

/// Adds what to do if the names cannot be learnt from.
fn with_help(error: Error) -> Failure {
    let help = match &error {
        Error::Names {
            fault: CoreError::NoNames(NoNames::NothingToLearn),
            ..
        } => Some("try another --split-seed, or a larger first share in --split"),
        Error::HeldOutPiece { .. } => {
            Some("hold out names that have only characters of the training names")
        }
        _ => None,
    };
    let failure = Failure::from(error);
    match help {
        Some(help) => failure.help(help),
        None => failure,
    }
}
