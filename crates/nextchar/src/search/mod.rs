//! A search for better options, by validation loss alone; the test names are not used.
//!
//! [`next_job`] says what to try, [`Search::run`] tries it. Clocks and files are the caller's.

mod candidates;

use nextchar_core::LanguageModel;
use nextchar_core::data::{NameList, Split};
use nextchar_core::language_model::loss;
use nextchar_core::rng::Seed;

pub use candidates::{Job, Trial, best_first, next_job};

use crate::corpus::Corpus;
use crate::counted::Part;
use crate::door::Error;
use crate::options::{Family, TrainOptions};
use crate::training::{Training, Watch};
use crate::workers::Workers;

/// With fewer names for train and val, candidates are compared by cross-validation: the loss on one small val is
/// mostly chance.
const FEW_NAMES: usize = 2_000;
const FOLDS: usize = 5;

/// A search on one list.
///
/// ```
/// use nextchar::search::{Search, Trial, next_job};
/// use nextchar::{Names, Preset, Workers};
///
/// let corpus = Names::embedded("finnish-names")?.corpus(Preset::default())?;
/// let search = Search::new(corpus, 42.into(), Workers::available())?;
/// let mut trials: Vec<Trial> = Vec::new();
/// for _ in 0..2 {
///     let job = next_job(&trials, f64::INFINITY).unwrap();
///     let val_loss = search.run(job, &mut ())?;
///     trials.push(Trial { job, val_loss, seconds: 1.0 });
/// }
/// assert!(trials.iter().all(|trial| trial.val_loss < 3.3));
/// # Ok::<(), nextchar::Error>(())
/// ```
pub struct Search {
    seed: Seed,
    workers: &'static Workers,
    /// A training of the default preset in each round, whose counts all trials share.
    rounds: Vec<Training>,
}

impl Search {
    /// Prepares the rounds in which every candidate is trained and evaluated: one with the list's own train and val
    /// or, for a small list, five folds of both.
    ///
    /// # Errors
    /// [`Error::TooFewNames`] if no names can be held out; those of [`Training::new`].
    pub fn new(corpus: Corpus, seed: Seed, workers: &'static Workers) -> Result<Self, Error> {
        let usual = TrainOptions {
            steps: Some(Job::FIRST.steps()),
            seed: seed.clone(),
            ..TrainOptions::default()
        };
        let training = |corpus| {
            let training = Training::new(corpus, &usual, workers)?;
            training.rivals()?;
            Ok(training)
        };
        let rounds = rounds(corpus)?.into_iter().map(training);
        Ok(Search {
            workers,
            rounds: rounds.collect::<Result<_, Error>>()?,
            seed,
        })
    }

    /// Number of folds; 1 without cross-validation.
    pub fn folds(&self) -> usize {
        self.rounds.len()
    }

    /// Trains a candidate in every round and returns its validation loss, in nats per predicted character. If the
    /// watch ends a training run early, the loss is that of the model so far.
    ///
    /// # Errors
    /// Those of [`Training::run`].
    pub fn run(&self, job: Job, watch: &mut dyn Watch) -> Result<f64, Error> {
        // A trial is compared on the validation names, so it must not learn them.
        let options = TrainOptions {
            no_refit: true,
            ..job.options(&self.seed)
        };
        let mut judged = Judged::default();
        for round in &self.rounds {
            let training = round.with_options(&options)?;
            let made = training.run(None, watch)?;
            judged.add(&made.model, training.corpus(), self.workers)?;
        }
        Ok(judged.loss())
    }

    /// The loss of Kneser–Ney on the same names.
    ///
    /// # Errors
    /// Those of [`Training::rivals`].
    pub fn kneser_ney(&self) -> Result<f64, Error> {
        let mut judged = Judged::default();
        for round in &self.rounds {
            let rivals = round.rivals()?;
            let best = rivals.best_kneser_ney.as_ref();
            let model = best.or(rivals.kneser_ney.as_ref());
            let model = model.expect("Kneser–Ney is always counted");
            judged.add(model, round.corpus(), self.workers)?;
        }
        Ok(judged.loss())
    }

    /// The options of the best candidate, or those of Kneser–Ney if no candidate's loss is below `kneser_ney`.
    pub fn winner(&self, trials: &[Trial], kneser_ney: f64) -> TrainOptions {
        match best_first(trials).first() {
            Some(best) if best.val_loss < kneser_ney => best.job.options(&self.seed),
            _ => TrainOptions {
                family: Some(Family::KneserNey),
                ..TrainOptions::default()
            },
        }
    }
}

/// The list's own parts, or folds of train and val.
fn rounds(corpus: Corpus) -> Result<Vec<Corpus>, Error> {
    let parts = corpus.parts();
    if parts.val.is_empty() && parts.train.len() < FOLDS {
        let label = corpus.label().to_owned();
        return Err(Error::TooFewNames { label });
    }
    let number = parts.train.len() + parts.val.len();
    if number >= FEW_NAMES && !parts.val.is_empty() {
        return Ok(vec![corpus]);
    }
    let names: Vec<_> = parts.train.names().chain(parts.val.names()).collect();
    let part = |wanted: &dyn Fn(usize) -> bool| {
        let chosen = names.iter().enumerate().filter(|(place, _)| wanted(*place));
        NameList::from_names(chosen.map(|(_, name)| (name.text, name.count)))
    };
    let fold = |fold: usize| {
        let parts = Split {
            train: part(&|place| place % FOLDS != fold),
            val: part(&|place| place % FOLDS == fold),
            test: NameList::default(),
        };
        let split = corpus.split_options().cloned();
        Corpus::of_parts(corpus.label(), corpus.vocab().clone(), parts, split)
    };
    Ok((0..FOLDS).map(fold).collect::<Result<_, _>>()?)
}

/// The loss on the validation names of several rounds together.
#[derive(Default)]
struct Judged {
    nll: f64,
    examples: f64,
}

impl Judged {
    fn add(
        &mut self,
        model: &dyn LanguageModel,
        corpus: &Corpus,
        workers: &Workers,
    ) -> Result<(), Error> {
        if let Some(val) = corpus.windows(Part::Val, model.context_length())? {
            let examples = val.examples() as f64;
            self.nll += examples * loss(model, &val, workers);
            self.examples += examples;
        }
        Ok(())
    }

    fn loss(&self) -> f64 {
        self.nll / self.examples
    }
}
