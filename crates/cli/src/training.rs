//! How many steps fit a time.

use std::time::{Duration, Instant};

use nextchar::language_model::loss;
use nextchar::train::{Engine, Tables, Trainer};
use nextchar::{EVALUATIONS, Plan};

use crate::failure::Failure;

/// How many steps of one network fit a time, judged by the first of them; at least one.
pub fn steps_within(
    time: Duration,
    plan: &Plan,
    tables: Tables<'_>,
    engine: &Engine<'_>,
) -> Result<u64, Failure> {
    /// The share of the time that goes into judging.
    const TRIAL: f64 = 0.05;
    let mut trainer = Trainer::new(&plan.shape, &plan.config, tables.train, engine)?;
    let (started, mut steps) = (Instant::now(), 0u64);
    while steps == 0 || started.elapsed().as_secs_f64() < TRIAL * time.as_secs_f64() {
        trainer.step();
        steps += 1;
    }
    let step = started.elapsed().as_secs_f64() / steps as f64;
    let looking = Instant::now();
    if let Some(val) = tables.val {
        loss(&trainer.network()?, val, engine.executor);
    }
    let looks = EVALUATIONS as f64 * looking.elapsed().as_secs_f64();
    // Some is left over, so that the schedule comes to its end.
    const RESERVE: f64 = 0.1;
    let left = (1.0 - TRIAL - RESERVE) * time.as_secs_f64() - looks;
    Ok((left / step).max(1.0) as u64)
}
