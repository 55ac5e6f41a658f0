//! A training in a loop of the caller, a few steps at a time: for a page that must stay responsive.

use std::borrow::Cow;

use nextchar_core::data::CountedWindows;
use nextchar_core::model::Network;
use nextchar_core::sample::Spelling;
use nextchar_core::train::{Evaluation, Run, StopReason, Trained};

use super::{Made, Reports, Training};
use crate::door::Error;
use crate::door::{Generate, Model};
use crate::options::Usual;

/// Why a training ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// The runs of all networks have ended, the last one for this reason.
    Stopped(StopReason),
    /// The training diverged; the message tells at which step.
    Diverged(String),
}

/// A training in progress.
///
/// ```
/// use nextchar::{Names, Preset, Steps, TrainOptions, Training, Workers};
///
/// let names = Names::embedded("finnish-names")?;
/// let options = TrainOptions { steps: Some(50), ..TrainOptions::preset(Preset::Lecture) };
/// let training = Training::new(names.corpus(options.preset)?, &options, Workers::serial())?;
/// let mut steps = Steps::new(training)?;
/// while steps.ended().is_none() {
///     steps.advance(10)?;
/// }
/// assert_eq!(steps.steps_done(), 50);
/// let (model, reports) = steps.finish()?;
/// assert_eq!(reports.val.map(|val| val.loss), model.record().losses.val);
/// # Ok::<(), nextchar::Error>(())
/// ```
#[derive(Debug)]
pub struct Steps {
    training: Training,
    /// What the names of the list are like.
    usual: Usual,
    /// The windows to learn from.
    smoothed: CountedWindows,
    /// Finished networks, the best step of each, and the run of the last of them.
    done: Vec<Network>,
    best_steps: Vec<u64>,
    last: Option<Trained>,
    /// The current network; `None` when all are finished.
    run: Option<Run<'static>>,
    /// The latest snapshot of the network, and its step.
    seen: Option<(Network, u64)>,
    /// The sum of the batch losses since they were last taken, and their number.
    losses: (f64, u64),
    ended: Option<Ended>,
    /// The step where each network ends, if that is known before.
    until: Option<Vec<u64>>,
    /// The same training of all names, once this one has ended.
    refit: Option<Box<Steps>>,
}

impl Steps {
    /// A training before its first step.
    ///
    /// # Errors
    /// Those of [`Run::begin`].
    pub fn new(training: Training) -> Result<Self, Error> {
        Self::until(training, None)
    }

    fn until(training: Training, until: Option<Vec<u64>>) -> Result<Self, Error> {
        let mut steps = Steps {
            usual: usual(&training),
            smoothed: training.plan.smoothed(&training.table).into_owned(),
            training,
            done: Vec::new(),
            best_steps: Vec::new(),
            last: None,
            run: None,
            seen: None,
            losses: (0.0, 0),
            ended: None,
            until,
            refit: None,
        };
        steps.restart()?;
        Ok(steps)
    }

    /// Discards all progress and returns to the state before the first step.
    ///
    /// # Errors
    /// Those of [`Run::begin`].
    pub fn restart(&mut self) -> Result<(), Error> {
        (self.last, self.ended, self.seen, self.refit) = (None, None, None, None);
        self.done.clear();
        self.best_steps.clear();
        self.begin(0)
    }

    /// Begins the run of a network.
    fn begin(&mut self, place: usize) -> Result<(), Error> {
        (self.losses, self.run) = ((0.0, 0), None);
        let training = &self.training;
        if !training.plan.trains() {
            self.ended = Some(Ended::Stopped(StopReason::Finished));
            return Ok(());
        }
        let val = training.val.as_deref().cloned();
        let table = self.smoothed.clone();
        let (shape, config) = (&training.plan.shape, training.plan.member(place));
        let run = Run::begin(
            shape,
            &config,
            table,
            val.map(Cow::Owned),
            &training.engine(),
        )?;
        self.seen = Some((run.network()?, 0));
        self.run = Some(run);
        Ok(())
    }

    /// Takes this number of steps, or all remaining ones; returns how many were taken.
    ///
    /// # Errors
    /// Those of [`Run::begin`], for the next network. If the training diverges, it ends without an error
    /// ([`Ended::Diverged`]).
    pub fn advance(&mut self, steps: u64) -> Result<u64, Error> {
        let mut done = 0;
        while done < steps && self.ended.is_none() {
            match self.one_step() {
                Ok(None) => {}
                Ok(Some(stop)) => self.next_network(stop)?,
                Err(error) => self.ended = Some(Ended::Diverged(error.to_string())),
            }
            done += 1;
        }
        Ok(done)
    }

    fn one_step(&mut self) -> Result<Option<StopReason>, Error> {
        let run = self.run.as_mut().expect("a run that has not ended");
        self.losses.0 += run.step()?;
        self.losses.1 += 1;
        if run.is_due()
            && let (_, Some(stop)) = run.evaluate()?
        {
            return Ok(Some(stop));
        }
        let place = self.done.len();
        let last = self.until.as_ref().map(|until| until[place]);
        if last.is_some_and(|last| run.steps_done() >= last) {
            run.evaluate_if_stepped()?;
            return Ok(Some(StopReason::Finished));
        }
        Ok(None)
    }

    /// Keeps the finished network, and begins the next one, if there is one.
    fn next_network(&mut self, stop: StopReason) -> Result<(), Error> {
        self.see();
        let place = self.done.len() + 1;
        let of = self
            .until
            .as_ref()
            .map_or(self.training.plan.networks, Vec::len);
        let has_next = stop != StopReason::Observer && place < of;
        if let Some(run) = self.run.take() {
            let trained = run.end(stop);
            self.best_steps.push(trained.best_step);
            self.done.push(trained.network.clone());
            self.last = Some(trained);
        }
        if has_next {
            return self.begin(place);
        }
        self.ended = Some(Ended::Stopped(stop));
        Ok(())
    }

    /// Takes a snapshot of the current network, if it is usable.
    pub fn see(&mut self) {
        let step = self.steps_done();
        let is_new = self.seen.as_ref().is_none_or(|(_, seen)| *seen != step);
        if is_new && let Some(Ok(network)) = self.run.as_ref().map(Run::network) {
            self.seen = Some((network, step));
        }
    }

    /// The latest snapshot of the network, and its step; `None` for a training that only counts.
    pub fn seen(&self) -> Option<(&Network, u64)> {
        self.seen.as_ref().map(|(network, step)| (network, *step))
    }

    /// Names from the latest snapshot of the network; `None` for a training that only counts.
    pub fn generate(&self) -> Option<Generate<'_>> {
        let (network, _) = self.seen.as_ref()?;
        let corpus = self.training.corpus();
        let names = Some(corpus.parts());
        let usual = self.usual.clone();
        Some(Generate::new(network, corpus.vocab(), names, usual))
    }

    /// What the names of the list are like.
    pub fn usual(&self) -> &Usual {
        &self.usual
    }

    /// The training.
    pub fn training(&self) -> &Training {
        &self.training
    }

    /// The number of the current network, from 1, or of the last.
    pub fn network_number(&self) -> usize {
        (self.done.len() + usize::from(self.run.is_some())).max(1)
    }

    /// Steps done of the current network, or of the last.
    pub fn steps_done(&self) -> u64 {
        let last = self.last.as_ref().map_or(0, |last| last.steps);
        self.run.as_ref().map_or(last, Run::steps_done)
    }

    /// Passes through the data done.
    pub fn epoch(&self) -> f64 {
        let last = self.evaluations().last().map_or(0.0, |at| at.epoch);
        self.run.as_ref().map_or(last, Run::epoch)
    }

    /// The learning rate of the next step; 0 if there is none.
    pub fn learning_rate(&self) -> f64 {
        self.run.as_ref().map_or(0.0, Run::learning_rate)
    }

    /// Loss of the current network's initial parameters, before any step.
    pub fn first_loss(&self) -> Option<f64> {
        self.run.as_ref().map(Run::first_loss)
    }

    /// The loss curve of the current network so far, or of the last.
    pub fn evaluations(&self) -> &[Evaluation] {
        match (&self.run, &self.last) {
            (Some(run), _) => run.evaluations(),
            (None, Some(last)) => &last.evaluations,
            (None, None) => &[],
        }
    }

    /// The mean loss of the batches since the last call, in nats per predicted character.
    pub fn take_batch_loss(&mut self) -> Option<f64> {
        let (sum, count) = std::mem::take(&mut self.losses);
        (count > 0).then(|| sum / count as f64)
    }

    /// Why the training ended, if it has.
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// The run of the last finished network.
    pub fn last(&self) -> Option<&Trained> {
        self.last.as_ref()
    }

    /// Ends the training, if it has not ended yet.
    fn end(&mut self) -> Result<(), Error> {
        if let Some(Ended::Diverged(message)) = &self.ended {
            return Err(Error::Diverged(message.clone()));
        }
        if let Some(run) = &mut self.run {
            run.evaluate_if_stepped()?;
            self.next_network(StopReason::Observer)?;
        }
        Ok(())
    }

    /// Ends the training, if it has not ended yet, and takes this number of steps of the training that follows it:
    /// [the same one of all names](Training::refits). Returns which share of it is done: 1 if there is none.
    ///
    /// # Errors
    /// [`Error::Diverged`] if one of the two trainings diverged; those of [`Run::begin`].
    pub fn refit(&mut self, steps: u64) -> Result<f64, Error> {
        self.end()?;
        if !self.training.refits() {
            return Ok(1.0);
        }
        let refit = match &mut self.refit {
            Some(refit) => refit,
            None => {
                let (all, until) = (self.training.of_all_names()?, self.best_steps.clone());
                self.refit.insert(Self::until(all, Some(until))?.into())
            }
        };
        refit.advance(steps)?;
        match &refit.ended {
            Some(Ended::Diverged(message)) => Err(Error::Diverged(message.clone())),
            Some(Ended::Stopped(_)) => Ok(1.0),
            None => {
                let before: u64 = self.best_steps[..refit.done.len()].iter().sum();
                let all: u64 = self.best_steps.iter().sum();
                Ok((before + refit.steps_done()) as f64 / all.max(1) as f64)
            }
        }
    }

    /// Ends the training, if it has not ended yet, and [the one that follows it](Steps::refit); returns the model and
    /// the losses.
    ///
    /// # Errors
    /// Those of [`Steps::refit`] and [`Training::finish`].
    pub fn finish(&mut self) -> Result<(Model, Reports), Error> {
        self.refit(u64::MAX)?;
        let mut made = Made {
            model: self.training.combine(self.done.clone())?,
            last: self.last.clone(),
            best_steps: self.best_steps.clone(),
            refitted: None,
            is_cancelled: false,
        };
        if let Some(refit) = &self.refit {
            let networks = refit.done.clone();
            made.refitted = Some(refit.training.refitted(networks, &made)?);
        }
        self.training.finish(&made)
    }
}

/// What the names of a list are like, as far as its windows tell.
fn usual(training: &Training) -> Usual {
    let corpus = training.corpus();
    let bigrams = training.table.shorten(1).ok();
    let spelling = bigrams.and_then(|bigrams| Spelling::of(&bigrams, corpus.vocab()));
    let (shortest, longest) = corpus.lengths();
    Usual {
        shortest,
        longest,
        spelling,
        ..Usual::default()
    }
}
