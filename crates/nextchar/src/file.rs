//! A finished training: evaluated beside its rivals, calibrated, and written down as a model file.

use std::collections::BTreeMap;

use nextchar_core::score::{Plausibility, Report, Rivals, evaluate};
use nextchar_core::train::Trained;
use nextchar_core::{Error, Executor, LanguageModel, Mixture};
use nextchar_formats::{CurvePoint, Losses, ModelFile, Record};
use serde::Serialize;
use serde_json::json;

use crate::corpus::Corpus;
use crate::counted::Part;
use crate::plan::Plan;

/// The loss of a model on every part, beside what counting reaches.
#[derive(Clone, Copy, Debug, Serialize)]
#[expect(missing_docs, reason = "they are the parts")]
pub struct Reports {
    pub train: Report,
    pub val: Option<Report>,
    pub test: Option<Report>,
}

impl Reports {
    /// Evaluates a model on every part of a list.
    ///
    /// # Errors
    /// Those of [`Corpus::windows`].
    pub fn of(
        model: &Mixture,
        corpus: &Corpus,
        rivals: &Rivals,
        executor: &dyn Executor,
    ) -> Result<Self, Error> {
        let longest = model.context_length().max(rivals.context_length());
        let report = |part| {
            let table = corpus.windows(part, longest)?;
            let report = |table| evaluate(model, &table, rivals, executor);
            table.map(report).transpose()
        };
        Ok(Reports {
            train: report(Part::Train)?.expect("there are training names"),
            val: report(Part::Val)?,
            test: report(Part::Test)?,
        })
    }
}

impl Plan {
    /// The model file of a finished training; `trained` is the run of its last network.
    ///
    /// # Errors
    /// Those of [`Corpus::windows`].
    pub fn file(
        &self,
        corpus: &Corpus,
        model: Mixture,
        trained: Option<&Trained>,
        rivals: Rivals,
        executor: &dyn Executor,
    ) -> Result<(ModelFile, Reports), Error> {
        let reports = Reports::of(&model, corpus, &rivals, executor)?;
        let (parts, seed) = (&corpus.parts, &self.config.seed);
        let judge = Plausibility::fit(&model, &rivals.bigrams, &corpus.vocab, &parts.val, seed)?;
        let record = Record {
            plausibility: judge,
            ..self.record(corpus, trained, &reports)?
        };
        let file = ModelFile {
            record,
            vocab: corpus.vocab.clone(),
            model,
            bigrams: rivals.bigrams,
            names: (!self.options.no_names && corpus.counted.is_none()).then(|| parts.clone()),
        };
        Ok((file, reports))
    }

    fn record(
        &self,
        corpus: &Corpus,
        trained: Option<&Trained>,
        reports: &Reports,
    ) -> Result<Record, Error> {
        let mut options = BTreeMap::from([("preset".to_owned(), json!(self.options.preset))]);
        if self.options.good_turing {
            options.insert("good_turing".to_owned(), json!(true));
        }
        if trained.is_some() {
            options.insert("training".to_owned(), json!(&self.config));
            options.insert("networks".to_owned(), json!(self.networks));
            options.insert("distill".to_owned(), json!(self.distill));
            if let Some(share) = self.options.label_smoothing {
                options.insert("label_smoothing".to_owned(), json!(share));
            }
        }
        let table = corpus.listed(self.shape.context_length)?;
        Ok(Record {
            data_hash: corpus.digest(Part::Train)?,
            split: corpus.split.clone(),
            longest_name: corpus.longest(),
            options,
            best_counts: reports.train.baselines.best_kneser_ney_context,
            examples: table.examples(),
            contexts: table.len() as u64,
            steps: trained.map_or(0, |trained| trained.steps),
            best_step: trained.map_or(0, |trained| trained.best_step),
            losses: Losses {
                train: reports.train.loss,
                val: reports.val.map(|report| report.loss),
                test: reports.test.map(|report| report.loss),
            },
            curve: trained.map_or_else(Vec::new, curve),
            plausibility: None,
        })
    }
}

fn curve(trained: &Trained) -> Vec<CurvePoint> {
    let looks = trained.evaluations.iter();
    looks
        .map(|look| CurvePoint {
            step: look.step,
            train_loss: look.train_loss,
            val_loss: look.val_loss,
        })
        .collect()
}
