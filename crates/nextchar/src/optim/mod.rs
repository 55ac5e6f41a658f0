//! Training: from counted windows to parameters.

mod batches;
mod engine;
mod schedule;
mod trainer;

pub use batches::{BatchKind, Batches};
pub use engine::Engine;
pub use schedule::Schedule;
pub use trainer::{
    Evaluation, Observer, Optimizer, StopReason, Tables, TrainConfig, Trained, Trainer, train,
};
