//! Counts in place of a list: Parquet files that a database or an export made.

#[cfg(feature = "parquet")]
mod parquet;

use std::path::PathBuf;

use nextchar_core::text::Alphabet;

use crate::corpus::Corpus;
use crate::door::Error;

/// The files of counts to learn from, and those to judge by.
#[derive(Clone, Debug, Default)]
pub struct CountsFiles {
    /// To learn from; at least one.
    pub train: Vec<PathBuf>,
    /// To choose by.
    pub val: Vec<PathBuf>,
    /// To make claims on.
    pub test: Vec<PathBuf>,
    /// Which characters there may be; where nothing is said, those that the files name, or a–z.
    pub alphabet: Option<Alphabet>,
}

impl CountsFiles {
    /// Reads all files; equal windows add up.
    ///
    /// # Errors
    /// `Error::Counts` names the file and its first fault, [`Error::CountsAlphabet`] a character that may not be
    /// there; [`Error::WithoutParquet`] without the feature `parquet`.
    pub fn read(&self) -> Result<Corpus, Error> {
        #[cfg(feature = "parquet")]
        return parquet::read(self);
        #[cfg(not(feature = "parquet"))]
        Err(Error::WithoutParquet)
    }
}
