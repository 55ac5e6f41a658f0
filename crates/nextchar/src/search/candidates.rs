//! Which options to try next: random candidates, the better ones trained longer and longer.
//!
//! Asynchronous successive halving (Li et al. 2020): candidates begin with few steps; of all that finished
//! a rung, the best third is promoted to the next, with three times the steps. What to do next follows from
//! the finished trials alone, so a search can be interrupted and resumed anywhere.

use nextchar_core::rng::{Purpose, Seed, Stream};
use serde::{Deserialize, Serialize};

use crate::options::{BatchSize, TrainOptions};

/// One in three is promoted to the next rung, which has three times the steps.
const REDUCTION: u64 = 3;
/// Steps of the lowest rung.
const FIRST_STEPS: u64 = 300;
/// The highest rung: 24,300 steps.
const TOP_RUNG: u32 = 4;

/// A candidate to be trained on a rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its number; candidate 0 is the unchanged default preset.
    pub candidate: u64,
    /// The rung, from 0.
    pub rung: u32,
}

/// A finished job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// The job.
    #[serde(flatten)]
    pub job: Job,
    /// Nats per predicted character on val; over all folds if there are several.
    pub val_loss: f64,
    /// Duration in seconds.
    pub seconds: f64,
}

impl Job {
    /// The default preset on the lowest rung.
    pub const FIRST: Job = Job {
        candidate: 0,
        rung: 0,
    };

    /// Training steps on its rung.
    pub fn steps(self) -> u64 {
        FIRST_STEPS * REDUCTION.pow(self.rung)
    }

    /// The options that it trains with.
    pub fn options(self, seed: &Seed) -> TrainOptions {
        TrainOptions {
            steps: Some(self.steps()),
            seed: seed.clone(),
            ..candidate(seed, self.candidate)
        }
    }

    /// The options that the search chose: those of [`Job::options`] without steps and seed.
    pub fn chosen(self, seed: &Seed) -> TrainOptions {
        candidate(seed, self.candidate)
    }
}

/// The options of a candidate.
fn candidate(seed: &Seed, number: u64) -> TrainOptions {
    if number == 0 {
        return TrainOptions::default();
    }
    let mut rng = seed.stream(Purpose::Search, number);
    let context = pick(&mut rng, &[2, 3, 4, 5, 6, 7, 8]);
    let embedding = pick(&mut rng, &[4, 8, 16, 24]);
    let width = pick(&mut rng, &[16, 32, 64, 128, 192, 256]);
    let hidden = vec![width; pick(&mut rng, &[1, 2])];
    let dropout = pick(&mut rng, &[0.0, 0.1, 0.2, 0.3, 0.4, 0.5]);
    let weight_decay = pick(&mut rng, &[0.01, 0.03, 0.1, 0.3, 1.0]);
    let batch = pick(&mut rng, &[32, 64, 128, 256]);
    // Between 0.002 and 0.02, evenly by its logarithm, in multiples of 0.0001.
    let learning_rate = 0.002 * libm::pow(10.0, rng.uniform());
    let learning_rate = (learning_rate * 1e4).round_ties_even() / 1e4;
    TrainOptions {
        context: Some(context),
        embedding: Some(embedding),
        hidden: Some(hidden.into()),
        dropout: Some(dropout),
        weight_decay: Some(weight_decay),
        batch: Some(BatchSize::Rows(batch)),
        learning_rate: Some(learning_rate.into()),
        ..TrainOptions::default()
    }
}

fn pick<T: Copy>(rng: &mut Stream, values: &[T]) -> T {
    values[rng.below(values.len() as u64) as usize]
}

/// The trials of a rung, the best first.
fn ranked(trials: &[Trial], rung: u32) -> Vec<&Trial> {
    let mut found: Vec<&Trial> = trials
        .iter()
        .filter(|trial| trial.job.rung == rung)
        .collect();
    found.sort_by(|a, b| {
        a.val_loss
            .total_cmp(&b.val_loss)
            .then(a.job.candidate.cmp(&b.job.candidate))
    });
    found
}

/// What to do next in the time that is left; `None` if nothing useful fits into it.
pub fn next_job(trials: &[Trial], seconds_left: f64) -> Option<Job> {
    for rung in (0..TOP_RUNG).rev() {
        let ended = ranked(trials, rung);
        let above = ranked(trials, rung + 1);
        let waiting = |trial: &&&Trial| {
            above
                .iter()
                .all(|done| done.job.candidate != trial.job.candidate)
        };
        let affordable = |trial: &&&Trial| trial.seconds * REDUCTION as f64 <= seconds_left;
        let best_third = ended.iter().take(ended.len() / REDUCTION as usize);
        if let Some(trial) = best_third.filter(waiting).find(affordable) {
            return Some(Job {
                candidate: trial.job.candidate,
                rung: rung + 1,
            });
        }
    }
    let begun = ranked(trials, 0);
    let usual = begun.iter().map(|trial| trial.seconds).sum::<f64>() / begun.len().max(1) as f64;
    (usual <= seconds_left).then(|| Job {
        candidate: begun
            .iter()
            .map(|trial| trial.job.candidate + 1)
            .max()
            .unwrap_or(0),
        rung: 0,
    })
}

/// Every candidate on its highest rung, the best first.
pub fn best_first(trials: &[Trial]) -> Vec<&Trial> {
    let last = |trial: &&Trial| {
        let higher = |other: &Trial| {
            other.job.candidate == trial.job.candidate && other.job.rung > trial.job.rung
        };
        !trials.iter().any(higher)
    };
    let mut found: Vec<&Trial> = trials.iter().filter(last).collect();
    found.sort_by(|a, b| a.val_loss.total_cmp(&b.val_loss));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A made-up loss: candidate 7 is the best, and more steps help all candidates equally.
    fn searched(seconds: f64) -> Vec<Trial> {
        let (mut trials, mut left) = (Vec::new(), seconds);
        while let Some(job) = next_job(&trials, left) {
            let cost = job.steps() as f64 / 300.0;
            left -= cost;
            trials.push(Trial {
                job,
                val_loss: (job.candidate as f64 - 7.0).abs() + 1.0 / f64::from(1 + job.rung),
                seconds: cost,
            });
        }
        assert!(left >= 0.0, "it stays in its time, {left}");
        trials
    }

    #[test]
    fn the_best_candidate_is_trained_longest() {
        let trials = searched(1000.0);
        let top = ranked(&trials, TOP_RUNG);
        assert_eq!(top[0].job.candidate, 7);
        let rungs: Vec<usize> = (0..=TOP_RUNG)
            .map(|rung| ranked(&trials, rung).len())
            .collect();
        assert!(
            rungs.is_sorted_by(|a, b| a > b),
            "fewer and fewer: {rungs:?}"
        );
        for trial in trials.iter().filter(|trial| trial.job.rung > 0) {
            let below = |one: &Trial| {
                one.job.candidate == trial.job.candidate && one.job.rung + 1 == trial.job.rung
            };
            assert!(trials.iter().any(below), "no rung is skipped");
        }
    }

    #[test]
    fn a_search_goes_on_where_it_stopped() {
        let whole = searched(200.0);
        for stop in [1, 10, whole.len() / 2] {
            let job = next_job(&whole[..stop], f64::INFINITY).unwrap();
            assert_eq!(
                (job.candidate, job.rung),
                (whole[stop].job.candidate, whole[stop].job.rung)
            );
        }
    }

    #[test]
    fn candidates_are_kept() {
        let seed = Seed::from(42);
        assert_eq!(candidate(&seed, 0), TrainOptions::default());
        assert_eq!(candidate(&seed, 5), candidate(&seed, 5));
        assert_ne!(candidate(&seed, 5), candidate(&seed, 6));
    }
}
