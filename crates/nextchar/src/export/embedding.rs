//! The embedding: word2vec's text, and the two tables of the Embedding Projector.

use nextchar_formats::export::embeddings;

use super::{Export, ExportOptions, Exported, Files, networks};
use crate::door::{Error, Model};

pub struct Word2vec;

impl Export for Word2vec {
    fn name(&self) -> &'static str {
        "word2vec"
    }

    fn about(&self) -> &'static str {
        "The characters' vectors as word2vec's text"
    }

    fn export(&self, model: &Model, _: &ExportOptions) -> Result<Exported, Error> {
        let networks = networks(model)?;
        Ok(Exported::file(embeddings::word2vec(
            model.vocab(),
            networks,
        )))
    }
}

pub struct Projector;

impl Export for Projector {
    fn name(&self) -> &'static str {
        "projector"
    }

    fn about(&self) -> &'static str {
        "The characters' vectors as TSV for the Embedding Projector, and their names (.metadata.tsv)"
    }

    fn files(&self) -> Files {
        Files::TableAndMetadata
    }

    fn export(&self, model: &Model, _: &ExportOptions) -> Result<Exported, Error> {
        let networks = networks(model)?;
        let (vectors, names) = embeddings::projector(model.vocab(), networks, model.bigrams());
        Ok(Exported {
            files: vec![vectors.into(), names.into()],
            notes: Vec::new(),
        })
    }
}
