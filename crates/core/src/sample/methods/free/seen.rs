//! The names drawn so far, for draws without replacement.

use std::hash::{BuildHasher, BuildHasherDefault};

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use crate::sample::batch::Batch;
use crate::text::{END, Token};

/// A set of names.
#[derive(Default)]
pub(crate) struct Seen {
    /// All names, each followed by [`END`].
    tokens: Vec<Token>,
    /// Where each name starts.
    starts: HashTable<usize>,
}

impl Seen {
    /// Number of names.
    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &[Token]> {
        self.tokens.split(|&token| token == END).take(self.len())
    }

    /// The names as a batch, with unknown log-probabilities (NaN).
    pub(crate) fn into_batch(self) -> Batch {
        Batch {
            names: self.starts.len(),
            log_probs: vec![f64::NAN; self.starts.len()],
            tokens: self.tokens,
        }
    }

    /// Inserts the names of a batch and returns those that are new, in their order.
    pub(crate) fn insert_new(&mut self, batch: &Batch) -> Batch {
        let mut new = Batch::default();
        for (place, name) in batch.names().enumerate() {
            if self.insert(name) {
                new.push(name);
                new.log_probs.extend(batch.log_probs.get(place));
            }
        }
        new
    }

    fn insert(&mut self, name: &[Token]) -> bool {
        let hasher = BuildHasherDefault::<FxHasher>::default();
        let tokens = &self.tokens;
        let of = |start: usize| {
            tokens[start..]
                .split(|&token| token == END)
                .next()
                .unwrap_or_default()
        };
        let hash = hasher.hash_one(name);
        if self.starts.find(hash, |&start| of(start) == name).is_some() {
            return false;
        }
        self.starts
            .insert_unique(hash, tokens.len(), |&start| hasher.hash_one(of(start)));
        self.tokens.extend_from_slice(name);
        self.tokens.push(END);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_new_once() {
        let mut seen = Seen::default();
        let mut batch = Batch::default();
        for (name, log_prob) in [
            (&[1, 2][..], -1.0),
            (&[1], -2.0),
            (&[1, 2], -1.0),
            (&[], -3.0),
            (&[2, 1], -4.0),
        ] {
            batch.push(name);
            batch.log_probs.push(log_prob);
        }
        let new = seen.insert_new(&batch);
        assert_eq!(
            new.names().collect::<Vec<_>>(),
            [&[1, 2][..], &[1], &[], &[2, 1]]
        );
        assert_eq!(new.log_probs, [-1.0, -2.0, -3.0, -4.0]);
        assert!(seen.insert_new(&batch).is_empty());
        assert_eq!((seen.len(), seen.names().count()), (4, 4));
    }
}
