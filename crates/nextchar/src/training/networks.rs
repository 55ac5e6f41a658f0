//! Trains networks one after the other: on the list, or on the predictions of a teacher.

use std::ops::{ControlFlow, Range};

use nextchar_core::combine::{Mixture, mixture::Weights};
use nextchar_core::data::CountedWindows;
use nextchar_core::language_model::{log_probs_of, row_states};
use nextchar_core::model::Network;
use nextchar_core::sample::sampled_windows;
use nextchar_core::train::{
    Evaluation, Observer, StopReason, Tables, TrainConfig, TrainState, Trained, resume, train,
};
use nextchar_core::{Executor, LanguageModel};

use super::Training;
use super::refit::Refitted;
use super::watch::{Stage, Watch};
use crate::door::Error;

/// Number of names that a teacher draws for its students, in addition to the list.
const DRAWN_NAMES: usize = 600_000;

/// The result of a training.
#[derive(Clone, Debug)]
pub struct Made {
    /// The model.
    pub model: Mixture,
    /// The run of the last network, if there was one.
    pub last: Option<Trained>,
    /// The best step of each network.
    pub best_steps: Vec<u64>,
    /// The model that is saved instead, if the training was repeated on all names.
    pub refitted: Option<Refitted>,
    /// Whether the watcher ended it early.
    pub is_cancelled: bool,
}

impl Made {
    /// A model that only counts.
    pub(super) fn counted(model: Mixture) -> Self {
        Made {
            model,
            last: None,
            best_steps: Vec::new(),
            refitted: None,
            is_cancelled: false,
        }
    }

    pub(super) fn networks(&self) -> Vec<Network> {
        self.model.networks().to_vec()
    }
}

impl Training {
    /// Networks with different seeds.
    pub(super) fn networks(
        &self,
        tables: Tables<'_>,
        watch: &mut dyn Watch,
    ) -> Result<Made, Error> {
        let places = 0..self.plan.networks;
        let configs = places.clone().map(|place| self.plan.member(place));
        self.in_turn(false, places, configs.collect(), tables, watch)
    }

    /// Networks that learn a teacher's distributions, in the contexts of the list and of names that the teacher draws
    /// (Hinton et al. 2015).
    pub(super) fn students(
        &self,
        teacher: &Mixture,
        places: Range<usize>,
        tables: Tables<'_>,
        watch: &mut dyn Watch,
    ) -> Result<Made, Error> {
        // If an earlier training has finished all of them, nothing needs to be drawn.
        let is_to_teach = places
            .clone()
            .any(|place| watch.finished_before(place).is_none());
        let soft = is_to_teach
            .then(|| self.softened(teacher, watch))
            .transpose()?;
        let tables = Tables {
            train: soft.as_ref().unwrap_or(tables.train),
            ..tables
        };
        let configs = (0..places.len()).map(|number| self.plan.student(number));
        self.in_turn(true, places, configs.collect(), tables, watch)
    }

    /// Trains one network after the other, each with its index.
    fn in_turn(
        &self,
        is_student: bool,
        places: Range<usize>,
        configs: Vec<TrainConfig>,
        tables: Tables<'_>,
        watch: &mut dyn Watch,
    ) -> Result<Made, Error> {
        let of = places.len();
        let (mut networks, mut last, mut is_cancelled) = (Vec::new(), None, false);
        let mut best_steps = Vec::new();
        for ((place, config), number) in places.zip(&configs).zip(1..) {
            let stage = Stage {
                is_student,
                is_refit: false,
                number,
                of,
                place,
                config,
            };
            let trained = match watch.finished_before(place) {
                Some(trained) => trained,
                None => self.one(&stage, tables, watch)?,
            };
            networks.push(trained.network.clone());
            best_steps.push(trained.best_step);
            is_cancelled = watch.is_cancelled() && trained.stop == StopReason::Observer;
            last = Some(trained);
            if is_cancelled {
                break;
            }
        }
        Ok(Made {
            model: Mixture::new(networks, None, Weights::default())?,
            last,
            best_steps,
            refitted: None,
            is_cancelled,
        })
    }

    /// One training, from its start or from the state of an earlier one.
    fn one(
        &self,
        stage: &Stage<'_>,
        tables: Tables<'_>,
        watch: &mut dyn Watch,
    ) -> Result<Trained, Error> {
        watch.begins(stage);
        let state = watch.begun_before(stage.place);
        let (shape, config, engine) = (&self.plan.shape, stage.config, self.engine());
        let mut observer = Watched(watch);
        let trained = match state {
            Some(state) => resume(shape, config, tables, &engine, state, &mut observer),
            None => train(shape, config, tables, &engine, &mut observer),
        }?;
        watch.learnt(&trained);
        Ok(trained)
    }

    /// The targets of students: the teacher's distributions after the contexts of the list and of its own names.
    fn softened(&self, teacher: &Mixture, watch: &mut dyn Watch) -> Result<CountedWindows, Error> {
        let vocab = self.corpus.vocab();
        let (length, own) = (teacher.context_length(), self.plan.shape.context_length);
        if own > length {
            return Err(Error::TeacherContext {
                own,
                teacher: length,
            });
        }
        let (_, longest) = self.corpus.lengths();
        let seed = self.plan.member(self.plan.networks).seed;
        let drawn = sampled_windows(teacher, vocab, DRAWN_NAMES, longest, &seed, self.workers)?;
        let windows = self.corpus.training_windows(length)?.merged(&drawn);
        let soft = softened(&windows, teacher, self.workers);
        let soft = soft.shorten(own)?.into_owned();
        watch.teacher_answered(soft.len());
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

/// A watcher as the observer of one run.
struct Watched<'w>(&'w mut dyn Watch);

impl Observer for Watched<'_> {
    fn step(&mut self, steps_done: u64) -> ControlFlow<()> {
        self.0.step(steps_done)
    }

    fn evaluated(&mut self, evaluation: &Evaluation) -> ControlFlow<()> {
        self.0.evaluated(evaluation)
    }

    fn between_steps(&mut self, steps_done: u64, state: &dyn Fn() -> TrainState) {
        self.0.between_steps(steps_done, state);
    }
}
