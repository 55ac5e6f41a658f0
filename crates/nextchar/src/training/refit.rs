//! The last stage: what was chosen on the held-out names is trained again, on all names.
//!
//! The reported losses remain those of the model before: nothing is left to measure the new one on.

use std::ops::ControlFlow;
use std::sync::Arc;

use nextchar_core::LanguageModel;
use nextchar_core::combine::Mixture;
use nextchar_core::model::Network;
use nextchar_core::train::{Evaluation, Observer, Tables, TrainState, train};

use super::Training;
use super::networks::{Made, Refitted};
use super::watch::{Stage, Watch};
use crate::counted::Part;
use crate::door::Error;

impl Training {
    /// Whether the model is to learn the held-out names, too, once everything is chosen.
    pub fn refits(&self) -> bool {
        let options = &self.plan.options;
        let is_held_out = |part| !self.corpus.names(part).is_empty();
        let has_held_out = is_held_out(Part::Val) || is_held_out(Part::Test);
        options.refits() && self.corpus.split_options().is_some() && has_held_out
    }

    /// The same model of all names: the same networks, each up to its best step, the same context of the counts, the
    /// same weights. `None` if the watcher ends it.
    pub(super) fn refit(
        &self,
        made: &Made,
        watch: &mut dyn Watch,
    ) -> Result<Option<Refitted>, Error> {
        let all = self.of_all_names()?;
        let table = all.plan.smoothed(&all.table);
        let tables = Tables {
            train: &table,
            val: None,
        };
        let mut networks = Vec::new();
        for (place, &best_step) in made.best_steps.iter().enumerate() {
            let config = all.plan.member(place);
            watch.begins(&Stage {
                is_student: false,
                is_refit: true,
                number: place + 1,
                of: made.best_steps.len(),
                place,
                config: &config,
            });
            let mut until = Until { best_step, watch };
            let trained = train(&all.plan.shape, &config, tables, &all.engine(), &mut until)?;
            watch.relearnt();
            if trained.steps < best_step {
                return Ok(None);
            }
            networks.push(trained.network);
        }
        all.refitted(networks, made).map(Some)
    }

    /// The same training of all names of the list: nothing is held out.
    pub(super) fn of_all_names(&self) -> Result<Training, Error> {
        let corpus = Arc::new(self.corpus.of_all_names());
        Ok(Training {
            table: corpus.training_windows(self.plan.shape.context_length)?,
            val: None,
            corpus,
            plan: self.plan.clone(),
            workers: self.workers,
            instructions: self.instructions,
            rivals: Arc::default(),
        })
    }

    /// The model of networks that have learnt all names: this is the training [of all names](Training::of_all_names).
    pub(super) fn refitted(
        &self,
        networks: Vec<Network>,
        chosen: &Made,
    ) -> Result<Refitted, Error> {
        let corpus = Arc::clone(&self.corpus);
        let counts = chosen.model.counts().map(LanguageModel::context_length);
        let counts = counts.map(|length| corpus.kneser_ney(length, self.workers));
        let mut model = Mixture::new(networks, counts.transpose()?, chosen.model.weights())?;
        self.add_repeats(&mut model)?;
        Ok(Refitted { model, corpus })
    }
}

/// Ends a run at a step.
struct Until<'w> {
    best_step: u64,
    watch: &'w mut dyn Watch,
}

impl Observer for Until<'_> {
    fn step(&mut self, steps_done: u64) -> ControlFlow<()> {
        self.watch.step(steps_done)?;
        match steps_done >= self.best_step {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn evaluated(&mut self, evaluation: &Evaluation) -> ControlFlow<()> {
        self.watch.evaluated(evaluation)
    }

    /// Its progress is not kept: a resumed training begins it again.
    fn between_steps(&mut self, _: u64, _: &dyn Fn() -> TrainState) {}
}
