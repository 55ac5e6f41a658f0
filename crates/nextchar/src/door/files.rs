//! Models as bytes and files.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use nextchar_core::text::Tokenizer;
use nextchar_formats::{ModelFile, check_start};

use super::model::Model;
use crate::door::Error;

/// The largest size of a model, in bytes. It bounds what is read, even from an endless device.
pub const LARGEST_MODEL: u64 = 1 << 30;

impl Model {
    /// Reads an untrusted model file, or a bare PyTorch `state_dict`.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::TooLarge`], and [`Error::ModelFile`] for the first fault in it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = read_file(path, LARGEST_MODEL, |start| {
            check_start(start).map_err(|fault| Error::ModelFile {
                path: path.to_owned(),
                fault,
            })
        })?;
        let file = ModelFile::from_bytes(&bytes).map_err(|fault| Error::ModelFile {
            path: path.to_owned(),
            fault,
        })?;
        Ok(file.into())
    }

    /// A model from the bytes of its file.
    ///
    /// # Errors
    /// [`Error::Format`] for the first fault in them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Ok(ModelFile::from_bytes(bytes)?.into())
    }

    /// The built-in model: that of [`Model::train`] for the list `indian-names` and the default options.
    ///
    /// ```
    /// let model = nextchar::Model::embedded();
    /// assert!(model.score("aadesh")?.is_plausible(0.01));
    /// # Ok::<(), nextchar::Error>(())
    /// ```
    #[cfg(feature = "default-model")]
    pub fn embedded() -> Self {
        const EMBEDDED: &[u8] = include_bytes!("../../model/indian-names.safetensors");
        Model::from_bytes(EMBEDDED).expect("the built-in model is complete")
    }

    /// [`Model::from_bytes`] for a model with a custom tokenizer.
    ///
    /// # Errors
    /// As [`Model::from_bytes`].
    pub fn load_with(bytes: &[u8], tokenizers: &[&'static dyn Tokenizer]) -> Result<Self, Error> {
        Ok(ModelFile::from_bytes_with(bytes, tokenizers)?.into())
    }

    /// The bytes of its file: the same for equal models.
    ///
    /// # Errors
    /// [`Error::Format`] if the model repeats whole names and the names are missing.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(self.as_file().to_bytes()?)
    }

    /// Saves it. The file is written next to its path, synced and renamed, so that either the old file or the
    /// complete new one exists, whatever happens.
    ///
    /// ```
    /// use nextchar::{Family, Model, Names, TrainOptions};
    ///
    /// let counts = TrainOptions { family: Some(Family::KneserNey), ..TrainOptions::default() };
    /// let model = Model::train(&Names::embedded("colors")?, &counts)?;
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("colors.safetensors");
    /// model.save(&path)?;
    /// assert_eq!(Model::load(&path)?.to_bytes()?, model.to_bytes()?);
    /// # Ok::<(), nextchar::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be written; those of [`Model::to_bytes`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let (path, bytes) = (path.as_ref(), self.to_bytes()?);
        write(path, &bytes).map_err(|fault| Error::File {
            path: path.to_owned(),
            fault,
        })
    }
}

/// The number of first bytes that identify a kind of file.
const START: u64 = 16;

/// Reads a whole file of at most `largest` bytes, after its first bytes have passed the check.
///
/// # Errors
/// [`Error::File`], [`Error::TooLarge`], and those of the check.
pub fn read_file<E: From<Error>>(
    path: &Path,
    largest: u64,
    check: impl FnOnce(&[u8]) -> Result<(), E>,
) -> Result<Vec<u8>, E> {
    let path_of = || path.to_owned();
    let fault = |fault| Error::File {
        path: path_of(),
        fault,
    };
    let too_large = || Error::TooLarge {
        path: path_of(),
        largest,
    };
    let mut file = File::open(path).map_err(fault)?;
    if file.metadata().map_err(fault)?.len() > largest {
        return Err(too_large().into());
    }
    let mut bytes = Vec::new();
    let mut read_on = |bytes: &mut Vec<u8>, number| {
        let read = Read::by_ref(&mut file).take(number).read_to_end(bytes);
        read.map_err(fault)
    };
    read_on(&mut bytes, START)?;
    check(&bytes)?;
    read_on(&mut bytes, largest + 1 - START)?;
    if bytes.len() as u64 > largest {
        return Err(too_large().into());
    }
    Ok(bytes)
}

/// Writes next to the path, syncs and renames.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = beside(path)?;
    let mut file = File::create_new(&beside)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A path in the same folder that only this process uses.
fn beside(path: &Path) -> io::Result<PathBuf> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NUMBER: AtomicU64 = AtomicU64::new(0);

    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let mut name = name.to_owned();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    name.push(format!(".{}-{number}.partial", std::process::id()));
    Ok(path.with_file_name(name))
}
