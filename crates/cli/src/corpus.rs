//! Where names come from: a file, standard input, or an embedded list.

use std::io;
use std::path::{Path, PathBuf};

use nextchar::data::{
    EMBEDDED_LISTS, EmbeddedList, Encoding, FirstRow, MAX_NAME_LENGTH, ReadOptions, SplitOptions,
};
use nextchar::error::NoNames;
use nextchar::text::Alphabet;
use nextchar::{CoreError, Corpus, Error, Names, Part, Preset};

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
            Source::File(_) | Source::Stdin => Alphabet::Az,
        }
    }

    /// Reads and cleans the list, which must contain a name.
    pub fn read(&self, options: &ReadOptions) -> Result<Names, Failure> {
        Ok(self.scan(options)?.not_empty()?)
    }

    /// Reads and cleans the list, for a diagnosis: it may be empty.
    pub fn scan(&self, options: &ReadOptions) -> Result<Names, Failure> {
        Ok(self.scan_any(options)?)
    }

    fn scan_any(&self, options: &ReadOptions) -> Result<Names, Error> {
        match self {
            Source::Embedded(list) => Names::scan_embedded(list, options),
            Source::Stdin => Names::scan(self.label(), io::stdin().lock(), options),
            Source::File(path) => Names::scan_file(path, options),
        }
    }
}

/// The alphabet of several lists if no option selects one.
fn common_alphabet(sources: &[Source]) -> Alphabet {
    let mut alphabets = sources.iter().map(Source::alphabet);
    alphabets
        .find(|&alphabet| alphabet != Alphabet::Az)
        .unwrap_or(Alphabet::Az)
}

/// The library's options from the command line's.
pub fn read_options(args: &ReadArgs, alphabet: Alphabet, keep_duplicates: bool) -> ReadOptions {
    ReadOptions {
        column: args.column.clone(),
        weights: args.weights.clone(),
        filter: args.filter.clone(),
        alphabet: args.alphabet.unwrap_or(alphabet),
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

/// Reports what was guessed, how many lines were skipped, and the first of them.
pub fn warn_of_rejected(names: &Names) {
    let (label, found) = (names.label(), names.diagnosis());
    note_guesses(label, found.encoding, found.first_row);
    let Some(first) = found.rejected_lines.first() else {
        return;
    };
    note(&format!(
        "{label}: skipped {} of {} lines; the first is line {}, character {}: {} (`nextchar data check` lists them)",
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
    let found: Vec<_> = sources
        .iter()
        .map(|source| source.scan_any(options))
        .collect();
    let any_has_columns = found.iter().any(Result::is_ok);
    let mut all: Option<Names> = None;
    for (source, found) in sources.iter().zip(found) {
        let names = match found {
            Err(Error::Names {
                label,
                fault: CoreError::NoColumn { columns, .. },
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
                source.scan_any(&ReadOptions {
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
    let alphabet = common_alphabet(&sources);
    let options = read_options(&read_args, alphabet, args.keep_duplicates);
    let read = |source: Source| read_all(&[source], &options);
    let mut names = read_all(&sources, &options)?
        .with_all_lengths()
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
