//! A run from its first step to its last: step, look at val now and then, keep the best.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use super::engine::Engine;
use super::state::{Progress, TrainState};
use super::trainer::{TrainConfig, Trainer};
use crate::data::CountedWindows;
use crate::error::Error;
use crate::executor::Executor;
use crate::language_model::loss;
use crate::model::{ModelConfig, Network};

/// One look at the state of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Steps done.
    pub step: u64,
    /// Steps that there will be.
    pub steps: u64,
    /// Passes through the table (or the corpus, for windows) done.
    pub epoch: f64,
    /// Mean loss of the batches since the last look, nats per predicted character.
    pub train_loss: f64,
    /// Loss on val, the same unit; `None` where there is no val.
    pub val_loss: Option<f64>,
    /// The learning rate now.
    pub learning_rate: f64,
    /// Whether this is the best so far, which is what is kept.
    pub best: bool,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// All steps were done.
    Finished,
    /// Val did not improve for [`TrainConfig::patience`] looks.
    EarlyStop,
    /// The loss on val reached [`TrainConfig::target_loss`].
    TargetLoss,
    /// The observer asked for it.
    Observer,
}

/// Watches a run, and may end it. The caller's clock, progress bar and Ctrl-C live here.
pub trait Observer {
    /// Called after every step with the number of steps done.
    fn step(&mut self, _steps_done: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Called at every look at val, the first before any step.
    fn evaluated(&mut self, _evaluation: &Evaluation) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Called after every step (and its look at val) but the last, also where the run is about to be
    /// ended by this observer. `state` makes what [`resume`] goes on from: copies of a few megabytes,
    /// so not after every step.
    fn between_steps(&mut self, _steps_done: u64, _state: &dyn Fn() -> TrainState) {}
}

/// Watches nothing.
impl Observer for () {}

/// What a run leaves.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The best network by val, or the last where there is no val.
    pub network: Network,
    /// Loss of the first parameters on the training table, before any step.
    pub first_loss: f64,
    /// Steps done.
    pub steps: u64,
    /// The step that the network is of.
    pub best_step: u64,
    /// Passes through the data done.
    pub epochs: f64,
    /// Why it ended.
    pub stop: StopReason,
    /// Every look at val, the first before any step: the loss curve.
    pub evaluations: Vec<Evaluation>,
}

/// The loss beyond which a run is called diverged, as a multiple of where it began (or of ln V).
const DIVERGED_FACTOR: f64 = 3.0;

/// What a run learns from, and what it is judged by.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a> {
    /// The windows that are learnt.
    pub train: &'a CountedWindows,
    /// The windows that the best step is chosen by, if there are any.
    pub val: Option<&'a CountedWindows>,
}

/// Trains a network on a table and keeps the best one by val.
///
/// # Errors
/// [`Error::BadConfig`] for options that cannot be; [`Error::Diverged`] where the loss is no
/// longer a number or has left all bounds and there is nothing better to keep.
pub fn train<E: Executor>(
    model: &ModelConfig,
    config: &TrainConfig,
    tables: Tables<'_>,
    engine: &Engine<'_, E>,
    observer: &mut impl Observer,
) -> Result<Trained, Error> {
    let run = Run::begin(model, config, tables, engine)?;
    match observer.evaluated(&run.evaluations[0]) {
        ControlFlow::Break(()) => Ok(run.end(StopReason::Observer)),
        ControlFlow::Continue(()) => run.go_on(observer),
    }
}

/// Goes on from a state of the same options and tables, and ends in the bits of a run that was never
/// stopped.
///
/// # Errors
/// Those of [`train`]; [`Error::BadState`] where the state is not one of these options and tables.
pub fn resume<E: Executor>(
    model: &ModelConfig,
    config: &TrainConfig,
    tables: Tables<'_>,
    engine: &Engine<'_, E>,
    state: TrainState,
    observer: &mut impl Observer,
) -> Result<Trained, Error> {
    Run::restored(model, config, tables, engine, state)?.go_on(observer)
}

/// A run under way: the trainer, the best network so far and the loss curve.
struct Run<'a, E> {
    trainer: Trainer<'a, E>,
    tables: Tables<'a>,
    kept: Kept,
    first_loss: f64,
    loss_sum: f64,
    loss_count: u64,
    evaluations: Vec<Evaluation>,
}

impl<'a, E: Executor> Run<'a, E> {
    fn begin(
        model: &ModelConfig,
        config: &TrainConfig,
        tables: Tables<'a>,
        engine: &Engine<'a, E>,
    ) -> Result<Self, Error> {
        let trainer = Trainer::new(model, config, tables.train, engine)?;
        let network = trainer.network()?;
        let first_loss = loss(&network, tables.train, engine.executor);
        let val_loss = tables.val.map(|val| loss(&network, val, engine.executor));
        let mut run = Run {
            kept: Kept::new(network, val_loss, 0),
            trainer,
            tables,
            first_loss,
            loss_sum: 0.0,
            loss_count: 0,
            evaluations: Vec::new(),
        };
        run.note(first_loss, val_loss, true);
        Ok(run)
    }

    fn restored(
        model: &ModelConfig,
        config: &TrainConfig,
        tables: Tables<'a>,
        engine: &Engine<'a, E>,
        state: TrainState,
    ) -> Result<Self, Error> {
        let mut trainer = Trainer::new(model, config, tables.train, engine)?;
        trainer.restore(&state)?;
        let Progress {
            first_loss,
            loss_sum,
            loss_count,
            best_step,
            best_val_loss,
            looks_since_best,
            evaluations,
            ..
        } = state.progress;
        let best = Network::new(model.clone(), state.best)?;
        let mut kept = Kept::new(best, best_val_loss, best_step);
        kept.looks_since_best = looks_since_best;
        Ok(Run {
            trainer,
            tables,
            kept,
            first_loss,
            loss_sum,
            loss_count,
            evaluations,
        })
    }

    /// All steps that are left.
    fn go_on(mut self, observer: &mut impl Observer) -> Result<Trained, Error> {
        let config = self.trainer.config().clone();
        while self.trainer.steps_done() < config.steps {
            let batch_loss = self.trainer.step();
            if !batch_loss.is_finite() {
                return Err(self.trainer.diverged());
            }
            self.loss_sum += batch_loss;
            self.loss_count += 1;
            let steps_done = self.trainer.steps_done();
            let mut stopped = observer.step(steps_done).is_break();
            if steps_done == config.steps || steps_done.is_multiple_of(config.evaluate_every) {
                let look = self.look()?;
                stopped |= observer.evaluated(&look).is_break();
                let reached = |target| look.val_loss.is_some_and(|loss| loss <= target);
                if config.target_loss.is_some_and(reached) {
                    return Ok(self.end(StopReason::TargetLoss));
                }
                let looks = self.kept.looks_since_best;
                if config.patience.is_some_and(|patience| looks >= patience) {
                    return Ok(self.end(StopReason::EarlyStop));
                }
            }
            if steps_done == config.steps {
                break;
            }
            // Before the look that a stop brings with it: an uninterrupted run has none here.
            observer.between_steps(steps_done, &|| self.state());
            if stopped {
                if self.loss_count > 0 {
                    let _ = observer.evaluated(&self.look()?);
                }
                return Ok(self.end(StopReason::Observer));
            }
        }
        Ok(self.end(StopReason::Finished))
    }

    /// Judges the network as it is now, and keeps it if it is the best.
    fn look(&mut self) -> Result<Evaluation, Error> {
        let train_loss = self.loss_sum / self.loss_count as f64;
        let uniform = (self.tables.train.vocab_size() as f64).ln();
        if train_loss > DIVERGED_FACTOR * self.first_loss.max(uniform) {
            return Err(self.trainer.diverged());
        }
        (self.loss_sum, self.loss_count) = (0.0, 0);
        let (network, executor) = (self.trainer.network()?, self.trainer.executor());
        let val_loss = self.tables.val.map(|val| loss(&network, val, executor));
        let step = self.trainer.steps_done();
        let best = self.kept.offer(network, val_loss, step);
        Ok(self.note(train_loss, val_loss, best))
    }

    /// Adds a point to the loss curve.
    fn note(&mut self, train_loss: f64, val_loss: Option<f64>, best: bool) -> Evaluation {
        let look = Evaluation {
            step: self.trainer.steps_done(),
            steps: self.trainer.config().steps,
            epoch: self.trainer.epoch(),
            train_loss,
            val_loss,
            learning_rate: self.trainer.learning_rate(),
            best,
        };
        self.evaluations.push(look);
        look
    }

    fn state(&self) -> TrainState {
        let (trainer, kept) = (&self.trainer, &self.kept);
        let [batch_draws, dropout_draws] = trainer.draws();
        let (pass, pass_done) = trainer.pass();
        TrainState {
            progress: Progress {
                steps_done: trainer.steps_done(),
                batch_draws,
                dropout_draws,
                pass_done,
                first_loss: self.first_loss,
                loss_sum: self.loss_sum,
                loss_count: self.loss_count,
                best_step: kept.step,
                best_val_loss: kept.val_loss,
                looks_since_best: kept.looks_since_best,
                evaluations: self.evaluations.clone(),
            },
            params: trainer.params(),
            average: trainer.average(),
            moments: trainer.moments(),
            norms: self.trainer.norms(),
            best: kept.network.params().clone(),
            pass: pass.to_vec(),
        }
    }

    fn end(self, stop: StopReason) -> Trained {
        Trained {
            network: self.kept.network,
            first_loss: self.first_loss,
            steps: self.trainer.steps_done(),
            best_step: self.kept.step,
            epochs: self.trainer.epoch(),
            stop,
            evaluations: self.evaluations,
        }
    }
}

/// The best network so far: by val, or the latest where there is none.
#[derive(Debug)]
struct Kept {
    network: Network,
    val_loss: Option<f64>,
    step: u64,
    looks_since_best: u64,
}

impl Kept {
    fn new(network: Network, val_loss: Option<f64>, step: u64) -> Self {
        Kept {
            network,
            val_loss,
            step,
            looks_since_best: 0,
        }
    }

    /// Keeps the network if it is better; says whether it was.
    fn offer(&mut self, network: Network, val_loss: Option<f64>, step: u64) -> bool {
        let better = match (val_loss, self.val_loss) {
            (Some(new), Some(old)) => new < old,
            _ => true,
        };
        if better {
            *self = Kept::new(network, val_loss, step);
        } else {
            self.looks_since_best += 1;
        }
        better
    }
}
