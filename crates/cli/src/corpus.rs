//! Where names come from: a file, standard input, or an embedded list.

use std::io;
use std::path::{Path, PathBuf};

use nextchar::data::{
    EMBEDDED_LISTS, EmbeddedList, ListCase, MAX_NAME_LENGTH, ReadOptions, RejectReason,
    SplitOptions,
};
use nextchar::error::NoNames;
use nextchar::text::{Alphabet, Case, Vocab};
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
    pub fn scan(&self, options: &ReadOptions) -> Result<Names, Failure> {
        Ok(match self {
            Source::Embedded(list) => Names::scan_embedded(list, options),
            Source::Stdin => Names::scan(self.label(), io::stdin().lock(), options),
            Source::File(path) => Names::scan_file(path, options),
        }?)
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

/// Reading a list for a model: with any characters, in the model's case.
pub fn like(vocab: &Vocab) -> (Alphabet, ListCase) {
    (Alphabet::Data, ListCase::Like(vocab.normalizer()))
}

/// Reports what the list itself has told: its characters, and what its upper-case letters mean.
pub fn say_what_was_chosen(names: &Names) {
    let (options, found) = (names.read_options(), names.diagnosis());
    let chosen = found.chosen;
    let mut how = Vec::new();
    if options.alphabet == Alphabet::Auto && chosen.alphabet == Alphabet::Data {
        how.push(format!(
            "in its own {} characters",
            count(found.letters.len() as u64)
        ));
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

/// Reports how many lines were skipped, and the first of them.
pub fn warn_of_rejected(names: &Names) {
    let (label, found) = (names.label(), names.diagnosis());
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
    files.reads_list("DATA", args.data.as_deref());
    files.reads_list("--val", args.val.as_deref());
    files.reads_list("--test", args.test.as_deref());
}

/// Reads DATA, and the lists of val and test if they are given; otherwise splits DATA.
pub fn read_corpus(args: &CorpusArgs, preset: Preset) -> Result<Corpus, Failure> {
    let source = Source::find(args.data.as_deref())?;
    let mut read_args = args.read.clone();
    if let Some((shortest, longest)) = preset.lengths() {
        read_args.min_length.get_or_insert(shortest);
        read_args.max_length.get_or_insert(longest);
    }
    let letters = match (source.alphabet(), preset.alphabet()) {
        (Alphabet::Auto, Some(alphabet)) => (alphabet, ListCase::Lower),
        (alphabet, _) => (alphabet, ListCase::Auto),
    };
    let mut options = read_options(&read_args, letters, args.keep_duplicates);
    let read = |source: &Source, options: &ReadOptions| {
        let names = source.read(options)?;
        warn_of_rejected(&names);
        Ok::<_, Failure>(names)
    };
    let mut names = read(&source, &options)?;
    say_what_was_chosen(&names);
    let chosen = names.diagnosis().chosen;
    (options.alphabet, options.case) = (chosen.alphabet, ListCase::Like(chosen.normalizer));
    names = names
        .with_all_lengths()
        .with_own_letters()
        .with_split(SplitOptions {
            shares: args.split,
            seed: args.split_seed.clone(),
        });
    if let Some(file) = &args.val {
        names = names.with_val(read(&Source::find(Some(file))?, &options)?);
    }
    if let Some(file) = &args.test {
        names = names.with_test(read(&Source::find(Some(file))?, &options)?);
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
