//! A run from its first step to its last: train, evaluate at intervals, keep the best network.

use std::borrow::Cow;
use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};

use crate::data::CountedWindows;
use crate::error::Error;
use crate::language_model::loss;
use crate::model::{ModelConfig, Network};
use crate::train::engine::Engine;
use crate::train::state::{Evaluation, Progress, TrainState};
use crate::train::trainer::{TrainConfig, Trainer};

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// All steps were done.
    Finished,
    /// The validation loss did not improve for [`TrainConfig::patience`] evaluations.
    EarlyStop,
    /// The validation loss reached [`TrainConfig::target_loss`].
    TargetLoss,
    /// The observer requested it.
    Observer,
}

/// Watches a run and may stop it: the place for the caller's clock, progress bar and interrupts.
pub trait Observer {
    /// Called after every step with the number of steps done.
    fn step(&mut self, _steps_done: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Called after every evaluation; the first one precedes all steps.
    fn evaluated(&mut self, _evaluation: &Evaluation) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// Called after every step but the last (and after its evaluation), even if this observer has just requested
    /// the end of the run. `state` creates the state that [`resume`] needs; it copies a few megabytes, so it
    /// should not be called after every step.
    fn between_steps(&mut self, _steps_done: u64, _state: &dyn Fn() -> TrainState) {}
}

/// Does nothing.
impl Observer for () {}

/// The result of a run.
#[derive(Clone, Debug)]
pub struct Trained {
    /// The network with the best validation loss, or the last one without a validation table.
    pub network: Network,
    /// Loss of the first parameters on the training table, before any step.
    pub first_loss: f64,
    /// Steps done.
    pub steps: u64,
    /// The step of this network.
    pub best_step: u64,
    /// Passes through the data done.
    pub epochs: f64,
    /// Why the run ended.
    pub stop: StopReason,
    /// All evaluations, the first one before any step: the loss curve.
    pub evaluations: Vec<Evaluation>,
}

/// A run has diverged once its loss exceeds this multiple of the initial loss (or of ln V).
const DIVERGED_FACTOR: f64 = 3.0;

/// The tables of a run.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a> {
    /// The training windows.
    pub train: &'a CountedWindows,
    /// The validation windows, which the best step is chosen by, if there are any.
    pub val: Option<&'a CountedWindows>,
}

/// Trains a network on a table and keeps the one with the best validation loss.
///
/// # Errors
/// Those of [`Run::begin`]; [`Error::Diverged`] if the loss is no longer a number or has left all bounds.
pub fn train(
    model: &ModelConfig,
    config: &TrainConfig,
    tables: Tables<'_>,
    engine: &Engine<'_>,
    observer: &mut impl Observer,
) -> Result<Trained, Error> {
    let val = tables.val.map(Cow::Borrowed);
    let run = Run::begin(model, config, tables.train, val, engine)?;
    if observer.evaluated(&run.evaluations[0]).is_break() {
        return Ok(run.end(StopReason::Observer));
    }
    run.finish(observer)
}

/// Resumes a run with the same options and tables from a state. The result has the bits of an uninterrupted run.
///
/// # Errors
/// Those of [`train`]; [`Error::BadState`] if the state does not belong to these options and tables.
pub fn resume(
    model: &ModelConfig,
    config: &TrainConfig,
    tables: Tables<'_>,
    engine: &Engine<'_>,
    state: TrainState,
    observer: &mut impl Observer,
) -> Result<Trained, Error> {
    Run::restored(model, config, tables, engine, state)?.finish(observer)
}

/// A run in progress, for callers with a loop of their own; [`train`] and [`resume`] are loops over it. It holds the
/// trainer, the best network so far and the loss curve.
///
/// ```
/// # use nextchar_core::data::{CountedWindows, NameList};
/// # use nextchar_core::model::{Activation, ModelConfig};
/// # use nextchar_core::text::Vocab;
/// # use nextchar_core::train::*;
/// # let names = NameList::from_names(["asha", "usha"].map(|name| (name, 1)));
/// # let table = CountedWindows::from_list(&names, &Vocab::az(), 2).unwrap();
/// # let shape = ModelConfig {
/// #     vocab_size: 27, context_length: 2, embedding_dim: 2, hidden_sizes: vec![4],
/// #     activation: Activation::Tanh, residual: false, labels: 0,
/// # };
/// # let config = TrainConfig {
/// #     batch: BatchKind::Full, steps: 10, evaluate_every: 5, ..TrainConfig::default()
/// # };
/// let mut run = Run::begin(&shape, &config, &table, None, &Engine::new(&nextchar_core::Serial)).unwrap();
/// let stop = loop {
///     run.step().unwrap();
///     if run.is_due() && let (_, Some(stop)) = run.evaluate().unwrap() {
///         break stop;
///     }
/// };
/// assert_eq!((stop, run.evaluations().len()), (StopReason::Finished, 3));
/// assert_eq!(run.end(stop).steps, 10);
/// ```
#[derive(Debug)]
pub struct Run<'a> {
    trainer: Trainer<'a>,
    vocab_size: usize,
    val: Option<Cow<'a, CountedWindows>>,
    best: Best,
    first_loss: f64,
    loss_sum: f64,
    loss_count: u64,
    evaluations: Vec<Evaluation>,
}

impl<'a> Run<'a> {
    /// A run before its first step, with its first evaluation.
    ///
    /// # Errors
    /// Those of [`Trainer::new`].
    pub fn begin(
        model: &ModelConfig,
        config: &TrainConfig,
        train: impl Into<Cow<'a, CountedWindows>>,
        val: Option<Cow<'a, CountedWindows>>,
        engine: &Engine<'a>,
    ) -> Result<Self, Error> {
        let (train, executor) = (train.into(), engine.executor);
        let vocab_size = train.vocab_size();
        let trainer = Trainer::new(model, config, train, engine)?;
        let network = trainer.network()?;
        let first_loss = loss(&network, trainer.table(), executor);
        let val_loss = val.as_ref().map(|val| loss(&network, val, executor));
        let mut run = Run {
            best: Best::new(network, val_loss, 0),
            trainer,
            vocab_size,
            val,
            first_loss,
            loss_sum: 0.0,
            loss_count: 0,
            evaluations: Vec::new(),
        };
        run.record(first_loss, val_loss, true);
        Ok(run)
    }

    /// Takes one step and returns the loss of its batch before the step, in nats per predicted character.
    ///
    /// # Errors
    /// [`Error::Diverged`] if the loss is no longer a number.
    pub fn step(&mut self) -> Result<f64, Error> {
        let batch_loss = self.trainer.step();
        if !batch_loss.is_finite() {
            return Err(self.trainer.diverged());
        }
        self.loss_sum += batch_loss;
        self.loss_count += 1;
        Ok(batch_loss)
    }

    /// Whether [`Run::evaluate`] must be called before the next step.
    pub fn is_due(&self) -> bool {
        let (config, done) = (self.trainer.config(), self.trainer.steps_done());
        done == config.steps || done.is_multiple_of(config.evaluate_every)
    }

    /// Evaluates the current network and keeps it if it is the best so far. Returns a reason to stop if the options
    /// end the run here.
    ///
    /// # Errors
    /// [`Error::Diverged`] if the loss has left all bounds.
    pub fn evaluate(&mut self) -> Result<(Evaluation, Option<StopReason>), Error> {
        let evaluation = self.evaluate_now()?;
        let config = self.trainer.config();
        let reached = |target| evaluation.val_loss.is_some_and(|loss| loss <= target);
        let exhausted = |patience| self.best.evaluations_since >= patience;
        let stop = if config.target_loss.is_some_and(reached) {
            Some(StopReason::TargetLoss)
        } else if config.patience.is_some_and(exhausted) {
            Some(StopReason::EarlyStop)
        } else if evaluation.step == config.steps {
            Some(StopReason::Finished)
        } else {
            None
        };
        Ok((evaluation, stop))
    }

    /// Steps done.
    pub fn steps_done(&self) -> u64 {
        self.trainer.steps_done()
    }

    /// Passes through the data done.
    pub fn epoch(&self) -> f64 {
        self.trainer.epoch()
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f64 {
        self.trainer.learning_rate()
    }

    /// Loss of the first parameters on the training table, before any step.
    pub fn first_loss(&self) -> f64 {
        self.first_loss
    }

    /// All evaluations so far, the first one before any step.
    pub fn evaluations(&self) -> &[Evaluation] {
        &self.evaluations
    }

    /// The current network, or its running average if one is configured.
    ///
    /// # Errors
    /// [`Error::Diverged`] if a parameter is no longer a finite number.
    pub fn network(&self) -> Result<Network, Error> {
        self.trainer.network()
    }

    fn restored(
        model: &ModelConfig,
        config: &TrainConfig,
        tables: Tables<'a>,
        engine: &Engine<'a>,
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
            evaluations_since_best,
            evaluations,
            ..
        } = state.progress;
        let network = Network::new(model.clone(), state.best)?;
        let best = Best {
            evaluations_since: evaluations_since_best,
            ..Best::new(network, best_val_loss, best_step)
        };
        Ok(Run {
            trainer,
            vocab_size: tables.train.vocab_size(),
            val: tables.val.map(Cow::Borrowed),
            best,
            first_loss,
            loss_sum,
            loss_count,
            evaluations,
        })
    }

    /// Takes all remaining steps.
    fn finish(mut self, observer: &mut impl Observer) -> Result<Trained, Error> {
        let steps = self.trainer.config().steps;
        while self.steps_done() < steps {
            self.step()?;
            let mut stopped = observer.step(self.steps_done()).is_break();
            if self.is_due() {
                let (evaluation, stop) = self.evaluate()?;
                stopped |= observer.evaluated(&evaluation).is_break();
                if let Some(stop) = stop {
                    return Ok(self.end(stop));
                }
            }
            // Before the extra evaluation of a stop, because an uninterrupted run has none here.
            observer.between_steps(self.steps_done(), &|| self.state());
            if stopped {
                if let Some(evaluation) = self.evaluate_if_stepped()? {
                    let _ = observer.evaluated(&evaluation);
                }
                return Ok(self.end(StopReason::Observer));
            }
        }
        Ok(self.end(StopReason::Finished))
    }

    /// Evaluates the current network if there was a step since the last evaluation. A run that ends between two
    /// evaluations needs it.
    ///
    /// # Errors
    /// As [`Run::evaluate`].
    pub fn evaluate_if_stepped(&mut self) -> Result<Option<Evaluation>, Error> {
        (self.loss_count > 0)
            .then(|| self.evaluate_now())
            .transpose()
    }

    fn evaluate_now(&mut self) -> Result<Evaluation, Error> {
        let train_loss = self.loss_sum / self.loss_count as f64;
        let uniform = (self.vocab_size as f64).ln();
        if train_loss > DIVERGED_FACTOR * self.first_loss.max(uniform) {
            return Err(self.trainer.diverged());
        }
        (self.loss_sum, self.loss_count) = (0.0, 0);
        let (network, executor) = (self.trainer.network()?, self.trainer.executor());
        let val = self.val.as_deref();
        let val_loss = val.map(|val| loss(&network, val, executor));
        let step = self.trainer.steps_done();
        let best = self.best.offer(network, val_loss, step);
        Ok(self.record(train_loss, val_loss, best))
    }

    /// Adds a point to the loss curve.
    fn record(&mut self, train_loss: f64, val_loss: Option<f64>, best: bool) -> Evaluation {
        let evaluation = Evaluation {
            step: self.trainer.steps_done(),
            steps: self.trainer.config().steps,
            epoch: self.trainer.epoch(),
            train_loss,
            val_loss,
            learning_rate: self.trainer.learning_rate(),
            best,
        };
        self.evaluations.push(evaluation);
        evaluation
    }

    fn state(&self) -> TrainState {
        let (trainer, best) = (&self.trainer, &self.best);
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
                best_step: best.step,
                best_val_loss: best.val_loss,
                evaluations_since_best: best.evaluations_since,
                evaluations: self.evaluations.clone(),
            },
            params: trainer.params(),
            average: trainer.average(),
            moments: trainer.moments(),
            norms: self.trainer.norms(),
            best: best.network.params().clone(),
            pass: pass.to_vec(),
        }
    }

    /// The result, with the best network. A run that ends between two evaluations must call
    /// [`Run::evaluate_if_stepped`] first.
    pub fn end(self, stop: StopReason) -> Trained {
        Trained {
            network: self.best.network,
            first_loss: self.first_loss,
            steps: self.trainer.steps_done(),
            best_step: self.best.step,
            epochs: self.trainer.epoch(),
            stop,
            evaluations: self.evaluations,
        }
    }
}

/// The network with the best validation loss so far, or the latest one without a validation table.
#[derive(Debug)]
struct Best {
    network: Network,
    val_loss: Option<f64>,
    step: u64,
    /// Number of evaluations since then.
    evaluations_since: u64,
}

impl Best {
    fn new(network: Network, val_loss: Option<f64>, step: u64) -> Self {
        Best {
            network,
            val_loss,
            step,
            evaluations_since: 0,
        }
    }

    /// Keeps the network if it is better; returns whether it is.
    fn offer(&mut self, network: Network, val_loss: Option<f64>, step: u64) -> bool {
        let better = match (val_loss, self.val_loss) {
            (Some(new), Some(old)) => new < old,
            _ => true,
        };
        if better {
            *self = Best::new(network, val_loss, step);
        } else {
            self.evaluations_since += 1;
        }
        better
    }
}
