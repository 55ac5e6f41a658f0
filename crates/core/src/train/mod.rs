//! Training: from counted windows to parameters.
//!
//! [`train`] runs a [`TrainConfig`] to its end, tells an [`Observer`] of it, and keeps the best step by val;
//! [`resume`] goes on from a [`TrainState`]. A [`Trainer`] takes single steps, for those who want the loop
//! in their own hands.

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
