//! A run from its first step to its last: step, look at val now and then, keep the best.

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
/// [`Error::OutOfRange`] and others for options that cannot be; [`Error::Diverged`] where the loss is no
/// longer a number or has left all bounds and there is nothing better to keep.
pub fn train(
    model: &ModelConfig,
    config: &TrainConfig,
    tables: Tables<'_>,
    engine: &Engine<'_>,
    observer: &mut impl Observer,
) -> Result<Trained, Error> {
    let val = tables.val.map(Cow::Borrowed);
    let run = Run::begin(model, config, tables.train, val, engine)?;
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
pub fn resume(
    model: &ModelConfig,
    config: &TrainConfig,
    tables: Tables<'_>,
    engine: &Engine<'_>,
    state: TrainState,
    observer: &mut impl Observer,
) -> Result<Trained, Error> {
    Run::restored(model, config, tables, engine, state)?.go_on(observer)
}

/// A run under way, for callers that come back for every step: [`train`] and [`resume`] are loops over
/// it. The trainer, the best network so far and the loss curve.
///
/// ```
/// # use nextchar_core::data::{CountedWindows, NameList};
/// # use nextchar_core::text::Vocab;
/// # use nextchar_core::model::{Activation, Init, ModelConfig};
/// # use nextchar_core::train::*;
/// # let names = NameList::from_names(["asha", "usha"].map(|name| (name, 1)));
/// # let table = CountedWindows::from_list(&names, &Vocab::az(), 2).unwrap();
/// # let shape = ModelConfig {
/// #     vocab_size: 27, context_length: 2, embedding_dim: 2, hidden_sizes: vec![4],
/// #     activation: Activation::Tanh, residual: false, labels: 0,
/// # };
/// # let config = TrainConfig {
/// #     init: Init::Kaiming, optimizer: Optimizer::Sgd, learning_rate: 0.1,
/// #     schedule: Schedule::Constant, batch: BatchKind::Full, steps: 10, evaluate_every: 5,
/// #     patience: None, target_loss: None, portable: true, dropout: 0.0, batch_norm: false,
/// #     averaging: 0.0,
/// #     seed: 42.into(),
/// # };
/// let mut run = Run::begin(&shape, &config, &table, None, &Engine::new(&nextchar_core::Serial)).unwrap();
/// let stop = loop {
///     run.step().unwrap();
///     if run.is_due() && let (_, Some(stop)) = run.look().unwrap() {
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
    kept: Kept,
    first_loss: f64,
    loss_sum: f64,
    loss_count: u64,
    evaluations: Vec<Evaluation>,
}

impl<'a> Run<'a> {
    /// A run before its first step: judged once.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] and others for options that cannot be.
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
            kept: Kept::new(network, val_loss, 0),
            trainer,
            vocab_size,
            val,
            first_loss,
            loss_sum: 0.0,
            loss_count: 0,
            evaluations: Vec::new(),
        };
        run.note(first_loss, val_loss, true);
        Ok(run)
    }

    /// One step; the batch's loss before it, in nats per predicted character.
    ///
    /// # Errors
    /// [`Error::Diverged`] where that is no longer a number.
    pub fn step(&mut self) -> Result<f64, Error> {
        let batch_loss = self.trainer.step();
        if !batch_loss.is_finite() {
            return Err(self.trainer.diverged());
        }
        self.loss_sum += batch_loss;
        self.loss_count += 1;
        Ok(batch_loss)
    }

    /// Whether [`Run::look`] is to be called before the next step.
    pub fn is_due(&self) -> bool {
        let (config, done) = (self.trainer.config(), self.trainer.steps_done());
        done == config.steps || done.is_multiple_of(config.evaluate_every)
    }

    /// Judges the network as it is now, keeps it if it is the best, and says whether the run's own rules
    /// end it here.
    ///
    /// # Errors
    /// [`Error::Diverged`] where the loss has left all bounds.
    pub fn look(&mut self) -> Result<(Evaluation, Option<StopReason>), Error> {
        let look = self.judge()?;
        let config = self.trainer.config();
        let reached = |target| look.val_loss.is_some_and(|loss| loss <= target);
        let tired = |patience| self.kept.looks_since_best >= patience;
        let stop = if config.target_loss.is_some_and(reached) {
            Some(StopReason::TargetLoss)
        } else if config.patience.is_some_and(tired) {
            Some(StopReason::EarlyStop)
        } else if look.step == config.steps {
            Some(StopReason::Finished)
        } else {
            None
        };
        Ok((look, stop))
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

    /// Every look at val so far, the first before any step.
    pub fn evaluations(&self) -> &[Evaluation] {
        &self.evaluations
    }

    /// The network as it is now (its running average, where that is asked for).
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
            looks_since_best,
            evaluations,
            ..
        } = state.progress;
        let best = Network::new(model.clone(), state.best)?;
        let mut kept = Kept::new(best, best_val_loss, best_step);
        kept.looks_since_best = looks_since_best;
        Ok(Run {
            trainer,
            vocab_size: tables.train.vocab_size(),
            val: tables.val.map(Cow::Borrowed),
            kept,
            first_loss,
            loss_sum,
            loss_count,
            evaluations,
        })
    }

    /// All steps that are left.
    fn go_on(mut self, observer: &mut impl Observer) -> Result<Trained, Error> {
        let steps = self.trainer.config().steps;
        while self.steps_done() < steps {
            self.step()?;
            let mut stopped = observer.step(self.steps_done()).is_break();
            if self.is_due() {
                let (look, stop) = self.look()?;
                stopped |= observer.evaluated(&look).is_break();
                if let Some(stop) = stop {
                    return Ok(self.end(stop));
                }
            }
            // Before the look that a stop brings with it: an uninterrupted run has none here.
            observer.between_steps(self.steps_done(), &|| self.state());
            if stopped {
                if let Some(look) = self.look_if_new()? {
                    let _ = observer.evaluated(&look);
                }
                return Ok(self.end(StopReason::Observer));
            }
        }
        Ok(self.end(StopReason::Finished))
    }

    /// A look where steps were done since the last one: before ending a run between two looks.
    ///
    /// # Errors
    /// As [`Run::look`].
    pub fn look_if_new(&mut self) -> Result<Option<Evaluation>, Error> {
        (self.loss_count > 0).then(|| self.judge()).transpose()
    }

    fn judge(&mut self) -> Result<Evaluation, Error> {
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

    /// What it leaves: the best network. A run that ends between two looks calls for one more first,
    /// if steps were done since ([`Run::look_if_new`]).
    pub fn end(self, stop: StopReason) -> Trained {
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
