//! Which options to try next: random candidates, the better ones trained longer and longer.
//!
//! Asynchronous successive halving (Li et al. 2020): candidates begin with few steps; of all that ended
//! a rung, the best third goes on to the next, with three times the steps. What to do next follows from
//! the finished trials alone, so a search can stop and go on anywhere.

use nextchar::rng::{Purpose, Seed, Stream};
use nextchar::{BatchSize, TrainOptions};
use serde::{Deserialize, Serialize};

/// One in so many goes on to the next rung, which has so many times the steps.
const REDUCTION: u64 = 3;
/// Steps of the lowest rung.
const FIRST_STEPS: u64 = 300;
/// The highest rung: 24,300 steps.
const TOP_RUNG: u32 = 4;

/// A candidate trained on a rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Job {
    pub candidate: u64,
    pub rung: u32,
}

/// A job that was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    pub candidate: u64,
    pub rung: u32,
    /// Nats per predicted character on val; of all folds together where there are some.
    pub val_loss: f64,
    pub seconds: f64,
}

impl Job {
    pub fn steps(self) -> u64 {
        FIRST_STEPS * REDUCTION.pow(self.rung)
    }
}

/// The options of a candidate, beside those of the run; the first is the default preset as it is.
pub fn candidate(seed: &Seed, number: u64) -> TrainOptions {
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
    let mut found: Vec<&Trial> = trials.iter().filter(|trial| trial.rung == rung).collect();
    found.sort_by(|a, b| {
        a.val_loss
            .total_cmp(&b.val_loss)
            .then(a.candidate.cmp(&b.candidate))
    });
    found
}

/// What to do next in the time that is left; `None` where nothing useful fits into it.
pub fn next_job(trials: &[Trial], seconds_left: f64) -> Option<Job> {
    for rung in (0..TOP_RUNG).rev() {
        let ended = ranked(trials, rung);
        let above = ranked(trials, rung + 1);
        let waiting = |trial: &&&Trial| above.iter().all(|done| done.candidate != trial.candidate);
        let affordable = |trial: &&&Trial| trial.seconds * REDUCTION as f64 <= seconds_left;
        let best_third = ended.iter().take(ended.len() / REDUCTION as usize);
        if let Some(trial) = best_third.filter(waiting).find(affordable) {
            return Some(Job {
                candidate: trial.candidate,
                rung: rung + 1,
            });
        }
    }
    let begun = ranked(trials, 0);
    let usual = begun.iter().map(|trial| trial.seconds).sum::<f64>() / begun.len().max(1) as f64;
    (usual <= seconds_left).then(|| Job {
        candidate: begun
            .iter()
            .map(|trial| trial.candidate + 1)
            .max()
            .unwrap_or(0),
        rung: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A made-up loss: candidate 7 is the best, and more steps help all alike.
    fn searched(seconds: f64) -> Vec<Trial> {
        let (mut trials, mut left) = (Vec::new(), seconds);
        while let Some(job) = next_job(&trials, left) {
            let cost = job.steps() as f64 / 300.0;
            left -= cost;
            trials.push(Trial {
                candidate: job.candidate,
                rung: job.rung,
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
        assert_eq!(top[0].candidate, 7);
        let rungs: Vec<usize> = (0..=TOP_RUNG)
            .map(|rung| ranked(&trials, rung).len())
            .collect();
        assert!(
            rungs.is_sorted_by(|a, b| a > b),
            "fewer and fewer: {rungs:?}"
        );
        for trial in trials.iter().filter(|trial| trial.rung > 0) {
            let below =
                |one: &Trial| one.candidate == trial.candidate && one.rung + 1 == trial.rung;
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
                (whole[stop].candidate, whole[stop].rung)
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
