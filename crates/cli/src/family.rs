//! The three families of models, and how each is made from a list: networks, counts, mixtures.

use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use nextchar::combine::mixture::{Mixture, Weights};
use nextchar::counts::KneserNey;
use nextchar::data::CountedWindows;
use nextchar::language_model::{log_probs_of, row_states};
use nextchar::model::Network;
use nextchar::sample::sampled_windows;
use nextchar::score::Rivals;
use nextchar::train::{Engine, StopReason, Tables, TrainConfig, Trained, resume, train};
use nextchar::{Corpus, Family, Part, Plan, mixed};
use nextchar::{Executor, LanguageModel};

use crate::args::TrainArgs;
use crate::checkpoint::Keeper;
use crate::failure::Failure;
use crate::output::note;
use crate::progress::Progress;
use crate::store;

/// Names that a student learns from beside the list.
const SAMPLED_NAMES: usize = 600_000;

/// Steps of a student for each of a network's: it has more contexts to learn.
const STUDENT_STEPS: u64 = 4;

/// What a list became.
pub struct Made {
    pub model: Mixture,
    /// The run of the last network, where there was one.
    pub trained: Option<Trained>,
    /// Seconds in steps, of all networks.
    pub step_seconds: f64,
    /// Whether Ctrl-C ended it.
    pub interrupted: bool,
}

/// Everything that a model is made from.
pub struct Maker<'a> {
    pub args: &'a TrainArgs,
    pub corpus: &'a Corpus,
    pub plan: Plan,
    pub engine: &'a Engine<'a>,
    pub deadline: Option<Instant>,
    /// What saves the state of the training, and knows what was done before.
    pub keeper: Option<&'a RefCell<Keeper>>,
    /// Whether nothing is said while it is made.
    pub quiet: bool,
}

impl Maker<'_> {
    /// The counting models that every evaluation stands beside, the best of them chosen on val.
    pub fn rivals(&self) -> Result<Rivals, Failure> {
        let context = self.plan.shape.context_length;
        Ok(self.corpus.rivals(context, self.engine.executor)?)
    }

    /// The model that was asked for.
    pub fn make(&self, rivals: &Rivals) -> Result<Made, Failure> {
        let mut made = self.family(rivals)?;
        let executor = self.engine.executor;
        self.plan.finish(&mut made.model, self.corpus, executor)?;
        Ok(made)
    }

    /// The model of its family.
    fn family(&self, rivals: &Rivals) -> Result<Made, Failure> {
        let counts = self
            .plan
            .counts(self.corpus, rivals, self.engine.executor)?;
        if self.plan.family == Family::KneserNey {
            return Ok(Made {
                model: counts.into(),
                trained: None,
                step_seconds: 0.0,
                interrupted: false,
            });
        }
        let counts = (self.plan.family == Family::Mixture || self.plan.distill).then_some(counts);
        let length = self.plan.shape.context_length;
        let table = self.plan.smoothed(self.corpus.listed(length)?);
        let val = self.corpus.windows(Part::Val, length)?;
        let tables = Tables {
            train: &table,
            val: val.as_ref(),
        };
        let mut made = match &self.args.teacher {
            Some(file) => self.students(&self.teacher(file)?, tables, 0.0)?,
            None => self.networks(tables)?,
        };
        if let Some(counts) = counts.clone() {
            made.model = self.mixed(made.model.networks().to_vec(), counts)?;
        }
        if self.plan.distill && !made.interrupted {
            let teacher = made.model;
            made = self.students(&teacher, tables, made.step_seconds)?;
            if let (Family::Mixture, Some(counts)) = (self.plan.family, counts) {
                made.model = self.mixed(made.model.networks().to_vec(), counts)?;
            }
        }
        Ok(made)
    }

    /// Networks of different seeds, one after the other.
    fn networks(&self, tables: Tables<'_>) -> Result<Made, Failure> {
        let config = |index| self.plan.member(index);
        self.in_turn("network", 0..self.plan.networks, config, tables)
    }

    /// Trainings one after the other, each at its place in the order.
    fn in_turn(
        &self,
        what: &str,
        places: Range<usize>,
        config: impl Fn(usize) -> TrainConfig,
        tables: Tables<'_>,
    ) -> Result<Made, Failure> {
        let (mut networks, mut last): (Vec<Network>, _) = (Vec::new(), None);
        let (mut step_seconds, mut interrupted) = (0.0, false);
        for (index, place) in places.clone().enumerate() {
            if places.len() > 1 {
                anstream::eprintln!("{what} {} of {}", index + 1, places.len());
            }
            let (trained, seconds, stopped) = match self.done_before(place) {
                Some(trained) => (trained, 0.0, false),
                None => self.one(place, &config(index), tables)?,
            };
            step_seconds += seconds;
            interrupted |= stopped;
            networks.push(trained.network.clone());
            last = Some(trained);
            if interrupted {
                break;
            }
        }
        Ok(Made {
            model: Mixture::new(networks, None, Weights::default())?,
            trained: last,
            step_seconds,
            interrupted,
        })
    }

    /// The network of this place in the order, if a training that is gone on with had done it.
    fn done_before(&self, index: usize) -> Option<Trained> {
        self.keeper
            .and_then(|keeper| keeper.borrow().finished(index))
    }

    /// One training, watched, from its beginning or from where it was.
    fn one(
        &self,
        index: usize,
        config: &TrainConfig,
        tables: Tables<'_>,
    ) -> Result<(Trained, f64, bool), Failure> {
        let state = self
            .keeper
            .and_then(|keeper| keeper.borrow_mut().state(index));
        let (stop_after, shape, engine) = (self.args.stop_after, &self.plan.shape, self.engine);
        let mut progress =
            Progress::new(config, stop_after, self.deadline, self.keeper, self.quiet);
        let trained = match state {
            Some(state) => resume(shape, config, tables, engine, state, &mut progress),
            None => train(shape, config, tables, engine, &mut progress),
        };
        let (interrupted, seconds) = progress.finish();
        let trained = trained?;
        if let Some(keeper) = self.keeper
            && let Some(said) = keeper.borrow_mut().finish(&trained)
        {
            note(&said);
        }
        let stopped = interrupted && trained.stop == StopReason::Observer;
        Ok((trained, seconds, stopped))
    }

    /// Networks with counts.
    fn mixed(&self, networks: Vec<Network>, counts: KneserNey) -> Result<Mixture, Failure> {
        Ok(mixed(self.corpus, networks, counts, self.engine.executor)?)
    }

    /// A model file as a teacher: it must have the list's alphabet.
    fn teacher(&self, path: &Path) -> Result<Mixture, Failure> {
        let file = store::load(Some(path))?;
        if file.vocab != self.corpus.vocab {
            return Err(Failure::misuse(format!(
                "--teacher {}: it knows other characters than the list has",
                path.display()
            )));
        }
        if file.record.data_hash != self.corpus.digest(Part::Train)? {
            note("the teacher learnt from other names: some of val and test may be among them");
        }
        Ok(file.model)
    }

    /// Networks that learn the teacher's distributions, on the list's contexts and on those of names that
    /// the teacher draws (Hinton et al. 2015): as many as were asked for, or one that distils them.
    /// `seconds` were spent in steps before.
    fn students(&self, model: &Mixture, tables: Tables<'_>, seconds: f64) -> Result<Made, Failure> {
        let (first, number) = match self.args.teacher {
            Some(_) => (0, self.plan.networks),
            None => (self.plan.networks, 1),
        };
        let places = first..first + number;
        // A training that is gone on with may have taught all of them: then nothing need be drawn.
        let to_teach = places
            .clone()
            .any(|place| self.done_before(place).is_none());
        let soft = to_teach.then(|| self.softened(model)).transpose()?;
        let tables = Tables {
            train: soft.as_ref().unwrap_or(tables.train),
            ..tables
        };
        let config = |index| self.student_config(index);
        let mut made = self.in_turn("student", places, config, tables)?;
        made.step_seconds += seconds;
        Ok(made)
    }

    /// How a student is trained: for longer, and without dropout, for its targets are soft.
    fn student_config(&self, index: usize) -> TrainConfig {
        TrainConfig {
            dropout: 0.0,
            steps: STUDENT_STEPS * self.plan.config.steps,
            evaluate_every: STUDENT_STEPS * self.plan.config.evaluate_every,
            seed: self.plan.member(self.plan.networks + index).seed,
            ..self.plan.config.clone()
        }
    }

    /// What students learn: the teacher's distributions after the contexts of the list and of its own names.
    fn softened(&self, model: &Mixture) -> Result<CountedWindows, Failure> {
        let (length, own) = (model.context_length(), self.plan.shape.context_length);
        if own > length {
            return Err(Failure::misuse(format!(
                "a context of {own} is longer than the teacher's, {length}"
            )));
        }
        let longest = self.corpus.longest().max(1);
        let seed = self.plan.member(self.plan.networks).seed;
        let executor = self.engine.executor;
        let vocab = &self.corpus.vocab;
        let drawn = sampled_windows(model, vocab, SAMPLED_NAMES, longest, &seed, executor)?;
        let windows = self.corpus.listed(length)?.merged(&drawn);
        let soft = softened(&windows, model, executor);
        let soft = soft.shorten(own)?.into_owned();
        anstream::eprintln!(
            "student, of {} contexts",
            crate::output::count(soft.len() as u64)
        );
        Ok(soft)
    }
}

/// A table with the model's own distributions as targets.
fn softened(
    windows: &CountedWindows,
    model: &dyn LanguageModel,
    executor: &dyn Executor,
) -> CountedWindows {
    let vocab_size = model.vocab_size();
    let states = row_states(model, windows, 0..windows.len());
    let log_probs = log_probs_of(model, &states, executor);
    windows.with_targets(|row, probs| {
        let log_probs = &log_probs[row * vocab_size..][..vocab_size];
        for (p, log_prob) in probs.iter_mut().zip(log_probs) {
            *p = log_prob.exp();
        }
    })
}

/// Says what a person should know of a model that counting beats.
pub fn warn_of_counting(network: f64, counting: Option<f64>) {
    if counting.is_some_and(|counting| network > counting) {
        note(
            "counting (Kneser–Ney) predicts these names better than this model: try --family mixture, more --steps, or more names",
        );
    }
}
