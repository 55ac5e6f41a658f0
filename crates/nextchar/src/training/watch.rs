//! Watching a training: progress, interruption, checkpoints. Clocks and files belong to the watcher.

use nextchar_core::train::{Observer, TrainConfig, TrainState, Trained};

/// Watches a training from its first network to its last, may end it, and may restore the results of an earlier
/// one. Every method has a default, so `impl Observer for X {}` and `impl Watch for X {}` watch nothing.
pub trait Watch: Observer {
    /// The training of a network begins, or of a student that learns from others.
    fn begins(&mut self, _stage: &Stage<'_>) {}

    /// The network at this index, if an earlier training finished it.
    fn finished_before(&mut self, _place: usize) -> Option<Trained> {
        None
    }

    /// The state of the network at this index, if an earlier training started it.
    fn begun_before(&mut self, _place: usize) -> Option<TrainState> {
        None
    }

    /// The training of a network has ended.
    fn learnt(&mut self, _trained: &Trained) {}

    /// The training of a network on all names has ended.
    fn relearnt(&mut self) {}

    /// Students are about to learn from their teacher's predictions for this number of contexts.
    fn teacher_answered(&mut self, _contexts: usize) {}

    /// Whether no further network should be trained.
    fn is_cancelled(&self) -> bool {
        false
    }

    /// Whether there is no time left to train the model again on all names.
    fn is_out_of_time(&self) -> bool {
        false
    }
}

/// Watches nothing.
impl Watch for () {}

/// The network that is being trained.
#[derive(Clone, Copy, Debug)]
pub struct Stage<'a> {
    /// Whether it learns from other models and not from the list alone.
    pub is_student: bool,
    /// Whether it is trained again, on all names.
    pub is_refit: bool,
    /// Its number among the networks of its kind, from 1.
    pub number: usize,
    /// Number of networks of its kind.
    pub of: usize,
    /// Its index among all networks of the training, from 0.
    pub place: usize,
    /// How it is trained.
    pub config: &'a TrainConfig,
}
