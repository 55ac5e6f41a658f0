//! Models as bytes and as files.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use nextchar_formats::ModelFile;

use super::model::Model;
use crate::door::Error;

/// No model is larger, in bytes: what is read is bounded, even from a device without an end.
pub const LARGEST_MODEL: u64 = 1 << 30;

impl Model {
    /// Reads a model file, or a bare `state_dict` of PyTorch's, trusting nothing in it.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::TooLarge`], and [`Error::ModelFile`] for the first fault in it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = read(path, LARGEST_MODEL)?;
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

    /// The bytes of its file: the same for equal models.
    ///
    /// # Errors
    /// [`Error::Format`] where the names are missing that a model of repeated names needs.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        Ok(self.as_file().to_bytes()?)
    }

    /// Saves it. The file is written beside its place, synced and renamed, so that the old file or the
    /// whole new one is there whatever happens.
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
    /// [`Error::File`] where it cannot be written; those of [`Model::to_bytes`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let (path, bytes) = (path.as_ref(), self.to_bytes()?);
        write(path, &bytes).map_err(|fault| Error::File {
            path: path.to_owned(),
            fault,
        })
    }
}

/// Reads a whole file of at most `largest` bytes.
fn read(path: &Path, largest: u64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(largest + 1).read_to_end(&mut bytes))
        .map_err(|fault| Error::File {
            path: path.to_owned(),
            fault,
        })?;
    if bytes.len() as u64 > largest {
        return Err(Error::TooLarge {
            path: path.to_owned(),
            largest,
        });
    }
    Ok(bytes)
}

/// Writes beside the place, syncs, and renames.
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

/// A name beside a path that this process alone uses.
fn beside(path: &Path) -> io::Result<PathBuf> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NUMBER: AtomicU64 = AtomicU64::new(0);

    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let mut name = name.to_owned();
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    name.push(format!(".{}-{number}.partial", std::process::id()));
    Ok(path.with_file_name(name))
}
