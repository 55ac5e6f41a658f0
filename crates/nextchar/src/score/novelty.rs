//! Whether a generated name is new, or which part of the list it repeats.

use std::ops::AddAssign;

use serde::Serialize;

use crate::data::Split;

/// Where a name stands in the list that a model was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Novelty {
    /// The model learned from it.
    InTrain,
    /// In val or test: a real name that the model has not seen.
    InHeldOut,
    /// Nowhere in the list.
    New,
}

impl Novelty {
    /// The novelty of a name.
    pub fn of(name: &str, split: &Split) -> Self {
        if split.train.contains(name) {
            Novelty::InTrain
        } else if split.val.contains(name) || split.test.contains(name) {
            Novelty::InHeldOut
        } else {
            Novelty::New
        }
    }
}

/// How many names are of each [`Novelty`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NoveltyCounts {
    /// Names that the model learned from.
    pub in_train: u64,
    /// Names of val or test.
    pub in_held_out: u64,
    /// Names that stand nowhere in the list.
    pub new: u64,
}

impl NoveltyCounts {
    /// The counts of these names, repeated ones counted each time.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>, split: &Split) -> Self {
        let mut counts = NoveltyCounts::default();
        for name in names {
            counts += Novelty::of(name, split);
        }
        counts
    }
}

impl AddAssign<Novelty> for NoveltyCounts {
    /// Counts one more name.
    fn add_assign(&mut self, novelty: Novelty) {
        *match novelty {
            Novelty::InTrain => &mut self.in_train,
            Novelty::InHeldOut => &mut self.in_held_out,
            Novelty::New => &mut self.new,
        } += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Name, NameList};

    fn list(names: &[&str]) -> NameList {
        NameList::from_names(names.iter().map(|name| Name {
            text: name.to_string(),
            count: 1,
        }))
    }

    #[test]
    fn every_name_has_one_place() {
        let split = Split {
            train: list(&["asha", "ravi"]),
            val: list(&["meena"]),
            test: list(&["kiran"]),
        };
        let counts = NoveltyCounts::of(["asha", "meena", "kiran", "ashi", "ashi"], &split);
        assert_eq!((counts.in_train, counts.in_held_out, counts.new), (1, 2, 2));
    }
}
