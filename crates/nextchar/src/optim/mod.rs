//! Training: from counted windows to parameters.

mod batches;
mod schedule;
mod trainer;

pub use batches::{BatchKind, Batches};
pub use schedule::Schedule;
pub use trainer::{
    Evaluation, Observer, Optimizer, StopReason, TrainConfig, Trained, Trainer, train,
};
