//! Learning-rate schedules.

use serde::{Deserialize, Serialize};

/// A learning-rate schedule: a function of the step and the total number of steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Constant.
    Constant,
    /// As in the lecture: divided by ten after half of the steps.
    Step,
    /// Linear warm-up over the first 2 % of the steps, then a half cosine down to 1 % (Loshchilov and Hutter 2017).
    #[default]
    Cosine,
}

impl Schedule {
    const WARMUP: f64 = 0.02;
    const FLOOR: f64 = 0.01;

    /// The factor of the learning rate at `step` (from 0) of `steps`.
    ///
    /// ```
    /// use nextchar_core::train::Schedule;
    ///
    /// assert_eq!(Schedule::Step.factor(99_999, 200_000), 1.0);
    /// assert_eq!(Schedule::Step.factor(100_000, 200_000), 0.1);
    /// ```
    pub fn factor(self, step: u64, steps: u64) -> f64 {
        match self {
            Schedule::Constant => 1.0,
            Schedule::Step if step < steps / 2 => 1.0,
            Schedule::Step => 0.1,
            Schedule::Cosine => {
                let warmup = (steps as f64 * Self::WARMUP).ceil().max(1.0);
                let done = (step + 1) as f64;
                if done <= warmup {
                    return done / warmup;
                }
                let progress = (done - warmup) / (steps as f64 - warmup).max(1.0);
                let cosine = 0.5 * (1.0 + libm::cos(std::f64::consts::PI * progress.min(1.0)));
                Self::FLOOR + (1.0 - Self::FLOOR) * cosine
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cosine_rises_and_then_falls_to_its_floor() {
        let factors: Vec<f64> = (0..1000)
            .map(|s| Schedule::Cosine.factor(s, 1000))
            .collect();
        assert_eq!(factors[19], 1.0);
        assert!(factors[..20].is_sorted());
        assert!(factors[20..].is_sorted_by(|a, b| a >= b));
        assert!((factors[999] - 0.01).abs() < 1e-12);
        assert!(Schedule::Cosine.factor(0, 1) > 0.0);
    }
}
