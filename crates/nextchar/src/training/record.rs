//! The end of a training: the result is evaluated, calibrated, and recorded as a model.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use nextchar_core::combine::Mixture;
use nextchar_core::data::NameList;
use nextchar_core::score::{Plausibility, Report, Rivals, evaluate};
use nextchar_core::train::Trained;
use nextchar_core::{Executor, LanguageModel};
use nextchar_formats::{CurvePoint, Losses, ModelFile, Record, Sampling};
use serde::Serialize;
use serde_json::json;

use super::{Made, Refitted, Training};
use crate::background::background_model;
use crate::corpus::Corpus;
use crate::counted::Part;
use crate::door::Error;
use crate::door::Model;

/// The loss of a model on every part of its list, with the losses of counting.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Reports {
    /// On the training names.
    pub train: Report,
    /// On the validation names, if there are any.
    pub val: Option<Report>,
    /// On the test names, if there are any.
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
            let report = |table: Arc<_>| evaluate(model, &table, rivals, executor);
            table.map(report).transpose()
        };
        Ok(Reports {
            train: report(Part::Train)?.expect("there are training names"),
            val: report(Part::Val)?,
            test: report(Part::Test)?,
        })
    }
}

impl Training {
    /// The finished model, and its losses: evaluated, calibrated, recorded.
    ///
    /// # Errors
    /// Those of [`Corpus::windows`].
    pub fn finish(&self, made: &Made) -> Result<(Model, Reports), Error> {
        let (corpus, rivals) = (self.corpus(), self.rivals()?);
        let reports = Reports::of(&made.model, corpus, rivals, self.workers)?;
        let plausibility = Plausibility::fit(
            &made.model,
            &rivals.bigrams,
            corpus.vocab(),
            &corpus.parts().train,
            &some_of(&corpus.parts().val),
            background_model(),
            &self.plan.config.seed,
        )?;
        let record = Record {
            plausibility,
            ..self.record(made.last.as_ref(), &reports)?
        };
        let has_names = !self.plan.options.no_names && corpus.given_counts().is_none();
        let mut file = ModelFile {
            record,
            vocab: corpus.vocab().clone(),
            model: made.model.clone(),
            bigrams: rivals.bigrams.clone(),
            names: has_names.then(|| corpus.parts().clone()),
        };
        if let Some(Refitted { model, corpus }) = &made.refitted {
            file.record.refitted = true;
            file.record.data_hash = corpus.digest(Part::Train)?;
            file.bigrams = (*corpus.training_windows(1)?).clone();
            file.names = has_names.then(|| corpus.parts().clone());
            file.model = model.clone();
        }
        file.record.sampling = self.sampling(&file)?;
        Ok((Model::from(file), reports))
    }

    fn record(&self, trained: Option<&Trained>, reports: &Reports) -> Result<Record, Error> {
        let (plan, corpus) = (&self.plan, self.corpus());
        let (shortest_name, longest_name) = corpus.lengths();
        let mut options = BTreeMap::from([("preset".to_owned(), json!(plan.options.preset))]);
        if plan.options.good_turing {
            options.insert("good_turing".to_owned(), json!(true));
        }
        if trained.is_some() {
            options.insert("training".to_owned(), json!(&plan.config));
            options.insert("networks".to_owned(), json!(plan.networks));
            options.insert("distill".to_owned(), json!(plan.distill));
            if let Some(share) = plan.options.label_smoothing {
                options.insert("label_smoothing".to_owned(), json!(share));
            }
        }
        Ok(Record {
            data_hash: corpus.digest(Part::Train)?,
            split: corpus.split_options().cloned(),
            shortest_name,
            longest_name,
            sampling: Sampling::default(),
            options,
            best_counts: reports.train.baselines.best_kneser_ney_context,
            examples: self.table.examples(),
            contexts: self.table.len() as u64,
            steps: trained.map_or(0, |trained| trained.steps),
            best_step: trained.map_or(0, |trained| trained.best_step),
            losses: Losses {
                train: reports.train.loss,
                val: reports.val.map(|report| report.loss),
                test: reports.test.map(|report| report.loss),
                counting: reports.test.or(reports.val).and_then(|report| {
                    let counted = report.baselines;
                    counted.best_kneser_ney.or(counted.kneser_ney)
                }),
            },
            refitted: false,
            curve: trained.map_or_else(Vec::new, curve),
            plausibility: None,
        })
    }
}

fn curve(trained: &Trained) -> Vec<CurvePoint> {
    let evaluations = trained.evaluations.iter();
    let point = |at: &nextchar_core::train::Evaluation| CurvePoint {
        step: at.step,
        train_loss: at.train_loss,
        val_loss: at.val_loss,
    };
    evaluations.map(point).collect()
}

/// The most held-out names that a verdict is calibrated on: a hundred of them are the lowest 1 %.
const MOST_TO_CALIBRATE: usize = 10_000;

/// A long list's names at regular intervals, all names of others.
fn some_of(names: &NameList) -> Cow<'_, NameList> {
    let step = names.len().div_ceil(MOST_TO_CALIBRATE);
    if step <= 1 {
        return Cow::Borrowed(names);
    }
    let some = names.names().step_by(step);
    Cow::Owned(NameList::from_names(
        some.map(|name| (name.text, name.count)),
    ))
}
