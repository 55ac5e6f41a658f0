//! The training loop: draw a batch, compute its gradient, step, look at val now and then.

use std::ops::ControlFlow;

use nextchar_kernels::{AdamW, Kernels};
use serde::{Deserialize, Serialize};

use super::batches::{BatchKind, Batches};
use super::engine::Engine;
use super::schedule::Schedule;
use crate::data::CountedWindows;
use crate::error::Error;
use crate::executor::Executor;
use crate::language_model::loss;
use crate::model::{Backprop, Dropout, Init, ModelConfig, Network, Params};
use crate::rng::{Purpose, Seed, Stream};

/// How a gradient becomes a step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// Plain stochastic gradient descent, the lecture's.
    Sgd,
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    AdamW {
        /// Decay of the first moment.
        beta1: f64,
        /// Decay of the second moment.
        beta2: f64,
        /// Keeps the division finite.
        epsilon: f64,
        /// Share of every parameter taken away per unit of learning rate.
        weight_decay: f64,
    },
}

/// Everything that decides a run beside the data and the network's shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainConfig {
    /// How the parameters begin.
    pub init: Init,
    /// How a gradient becomes a step.
    pub optimizer: Optimizer,
    /// The learning rate that the schedule's factor multiplies.
    pub learning_rate: f64,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// What a step sees.
    pub batch: BatchKind,
    /// Number of steps.
    pub steps: u64,
    /// Steps between two looks at val.
    pub evaluate_every: u64,
    /// Stop after this many looks at val without a better one; `None` never stops early.
    pub patience: Option<u64>,
    /// Stop when the loss on val is this or less, in nats; `None` goes on.
    pub target_loss: Option<f64>,
    /// Multiply and add with two roundings, as a browser must, rather than one.
    pub portable: bool,
    /// Probability with which a step leaves a hidden unit out; 0 leaves all in.
    pub dropout: f64,
    /// Kept share of the running average of the weights that is judged and saved, such as 0.99; 0
    /// saves the weights themselves.
    pub averaging: f64,
    /// What initialisation and batches are drawn from.
    pub seed: Seed,
}

/// One look at the state of a run.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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

/// The state of a run: parameters, optimiser and batches.
#[derive(Debug)]
pub struct Trainer<'a, E> {
    config: TrainConfig,
    model: ModelConfig,
    kernels: Kernels,
    executor: &'a E,
    batches: Batches<'a>,
    backprop: Backprop,
    flat: Vec<f32>,
    grads: Vec<f32>,
    /// The running average of `flat`, where it is asked for.
    average: Vec<f32>,
    masks: Stream,
    first_moment: Vec<f32>,
    second_moment: Vec<f32>,
    steps_done: u64,
}

impl<'a, E: Executor> Trainer<'a, E> {
    /// A run at its beginning.
    ///
    /// # Errors
    /// [`Error::BadConfig`] for shapes and options that cannot be.
    pub fn new(
        model: &ModelConfig,
        config: &TrainConfig,
        table: &'a CountedWindows,
        engine: &Engine<'a, E>,
    ) -> Result<Self, Error> {
        model.validate()?;
        config.validate()?;
        if table.is_empty() {
            return Err(Error::BadConfig("no window to learn from".into()));
        }
        let kernels = engine.kernels(config.portable)?;
        let backprop = Backprop::new(model, kernels);
        let params = Params::init(model, config.init, &config.seed);
        let flat = backprop.layout().pack(&params);
        let moments = match config.optimizer {
            Optimizer::Sgd => 0,
            Optimizer::AdamW { .. } => flat.len(),
        };
        Ok(Trainer {
            batches: Batches::new(table, config.batch, &config.seed),
            grads: vec![0.0; flat.len()],
            first_moment: vec![0.0; moments],
            second_moment: vec![0.0; moments],
            average: match config.averaging > 0.0 {
                true => flat.clone(),
                false => Vec::new(),
            },
            masks: config.seed.stream(Purpose::Dropout, 0),
            steps_done: 0,
            config: config.clone(),
            model: model.clone(),
            kernels,
            executor: engine.executor,
            backprop,
            flat,
        })
    }

    /// One step; returns the batch's loss before it, in nats per predicted character.
    pub fn step(&mut self) -> f64 {
        let batch = self.batches.next_batch();
        let dropout = Dropout {
            rate: self.config.dropout as f32,
            key: match self.config.dropout > 0.0 {
                true => self.masks.bits() as u32,
                false => 0,
            },
        };
        let loss = self.backprop.loss_and_gradients(
            &self.flat,
            batch,
            dropout,
            &mut self.grads,
            self.executor,
        );
        let learning_rate = self.learning_rate();
        self.steps_done += 1;
        match self.config.optimizer {
            Optimizer::Sgd => self
                .kernels
                .sgd(learning_rate as f32, &mut self.flat, &self.grads),
            Optimizer::AdamW {
                beta1,
                beta2,
                epsilon,
                weight_decay,
            } => {
                let correction = |beta: f64| 1.0 / (1.0 - libm::pow(beta, self.steps_done as f64));
                let step = AdamW {
                    learning_rate: learning_rate as f32,
                    beta1: beta1 as f32,
                    beta2: beta2 as f32,
                    epsilon: epsilon as f32,
                    weight_decay: weight_decay as f32,
                    first_correction: correction(beta1) as f32,
                    second_correction: correction(beta2) as f32,
                };
                self.kernels.adamw(
                    step,
                    &mut self.flat,
                    &self.grads,
                    &mut self.first_moment,
                    &mut self.second_moment,
                );
            }
        }
        if self.config.averaging > 0.0 {
            // Early on a shorter average, so that the beginning is soon forgotten.
            let steps = self.steps_done as f64;
            let kept = self.config.averaging.min((1.0 + steps) / (10.0 + steps));
            self.kernels
                .lerp((1.0 - kept) as f32, &self.flat, &mut self.average);
        }
        loss
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f64 {
        self.config.learning_rate
            * self
                .config
                .schedule
                .factor(self.steps_done, self.config.steps)
    }

    /// Passes through the data done.
    pub fn epoch(&self) -> f64 {
        self.steps_done as f64 / self.batches.steps_per_epoch()
    }

    /// The network as it is now.
    ///
    /// # Errors
    /// [`Error::Diverged`] if a parameter is no longer a finite number.
    pub fn network(&self) -> Result<Network, Error> {
        let flat = match self.average.is_empty() {
            true => &self.flat,
            false => &self.average,
        };
        let params = self.backprop.layout().unpack(&self.model, flat);
        if !params.is_finite() {
            return Err(self.diverged());
        }
        Network::new(self.model.clone(), params)
    }

    fn diverged(&self) -> Error {
        Error::Diverged {
            step: self.steps_done,
            learning_rate: self.config.learning_rate,
        }
    }
}

impl TrainConfig {
    /// Checks every number.
    ///
    /// # Errors
    /// [`Error::BadConfig`] names the first that cannot be.
    pub fn validate(&self) -> Result<(), Error> {
        let bad = |what: String| Err(Error::BadConfig(what));
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return bad(format!(
                "a learning rate of {} (a positive number is possible)",
                self.learning_rate
            ));
        }
        if self.steps == 0 || self.evaluate_every == 0 {
            return bad("0 training steps (1 or more is possible)".into());
        }
        if let BatchKind::Contexts(0) | BatchKind::Windows(0) = self.batch {
            return bad("a batch of 0 rows (1 or more is possible)".into());
        }
        if !(0.0..0.95).contains(&self.dropout) {
            return bad(format!(
                "a dropout of {} (0 to 0.95 is possible)",
                self.dropout
            ));
        }
        if !(0.0..1.0).contains(&self.averaging) {
            return bad(format!(
                "an averaging of {} (0 to below 1 is possible)",
                self.averaging
            ));
        }
        if let Optimizer::AdamW { weight_decay, .. } = self.optimizer
            && !(0.0..1e3).contains(&weight_decay)
        {
            return bad(format!("a weight decay of {weight_decay}"));
        }
        Ok(())
    }
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
    let loss = |network: &Network, table| loss(network, table, engine.executor);
    let (table, val) = (tables.train, tables.val);
    let mut trainer = Trainer::new(model, config, table, engine)?;
    let first = trainer.network()?;
    let first_loss = loss(&first, table);
    let bound = DIVERGED_FACTOR * first_loss.max((model.vocab_size as f64).ln());
    let first_val_loss = val.map(|val| loss(&first, val));
    let mut kept = Kept::new(first, first_val_loss);
    let mut progress = Evaluation {
        step: 0,
        steps: config.steps,
        epoch: 0.0,
        train_loss: first_loss,
        val_loss: kept.val_loss,
        learning_rate: trainer.learning_rate(),
        best: true,
    };
    let mut stop = StopReason::Finished;
    let mut evaluations = vec![progress];
    let mut interrupted = observer.evaluated(&progress).is_break();
    let (mut sum, mut summed) = (0.0, 0u64);
    while trainer.steps_done < config.steps && !interrupted {
        let batch_loss = trainer.step();
        sum += batch_loss;
        summed += 1;
        if !batch_loss.is_finite() {
            return Err(trainer.diverged());
        }
        interrupted = observer.step(trainer.steps_done).is_break();
        let due = trainer.steps_done.is_multiple_of(config.evaluate_every);
        if !(due || interrupted || trainer.steps_done == config.steps) {
            continue;
        }
        progress.train_loss = sum / summed as f64;
        if progress.train_loss > bound {
            return Err(trainer.diverged());
        }
        let network = trainer.network()?;
        progress.step = trainer.steps_done;
        progress.epoch = trainer.epoch();
        progress.learning_rate = trainer.learning_rate();
        progress.val_loss = val.map(|val| loss(&network, val));
        progress.best = kept.offer(network, progress.val_loss, trainer.steps_done);
        (sum, summed) = (0.0, 0);
        evaluations.push(progress);
        interrupted |= observer.evaluated(&progress).is_break();
        let reached = |target| progress.val_loss.is_some_and(|loss| loss <= target);
        if config.target_loss.is_some_and(reached) {
            stop = StopReason::TargetLoss;
            break;
        }
        if config
            .patience
            .is_some_and(|patience| kept.looks_since_best >= patience)
        {
            stop = StopReason::EarlyStop;
            break;
        }
    }
    if stop == StopReason::Finished && interrupted && trainer.steps_done < config.steps {
        stop = StopReason::Observer;
    }
    Ok(Trained {
        network: kept.network,
        first_loss,
        steps: trainer.steps_done,
        best_step: kept.step,
        epochs: trainer.epoch(),
        stop,
        evaluations,
    })
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
    fn new(network: Network, val_loss: Option<f64>) -> Self {
        Kept {
            network,
            val_loss,
            step: 0,
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
            *self = Kept::new(network, val_loss);
            self.step = step;
        } else {
            self.looks_since_best += 1;
        }
        better
    }
}
