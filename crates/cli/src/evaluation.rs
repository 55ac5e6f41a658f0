//! What an evaluation says of a model, and the counting models that it stands beside.

use nextchar::Mixture;
use nextchar::Workers;
use nextchar::counts::KneserNey;
use nextchar::data::Split;
use nextchar::score::{Breakdown, GeneratedNames, Report, Rivals};
use nextchar_formats::ModelFile;
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
    /// Whether whole names return as often as the list says, in the model and in its rival.
    #[serde(skip)]
    pub names_return: bool,
    pub generated: Option<GeneratedNames>,
}

/// Counting models of the same training names, where the file kept them.
pub fn rivals(file: &ModelFile, threads: &Workers) -> Result<Rivals, Failure> {
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

/// The best of them, against which the model's margin is told: its names return as the model's do.
pub fn rival(
    file: &ModelFile,
    rivals: &Rivals,
    threads: &Workers,
) -> Result<Option<Mixture>, Failure> {
    let counts = rivals
        .best_kneser_ney
        .as_ref()
        .or(rivals.kneser_ney.as_ref());
    let mut rival = counts.cloned().map(Mixture::from);
    if let (Some(rival), Some(_), Some(names)) = (&mut rival, file.model.returning(), &file.names) {
        rival.fit_returning(&names.train, &file.vocab, threads)?;
    }
    Ok(rival)
}
