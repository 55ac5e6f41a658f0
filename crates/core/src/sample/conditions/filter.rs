//! Which names fit: conditions, and names that are not wanted.

use crate::data::trie::{FREE, Trie};
use crate::sample::conditions::automaton::DEAD;
use crate::sample::conditions::builder::Reach;
use crate::text::Token;

/// Which names are kept.
pub(crate) struct Filter {
    pub(crate) reach: Reach,
    pub(crate) excluded: Trie,
}

impl Filter {
    /// Whether a name fits.
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

    /// Whether nothing but a longest length is asked for.
    pub(crate) fn is_only_too_long(&self) -> bool {
        self.reach.only_lengths() && self.reach.lengths().0 <= 1 && self.excluded.len() == 0
    }

    /// The longest name, in characters.
    pub(crate) fn max_length(&self) -> usize {
        self.reach.lengths().1
    }
}
