//! From a list and options to a model: plan, count, fit, combine, fit again on all names, calibrate, evaluate, record.
//!
//! [`Training`] does it in one go, watched by a [`Watch`]; [`Steps`] leaves the loop to the caller, step by step.

mod budget;
mod combine;
mod networks;
mod plan;
mod record;
mod refit;
mod sampling;
mod steps;
mod watch;

use std::sync::{Arc, OnceLock};

use nextchar_core::combine::Mixture;
use nextchar_core::counts::Uniform;
use nextchar_core::data::CountedWindows;
use nextchar_core::score::{Baselines, Rivals, evaluate};
use nextchar_core::train::{Engine, Tables};
use nextchar_kernels::InstructionSet;

pub use networks::{Made, Refitted};
pub use plan::{EVALUATIONS, Plan};
pub use record::Reports;
pub use steps::{Ended, Steps};
pub use watch::{Stage, Watch};

use crate::corpus::Corpus;
use crate::counted::Part;
use crate::door::Error;
use crate::door::Model;
use crate::names::Names;
use crate::options::{Family, TrainOptions};
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
    table: Arc<CountedWindows>,
    val: Option<Arc<CountedWindows>>,
    workers: &'static Workers,
    instructions: Option<InstructionSet>,
    /// The counting models: computed when they are needed, because they take longer than the rest of the preparation.
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

    /// A training of the same list with other options. The counting models are shared, so that they are computed
    /// once for many trainings: by the first one that needs them.
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

    /// The plan.
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

    /// The counting models that the evaluation compares with; the best one is chosen on the validation names.
    ///
    /// # Errors
    /// Those of [`Corpus::windows`].
    pub fn rivals(&self) -> Result<&Rivals, Error> {
        if self.rivals.get().is_none() {
            let context = self.plan.shape.context_length;
            let counted = self.corpus.rivals(context, self.workers)?;
            let _ = self.rivals.set(counted); // a faster thread has the same result
        }
        Ok(self.rivals.get().expect("they were just counted"))
    }

    /// The losses of counting on the validation names, or on the training names if there are none; and which of
    /// the two parts that is.
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

    /// Trains the networks, counts, and combines both. `teacher` is a model that the networks learn from.
    ///
    /// # Errors
    /// Those of [`nextchar_core::train::train`] and [`Corpus::windows`]; [`Error::TeacherAlphabet`] and
    /// [`Error::TeacherContext`] for an unsuitable teacher.
    ///
    /// At the end, the model is [fitted again](Training::refits) on all names, unless the watcher has ended the training.
    pub fn run(&self, teacher: Option<&Model>, watch: &mut dyn Watch) -> Result<Made, Error> {
        if teacher.is_some_and(|teacher| teacher.vocab() != self.corpus.vocab()) {
            return Err(Error::TeacherAlphabet);
        }
        let teacher = teacher.map(Model::language_model);
        let mut made = self.of_family(teacher, watch)?;
        self.add_repeats(&mut made.model)?;
        if teacher.is_none() && self.refits() && !made.is_cancelled && !watch.is_out_of_time() {
            made.refitted = self.refit(&made, watch)?;
        }
        Ok(made)
    }

    fn of_family(&self, teacher: Option<&Mixture>, watch: &mut dyn Watch) -> Result<Made, Error> {
        if !self.plan.trains() {
            return Ok(Made::counted(self.counts()?.into()));
        }
        let table = self.plan.smoothed(&self.table);
        let tables = Tables {
            train: &table,
            val: self.val.as_deref(),
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

    fn engine(&self) -> Engine<'static> {
        let mut engine = Engine::new(self.workers);
        engine.instruction_set = self.instructions.unwrap_or(engine.instruction_set);
        engine
    }
}

impl Model {
    /// Learns a list of names, on all processors. The same names and options give the same bits
    /// everywhere.
    ///
    /// [`Training`] does the same in stages that can be watched, stopped and resumed.
    ///
    /// # Errors
    /// [`Error::Names`] if no name is left to learn from, [`Error::Core`] for invalid options.
    pub fn train(names: &Names, options: &TrainOptions) -> Result<Self, Error> {
        let corpus = names.corpus(options.preset)?;
        let mut training = Training::new(corpus, options, Workers::available())?;
        training.find_learning_rate()?;
        let made = training.run(None, &mut ())?;
        Ok(training.finish(&made)?.0)
    }
}
