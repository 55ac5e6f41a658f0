//! The pairs of context and automaton state that names come to, and the ways between them.

use crate::sample::conditions::automaton::DEAD;
use crate::sample::conditions::builder::Reach;
use crate::sample::contexts::interner::Contexts;
use crate::text::{END, Token};

/// Contexts, pairs of context and state, and products p·β: more are not tabulated.
const MOST_CONTEXTS: usize = 1 << 15;
const MOST_PAIRS: usize = 1 << 23;
const MOST_PRODUCTS: usize = 1 << 26;
/// The node from which nothing is accepted, and the one of the empty name.
pub(crate) const NOWHERE: u32 = 0;
pub(crate) const START: u32 = 1;

/// The nodes in the order in which names first come to them, and the edges between them.
pub(crate) struct Graph {
    pub(crate) contexts: Vec<u32>,
    pub(crate) states: Vec<u32>,
    /// Of the shortest beginning that leads to each.
    pub(crate) lengths: Vec<u32>,
    pub(crate) ways: Vec<Ways>,
    /// \[rows, V\].
    next: Vec<u32>,
}

/// Where the tokens lead from a node.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Ways {
    /// Each to the node behind the one that the token before it leads to, the first letter to this one.
    Run(u32),
    /// To those of a row.
    Row(u32),
}

impl Graph {
    /// `None` where there are too many.
    pub(crate) fn new(contexts: &mut Contexts<'_>, reach: &Reach) -> Option<Self> {
        let vocab_size = contexts.model.vocab_size();
        let (states, longest) = (reach.states(), reach.lengths().1);
        let mut graph = Graph {
            contexts: vec![u32::MAX, 0],
            states: vec![0, 0],
            lengths: vec![0, 0],
            ways: vec![Ways::Row(0)],
            next: vec![NOWHERE; vocab_size],
        };
        let (mut row, mut fits, mut fits_at) = (vec![NOWHERE; vocab_size], Vec::new(), 0);
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
            graph.push(&row);
            let products = graph.contexts.len() * vocab_size * (longest + 1);
            if contexts.len() > MOST_CONTEXTS
                || numbers.len() > MOST_PAIRS
                || products > MOST_PRODUCTS
            {
                return None;
            }
            at += 1;
        }
        Some(graph)
    }

    /// The ways on from the next node.
    fn push(&mut self, row: &[u32]) {
        let letters = &row[1..];
        let first = letters.first().copied().unwrap_or(NOWHERE);
        let run = first != NOWHERE
            && letters
                .iter()
                .zip(first..)
                .all(|(&next, expected)| next == expected);
        self.ways.push(match run {
            true => Ways::Run(first),
            false => Ways::Row((self.next.len() / row.len()) as u32),
        });
        if !run {
            self.next.extend_from_slice(row);
        }
    }

    /// Whether the ways on from a node are a run.
    pub(crate) fn runs(&self, node: u32) -> bool {
        matches!(self.ways[node as usize], Ways::Run(_))
    }

    /// Where a letter leads.
    pub(crate) fn after(&self, node: u32, token: Token, vocab_size: usize) -> u32 {
        match self.ways[node as usize] {
            Ways::Run(first) => first + u32::from(token) - 1,
            Ways::Row(_) => self.row(node, vocab_size)[usize::from(token)],
        }
    }

    /// Where each token leads from a node without a run.
    pub(crate) fn row(&self, node: u32, vocab_size: usize) -> &[u32] {
        match self.ways[node as usize] {
            Ways::Run(_) => &[],
            Ways::Row(row) => &self.next[row as usize * vocab_size..][..vocab_size],
        }
    }
}
