//! From a list and options to a model: plan, count, fit, combine, calibrate, evaluate, record.
//!
//! [`Training`] does it in one go, watched by a [`Watch`]; [`Steps`] is led on from outside, step by step.

mod networks;
mod plan;
mod record;
mod steps;
mod watch;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use nextchar_core::combine::{Mixture, mixture::Weights};
use nextchar_core::counts::{KneserNey, Uniform};
use nextchar_core::data::CountedWindows;
use nextchar_core::language_model::loss;
use nextchar_core::model::Network;
use nextchar_core::score::{Baselines, Rivals, evaluate};
use nextchar_core::train::{Engine, Tables, Trainer, find_learning_rate};
use nextchar_core::{Error as CoreError, LanguageModel};
use nextchar_kernels::InstructionSet;

pub use networks::Made;
pub use plan::{EVALUATIONS, Plan};
pub use record::Reports;
pub use steps::{Ended, Steps};
pub use watch::{Clock, Stage, Watch};

use crate::corpus::Corpus;
use crate::counted::Part;
use crate::door::Error;
use crate::door::Model;
use crate::options::{Family, LearningRate, TrainOptions};
use crate::workers::Workers;

/// A training, planned and ready to begin.
///
/// ```
/// use nextchar::{Names, Preset, TrainOptions, Training, Workers};
///
/// let names = Names::embedded("finnish-names")?;
/// let options = TrainOptions { steps: Some(50), ..TrainOptions::preset(Preset::Lecture) };
/// let training = Training::new(names.corpus(options.preset)?, &options, Workers::available())?;
/// let made = training.run(None, &mut ())?;
/// let (model, reports) = training.finish(&made)?;
/// assert!(reports.val.unwrap().loss < 3.3 && model.names().is_some());
/// # Ok::<(), nextchar::Error>(())
/// ```
#[derive(Debug)]
pub struct Training {
    corpus: Arc<Corpus>,
    plan: Plan,
    table: CountedWindows,
    val: Option<CountedWindows>,
    workers: &'static Workers,
    instructions: Option<InstructionSet>,
    /// What counting reaches: it takes longer than all the rest of a beginning, so it waits.
    rivals: Arc<OnceLock<Rivals>>,
}

impl Training {
    /// Plans a training: checks the options and counts the windows of the list.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    pub fn new(
        corpus: impl Into<Arc<Corpus>>,
        options: &TrainOptions,
        workers: &'static Workers,
    ) -> Result<Self, Error> {
        let corpus = corpus.into();
        let plan = Plan::new(options, &corpus)?;
        let context = plan.shape.context_length;
        Ok(Training {
            table: corpus.training_windows(context)?,
            val: corpus.windows(Part::Val, context)?,
            corpus,
            plan,
            workers,
            instructions: None,
            rivals: Arc::default(),
        })
    }

    /// The same with these vector instructions; results do not depend on them.
    pub fn with_instructions(self, set: Option<InstructionSet>) -> Self {
        Training {
            instructions: set,
            ..self
        }
    }

    /// A training of the same list with other options; the counts are shared, so what counting reaches is
    /// computed once for many trainings. They are those of the first of them that was asked.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    pub fn with_options(&self, options: &TrainOptions) -> Result<Self, Error> {
        let other = Training::new(Arc::clone(&self.corpus), options, self.workers)?;
        Ok(Training {
            instructions: self.instructions,
            rivals: Arc::clone(&self.rivals),
            ..other
        })
    }

    /// What is to be done.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The list.
    pub fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// The windows of the training names at the networks' context length.
    pub fn table(&self) -> &CountedWindows {
        &self.table
    }

    /// The counting models that the evaluation stands beside, the best of them chosen on the validation
    /// names.
    ///
    /// # Errors
    /// Those of [`Corpus::windows`].
    pub fn rivals(&self) -> Result<&Rivals, Error> {
        if self.rivals.get().is_none() {
            let context = self.plan.shape.context_length;
            let counted = self.corpus.rivals(context, self.workers)?;
            let _ = self.rivals.set(counted); // whoever was quicker had the same
        }
        Ok(self.rivals.get().expect("they were just counted"))
    }

    /// What counting alone reaches on the validation names, or on the training names where there are none;
    /// and which of the two it is.
    ///
    /// # Errors
    /// Those of [`Corpus::windows`].
    pub fn baselines(&self) -> Result<(Baselines, Part), Error> {
        let rivals = self.rivals()?;
        let longest = rivals.context_length();
        let (judged, part) = match self.corpus.windows(Part::Val, longest)? {
            Some(val) => (val, Part::Val),
            None => (self.corpus.training_windows(longest)?, Part::Train),
        };
        let uniform = Uniform {
            vocab_size: self.corpus.vocab().len(),
        };
        let report = evaluate(&uniform, &judged, rivals, self.workers)?;
        Ok((report.baselines, part))
    }

    /// Finds the learning rate where that was asked for, and says which it is.
    ///
    /// # Errors
    /// Those of [`find_learning_rate`].
    pub fn find_learning_rate(&mut self) -> Result<Option<f64>, Error> {
        if self.plan.options.learning_rate != Some(LearningRate::Auto) || !self.plan.trains() {
            return Ok(None);
        }
        let (shape, config) = (&self.plan.shape, &self.plan.config);
        let rate = find_learning_rate(shape, config, &self.table, &self.engine())?;
        self.plan.config.learning_rate = rate;
        Ok(Some(rate))
    }

    /// Plans as many steps as fit what is left of a time, judged by the first of them.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    pub fn fit_to(&mut self, time: Duration, clock: &dyn Clock) -> Result<(), Error> {
        self.rivals()?; // they take their share of the time
        let left = time.saturating_sub(clock.elapsed());
        let steps = self.steps_within(left / self.plan.networks as u32, clock)?;
        self.set_steps(steps)
    }

    /// Plans this number of steps for each network, whatever the options say.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    pub fn set_steps(&mut self, steps: u64) -> Result<(), Error> {
        let options = TrainOptions {
            steps: Some(steps),
            epochs: None,
            ..self.plan.options.clone()
        };
        self.plan = Plan::new(&options, &self.corpus)?;
        Ok(())
    }

    /// How many steps of one network fit a time; at least one.
    fn steps_within(&self, time: Duration, clock: &dyn Clock) -> Result<u64, Error> {
        /// The share of the time that goes into judging.
        const TRIAL: f64 = 0.05;
        // Some is left over, so that the schedule comes to its end.
        const RESERVE: f64 = 0.1;
        let engine = self.engine();
        let (shape, config) = (&self.plan.shape, &self.plan.config);
        let mut trainer = Trainer::new(shape, config, &self.table, &engine)?;
        let since = |start: Duration| (clock.elapsed() - start).as_secs_f64();
        let time = time.as_secs_f64();
        let (started, mut steps) = (clock.elapsed(), 0u64);
        while steps == 0 || since(started) < TRIAL * time {
            trainer.step();
            steps += 1;
        }
        let step = since(started) / steps as f64;
        let validating = clock.elapsed();
        if let Some(val) = &self.val {
            loss(&trainer.network()?, val, self.workers);
        }
        let validations = EVALUATIONS as f64 * since(validating);
        let left = (1.0 - TRIAL - RESERVE) * time - validations;
        Ok((left / step).max(1.0) as u64)
    }

    /// The networks, the counts, and both combined. `teacher` is a model that the networks learn from.
    ///
    /// # Errors
    /// Those of [`nextchar_core::train::train`] and [`Corpus::windows`]; [`Error::TeacherAlphabet`] and
    /// [`Error::TeacherContext`] for a teacher of another kind.
    pub fn run(&self, teacher: Option<&Model>, watch: &mut dyn Watch) -> Result<Made, Error> {
        if teacher.is_some_and(|teacher| teacher.vocab() != self.corpus.vocab()) {
            return Err(Error::TeacherAlphabet);
        }
        let teacher = teacher.map(Model::language_model);
        let mut made = self.of_family(teacher, watch)?;
        self.add_repeats(&mut made.model)?;
        Ok(made)
    }

    fn of_family(&self, teacher: Option<&Mixture>, watch: &mut dyn Watch) -> Result<Made, Error> {
        if !self.plan.trains() {
            return Ok(Made::counted(self.counts()?.into()));
        }
        let table = self.plan.smoothed(self.table.clone());
        let tables = Tables {
            train: &table,
            val: self.val.as_ref(),
        };
        let mut made = match teacher {
            Some(teacher) => self.students(teacher, 0..self.plan.networks, tables, watch)?,
            None => self.networks(tables, watch)?,
        };
        if self.plan.distill {
            made.model = self.mixed(made.networks())?;
            if made.is_cancelled {
                return Ok(made);
            }
            let (whole, first) = (made.model, self.plan.networks);
            made = self.students(&whole, first..first + 1, tables, watch)?;
        }
        if self.plan.family == Family::Mixture {
            made.model = self.mixed(made.networks())?;
        }
        Ok(made)
    }

    /// The model that trained networks become.
    ///
    /// # Errors
    /// [`nextchar_core::Error::EmptyMixture`] where there is nothing to combine; those of [`Corpus::windows`].
    pub fn combine(&self, networks: Vec<Network>) -> Result<Mixture, Error> {
        let mut model = match self.plan.family {
            Family::Network => Mixture::new(networks, None, Weights::default())?,
            Family::KneserNey => self.counts()?.into(),
            Family::Mixture => self.mixed(networks)?,
        };
        self.add_repeats(&mut model)?;
        Ok(model)
    }

    /// The counts of the model: of the context that was asked for, else the best on the validation names.
    fn counts(&self) -> Result<KneserNey, Error> {
        if let Some(length) = self.plan.options.resolved().counts_context {
            return Ok(self.corpus.kneser_ney(length, self.workers)?);
        }
        let rivals = self.rivals()?;
        let best = rivals.best_kneser_ney.as_ref();
        let counts = best.or(rivals.kneser_ney.as_ref());
        Ok(counts.expect("Kneser–Ney is always counted").clone())
    }

    /// Networks with counts; the weights are chosen on the validation names where there are some.
    fn mixed(&self, networks: Vec<Network>) -> Result<Mixture, Error> {
        /// What validation names mostly choose.
        const USUAL: Weights = Weights {
            networks: 0.6,
            counts: 0.4,
        };
        let mut mixture = Mixture::new(networks, Some(self.counts()?), USUAL)?;
        if let Some(val) = self.corpus.windows(Part::Val, mixture.context_length())? {
            mixture.fit_weights(&val, self.workers);
        }
        Ok(mixture)
    }

    /// Lets whole names be repeated as often as the list says, where that is asked for.
    fn add_repeats(&self, model: &mut Mixture) -> Result<(), CoreError> {
        if !self.plan.options.resolved().good_turing {
            return Ok(());
        }
        let (names, vocab) = (&self.corpus.parts().train, self.corpus.vocab());
        model.fit_returning(names, vocab, self.workers)
    }

    fn engine(&self) -> Engine<'static> {
        let mut engine = Engine::new(self.workers);
        engine.instruction_set = self.instructions.unwrap_or(engine.instruction_set);
        engine
    }
}
