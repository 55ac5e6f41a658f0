//! The graph over which the dynamic program runs: its nodes are the reachable pairs of a context and an
//! automaton state.

use crate::sample::conditions::{DEAD, Reach};
use crate::sample::contexts::Contexts;
use crate::text::{END, Token};

/// Limits on the size of a graph: contexts, pairs of context and state, and products p·β.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    contexts: usize,
    pairs: usize,
    products: usize,
}

impl Limits {
    /// A program of this size is ready within a fraction of a second.
    pub(crate) const QUICK: Limits = Limits {
        contexts: 1 << 15,
        pairs: 1 << 23,
        products: 1 << 26,
    };
    /// A program of this size takes a second or two: where nothing else is likely to find a name.
    pub(crate) const LARGE: Limits = Limits {
        contexts: 1 << 18,
        pairs: 1 << 25,
        products: 1 << 28,
    };
    /// No program is small enough.
    #[cfg(test)]
    pub(crate) const NONE: Limits = Limits {
        contexts: 0,
        pairs: 0,
        products: 0,
    };
}

/// The node from which no name is accepted, and the node of the empty name.
pub(crate) const NOWHERE: u32 = 0;
pub(crate) const START: u32 = 1;

/// The nodes, numbered in discovery order (breadth first), and their edges.
pub(crate) struct Graph {
    pub(crate) contexts: Vec<u32>,
    pub(crate) states: Vec<u32>,
    /// Length of the shortest prefix that leads to each node; not decreasing.
    pub(crate) lengths: Vec<u32>,
    pub(crate) edges: Vec<Edges>,
    /// \[rows, V\].
    next: Vec<u32>,
}

/// The edges from a node, one for each token but END.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Edges {
    /// To consecutive nodes in the tokens' order, beginning with this one.
    Run(u32),
    /// To the nodes in a row of the table.
    Row(u32),
}

impl Graph {
    /// `None` if the graph would be too large.
    pub(crate) fn new(contexts: &mut Contexts<'_>, reach: &Reach, limits: Limits) -> Option<Self> {
        let vocab_size = contexts.model.vocab_size();
        let (states, longest) = (reach.states(), reach.lengths().1);
        let mut graph = Graph {
            contexts: vec![u32::MAX, 0],
            states: vec![0, 0],
            lengths: vec![0, 0],
            edges: vec![Edges::Row(0)],
            next: vec![NOWHERE; vocab_size],
        };
        let mut row = vec![NOWHERE; vocab_size];
        // By state, whether a name can still be completed after `fits_at` tokens.
        let (mut fits, mut fits_at) = (Vec::new(), 0);
        let mut numbers = vec![NOWHERE; states];
        numbers[0] = START;
        let mut at = START as usize;
        while at < graph.contexts.len() {
            let (context, state, length) =
                (graph.contexts[at], graph.states[at], graph.lengths[at] + 1);
            if fits_at != length {
                fits = (0..states as u32)
                    .map(|state| reach.completes(state, length as usize))
                    .collect();
                fits_at = length;
            }
            row.fill(NOWHERE);
            for (token, &state) in (END..).zip(reach.steps(state)).skip(1) {
                if state == DEAD || !fits[state as usize] {
                    continue;
                }
                let context = contexts.after(context, token);
                let pair = context as usize * states + state as usize;
                if pair >= numbers.len() {
                    numbers.resize((context as usize + 1) * states, NOWHERE);
                }
                if numbers[pair] == NOWHERE {
                    numbers[pair] = graph.contexts.len() as u32;
                    graph.contexts.push(context);
                    graph.states.push(state);
                    graph.lengths.push(length);
                }
                row[usize::from(token)] = numbers[pair];
            }
            graph.push_edges(&row);
            let products = graph.contexts.len() * vocab_size * (longest + 1);
            if contexts.len() > limits.contexts
                || numbers.len() > limits.pairs
                || products > limits.products
            {
                return None;
            }
            at += 1;
        }
        Some(graph)
    }

    /// Adds the edges of the next node.
    fn push_edges(&mut self, row: &[u32]) {
        let next = &row[1..];
        let first = next.first().copied().unwrap_or(NOWHERE);
        let is_run = first != NOWHERE && next.iter().zip(first..).all(|(&node, run)| node == run);
        if is_run {
            self.edges.push(Edges::Run(first));
        } else {
            let number = (self.next.len() / row.len()) as u32;
            self.edges.push(Edges::Row(number));
            self.next.extend_from_slice(row);
        }
    }

    /// Whether the edges from a node are a run.
    pub(crate) fn has_run(&self, node: u32) -> bool {
        matches!(self.edges[node as usize], Edges::Run(_))
    }

    /// The node after a token other than END.
    pub(crate) fn after(&self, node: u32, token: Token, vocab_size: usize) -> u32 {
        match self.edges[node as usize] {
            Edges::Run(first) => first + u32::from(token) - 1,
            Edges::Row(_) => self.row(node, vocab_size)[usize::from(token)],
        }
    }

    /// The nodes after every token, \[V\]; empty if the edges are a run.
    pub(crate) fn row(&self, node: u32, vocab_size: usize) -> &[u32] {
        match self.edges[node as usize] {
            Edges::Run(_) => &[],
            Edges::Row(row) => &self.next[row as usize * vocab_size..][..vocab_size],
        }
    }

    /// Number of nodes that a prefix of at most `length` tokens can lead to.
    pub(crate) fn nodes_within(&self, length: usize) -> usize {
        let is_within = |&shortest: &u32| shortest as usize <= length;
        self.lengths.partition_point(is_within)
    }
}
