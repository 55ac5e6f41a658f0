//! What a generator returns: names, and a report on how they were drawn.

use std::fmt;

use serde::Serialize;

use crate::sample::probability::Probability;

/// A generated name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Generated {
    /// The name.
    pub name: String,
    /// ln P(name) by the model itself, before temperature and conditions, in nats.
    pub log_prob: f64,
}

/// The name alone.
impl fmt::Display for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

impl std::ops::Deref for Generated {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

impl AsRef<str> for Generated {
    fn as_ref(&self) -> &str {
        &self.name
    }
}

/// A report on the draws so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// Number of names returned.
    pub found: u64,
    /// Number of attempts by the method in use. An attempt draws tokens until it completes a name or fails.
    pub attempts: u64,
    /// Number of contexts that the model evaluated.
    pub evaluations: u64,
    /// Whether no further name satisfies the conditions.
    pub exhausted: bool,
    /// Whether the limit on consecutive failed attempts was reached first.
    pub gave_up: bool,
    /// Whether the caller ended the draws; see [`Generator::watch`](super::Generator::watch).
    pub stopped: bool,
    /// The probability that a name of the model (after temperature, top-k and top-p) satisfies the conditions.
    pub probability: Probability,
}

/// How far a generator or a search has come, for a caller that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Number of names found so far.
    pub found: u64,
    /// Number of draws since then that gave no name, or of prefixes that a search has extended since then.
    pub failed: u64,
}

/// The most likely names, as far as a search for them came.
#[derive(Clone, Debug, PartialEq)]
pub struct MostLikely {
    /// The names, most probable first. No other name that satisfies the conditions is more probable than one of
    /// these, even if the search ended early.
    pub names: Vec<Generated>,
    /// Whether these are all names that were wanted, or all that exist. If not, the search ended early.
    pub complete: bool,
    /// A certain upper bound on ln P of every other name that satisfies the conditions, in nats; −∞ if there is
    /// none.
    pub others: f64,
}
