//! The methods of drawing: all follow the same distribution and differ in cost.
//!
//! A new method is a file that implements [`Draws`] and a line in [`choose`](choose::choose).

mod adaptive;
mod bounds;
mod choose;
mod dynamic;
mod free;
mod most_likely;
mod rounds;
mod weights;

pub(crate) use choose::choose;
pub use most_likely::{most_likely, most_likely_after};

use crate::executor::Executor;
use crate::sample::batch::Batch;
use crate::sample::probability::Probability;

/// A method of drawing names from the model's distribution given the conditions.
///
/// What it draws depends on the seed and on the names drawn so far, never on the executor or on the number
/// of names wanted.
pub(crate) trait Draws: Send {
    /// Gets ready for the next draw: called before each, so that a method can hand over to a faster one.
    fn prepare(&mut self, _log_probs: bool, _executor: &dyn Executor) {}

    /// Makes some draws, while names [remain](Draws::remaining): the names that satisfy the conditions, in
    /// their final order. There may be more or fewer than `wanted`, or none. With `log_probs`, the batches
    /// have the names' log-probabilities.
    fn draw(&mut self, wanted: usize, log_probs: bool, executor: &dyn Executor) -> Vec<Batch>;

    /// The probability that a name of the model satisfies the conditions. Estimating it may take more draws,
    /// whose names are discarded.
    fn probability(&mut self, executor: &dyn Executor) -> Probability;

    /// Number of attempts so far, each of which completed a name or failed.
    fn attempts(&self) -> u64;

    /// What an attempt of the next draw costs, in attempts of free draws.
    fn cost(&self) -> u64 {
        1
    }

    /// Number of contexts that the model evaluated so far.
    fn evaluations(&self) -> u64;

    /// An upper bound on the probability of all names that can still be drawn; 0 if there are none.
    fn remaining(&self) -> f64;
}
