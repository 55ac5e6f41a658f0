//! Whether a generated name is new, or stood in the list.

use serde::Serialize;

use crate::data::Split;

/// Where a name stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Novelty {
    /// The model learnt from it.
    InTrain,
    /// It was held out (val or test): the model found a real name by itself.
    InHeldOut,
    /// It is in no part of the list.
    New,
}

/// How many names of each kind there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NoveltyCounts {
    /// Names that the model learnt from.
    pub in_train: u64,
    /// Names that were held out.
    pub in_held_out: u64,
    /// Names in no part of the list.
    pub new: u64,
}

/// Where a name stands in a split list.
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
