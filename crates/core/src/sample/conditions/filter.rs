//! Which names are accepted: those that satisfy the conditions and are not in an unwanted list.

use crate::data::NameList;
use crate::data::trie::{FREE, Trie};
use crate::error::Error;
use crate::sample::conditions::automaton::DEAD;
use crate::sample::conditions::builder::Conditions;
use crate::sample::conditions::reach::Reach;
use crate::text::{Token, Vocab};

/// The compiled conditions and the excluded names.
pub(crate) struct Filter {
    pub(crate) reach: Reach,
    pub(crate) excluded: Trie,
}

impl Filter {
    /// Compiles the conditions and collects the unwanted names.
    ///
    /// # Errors
    /// As [`Conditions::compile`] and [`Reach::new`].
    pub(crate) fn new(
        conditions: &Conditions,
        unwanted: &[&NameList],
        vocab: &Vocab,
    ) -> Result<Self, Error> {
        Ok(Filter {
            reach: Reach::new(&conditions.compile(vocab)?, vocab.len())?,
            excluded: excluded(unwanted, vocab),
        })
    }

    /// Whether a name is accepted.
    pub(crate) fn fits(&self, name: &[Token]) -> bool {
        let (shortest, longest) = self.reach.lengths();
        let (mut state, mut node) = (0, self.excluded.start());
        if node == FREE && self.reach.only_lengths() {
            return (shortest..=longest).contains(&name.len());
        }
        for &token in name {
            state = self.reach.step(state, token);
            if state == DEAD {
                return false;
            }
            node = self.excluded.step(node, token);
        }
        self.reach.accepts(state, name.len()) && !self.excluded.contains(node)
    }

    /// Whether a maximum length is the only condition.
    pub(crate) fn only_limits_length(&self) -> bool {
        self.reach.only_lengths() && self.reach.lengths().0 <= 1 && self.excluded.len() == 0
    }

    /// The maximum length of a name, in tokens.
    pub(crate) fn max_length(&self) -> usize {
        self.reach.lengths().1
    }
}

/// The names of some lists as a trie. Names with characters outside the vocabulary are skipped: the model
/// cannot generate them.
fn excluded(lists: &[&NameList], vocab: &Vocab) -> Trie {
    let (mut excluded, mut tokens) = (Trie::default(), Vec::new());
    for name in lists.iter().flat_map(|list| list.names()) {
        if vocab.encode_into(name.text, &mut tokens).is_ok() {
            excluded.insert(&tokens);
        }
    }
    excluded
}
