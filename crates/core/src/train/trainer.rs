//! One training step: sample a batch, compute its gradient, update the parameters.

use std::borrow::Cow;

use nextchar_kernels::{AdamW, Kernels};
use serde::{Deserialize, Serialize};

use crate::data::CountedWindows;
use crate::error::{BadState, Error, NoNames};
use crate::executor::Executor;
use crate::model::{Backprop, Dropout, Init, ModelConfig, Network, Params};
use crate::rng::{Purpose, Seed, Stream};
use crate::setting::{Allowed, Setting};
use crate::train::batches::{BatchKind, Batches};
use crate::train::engine::Engine;
use crate::train::schedule::Schedule;
use crate::train::state::TrainState;

/// An optimiser: how parameters are updated with a gradient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Optimizer {
    /// Plain stochastic gradient descent, as in the lecture.
    Sgd,
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    AdamW {
        /// Decay of the first moment.
        beta1: f64,
        /// Decay of the second moment.
        beta2: f64,
        /// Keeps the division finite.
        epsilon: f64,
        /// Share of every parameter that is subtracted per unit of learning rate.
        weight_decay: f64,
    },
}

impl Optimizer {
    /// [`Optimizer::AdamW`] with decays that suit lists of names.
    pub const fn adamw(weight_decay: f64) -> Self {
        Optimizer::AdamW {
            beta1: 0.9,
            beta2: 0.99,
            epsilon: 1e-8,
            weight_decay,
        }
    }
}

/// Everything that determines a run besides the data and the network's shape. The default suits a few thousand
/// names: 3,000 steps of AdamW with batches of 256 contexts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainConfig {
    /// How the parameters are initialised.
    pub init: Init,
    /// How parameters are updated with a gradient.
    pub optimizer: Optimizer,
    /// The peak learning rate; the schedule multiplies it by a factor.
    pub learning_rate: f64,
    /// How the learning rate changes over the run.
    pub schedule: Schedule,
    /// How the rows of a step are chosen.
    pub batch: BatchKind,
    /// Number of steps.
    pub steps: u64,
    /// Steps between two evaluations.
    pub evaluate_every: u64,
    /// Stop after this many evaluations without an improvement; `None` never stops early.
    pub patience: Option<u64>,
    /// Stop once the validation loss is this or less, in nats; `None` never does.
    pub target_loss: Option<f64>,
    /// Round after multiplication and after addition, as browsers do, instead of fusing both.
    pub portable: bool,
    /// Probability that a step drops a hidden unit; 0 turns dropout off.
    pub dropout: f64,
    /// Normalise the hidden preactivations of every block of rows during training. The resulting network has the
    /// statistics of the training table folded into its weights.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub batch_norm: bool,
    /// Decay of the running average of the weights that is evaluated and returned, such as 0.99; 0 uses the weights
    /// themselves.
    pub averaging: f64,
    /// The seed of initialisation, batches and dropout.
    pub seed: Seed,
}

impl Default for TrainConfig {
    fn default() -> Self {
        TrainConfig {
            init: Init::Kaiming,
            optimizer: Optimizer::adamw(0.1),
            learning_rate: 0.01,
            schedule: Schedule::Cosine,
            batch: BatchKind::Passes(256),
            steps: 3000,
            evaluate_every: 60,
            patience: None,
            target_loss: None,
            portable: false,
            dropout: 0.0,
            batch_norm: false,
            averaging: 0.0,
            seed: Seed::from(42),
        }
    }
}

/// The state of a run: parameters, optimiser and batches.
#[derive(Debug)]
pub struct Trainer<'a> {
    config: TrainConfig,
    model: ModelConfig,
    kernels: Kernels,
    executor: &'a dyn Executor,
    batches: Batches<'a>,
    backprop: Backprop,
    flat: Vec<f32>,
    grads: Vec<f32>,
    /// The running average of `flat`; empty if none is configured.
    average: Vec<f32>,
    masks: Stream,
    first_moment: Vec<f32>,
    second_moment: Vec<f32>,
    steps_done: u64,
}

impl<'a> Trainer<'a> {
    /// The state before the first step.
    ///
    /// # Errors
    /// Those of [`ModelConfig::validate`] and [`TrainConfig::validate`]; [`Error::NoNames`] for a table without
    /// windows.
    pub fn new(
        model: &ModelConfig,
        config: &TrainConfig,
        table: impl Into<Cow<'a, CountedWindows>>,
        engine: &Engine<'a>,
    ) -> Result<Self, Error> {
        let table = table.into();
        model.validate()?;
        config.validate()?;
        if table.is_empty() {
            return Err(Error::NoNames(NoNames::NoWindow));
        }
        let kernels = engine.kernels(config.portable)?;
        let mut backprop = Backprop::new(model, kernels);
        let params = Params::init(model, config.init, &config.seed);
        let mut flat = backprop.layout().pack(&params);
        if config.batch_norm {
            backprop = backprop.with_batch_norm();
            flat.reserve_exact(backprop.flat_len() - flat.len());
            backprop.batch_norm().expect("just made").begin(&mut flat);
        }
        let moments = match config.optimizer {
            Optimizer::Sgd => 0,
            Optimizer::AdamW { .. } => flat.len(),
        };
        Ok(Trainer {
            batches: Batches::new(table, config.batch, &config.seed),
            grads: vec![0.0; flat.len()],
            first_moment: vec![0.0; moments],
            second_moment: vec![0.0; moments],
            average: if config.averaging > 0.0 {
                flat.clone()
            } else {
                Vec::new()
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

    /// The training table.
    pub(crate) fn table(&self) -> &CountedWindows {
        self.batches.table()
    }

    /// Takes one step and returns the loss of its batch before the step, in nats per predicted character.
    pub fn step(&mut self) -> f64 {
        self.step_at(self.learning_rate())
    }

    /// [`Trainer::step`] with another learning rate.
    pub fn step_at(&mut self, learning_rate: f64) -> f64 {
        let batch = self.batches.next_batch();
        let dropout = Dropout {
            rate: self.config.dropout as f32,
            key: if self.config.dropout > 0.0 {
                self.masks.bits() as u32
            } else {
                0
            },
        };
        let loss = self.backprop.loss_and_gradients(
            &self.flat,
            batch,
            dropout,
            &mut self.grads,
            self.executor,
        );
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
            // The average is shorter early on, so that the initial parameters are soon forgotten.
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

    /// The current network, or its running average if one is configured.
    ///
    /// # Errors
    /// [`Error::Diverged`] if a parameter is no longer a finite number.
    pub fn network(&self) -> Result<Network, Error> {
        let flat = if self.average.is_empty() {
            &self.flat
        } else {
            &self.average
        };
        let params = self.unpack(flat);
        if !params.is_finite() {
            return Err(self.diverged());
        }
        let params = match self.backprop.batch_norm() {
            Some(norm) => norm.fold(&self.model, params, flat, self.table(), self.executor)?,
            None => params,
        };
        Network::new(self.model.clone(), params)
    }

    /// Restores a state. Its tensors must have the model's shapes; everything else is checked.
    pub(crate) fn restore(&mut self, state: &TrainState) -> Result<(), Error> {
        let bad = |what: BadState| Err(Error::BadState(what));
        let progress = &state.progress;
        if progress.steps_done >= self.config.steps {
            return bad(BadState::NoStepsLeft);
        }
        if state.average.is_some() == self.average.is_empty() {
            return bad(BadState::OtherAverage);
        }
        if state.moments.is_some() == self.first_moment.is_empty() {
            return bad(BadState::OtherOptimizer);
        }
        self.batches
            .restore(progress.batch_draws, &state.pass, progress.pass_done)?;
        self.masks.go_to(progress.dropout_draws);
        self.steps_done = progress.steps_done;
        let layout = self.backprop.layout();
        self.flat = layout.pack(&state.params);
        if let Some(average) = &state.average {
            self.average = layout.pack(average);
        }
        if let Some([first, second]) = &state.moments {
            (self.first_moment, self.second_moment) = (layout.pack(first), layout.pack(second));
        }
        let len = self.backprop.flat_len();
        let own = len - layout.len;
        let vectors = self
            .vectors_mut()
            .into_iter()
            .filter(|vector| !vector.is_empty());
        let mut norms = state.norms.as_slice();
        for vector in vectors {
            let Some((first, rest)) = norms.split_at_checked(own) else {
                return bad(BadState::NoBatchNorm);
            };
            vector.extend_from_slice(first);
            norms = rest;
        }
        if norms.is_empty() {
            Ok(())
        } else {
            bad(BadState::UnusedBatchNorm)
        }
    }

    /// γ and β in the order of [`TrainState::norms`].
    pub(crate) fn norms(&self) -> Vec<f32> {
        let vectors = [
            &self.flat,
            &self.average,
            &self.first_moment,
            &self.second_moment,
        ];
        let own = self.backprop.layout().len;
        let norms = vectors.into_iter().filter_map(|vector| vector.get(own..));
        norms.flatten().copied().collect()
    }

    /// The flat vectors of a state; those that are not in use are empty.
    fn vectors_mut(&mut self) -> [&mut Vec<f32>; 4] {
        [
            &mut self.flat,
            &mut self.average,
            &mut self.first_moment,
            &mut self.second_moment,
        ]
    }

    pub(crate) fn config(&self) -> &TrainConfig {
        &self.config
    }

    pub(crate) fn executor(&self) -> &'a dyn Executor {
        self.executor
    }

    pub(crate) fn steps_done(&self) -> u64 {
        self.steps_done
    }

    /// Random numbers drawn for batches and for dropout.
    pub(crate) fn draws(&self) -> [u64; 2] {
        [self.batches.draws(), self.masks.position()]
    }

    /// The rows of the current pass, and how many of them are done.
    pub(crate) fn pass(&self) -> (&[u32], usize) {
        self.batches.pass()
    }

    pub(crate) fn params(&self) -> Params {
        self.unpack(&self.flat)
    }

    pub(crate) fn average(&self) -> Option<Params> {
        (!self.average.is_empty()).then(|| self.unpack(&self.average))
    }

    pub(crate) fn moments(&self) -> Option<[Params; 2]> {
        let moments = [&self.first_moment, &self.second_moment];
        (!self.first_moment.is_empty()).then(|| moments.map(|flat| self.unpack(flat)))
    }

    fn unpack(&self, flat: &[f32]) -> Params {
        self.backprop.layout().unpack(&self.model, flat)
    }

    pub(crate) fn diverged(&self) -> Error {
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
    /// [`Error::OutOfRange`] for the first that is not allowed; [`Error::BatchNormBatches`].
    pub fn validate(&self) -> Result<(), Error> {
        const MOST_DECAY: f64 = 1e3;
        Setting::LearningRate.check(self.learning_rate, Allowed::Above(0.0))?;
        Setting::Steps.check(self.steps as f64, Allowed::AtLeast(1.0))?;
        Setting::EvaluateEvery.check(self.evaluate_every as f64, Allowed::AtLeast(1.0))?;
        match self.batch {
            BatchKind::Full => {}
            BatchKind::Contexts(rows) | BatchKind::Windows(rows) | BatchKind::Passes(rows) => {
                Setting::BatchSize.check_integer(rows, Allowed::AtLeast(1.0))?;
            }
        }
        let alike = matches!(self.batch, BatchKind::Passes(_) | BatchKind::Windows(..=64));
        if self.batch_norm && !alike {
            return Err(Error::BatchNormBatches);
        }
        Setting::Dropout.check(self.dropout, Allowed::Below(0.0, 0.95))?;
        Setting::Averaging.check(self.averaging, Allowed::Below(0.0, 1.0))?;
        if let Some(patience) = self.patience {
            Setting::Patience.check(patience as f64, Allowed::AtLeast(1.0))?;
        }
        if let Some(target) = self.target_loss {
            Setting::TargetLoss.check(target, Allowed::Above(0.0))?;
        }
        if let Optimizer::AdamW { weight_decay, .. } = self.optimizer {
            Setting::WeightDecay.check(weight_decay, Allowed::Below(0.0, MOST_DECAY))?;
        }
        Ok(())
    }
}
