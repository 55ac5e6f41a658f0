//! Whether a generated name is new or occurs in the list.

use serde::Serialize;

use crate::data::Split;

/// Where a name occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Novelty {
    /// Among the training names.
    InTrain,
    /// Among the held-out names (validation or test): the model invented a real name.
    InHeldOut,
    /// In no part of the list.
    New,
}

/// Numbers of names by novelty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NoveltyCounts {
    /// Training names.
    pub in_train: u64,
    /// Held-out names.
    pub in_held_out: u64,
    /// Names in no part of the list.
    pub new: u64,
}

/// Where a name occurs in a split list.
pub fn novelty(name: &str, parts: &Split) -> Novelty {
    if parts.train.contains(name) {
        Novelty::InTrain
    } else if parts.contains(name) {
        Novelty::InHeldOut
    } else {
        Novelty::New
    }
}

impl NoveltyCounts {
    /// Counts one name.
    pub fn add(&mut self, novelty: Novelty) {
        match novelty {
            Novelty::InTrain => self.in_train += 1,
            Novelty::InHeldOut => self.in_held_out += 1,
            Novelty::New => self.new += 1,
        }
    }
}
