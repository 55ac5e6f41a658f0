//! The nodes that draws reach, each with an upper bound on the probability of completing a name from it.

use rustc_hash::FxHashMap;

use crate::data::trie::Trie;
use crate::executor::Executor;
use crate::sample::conditions::{Filter, Reach};
use crate::sample::contexts::{Contexts, Keep};
use crate::sample::methods::weights::times;
use crate::sample::source::Source;
use crate::text::{END, Token};

/// In place of a child: no name can be completed there, or no draw has reached it.
const CLOSED: u32 = u32::MAX;
const UNSEEN: u32 = u32::MAX - 1;

/// What the continuations of a prefix depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Node {
    context: u32,
    state: u32,
    /// In the trie of excluded names.
    excluded: u32,
    length: u32,
}

/// The nodes, numbered in discovery order.
pub(super) struct Nodes<'a> {
    contexts: Contexts<'a>,
    reach: Reach,
    excluded: Trie,
    numbers: FxHashMap<Node, u32>,
    nodes: Vec<Node>,
    /// Of every node; 1 for a new one.
    bounds: Vec<f64>,
    /// \[nodes, V\]: a node, [`CLOSED`] or [`UNSEEN`].
    children: Vec<u32>,
    /// The round in which each node was last visited.
    visited: Vec<u64>,
    root: u32,
}

impl<'a> Nodes<'a> {
    pub(super) fn new(source: Source<'a>, filter: Filter) -> Self {
        let keep = Keep {
            log_probs: true,
            probs: true,
            ..Keep::default()
        };
        let mut nodes = Nodes {
            contexts: Contexts::new(source, keep),
            reach: filter.reach,
            excluded: filter.excluded,
            numbers: FxHashMap::default(),
            nodes: Vec::new(),
            bounds: Vec::new(),
            children: Vec::new(),
            visited: Vec::new(),
            root: 0,
        };
        nodes.forget();
        nodes
    }

    /// The conditions and the excluded names.
    pub(super) fn into_filter(self) -> Filter {
        Filter {
            reach: self.reach,
            excluded: self.excluded,
        }
    }

    /// Forgets every node but the root. Its bound is 1 again.
    pub(super) fn forget(&mut self) {
        self.contexts.forget();
        self.numbers.clear();
        self.nodes.clear();
        self.bounds.clear();
        self.children.clear();
        self.visited.clear();
        let start = Node {
            context: 0,
            state: 0,
            excluded: self.excluded.start(),
            length: 0,
        };
        self.root = self.number(start);
    }

    /// Approximate memory of the nodes and contexts, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let node = 4 * self.vocab_size() + 64;
        self.contexts.len() * self.contexts.bytes_each() + self.nodes.len() * node
    }

    fn vocab_size(&self) -> usize {
        self.contexts.model.vocab_size()
    }

    /// The node of an empty name.
    pub(super) fn root(&self) -> u32 {
        self.root
    }

    pub(super) fn bound(&self, node: u32) -> f64 {
        self.bounds[node as usize]
    }

    /// Number of contexts that the model evaluated.
    pub(super) fn evaluations(&self) -> u64 {
        self.contexts.evaluations
    }

    /// Evaluates the contexts of new nodes.
    pub(super) fn evaluate(&mut self, executor: &dyn Executor) {
        self.contexts.evaluate(executor);
    }

    /// The number of a node. For a new one, the closed children are determined.
    fn number(&mut self, node: Node) -> u32 {
        if let Some(&number) = self.numbers.get(&node) {
            return number;
        }
        let number = self.nodes.len() as u32;
        self.numbers.insert(node, number);
        self.nodes.push(node);
        self.bounds.push(1.0);
        self.visited.push(0);
        self.children.push(CLOSED); // END has no node
        for token in END + 1..self.vocab_size() as Token {
            let state = self.reach.step(node.state, token);
            let open = self.reach.open(state, node.length as usize + 1);
            self.children.push(if open { UNSEEN } else { CLOSED });
        }
        number
    }

    fn place(&self, node: u32, token: Token) -> usize {
        node as usize * self.vocab_size() + usize::from(token)
    }

    /// The node after a token, which must not be closed.
    pub(super) fn child(&mut self, number: u32, token: Token) -> u32 {
        let place = self.place(number, token);
        if self.children[place] == UNSEEN {
            let node = self.nodes[number as usize];
            let child = Node {
                context: self.contexts.after(node.context, token),
                state: self.reach.step(node.state, token),
                excluded: self.excluded.step(node.excluded, token),
                length: node.length + 1,
            };
            self.children[place] = self.number(child);
        }
        self.children[place]
    }

    fn bound_of(&self, child: u32) -> f64 {
        match child {
            CLOSED => 0.0,
            UNSEEN => 1.0,
            child => self.bound(child),
        }
    }

    /// The bound of the node after a token.
    pub(super) fn child_bound(&self, node: u32, token: Token) -> f64 {
        self.bound_of(self.children[self.place(node, token)])
    }

    /// p·U of every continuation of a node; their sum.
    pub(super) fn weigh(&self, number: u32, weights: &mut Vec<f64>) -> f64 {
        let node = self.nodes[number as usize];
        let ends = self.reach.accepts(node.state, node.length as usize)
            && !self.excluded.contains(node.excluded);
        let probs = self.contexts.probs(node.context);
        let children = &self.children[number as usize * probs.len()..][..probs.len()];
        weights.clear();
        weights.push(if ends { probs[usize::from(END)] } else { 0.0 });
        let edges = probs.iter().zip(children).skip(1);
        weights.extend(edges.map(|(&p, &child)| times(p, self.bound_of(child))));
        weights.iter().sum()
    }

    /// The probability of a token after a node, in draws.
    pub(super) fn prob(&self, node: u32, token: Token) -> f64 {
        let context = self.nodes[node as usize].context;
        self.contexts.probs(context)[usize::from(token)]
    }

    /// ln p of a token after a node, by the model itself.
    pub(super) fn log_prob(&self, node: u32, token: Token) -> f64 {
        let context = self.nodes[node as usize].context;
        self.contexts.log_probs(context)[usize::from(token)]
    }

    /// Recomputes the bounds of all nodes on the paths of some prefixes, deepest first. `round` counts the
    /// calls from 1.
    pub(super) fn tighten<'n>(&mut self, prefixes: impl Iterator<Item = &'n [Token]>, round: u64) {
        let mut by_length: Vec<Vec<u32>> = vec![Vec::new(); self.reach.lengths().1 + 1];
        for prefix in prefixes {
            let mut node = self.root;
            let tokens = prefix.iter().map(|&token| Some(token));
            for (visited, token) in by_length.iter_mut().zip(tokens.chain([None])) {
                if std::mem::replace(&mut self.visited[node as usize], round) != round {
                    visited.push(node);
                }
                if let Some(token) = token {
                    node = self.child(node, token);
                }
            }
        }
        self.recompute(by_length.into_iter().rev().flatten());
    }

    /// Recomputes the bounds of some nodes in this order.
    fn recompute(&mut self, nodes: impl Iterator<Item = u32>) {
        let mut weights = Vec::new();
        for node in nodes {
            self.bounds[node as usize] = self.weigh(node, &mut weights);
        }
    }

    /// Excludes a name from further draws; returns whether it was not excluded yet. Its prefixes get nodes of
    /// their own, which start with the bounds that they shared with other nodes and are then tightened, deepest
    /// first.
    pub(super) fn exclude(&mut self, name: &[Token]) -> bool {
        if !self.excluded.insert(name) {
            return false;
        }
        let (mut shared, mut on_trie) = (self.root, self.excluded.start());
        let mut path = vec![self.copy_at(shared, on_trie)];
        self.root = path[0];
        for (&token, parent) in name.iter().zip(0..) {
            shared = self.child(shared, token);
            on_trie = self.excluded.step(on_trie, token);
            let own = self.copy_at(shared, on_trie);
            let place = self.place(path[parent], token);
            self.children[place] = own;
            path.push(own);
        }
        self.recompute(path.into_iter().rev());
        true
    }

    /// A copy of a node for a place in the trie, or the node itself if it has this place.
    fn copy_at(&mut self, shared: u32, on_trie: u32) -> u32 {
        let node = self.nodes[shared as usize];
        if node.excluded == on_trie {
            return shared;
        }
        let own = self.number(Node {
            excluded: on_trie,
            ..node
        });
        let from = self.place(shared, END);
        let to = self.place(own, END);
        let end = from + self.vocab_size();
        self.children.copy_within(from..end, to);
        self.bounds[own as usize] = self.bounds[shared as usize];
        own
    }

    /// Number of nodes.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }
}
