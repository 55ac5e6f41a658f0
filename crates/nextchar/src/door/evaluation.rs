//! How good a model is: its loss on names compared with counting, where the loss comes from, and what the model
//! writes.

use nextchar_core::LanguageModel;
use nextchar_core::combine::Mixture;
use nextchar_core::counts::KneserNey;
use nextchar_core::data::{CountedWindows, NameList};
use nextchar_core::rng::Seed;
use nextchar_core::score::{
    Breakdown, GeneratedNames, Report, Rivals, breakdown, evaluate, generated_names,
};
use serde::Serialize;

use super::model::Model;
use crate::door::Error;
use crate::workers::Workers;

/// How a model is evaluated.
#[derive(Clone, Debug)]
pub struct EvaluateOptions {
    /// Number of names that the model writes for the report.
    pub generated: usize,
    /// The seed of these names.
    pub seed: Seed,
    /// The threads that compute; the numbers do not depend on them.
    pub workers: &'static Workers,
}

impl Default for EvaluateOptions {
    /// 10,000 names, seed 42, all processors.
    fn default() -> Self {
        EvaluateOptions {
            generated: 10_000,
            seed: Seed::from(42),
            workers: Workers::available(),
        }
    }
}

/// Everything that is reported about a model on some names.
#[derive(Clone, Debug, Serialize)]
pub struct Evaluation {
    /// Its loss, and those of the counting models.
    #[serde(flatten)]
    pub report: Report,
    /// Where the loss comes from, and how certain it is.
    #[serde(flatten)]
    pub breakdown: Breakdown,
    /// What the model writes.
    pub generated: Option<GeneratedNames>,
}

impl Model {
    /// Evaluates the model on names.
    ///
    /// ```
    /// use nextchar::{EvaluateOptions, Family, Model, Names, TrainOptions};
    ///
    /// # let family = Some(Family::KneserNey);
    /// let counts = TrainOptions { family, no_refit: true, ..TrainOptions::default() };
    /// # let model = Model::train(&Names::embedded("finnish-names")?, &counts)?;
    /// let found = model.evaluate(model.test_names()?, &EvaluateOptions::default())?;
    /// assert!(found.report.loss < found.report.baselines.uniform);
    /// # Ok::<(), nextchar::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`nextchar_core::Error::UnknownPiece`] for a name with a character that the model does not know.
    pub fn evaluate(
        &self,
        names: &NameList,
        options: &EvaluateOptions,
    ) -> Result<Evaluation, Error> {
        let (model, vocab, workers) = (self.language_model(), self.vocab(), options.workers);
        let rivals = self.rivals(workers)?;
        let longest = model.context_length().max(rivals.context_length());
        let table = CountedWindows::from_list(names, vocab, longest)?;
        let rival = self.best_rival(&rivals, workers)?;
        let rival = rival.as_ref().map(|rival| rival as &dyn LanguageModel);
        Ok(Evaluation {
            report: evaluate(model, &table, &rivals, workers)?,
            breakdown: breakdown(model, rival, names, vocab, workers)?,
            generated: self.written(options)?,
        })
    }

    /// The test names that the model contains.
    ///
    /// # Errors
    /// [`Error::WithoutTestNames`].
    pub fn test_names(&self) -> Result<&NameList, Error> {
        let test = self.names().map(|names| &names.test);
        let test = test.filter(|test| !test.is_empty());
        test.ok_or(Error::WithoutTestNames)
    }

    /// The loss of the best counting model on the validation names, if the model contains some, in nats per
    /// predicted character.
    ///
    /// # Errors
    /// Those of [`Model::rivals`].
    pub fn counts_on_val(&self, workers: &Workers) -> Result<Option<f64>, Error> {
        let val = self.names().map(|names| &names.val);
        let Some(val) = val.filter(|val| !val.is_empty()) else {
            return Ok(None);
        };
        let (model, rivals) = (self.language_model(), self.rivals(workers)?);
        let longest = model.context_length().max(rivals.context_length());
        let table = CountedWindows::from_list(val, self.vocab(), longest)?;
        let baselines = evaluate(model, &table, &rivals, workers)?.baselines;
        Ok(baselines.best_kneser_ney.or(baselines.kneser_ney))
    }

    /// Names that the model writes, counted.
    fn written(&self, options: &EvaluateOptions) -> Result<Option<GeneratedNames>, Error> {
        if options.generated == 0 {
            return Ok(None);
        }
        let written = generated_names(
            self.language_model(),
            self.vocab(),
            self.names(),
            self.longest_name(),
            options.generated,
            &options.seed,
            options.workers,
        );
        Ok(Some(written?))
    }

    /// Counting models of the same training names, if the model contains them.
    ///
    /// # Errors
    /// [`nextchar_core::Error::TooManyCounts`].
    pub fn rivals(&self, workers: &Workers) -> Result<Rivals, Error> {
        let fit = |length| {
            let names = self.names();
            let fit =
                names.map(|names| KneserNey::fit(&names.train, self.vocab(), length, workers));
            fit.transpose()
        };
        let best = self.record().best_counts;
        Ok(Rivals {
            bigrams: self.bigrams().clone(),
            kneser_ney: fit(self.language_model().tokens_seen())?,
            best_kneser_ney: best.map(fit).transpose()?.flatten(),
        })
    }

    /// The best of them, with which the model is compared. It repeats names as the model does.
    fn best_rival(&self, rivals: &Rivals, workers: &Workers) -> Result<Option<Mixture>, Error> {
        let best = rivals.best_kneser_ney.as_ref();
        let counts = best.or(rivals.kneser_ney.as_ref());
        let mut rival = counts.cloned().map(Mixture::from);
        if let (Some(rival), Some(_), Some(names)) =
            (&mut rival, self.language_model().repeats(), self.names())
        {
            rival.fit_repeats(&names.train, self.vocab(), workers)?;
        }
        Ok(rival)
    }
}
