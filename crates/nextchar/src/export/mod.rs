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
use nextchar_core::text::Case;

use crate::counted::Part;
use crate::door::{Error, Model};
use crate::workers::Workers;

/// A format that a model can be exported to.
pub trait Export: Sync {
    /// The name of the format, in lower case.
    fn name(&self) -> &'static str;

    /// A description of one line.
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
    /// [`Error::Export`] if the format cannot represent this model; [`Error::WithoutNetwork`] and
    /// [`Error::WithoutNames`] if it needs a network or names and the model has none.
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
    /// Drop n-grams whose removal changes the loss by less than this, in nats per character.
    pub prune: Option<f64>,
    /// Context length of n-grams or counts, in characters.
    pub context: Option<usize>,
    /// The names whose windows are counted; by default, the training names.
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
    /// Remarks for the user of the files.
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

/// A remark for the user of an export.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Note {
    /// The format cannot represent a part of the model.
    Dropped {
        /// Which part.
        what: Dropped,
        /// The test losses; `None` if the model contains no test names.
        losses: Option<Losses>,
    },
    /// The n-grams are of this order, more than [`USUAL_ORDER`].
    HighOrder(usize),
    /// The format has names in lower case only, where the list follows a rule of upper-case letters.
    LowerCase,
}

impl Note {
    /// [`Note::LowerCase`], if it applies to a model.
    fn of_case(model: &Model) -> Option<Note> {
        let case = model.vocab().normalizer().case;
        matches!(case, Case::Upper | Case::Title(_)).then_some(Note::LowerCase)
    }
}

/// A part of a model that an export drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// The counts of a mixture.
    Counts,
    /// The estimate of how often whole names repeat.
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

/// The highest order that KenLM reads by default.
pub const USUAL_ORDER: usize = 6;

/// Why a format cannot represent a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// A context of no characters, or longer than the model's.
    #[error("the context must be from 1 to {own}, the model's (got {wanted})")]
    Context {
        /// The requested context length, in characters.
        wanted: usize,
        /// The model's.
        own: usize,
    },
    /// A threshold for pruning that is not in [0, 1).
    #[error("the threshold for pruning must be in [0, 1) (got {0})")]
    Prune(f64),
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
    /// A program that reads names character by character, for a model whose tokens are others.
    #[error("the program reads names in single characters, and this model's tokens are others")]
    NotCharacters,
    /// A page needs the engine for browsers.
    #[error("a page needs the engine for browsers")]
    NoEngine,
    /// The engine for browsers is something else.
    #[error("the engine is not a WebAssembly module")]
    NotAModule,
    /// Counts that cannot be written.
    #[cfg(feature = "parquet")]
    #[error(transparent)]
    Counts(nextchar_formats::counts::CountsError),
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
    fn numbers_that_cannot_be_are_refused() {
        let model = Model::embedded();
        let arpa = FORMATS
            .iter()
            .find(|format| format.name() == "arpa")
            .unwrap();
        let fault = |options: ExportOptions| arpa.export(&model, &options).unwrap_err();
        for context in [Some(0), Some(99)] {
            let error = fault(ExportOptions {
                context,
                ..ExportOptions::default()
            });
            assert!(
                matches!(error, Error::Export(ExportError::Context { own: 6, .. })),
                "{error}"
            );
        }
        for prune in [f64::NAN, -1.0, 1.0, f64::INFINITY] {
            let error = fault(ExportOptions {
                prune: Some(prune),
                ..ExportOptions::default()
            });
            assert!(
                matches!(error, Error::Export(ExportError::Prune(_))),
                "{error}"
            );
        }
    }

    #[test]
    fn formats_have_names_of_their_own() {
        let names: BTreeSet<_> = FORMATS.iter().map(|format| format.name()).collect();
        assert_eq!(names.len(), FORMATS.len());
        assert!(names.iter().all(|name| *name == name.to_lowercase()));
    }
}
