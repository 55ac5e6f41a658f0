//! The dynamic program: the exact probability of every continuation.
//!
//! β(s, q, r) is the probability that from context s and automaton state q the name is completed within r
//! more tokens so that it satisfies the conditions: p(END|s)·[it may end] + Σ p(t|s)·β(s·t, δ(q, t), r − 1).
//! Drawing t with p(t|s)·β(next)/β(s, q, r) gives the conditional distribution, and β of the start is the
//! probability of the conditions. Excluded names form a trie: each of its nodes has its own β, computed from
//! the leaves to the root; names that have left the trie are unrestricted. Without replacement, drawn names
//! are added to the trie.

use std::array::from_fn;

use crate::data::trie::{FREE, Trie};
use crate::executor::Executor;
use crate::rng::Stream;
use crate::sample::batch::Batch;
use crate::sample::conditions::{Filter, Reach};
use crate::sample::contexts::{Contexts, Keep, smallest};
use crate::sample::methods::Draws;
use crate::sample::methods::dynamic::graph::{Edges, Graph, Limits, NOWHERE, START};
use crate::sample::methods::rounds::Rounds;
use crate::sample::methods::weights::{pick, times};
use crate::sample::probability::Probability;
use crate::sample::source::Setup;
use crate::text::END;

/// Nodes of a shard, names of a block, and the maximum number of blocks per draw.
const SHARD: usize = 2048;
const BLOCK: usize = 64;
const MAX_BLOCKS: usize = 512;
/// Sums that are computed side by side.
const LANES: usize = 4;
/// Index of the first block's stream.
const FIRST_BLOCK: u64 = 1 << 41;

/// β of all nodes of the graph, by the number of tokens that may follow.
pub(crate) struct DynamicProgram<'a> {
    contexts: Contexts<'a>,
    graph: Graph,
    reach: Reach,
    /// By r.
    levels: Vec<Level>,
    excluded: Trie,
    /// For each node of the trie.
    trie: Vec<TrieNode>,
    stream: Stream,
    unique: bool,
    next_block: u64,
    rounds: Rounds,
    attempts: u64,
    /// β of the start before any name was drawn.
    probability: f64,
}

/// β within r tokens.
struct Level {
    /// \[nodes\]; only of nodes that a prefix with r tokens left can lead to.
    betas: Vec<f64>,
    /// Whether no product of a p and one of these underflows.
    large: bool,
}

/// A node of the trie: its node in the graph, the length of its prefix, and its β.
#[derive(Clone, Copy)]
struct TrieNode {
    node: u32,
    length: u32,
    beta: f64,
}

impl<'a> DynamicProgram<'a> {
    /// Returns the conditions if the program would be too large. Keeping log-probabilities doubles the
    /// memory; if they are first requested later, the contexts are evaluated again.
    pub(crate) fn new(
        setup: Setup<'a>,
        filter: Filter,
        limits: Limits,
        log_probs: bool,
        executor: &dyn Executor,
    ) -> Result<Self, Filter> {
        let keep = Keep {
            log_probs,
            probs: true,
            ..Keep::default()
        };
        let mut contexts = Contexts::new(setup.source, keep);
        let Some(graph) = Graph::new(&mut contexts, &filter.reach, limits) else {
            return Err(filter);
        };
        contexts.evaluate(executor);
        let mut program = DynamicProgram {
            contexts,
            graph,
            reach: filter.reach,
            levels: Vec::new(),
            excluded: filter.excluded,
            trie: Vec::new(),
            stream: setup.stream,
            unique: setup.unique,
            next_block: FIRST_BLOCK,
            rounds: Rounds::new(1, MAX_BLOCKS),
            attempts: 0,
            probability: 0.0,
        };
        program.compute_levels(executor);
        program.follow_trie();
        let mut weights = Vec::new();
        for node in (0..program.excluded.len() as u32).rev() {
            program.trie[node as usize].beta = program.sum_on_trie(node, &mut weights);
        }
        program.probability = program.remaining();
        Ok(program)
    }

    /// β for r = 0, 1, … tokens.
    fn compute_levels(&mut self, executor: &dyn Executor) {
        let (longest, smallest_prob) = (self.reach.lengths().1, self.contexts.smallest_prob());
        for left in 0..=longest {
            let open: Vec<bool> = (0..self.reach.states())
                .map(|state| self.reach.open(state as u32, longest - left))
                .collect();
            let mut betas = vec![0.0; self.graph.nodes_within(longest - left)];
            let mut shards: Vec<&mut [f64]> = betas.chunks_mut(SHARD).collect();
            executor.for_each(&mut shards, |index, shard| {
                let first = (index * SHARD) as u32;
                for runs in [true, false] {
                    let is_meant = |&node: &u32| {
                        open[self.graph.states[node as usize] as usize]
                            && self.graph.has_run(node) == runs
                    };
                    let mut nodes = (first.max(START)..first + shard.len() as u32).filter(is_meant);
                    while let Some(node) = nodes.next() {
                        let mut some = [node; LANES];
                        some[1..].fill_with(|| nodes.next().unwrap_or(node));
                        for (node, sum) in some.into_iter().zip(self.sums(some, left)) {
                            shard[(node - first) as usize] = sum;
                        }
                    }
                }
            });
            let large = smallest_prob * smallest(&betas) > 0.0;
            self.levels.push(Level { betas, large });
        }
    }

    fn may_end(&self, node: u32, left: usize) -> bool {
        self.reach.accepts(
            self.graph.states[node as usize],
            self.reach.lengths().1 - left,
        )
    }

    /// β of some nodes off the trie whose edges are all of one kind. Each is a sum in the order of the
    /// tokens, in which every addition waits for the previous one: several sums hide that latency.
    fn sums(&self, nodes: [u32; LANES], left: usize) -> [f64; LANES] {
        let probs = nodes.map(|node| self.probs(node));
        let mut sums = from_fn(|lane| {
            if self.may_end(nodes[lane], left) {
                probs[lane][usize::from(END)]
            } else {
                0.0
            }
        });
        if let Some(level) = left.checked_sub(1).map(|left| &self.levels[left]) {
            if level.large {
                self.add_edges(nodes, probs, &level.betas, |p, beta| p * beta, &mut sums);
            } else {
                self.add_edges(nodes, probs, &level.betas, times, &mut sums);
            }
        }
        sums
    }

    /// Adds p·β of every edge, in the order of the tokens.
    #[inline]
    fn add_edges(
        &self,
        nodes: [u32; LANES],
        probs: [&[f64]; LANES],
        betas: &[f64],
        times: impl Fn(f64, f64) -> f64,
        sums: &mut [f64; LANES],
    ) {
        let edges = probs[0].len() - 1;
        let probs = probs.map(|probs| &probs[1..][..edges]);
        match self.graph.edges[nodes[0] as usize] {
            Edges::Run(_) => {
                let betas =
                    nodes.map(|node| &betas[self.graph.after(node, 1, 0) as usize..][..edges]);
                for edge in 0..edges {
                    for lane in 0..LANES {
                        sums[lane] += times(probs[lane][edge], betas[lane][edge]);
                    }
                }
            }
            Edges::Row(_) => {
                let next = nodes.map(|node| &self.graph.row(node, edges + 1)[1..][..edges]);
                for edge in 0..edges {
                    for lane in 0..LANES {
                        sums[lane] += times(probs[lane][edge], betas[next[lane][edge] as usize]);
                    }
                }
            }
        }
    }

    /// p of every token after a node.
    fn probs(&self, node: u32) -> &[f64] {
        self.contexts.probs(self.graph.contexts[node as usize])
    }

    /// p·β of every continuation of a node, on the trie or off it; their sum.
    fn weigh(&self, node: u32, on_trie: u32, left: usize, weights: &mut Vec<f64>) -> f64 {
        let probs = self.probs(node);
        let ends = self.may_end(node, left) && !self.excluded.contains(on_trie);
        weights.clear();
        weights.push(if ends { probs[usize::from(END)] } else { 0.0 });
        match left.checked_sub(1).map(|left| &self.levels[left]) {
            None => weights.resize(probs.len(), 0.0),
            Some(level) => {
                if level.large {
                    self.push_edges(node, &level.betas, |p, beta| p * beta, weights);
                } else {
                    self.push_edges(node, &level.betas, times, weights);
                }
                for (token, child) in self.excluded.children(on_trie) {
                    let token = usize::from(token);
                    weights[token] = times(probs[token], self.trie[child as usize].beta);
                }
            }
        }
        weights.iter().sum()
    }

    /// Appends p·β of every edge from a node.
    #[inline]
    fn push_edges(
        &self,
        node: u32,
        betas: &[f64],
        times: impl Fn(f64, f64) -> f64,
        weights: &mut Vec<f64>,
    ) {
        let vocab_size = self.probs(node).len();
        let probs = &self.probs(node)[1..];
        match self.graph.edges[node as usize] {
            Edges::Run(first) => {
                let betas = &betas[first as usize..][..probs.len()];
                weights.extend(probs.iter().zip(betas).map(|(&p, &beta)| times(p, beta)));
            }
            Edges::Row(_) => {
                let next = &self.graph.row(node, vocab_size)[1..];
                let products = probs.iter().zip(next);
                weights.extend(products.map(|(&p, &next)| times(p, betas[next as usize])));
            }
        }
    }

    /// Finds the graph nodes of new trie nodes.
    fn follow_trie(&mut self) {
        let (known, longest) = (self.trie.len(), self.reach.lengths().1 as u32);
        let nowhere = TrieNode {
            node: NOWHERE,
            length: 0,
            beta: 0.0,
        };
        self.trie.resize(self.excluded.len(), nowhere);
        if known == 0 && self.excluded.len() > 0 {
            self.trie[0].node = START;
        }
        let vocab_size = self.contexts.model.vocab_size();
        // An old node can have new children, so all nodes are visited.
        for node in 0..self.excluded.len() as u32 {
            let from = self.trie[node as usize];
            for (token, child) in self.excluded.children(node) {
                if child as usize >= known && from.node != NOWHERE && from.length < longest {
                    let next = self.graph.after(from.node, token, vocab_size);
                    self.trie[child as usize].node = next;
                    self.trie[child as usize].length = from.length + 1;
                }
            }
        }
    }

    /// β of a trie node, from its children's.
    fn sum_on_trie(&self, node: u32, weights: &mut Vec<f64>) -> f64 {
        let from = self.trie[node as usize];
        if from.node == NOWHERE {
            return 0.0;
        }
        let left = self.reach.lengths().1 - from.length as usize;
        self.weigh(from.node, node, left, weights)
    }

    /// Draws the names of a block.
    fn draw_block(&self, mut rng: Stream, batch: &mut Batch) {
        let (mut name, mut weights) = (Vec::new(), Vec::new());
        let log_probs = self.contexts.keeps_log_probs();
        for _ in 0..BLOCK {
            name.clear();
            let (mut node, mut on_trie) = (START, self.excluded.start());
            let mut log_prob = 0.0;
            for left in (0..=self.reach.lengths().1).rev() {
                let sum = self.weigh(node, on_trie, left, &mut weights);
                let token = pick(&weights, rng.uniform() * sum);
                if log_probs {
                    let context = self.graph.contexts[node as usize];
                    log_prob += self.contexts.log_probs(context)[usize::from(token)];
                }
                if token == END {
                    break;
                }
                name.push(token);
                on_trie = self.excluded.step(on_trie, token);
                node = self.graph.after(node, token, weights.len());
            }
            batch.push(&name);
            batch.log_probs.extend(log_probs.then_some(log_prob));
        }
    }

    /// Excludes the names of some batches from further draws; returns those that were not excluded yet.
    pub(crate) fn exclude(&mut self, batches: &[Batch]) -> Batch {
        let mut new = Batch::default();
        for batch in batches {
            for (place, name) in batch.names().enumerate() {
                if self.excluded.insert(name) {
                    new.push(name);
                    new.log_probs.extend(batch.log_probs.get(place));
                }
            }
        }
        self.follow_trie();
        let (mut path, mut weights) = (Vec::new(), Vec::new());
        for name in new.names() {
            let mut node = self.excluded.start();
            path.clear();
            path.push(node);
            for &token in name {
                node = self.excluded.step(node, token);
                path.push(node);
            }
            for &node in path.iter().rev() {
                self.trie[node as usize].beta = self.sum_on_trie(node, &mut weights);
            }
        }
        new
    }
}

impl Draws for DynamicProgram<'_> {
    fn draw(&mut self, wanted: usize, log_probs: bool, executor: &dyn Executor) -> Vec<Batch> {
        if log_probs {
            self.contexts.evaluate_log_probs(executor);
        }
        let blocks = if self.unique {
            self.rounds.size()
        } else {
            wanted.div_ceil(BLOCK).clamp(1, MAX_BLOCKS)
        };
        let mut batches = vec![Batch::default(); blocks];
        let (this, first) = (&*self, self.next_block);
        executor.for_each(&mut batches, |index, batch| {
            this.draw_block(this.stream.at(first + index as u64), batch);
        });
        self.next_block += blocks as u64;
        self.attempts += (blocks * BLOCK) as u64;
        if !self.unique {
            return batches;
        }
        let new = self.exclude(&batches);
        self.rounds.adapt(new.len(), blocks * BLOCK);
        vec![new]
    }

    fn probability(&mut self, _executor: &dyn Executor) -> Probability {
        Probability::exact(self.probability)
    }

    fn attempts(&self) -> u64 {
        self.attempts
    }

    fn evaluations(&self) -> u64 {
        self.contexts.evaluations
    }

    /// The exact probability of all names that can still be drawn.
    fn remaining(&self) -> f64 {
        match self.excluded.start() {
            FREE => self.levels[self.reach.lengths().1].betas[START as usize],
            start => self.trie[start as usize].beta,
        }
    }
}
