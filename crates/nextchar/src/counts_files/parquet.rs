//! Reads files of counts.

use std::path::{Path, PathBuf};

use nextchar_core::data::{CountedWindows, WindowCounter};
use nextchar_core::text::{Alphabet, Vocab};
use nextchar_formats::counts::{CountsError, CountsFile, FOLDS};
use nextchar_formats::state_dict::USUAL_LONGEST_NAME;

use super::CountsFiles;
use crate::corpus::Corpus;
use crate::counted::Counted;
use crate::door::{Error, read_file};

/// The largest file of counts, in bytes.
const LARGEST: u64 = 1 << 30;

/// Reads all files; equal windows add up.
pub fn read(files: &CountsFiles) -> Result<Corpus, Error> {
    let [train, val, test] = [&files.train, &files.val, &files.test].map(|paths| open_all(paths));
    let (train, val, test) = (train?, val?, test?);
    let all = || train.iter().chain(&val).chain(&test);
    let vocab = vocab(files.alphabet, all())?;
    let length = all().map(|(_, file)| file.context_length()).min();
    let length = length.unwrap_or(0);
    let mut folds = count(&train, &vocab, length)?;
    if !train.iter().all(|(_, file)| file.has_folds()) {
        folds = sum(folds).into_iter().collect();
    }
    let val = sum(count(&val, &vocab, length)?);
    let test = sum(count(&test, &vocab, length)?);
    let longest_name = all().filter_map(|(_, file)| file.longest_name()).max();
    let counted = Counted::new(folds, val, test, longest_name.unwrap_or(USUAL_LONGEST_NAME))?;
    let label = match files.train.as_slice() {
        [] => String::new(),
        [only] => only.display().to_string(),
        [first, more @ ..] => format!("{} and {} more", first.display(), more.len()),
    };
    Ok(Corpus::of_counts(label, vocab, counted))
}

/// The characters that the files name or contain, or a–z if that is enough.
fn vocab<'a>(
    alphabet: Option<Alphabet>,
    files: impl Iterator<Item = &'a Opened<'a>> + Clone,
) -> Result<Vocab, Error> {
    let named = files.clone().filter_map(|(_, file)| file.alphabet());
    let usual = match named.clone().next() {
        None => Alphabet::Az,
        Some(_) => Alphabet::Data,
    };
    if alphabet.unwrap_or(usual) == Alphabet::Data {
        let held = files.flat_map(|(_, file)| file.characters());
        let pieces = named.flat_map(Vocab::pieces).flat_map(str::chars);
        let vocab = Vocab::from_characters(held.copied().chain(pieces));
        return vocab.ok_or_else(|| nextchar_core::Error::BadAlphabet.into());
    }
    for (path, file) in files {
        let mut characters = file.characters().iter();
        if let Some(&character) = characters.find(|c| !c.is_ascii_lowercase()) {
            let path = path.to_path_buf();
            return Err(Error::CountsAlphabet { path, character });
        }
    }
    Ok(Vocab::az())
}

type Opened<'a> = (&'a Path, CountsFile);

fn open_all(paths: &[PathBuf]) -> Result<Vec<Opened<'_>>, Error> {
    let open = |path| {
        let fault = |fault| named(path, fault);
        let check = |start: &[u8]| CountsFile::check_start(start).map_err(fault);
        let bytes = read_file(path, LARGEST, check)?;
        Ok((path, CountsFile::from_bytes(bytes).map_err(fault)?))
    };
    paths.iter().map(PathBuf::as_path).map(open).collect()
}

fn named(path: &Path, fault: CountsError) -> Error {
    Error::Counts {
        path: path.to_owned(),
        fault,
    }
}

fn sum(tables: Vec<CountedWindows>) -> Option<CountedWindows> {
    tables.into_iter().reduce(|sum, table| sum.merged(&table))
}

/// The windows of files by fold, with contexts of a length.
fn count(files: &[Opened<'_>], vocab: &Vocab, length: usize) -> Result<Vec<CountedWindows>, Error> {
    let mut sums: Vec<CountedWindows> = Vec::new();
    for (path, file) in files {
        let counter = WindowCounter::new(vocab.len(), file.context_length())?;
        let mut counters = vec![counter; FOLDS];
        file.count(vocab, &mut counters)
            .map_err(|fault| named(path, fault))?;
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
