//! A model in the formats of other programs: a format is one file here and one line of [`FORMATS`].

mod arpa;
mod counts;
mod embedding;
mod html;
mod network;
mod onnx;

use std::fmt;

use nextchar_core::LanguageModel;
use nextchar_core::data::CountedWindows;
use nextchar_core::language_model::loss;
use nextchar_core::model::Network;

use crate::counted::Part;
use crate::door::{Error, Model};
use crate::workers::Workers;

/// A format that a model can be exported to.
pub trait Export: Sync {
    /// What the format is called, in lower case.
    fn name(&self) -> &'static str;

    /// What it is, in a line.
    fn about(&self) -> &'static str;

    /// The files that it consists of.
    fn files(&self) -> Files {
        Files::One
    }

    /// The options that have an effect.
    fn uses(&self) -> &'static [ExportOption] {
        &[]
    }

    /// Exports the model.
    ///
    /// # Errors
    /// [`Error::Export`] where the format cannot hold this model; [`Error::WithoutNetwork`] and
    /// [`Error::WithoutNames`] where it needs what the model lacks.
    fn export(&self, model: &Model, options: &ExportOptions) -> Result<Exported, Error>;
}

/// Every format, in the order of the documentation.
pub static FORMATS: [&dyn Export; 8] = [
    &network::PYTORCH,
    &network::NUMPY,
    &onnx::Onnx,
    &arpa::Arpa,
    &embedding::Word2vec,
    &embedding::Projector,
    &html::Html,
    &counts::Counts,
];

impl fmt::Debug for dyn Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The files of a format, in the order of [`Exported::files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// One file.
    One,
    /// Weights and the program that reads them: one name, with `.safetensors` and with `.py`.
    WeightsAndProgram,
    /// A table, and the names of its rows under the same name with `.metadata.tsv`.
    TableAndMetadata,
}

/// An option of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportOption {
    /// [`ExportOptions::prune`]
    Prune,
    /// [`ExportOptions::context`]
    Context,
    /// [`ExportOptions::part`]
    Part,
    /// [`ExportOptions::engine`]
    Engine,
    /// [`ExportOptions::title`]
    Title,
}

/// How a model is exported.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// N-grams whose removal changes the loss by less than this, in nats per character, are left out.
    pub prune: Option<f64>,
    /// Context length of n-grams or counts, in characters.
    pub context: Option<usize>,
    /// Whose windows are counted; the training names' where nothing is said.
    pub part: Option<Part>,
    /// The engine for browsers, a WebAssembly module.
    pub engine: Option<Vec<u8>>,
    /// The title of a page.
    pub title: Option<String>,
    /// Who computes; the bytes do not depend on it.
    pub workers: &'static Workers,
}

impl Default for ExportOptions {
    fn default() -> Self {
        ExportOptions {
            prune: None,
            context: None,
            part: None,
            engine: None,
            title: None,
            workers: Workers::available(),
        }
    }
}

/// A model in another format.
#[derive(Clone, Debug)]
pub struct Exported {
    /// The contents of its files, as [`Export::files`] orders them.
    pub files: Vec<Vec<u8>>,
    /// What the reader of the files should know.
    pub notes: Vec<Note>,
}

impl Exported {
    fn file(contents: impl Into<Vec<u8>>) -> Self {
        Exported {
            files: vec![contents.into()],
            notes: Vec::new(),
        }
    }
}

/// What the reader of an export should know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Note {
    /// A part of the model does not fit into the format.
    Dropped {
        /// Which part.
        what: Dropped,
        /// What that costs; `None` where the model holds no test names to measure it.
        losses: Option<Losses>,
    },
    /// The n-grams are of this order, more than [`USUAL_ORDER`].
    HighOrder(usize),
}

/// A part of a model that an export leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// The counts of a mixture.
    Counts,
    /// How often whole names repeat.
    Repeats,
    /// Both of these.
    CountsAndRepeats,
    /// All n-grams but this many.
    Ngrams(usize),
}

/// Losses on the test names, in nats per predicted character.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Losses {
    /// Of the model.
    pub model: f64,
    /// Of what was exported.
    pub exported: f64,
}

/// The order that programs read which are not built for more (KenLM's default).
pub const USUAL_ORDER: usize = 6;

/// Why a format cannot hold a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A longer context than the model's.
    #[error("a context of {wanted} is longer than the model's, which is {own}")]
    Context {
        /// What was asked for, in characters.
        wanted: usize,
        /// The model's.
        own: usize,
    },
    /// Too many n-grams to write them all.
    #[error("a context of {context} over {classes} classes has too many n-grams to write them all")]
    TooManyNgrams {
        /// The model's context length, in characters.
        context: usize,
        /// V.
        classes: usize,
    },
    /// Counts too large for the table that they become.
    #[error("{table}")]
    Table {
        /// What does not fit.
        table: nextchar_formats::export::onnx::TableTooLarge,
        /// Whether the model has networks, which could be exported alone.
        has_networks: bool,
    },
    /// A page needs the engine for browsers.
    #[error("a page needs the engine for browsers")]
    NoEngine,
    /// The engine for browsers is something else.
    #[error("it is not a WebAssembly module")]
    NotAModule,
    /// The vocabulary is not one of characters, or the file cannot be written.
    #[error("{0}")]
    Counts(String),
}

/// The networks, of which there must be one.
fn networks(model: &Model) -> Result<&[Network], Error> {
    match model.language_model().networks() {
        [] => Err(Error::WithoutNetwork),
        networks => Ok(networks),
    }
}

/// A part of the model that was dropped, with the loss that this costs on the test names.
fn dropped(
    what: Dropped,
    model: &Model,
    exported: &dyn LanguageModel,
    options: &ExportOptions,
) -> Result<Note, Error> {
    let Ok(names) = model.test_names() else {
        return Ok(Note::Dropped { what, losses: None });
    };
    let (whole, workers) = (model.language_model(), options.workers);
    let table = CountedWindows::from_list(names, model.vocab(), whole.context_length())?;
    let shorter = table.shorten(exported.context_length())?;
    let losses = Losses {
        model: loss(whole, &table, workers),
        exported: loss(exported, &shorter, workers),
    };
    Ok(Note::Dropped {
        what,
        losses: Some(losses),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn formats_have_names_of_their_own() {
        let names: BTreeSet<_> = FORMATS.iter().map(|format| format.name()).collect();
        assert_eq!(names.len(), FORMATS.len());
        assert!(names.iter().all(|name| *name == name.to_lowercase()));
    }
}
