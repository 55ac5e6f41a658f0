//! Training: from counted windows to parameters.
//!
//! [`train`] executes a [`TrainConfig`], reports to an [`Observer`], and keeps the network with the best validation
//! loss; [`resume`] continues from a [`TrainState`]. A [`Run`] leaves the loop to the caller, and a [`Trainer`] takes
//! single steps.

mod batches;
mod engine;
mod range_test;
mod run;
mod schedule;
mod state;
mod trainer;

pub use batches::{BatchKind, Batches};
pub use engine::Engine;
pub use range_test::find_learning_rate;
pub use run::{Observer, Run, StopReason, Tables, Trained, resume, train};
pub use schedule::Schedule;
pub use state::{Evaluation, Progress, TrainState};
pub use trainer::{Optimizer, TrainConfig, Trainer};
