//! Who watches a training: progress, interruption, checkpoints. Clocks and files are the watcher's.

use std::time::Duration;

use nextchar_core::train::{Observer, TrainConfig, TrainState, Trained};

/// Watches a training from its first network to its last, may end it, and may bring back what an earlier
/// one had done. Every method has a default, so `impl Observer for X {}` and `impl Watch for X {}` watch
/// nothing.
pub trait Watch: Observer {
    /// A network begins, or a student that learns from others.
    fn begins(&mut self, _stage: &Stage<'_>) {}

    /// The network at this place in the order, if an earlier training had finished it.
    fn finished_before(&mut self, _place: usize) -> Option<Trained> {
        None
    }

    /// The state of the network at this place, if an earlier training had begun it.
    fn begun_before(&mut self, _place: usize) -> Option<TrainState> {
        None
    }

    /// A network has learnt.
    fn learnt(&mut self, _trained: &Trained) {}

    /// Students are about to learn from what their teacher says of this number of contexts.
    fn teacher_answered(&mut self, _contexts: usize) {}

    /// Whether no further network is to begin.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Watches nothing.
impl Watch for () {}

/// Which network of a training is learning.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// Whether it learns from other models rather than from the list alone.
    pub is_student: bool,
    /// Its number among those of its kind, from 1.
    pub number: usize,
    /// How many of its kind there are.
    pub of: usize,
    /// Its place among all networks of the training, from 0.
    pub place: usize,
    /// How it is trained.
    pub config: &'a TrainConfig,
}

/// The time since a training began. Browsers have no clock of Rust's; elsewhere an
/// [`Instant`](std::time::Instant) is one.
pub trait Clock {
    /// How long ago it began.
    fn elapsed(&self) -> Duration;
}

impl Clock for std::time::Instant {
    fn elapsed(&self) -> Duration {
        std::time::Instant::elapsed(self)
    }
}
