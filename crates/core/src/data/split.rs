//! Training, validation and test: the part of a name is determined by a hash of the name.
//!
//! A name is therefore never in two parts, adding names moves no others, and the order of lines does not matter. The
//! split has a seed of its own, so models with different seeds share their test set.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::names::{Name, NameList};
use crate::rng::{Purpose, Seed};

/// Lists with fewer names than this are not split, because held-out parts would be useless.
pub const MIN_NAMES_TO_SPLIT: usize = 10;

/// The relative sizes of the parts of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shares {
    /// Training.
    pub train: u32,
    /// Validation: choosing between models.
    pub val: u32,
    /// Test: reporting results.
    pub test: u32,
}

impl Default for Shares {
    fn default() -> Self {
        Shares {
            train: 80,
            val: 10,
            test: 10,
        }
    }
}

impl fmt::Display for Shares {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},{}", self.train, self.val, self.test)
    }
}

impl FromStr for Shares {
    type Err = BadShares;

    fn from_str(text: &str) -> Result<Self, BadShares> {
        let parts: Option<Vec<u32>> = text.split(',').map(|p| p.trim().parse().ok()).collect();
        match parts.as_deref() {
            Some(&[train, val, test]) if train > 0 => Ok(Shares { train, val, test }),
            _ => Err(BadShares(text.to_owned())),
        }
    }
}

/// A text that is not three [`Shares`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be three integers such as 80,10,10, the first above 0 (got {0:?})")]
pub struct BadShares(pub String);

/// How a list is split into parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitOptions {
    /// The relative sizes of the parts.
    pub shares: Shares,
    /// The seed of the hash, by default 0; it is independent of the training seed.
    pub seed: Seed,
}

impl Default for SplitOptions {
    fn default() -> Self {
        SplitOptions {
            shares: Shares::default(),
            seed: Seed::from(0),
        }
    }
}

/// A list in three parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Training names.
    pub train: NameList,
    /// Validation names, for choosing between models.
    pub val: NameList,
    /// Test names, for reporting results.
    pub test: NameList,
}

impl Split {
    /// The names of all parts.
    pub fn all(&self) -> impl Iterator<Item = Name<'_>> {
        [&self.train, &self.val, &self.test]
            .into_iter()
            .flat_map(|part| part.names())
    }

    /// Whether any part contains a name.
    pub fn contains(&self, text: &str) -> bool {
        self.train.contains(text) || self.val.contains(text) || self.test.contains(text)
    }
}

/// Splits a list into training, validation and test names. A list with fewer names than [`MIN_NAMES_TO_SPLIT`] is all
/// training.
///
/// ```
/// use nextchar_core::data::{NameList, SplitOptions, split};
///
/// let names = (0..1000).map(|i| (format!("{i}"), 1));
/// let parts = split(NameList::from_names(names), &SplitOptions::default());
/// assert!((760..840).contains(&parts.train.len()));
/// assert_eq!(parts.all().count(), 1000);
/// ```
pub fn split(names: NameList, options: &SplitOptions) -> Split {
    let names = names.into_sorted();
    if names.len() < MIN_NAMES_TO_SPLIT {
        return Split {
            train: names,
            ..Split::default()
        };
    }
    let key = options.seed.key(Purpose::Split);
    let mut parts = <[NameList; 3]>::default();
    for name in names.names() {
        parts[part_of(name.text, &key, options.shares)].push(name);
    }
    let [train, val, test] = parts;
    Split { train, val, test }
}

/// Splits a list into equal parts for cross-fitting. A hash of the name selects its part; further occurrences of a name
/// go to the following parts in turn, as repeated lines would.
pub fn folds(list: &NameList, number: usize) -> Vec<NameList> {
    let key = Seed::from(0).key(Purpose::Fold);
    let mut folds = vec![NameList::default(); number];
    for name in list.names() {
        let first = (u128::from(hash(name.text, &key)) * number as u128) >> 64;
        for step in 0..number {
            let copies = (name.count + (number - 1 - step) as u64) / number as u64;
            if copies > 0 {
                let fold = (first as usize + step) % number;
                let (text, count) = (name.text, copies);
                folds[fold].push(Name { text, count });
            }
        }
    }
    folds
}

/// The first 64 bits of SHA-256(key ‖ name).
fn hash(name: &str, key: &[u8; 32]) -> u64 {
    let hash = Sha256::new()
        .chain_update(key)
        .chain_update(name)
        .finalize();
    u64::from_le_bytes(hash[..8].try_into().expect("eight bytes"))
}

/// 0, 1 or 2: the name's hash, scaled to the sum of the shares.
fn part_of(name: &str, key: &[u8; 32], shares: Shares) -> usize {
    let bits = hash(name, key);
    let [train, val, test] = [shares.train, shares.val, shares.test].map(u128::from);
    let place = (u128::from(bits) * (train + val + test)) >> 64;
    usize::from(place >= train) + usize::from(place >= train + val)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(names: impl IntoIterator<Item = String>) -> NameList {
        NameList::from_names(names.into_iter().map(|text| (text, 1)))
    }

    #[test]
    fn shares_are_kept() {
        let parts = split(
            list((0..10_000).map(|i| i.to_string())),
            &SplitOptions::default(),
        );
        // Five standard deviations of a binomial part are 150 names.
        assert!(parts.val.len().abs_diff(1000) < 150, "{}", parts.val.len());
        assert!(
            parts.test.len().abs_diff(1000) < 150,
            "{}",
            parts.test.len()
        );
    }

    #[test]
    fn small_lists_and_zero_shares() {
        assert_eq!(
            split(
                list((0..9).map(|i| i.to_string())),
                &SplitOptions::default()
            )
            .train
            .len(),
            9
        );
        let options = SplitOptions {
            shares: "1,0,0".parse().unwrap(),
            ..SplitOptions::default()
        };
        assert_eq!(
            split(list((0..99).map(|i| i.to_string())), &options)
                .train
                .len(),
            99
        );
        for bad in [
            "",
            "80",
            "80,10",
            "80,10,10,10",
            "-1,2,3",
            "0,1,1",
            "a,b,c",
            "80;10;10",
        ] {
            assert!(bad.parse::<Shares>().is_err(), "{bad}");
        }
    }

    proptest! {
        /// The part of a name does not depend on other names or their order.
        #[test]
        fn adding_names_moves_none(
            some in prop::collection::btree_set("[a-z]{1,6}", 10..60),
            more in prop::collection::btree_set("[a-z]{1,6}", 0..60),
            seed in any::<u64>(),
        ) {
            let options = SplitOptions { seed: Seed::from(seed), ..SplitOptions::default() };
            let small = split(list(some.iter().cloned()), &options);
            let large = split(list(more.into_iter().chain(some.into_iter().rev())), &options);
            for (part, larger) in [
                (&small.train, &large.train), (&small.val, &large.val), (&small.test, &large.test),
            ] {
                for name in part.names() {
                    prop_assert!(larger.contains(name.text));
                }
            }
            let all: std::collections::BTreeSet<_> = large.all().map(|name| name.text).collect();
            prop_assert_eq!(all.len(), large.all().count());
        }
    }
}
