//! Trials before a training: they find its learning rate, and how many steps fit into a time.

use std::time::Duration;

use nextchar_core::language_model::loss;
use nextchar_core::train::{Trainer, find_learning_rate};

use super::Training;
use super::plan::{EVALUATIONS, Plan};
use crate::clock::Clock;
use crate::door::Error;
use crate::options::{LearningRate, TrainOptions};

impl Training {
    /// Finds the learning rate if the options request it, and returns it.
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

    /// Plans the number of steps that fit into the rest of a time, estimated from a few of them.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    pub fn fit_to(&mut self, time: Duration, clock: &dyn Clock) -> Result<(), Error> {
        self.rivals()?; // they take some of the time
        let left = time.saturating_sub(clock.elapsed());
        let runs = self.plan.networks as u32 * if self.refits() { 2 } else { 1 };
        let steps = self.steps_within(left / runs, clock)?;
        self.set_steps(steps)
    }

    /// Plans this number of steps for each network, overriding the options.
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

    /// The number of steps of one network that fit into a time; at least one.
    fn steps_within(&self, time: Duration, clock: &dyn Clock) -> Result<u64, Error> {
        /// The share of the time that is spent on the estimate.
        const TRIAL: f64 = 0.05;
        // A reserve, so that the schedule is completed.
        const RESERVE: f64 = 0.1;
        let engine = self.engine();
        let (shape, config) = (&self.plan.shape, &self.plan.config);
        let mut trainer = Trainer::new(shape, config, &*self.table, &engine)?;
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
}
