//! Training: from counted windows to parameters.

mod batches;
mod engine;
mod run;
mod schedule;
mod state;
mod trainer;

pub use batches::{BatchKind, Batches};
pub use engine::Engine;
pub use run::{Evaluation, Observer, StopReason, Tables, Trained, resume, train};
pub use schedule::Schedule;
pub use state::{Progress, TrainState};
pub use trainer::{Optimizer, TrainConfig, Trainer};
