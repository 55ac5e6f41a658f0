//! What an evaluation says of a model, and the counting models that it stands beside.

use nextchar::data::Split;
use nextchar::ngram::KneserNey;
use nextchar::score::{Breakdown, GeneratedNames, Report, Rivals};
use nextchar_formats::ModelFile;
use nextchar_parallel::Threads;
use serde::Serialize;

use crate::failure::Failure;

/// Everything that is said of a model on some names.
#[derive(Serialize)]
pub struct Evaluation {
    #[serde(skip)]
    pub label: String,
    #[serde(skip)]
    pub context_length: usize,
    #[serde(flatten)]
    pub report: Report,
    #[serde(flatten)]
    pub breakdown: Breakdown,
    pub generated: Option<GeneratedNames>,
}

/// Counting models of the same training names, where the file kept them.
pub fn rivals(file: &ModelFile, threads: &Threads) -> Result<Rivals, Failure> {
    let fit = |length| {
        let names = file.names.as_ref();
        let fit = |names: &Split| KneserNey::fit(&names.train, &file.vocab, length, threads);
        names.map(fit).transpose()
    };
    Ok(Rivals {
        bigrams: file.bigrams.clone(),
        kneser_ney: fit(file.model.characters_seen())?,
        best_kneser_ney: match file.record.best_counts {
            Some(length) => fit(length)?,
            None => None,
        },
    })
}
