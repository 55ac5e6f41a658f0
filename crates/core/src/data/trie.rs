//! A trie of names that is traversed alongside a model: excluded names, or known ones.

use crate::text::Token;

/// No node: no name of the trie has this prefix.
pub(crate) const FREE: u32 = u32::MAX;

/// A trie of names. Node 0 is the empty prefix, and every node comes after its parent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trie {
    nodes: Vec<TrieNode>,
}

#[derive(Clone, Copy, Debug)]
struct TrieNode {
    /// [`FREE`] if there is none, like `sibling`.
    first_child: u32,
    sibling: u32,
    token: Token,
    ends: bool,
}

impl TrieNode {
    fn new(token: Token, sibling: u32) -> Self {
        TrieNode {
            first_child: FREE,
            sibling,
            token,
            ends: false,
        }
    }
}

impl Trie {
    /// The node of an empty name.
    pub(crate) fn start(&self) -> u32 {
        if self.nodes.is_empty() { FREE } else { 0 }
    }

    /// Number of nodes.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The edges of a node: tokens and child nodes.
    pub(crate) fn children(&self, node: u32) -> impl Iterator<Item = (Token, u32)> {
        let first = if node == FREE {
            FREE
        } else {
            self.nodes[node as usize].first_child
        };
        let some = |node: u32| (node != FREE).then_some(node);
        let nodes = std::iter::successors(some(first), move |&node| {
            some(self.nodes[node as usize].sibling)
        });
        nodes.map(|node| (self.nodes[node as usize].token, node))
    }

    /// The child for a token, or [`FREE`].
    pub(crate) fn step(&self, node: u32, token: Token) -> u32 {
        let child = self.children(node).find(|&(label, _)| label == token);
        child.map_or(FREE, |(_, child)| child)
    }

    /// The node of a prefix, or [`FREE`].
    pub(crate) fn find(&self, tokens: &[Token]) -> u32 {
        let on = |node, &token: &Token| self.step(node, token);
        tokens.iter().fold(self.start(), on)
    }

    /// Whether a name ends here.
    pub(crate) fn contains(&self, node: u32) -> bool {
        node != FREE && self.nodes[node as usize].ends
    }

    /// Adds a name; returns whether it is new.
    pub(crate) fn insert(&mut self, name: &[Token]) -> bool {
        if self.nodes.is_empty() {
            self.nodes.push(TrieNode::new(0, FREE));
        }
        let mut node = 0;
        for &token in name {
            let mut next = self.step(node, token);
            if next == FREE {
                next = self.nodes.len() as u32;
                let parent = &mut self.nodes[node as usize];
                let sibling = std::mem::replace(&mut parent.first_child, next);
                self.nodes.push(TrieNode::new(token, sibling));
            }
            node = next;
        }
        !std::mem::replace(&mut self.nodes[node as usize].ends, true)
    }
}
