//! Names that are not wanted, as a trie that a draw walks along: the known ones, and those drawn before.

use rustc_hash::FxHashMap;

use crate::data::Token;

/// Off the trie: whatever follows, the name is none of it.
pub(super) const FREE: u32 = u32::MAX;

/// A trie of names; node 0 is the empty beginning.
#[derive(Clone, Debug, Default)]
pub(super) struct Excluded {
    children: FxHashMap<(u32, Token), u32>,
    ends: Vec<bool>,
}

impl Excluded {
    /// The node of an empty name.
    pub(super) fn start(&self) -> u32 {
        if self.ends.is_empty() { FREE } else { 0 }
    }

    /// The node after a token.
    pub(super) fn step(&self, node: u32, token: Token) -> u32 {
        match node {
            FREE => FREE,
            _ => self.children.get(&(node, token)).copied().unwrap_or(FREE),
        }
    }

    /// Whether a name that ends here is excluded.
    pub(super) fn contains(&self, node: u32) -> bool {
        node != FREE && self.ends[node as usize]
    }

    /// Excludes a name; says whether it was not excluded before.
    pub(super) fn insert(&mut self, name: &[Token]) -> bool {
        if self.ends.is_empty() {
            self.ends.push(false);
        }
        let mut node = 0;
        for &token in name {
            let fresh = self.ends.len() as u32;
            node = *self.children.entry((node, token)).or_insert(fresh);
            if node == fresh {
                self.ends.push(false);
            }
        }
        !std::mem::replace(&mut self.ends[node as usize], true)
    }
}
