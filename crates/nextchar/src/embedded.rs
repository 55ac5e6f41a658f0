//! The lists that are part of the library (feature `lists`).

use nextchar_core::data::{EmbeddedList, ReadOptions};

use crate::door::Error;
use crate::names::{Names, check_lengths};

impl Names {
    /// An embedded list, such as `indian-names`, in the alphabet that suits it.
    ///
    /// # Errors
    /// [`Error::UnknownList`].
    pub fn embedded(name: &str) -> Result<Self, Error> {
        let list = Names::find_embedded(name)?;
        let options = ReadOptions {
            alphabet: list.alphabet,
            ..ReadOptions::default()
        };
        Names::embedded_with(name, &options)
    }

    /// An embedded list, read in another way: some of its rows, other lengths.
    ///
    /// # Errors
    /// [`Error::UnknownList`]; [`Error::Names`] if nothing is left.
    pub fn embedded_with(name: &str, options: &ReadOptions) -> Result<Self, Error> {
        Names::scan_embedded(Names::find_embedded(name)?, options)?.not_empty()
    }

    fn find_embedded(name: &str) -> Result<&'static EmbeddedList, Error> {
        EmbeddedList::find(name).ok_or_else(|| Error::UnknownList(name.to_owned()))
    }

    /// [`Names::embedded_with`] for a diagnosis.
    ///
    /// # Errors
    /// [`Error::Names`] for a missing column.
    pub fn scan_embedded(list: &EmbeddedList, options: &ReadOptions) -> Result<Self, Error> {
        let label = list.name.to_owned();
        check_lengths(options)?;
        match list.scan(options) {
            Ok(found) => Ok(Names::new(label, found, options)),
            Err(fault) => Err(Error::Names { label, fault }),
        }
    }
}
