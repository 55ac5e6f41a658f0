//! Where names come from: a file, standard input, or an embedded list.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use nextchar::data::{
    Diagnosis, EMBEDDED_LISTS, EmbeddedList, MAX_NAME_LENGTH, NameList, ReadOptions, SplitOptions,
    no_names, scan_names, split,
};
use nextchar::text::Alphabet;
use nextchar::text::Vocab;

use nextchar::Corpus;

use crate::args::{CorpusArgs, ReadArgs};
use crate::failure::Failure;
use crate::output::{count, note, plural};

/// What DATA names.
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

    /// The alphabet that is meant where none is asked for.
    pub fn alphabet(&self) -> Alphabet {
        match self {
            Source::Embedded(list) => list.alphabet,
            Source::File(_) | Source::Stdin => Alphabet::Az,
        }
    }

    /// Reads and cleans the list, which must have a name.
    pub fn read(&self, options: &ReadOptions) -> Result<(NameList, Diagnosis), Failure> {
        let (names, found) = self.scan(options)?;
        match names.is_empty() {
            true => Err(self.without_names(&found, options)),
            false => Ok((names, found)),
        }
    }

    /// Why there is no name.
    pub fn without_names(&self, found: &Diagnosis, options: &ReadOptions) -> Failure {
        Failure::from(no_names(found, options)).within(self.label())
    }

    /// Reads and cleans the list, for a diagnosis: it may be empty.
    pub fn scan(&self, options: &ReadOptions) -> Result<(NameList, Diagnosis), Failure> {
        let read = match self {
            Source::Embedded(list) => list.scan(options),
            Source::Stdin => scan_names(io::stdin().lock(), options),
            Source::File(path) => {
                let file = File::open(path)
                    .and_then(|file| match file.metadata()?.is_dir() {
                        true => Err(io::ErrorKind::IsADirectory.into()),
                        false => Ok(file),
                    })
                    .map_err(|error| Failure::file(path, &error))?;
                scan_names(BufReader::with_capacity(1 << 16, file), options)
            }
        };
        read.map_err(|error| Failure::from(error).within(self.label()))
    }
}

/// The library's options from the command line's.
pub fn read_options(
    args: &ReadArgs,
    alphabet: Alphabet,
    keep_duplicates: bool,
) -> Result<ReadOptions, Failure> {
    let (min_length, max_length) = (
        args.min_length.unwrap_or(1),
        args.max_length.unwrap_or(MAX_NAME_LENGTH),
    );
    if min_length > max_length {
        return Err(Failure::misuse(format!(
            "no name has at least {min_length} and at most {max_length} characters"
        )));
    }
    Ok(ReadOptions {
        column: args.column.clone(),
        weights: args.weights.clone(),
        filter: args.filter.clone(),
        alphabet: args.alphabet.unwrap_or(alphabet),
        min_length,
        max_length,
        keep_duplicates,
        strict: args.strict,
        ..ReadOptions::default()
    })
}

/// Says how many lines were skipped, and the first of them.
pub fn warn_of_rejected(label: &str, found: &Diagnosis) {
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

/// Reads DATA, and val and test where they are files; otherwise splits. `lengths` is a preset's filter.
pub fn read_corpus(args: &CorpusArgs, lengths: Option<(usize, usize)>) -> Result<Corpus, Failure> {
    let source = Source::find(args.data.as_deref())?;
    let mut read_args = args.read.clone();
    if let Some((shortest, longest)) = lengths {
        read_args.min_length.get_or_insert(shortest);
        read_args.max_length.get_or_insert(longest);
    }
    let options = read_options(&read_args, source.alphabet(), args.keep_duplicates)?;
    let (names, found) = source.read(&options)?;
    warn_of_rejected(&source.label(), &found);
    let vocab = names.vocab(options.alphabet)?;

    let mut shares = args.split;
    if args.val.is_some() {
        shares.val = 0;
    }
    if args.test.is_some() {
        shares.test = 0;
    }
    let seed = args.split_seed.clone();
    let mut parts = split(names, &SplitOptions { shares, seed });
    let own_file = |file, option| {
        let train = (!args.keep_duplicates).then_some(&parts.train);
        held_out_file(file, option, &options, &vocab, train)
    };
    let (val, test) = (
        args.val.as_deref().map(|file| own_file(file, "--val")),
        args.test.as_deref().map(|file| own_file(file, "--test")),
    );
    if let Some(val) = val.transpose()? {
        parts.val = val;
    }
    if let Some(test) = test.transpose()? {
        parts.test = test;
    }
    if parts.train.is_empty() {
        return Err(Failure::failed(format!(
            "{}: no name was left to learn from",
            source.label()
        ))
        .help("another --split-seed, or a larger first share of --split"));
    }
    if parts.val.is_empty() {
        let why = if shares.val == 0 && args.val.is_none() {
            "--split holds none out for val"
        } else {
            "too few names to hold any out"
        };
        note(&format!(
            "{why}: the last step is kept, and no held-out loss can be told"
        ));
    }
    let is_cut = args.val.is_none() && args.test.is_none();
    let cut = is_cut.then(|| SplitOptions {
        shares: args.split,
        seed: args.split_seed.clone(),
    });
    Ok(Corpus::of_parts(source.label(), vocab, parts, cut)?)
}

/// A held-out list of its own, without the training names where those are given.
fn held_out_file(
    file: &str,
    option: &str,
    options: &ReadOptions,
    vocab: &Vocab,
    train: Option<&NameList>,
) -> Result<NameList, Failure> {
    let source = Source::find(Some(file))?;
    let (mut names, found) = source.read(options)?;
    warn_of_rejected(&source.label(), &found);
    if let Some(train) = train {
        let leaked = names.retain(|name| !train.contains(name)) as u64;
        if leaked > 0 {
            note(&format!(
                "{option}: left out {}, in the training names too",
                plural(leaked, "name")
            ));
        }
    }
    for name in names.names() {
        if let Err(unknown) = vocab.encode(name.text) {
            return Err(Failure::failed(format!(
                "{}: {unknown} of the training names, in {:?}",
                source.label(),
                name.text
            ))
            .help("hold out names of the same letters"));
        }
    }
    Ok(names)
}
