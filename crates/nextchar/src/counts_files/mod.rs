//! Counts in place of a list: Parquet files that a database or an export made.

#[cfg(feature = "parquet")]
mod parquet;

use std::path::PathBuf;

use nextchar_core::text::Alphabet;

use crate::corpus::Corpus;
use crate::door::Error;

/// Files of counted windows for training, validation and test.
#[derive(Clone, Debug, Default)]
pub struct CountsFiles {
    /// Training counts, in at least one file.
    pub train: Vec<PathBuf>,
    /// Validation counts.
    pub val: Vec<PathBuf>,
    /// Test counts.
    pub test: Vec<PathBuf>,
    /// The allowed characters. By default, those that the files list in their metadata, or a–z.
    pub alphabet: Option<Alphabet>,
}

impl CountsFiles {
    /// Reads all files; equal windows add up.
    ///
    /// # Errors
    /// `Error::Counts` names the file and its first fault, [`Error::CountsAlphabet`] a character that is not allowed;
    /// [`Error::WithoutParquet`] without the feature `parquet`.
    pub fn read(&self) -> Result<Corpus, Error> {
        #[cfg(feature = "parquet")]
        return parquet::read(self);
        #[cfg(not(feature = "parquet"))]
        Err(Error::WithoutParquet)
    }
}
