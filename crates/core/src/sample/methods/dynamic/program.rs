//! The dynamic programme: the exact probability of every way on, wherever it is small enough.
//!
//! β(s, q, r) is the probability that from context s and automaton state q the name ends as it should
//! within r more letters: p(END|s)·[it may end] + Σ p(t|s)·β(s·t, δ(q, t), r − 1). Drawing t with
//! p(t|s)·β(next)/β(s, q, r) is the conditional distribution, and β of the start the probability of
//! the conditions. Unwanted names are a trie: on it every node has a β of its own, computed from its
//! ends to its root; off it all names are free. Without replacement, drawn names join the trie.

use std::array::from_fn;

use crate::data::trie::{FREE, Trie};
use crate::executor::Executor;
use crate::rng::Stream;
use crate::sample::batch::Batch;
use crate::sample::conditions::builder::Reach;
use crate::sample::conditions::filter::Filter;
use crate::sample::contexts::interner::{Contexts, Keep, smallest};
use crate::sample::methods::bounds::{pick, times};
use crate::sample::methods::dynamic::graph::{Graph, NOWHERE, START, Ways};
use crate::sample::methods::rounds::Rounds;
use crate::sample::source::Source;
use crate::text::END;

/// Nodes of a shard, names of a block, blocks that are drawn at a time.
const SHARD: usize = 2048;
const BLOCK: usize = 64;
const BLOCKS: usize = 512;
/// Sums that are under way at a time.
const LANES: usize = 4;
/// Indices of the blocks' streams begin here.
const FIRST_BLOCK: u64 = 1 << 41;

/// β of all nodes: pairs of context and automaton state that names come to.
pub(crate) struct Programme<'a> {
    contexts: Contexts<'a>,
    graph: Graph,
    reach: Reach,
    /// By r.
    levels: Vec<Level>,
    excluded: Trie,
    /// For each node of the trie: its node, how many letters lead to it, and its β.
    trie: Vec<OnTrie>,
    words: Stream,
    next_block: u64,
    rounds: Rounds,
    pub(crate) attempts: u64,
    /// β of the start, before names were taken out.
    pub(crate) probability: f64,
}

/// β within r letters.
struct Level {
    /// \[nodes\]; only nodes that a name with r more letters can stand at.
    betas: Vec<f64>,
    /// Whether no product of a p and one of these is too small for a number.
    large: bool,
}

#[derive(Clone, Copy)]
struct OnTrie {
    node: u32,
    length: u32,
    beta: f64,
}

impl<'a> Programme<'a> {
    /// Gives the conditions back where the programme would be too large. Log-probabilities of names cost
    /// half the memory, and are asked for later where they are not wanted yet.
    pub(crate) fn new(
        source: Source<'a>,
        filter: Filter,
        words: Stream,
        log_probs: bool,
        executor: &dyn Executor,
    ) -> Result<Self, Filter> {
        let keep = Keep {
            log_probs,
            probs: true,
            ..Keep::default()
        };
        let mut contexts = Contexts::new(source, keep);
        let Some(graph) = Graph::new(&mut contexts, &filter.reach) else {
            return Err(filter);
        };
        contexts.evaluate(executor);
        let mut programme = Programme {
            contexts,
            graph,
            reach: filter.reach,
            levels: Vec::new(),
            excluded: filter.excluded,
            trie: Vec::new(),
            words,
            next_block: FIRST_BLOCK,
            rounds: Rounds::new(1, BLOCKS),
            attempts: 0,
            probability: 0.0,
        };
        programme.tabulate(executor);
        programme.follow_trie();
        let mut weights = Vec::new();
        for node in (0..programme.excluded.len() as u32).rev() {
            programme.trie[node as usize].beta = programme.sum_on_trie(node, &mut weights);
        }
        programme.probability = programme.left();
        Ok(programme)
    }

    /// The probability of everything that may still be drawn.
    pub(crate) fn left(&self) -> f64 {
        match self.excluded.start() {
            FREE => self.levels[self.reach.lengths().1].betas[START as usize],
            start => self.trie[start as usize].beta,
        }
    }

    /// Contexts that the model was asked for.
    pub(crate) fn evaluations(&self) -> u64 {
        self.contexts.evaluations
    }

    /// β for r = 0, 1, … letters.
    fn tabulate(&mut self, executor: &dyn Executor) {
        let (longest, smallest_prob) = (self.reach.lengths().1, self.contexts.smallest_prob());
        for left in 0..=longest {
            let length = longest - left;
            let nodes = self
                .graph
                .lengths
                .partition_point(|&first| first as usize <= length);
            let open: Vec<bool> = (0..self.reach.states())
                .map(|state| self.reach.open(state as u32, length))
                .collect();
            let mut betas = vec![0.0; nodes];
            let mut shards: Vec<&mut [f64]> = betas.chunks_mut(SHARD).collect();
            executor.for_each(&mut shards, |index, shard| {
                let first = (index * SHARD) as u32;
                for runs in [true, false] {
                    let is_meant = |&node: &u32| {
                        open[self.graph.states[node as usize] as usize]
                            && self.graph.runs(node) == runs
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

    /// β of some nodes off the trie, whose ways are all of a kind. Each is a sum in the order of its
    /// tokens, in which every addition waits for the one before: several sums fill the time.
    fn sums(&self, nodes: [u32; LANES], left: usize) -> [f64; LANES] {
        let probs = nodes.map(|node| self.probs(node));
        let mut sums = from_fn(|lane| match self.may_end(nodes[lane], left) {
            true => probs[lane][usize::from(END)],
            false => 0.0,
        });
        if let Some(level) = left.checked_sub(1).map(|left| &self.levels[left]) {
            match level.large {
                true => self.add_ways(nodes, probs, &level.betas, |p, beta| p * beta, &mut sums),
                false => self.add_ways(nodes, probs, &level.betas, times, &mut sums),
            }
        }
        sums
    }

    #[inline]
    fn add_ways(
        &self,
        nodes: [u32; LANES],
        probs: [&[f64]; LANES],
        betas: &[f64],
        times: impl Fn(f64, f64) -> f64,
        sums: &mut [f64; LANES],
    ) {
        let letters = probs[0].len() - 1;
        let probs = probs.map(|probs| &probs[1..][..letters]);
        match self.graph.ways[nodes[0] as usize] {
            Ways::Run(_) => {
                let betas =
                    nodes.map(|node| &betas[self.graph.after(node, 1, 0) as usize..][..letters]);
                for letter in 0..letters {
                    for lane in 0..LANES {
                        sums[lane] += times(probs[lane][letter], betas[lane][letter]);
                    }
                }
            }
            Ways::Row(_) => {
                let next = nodes.map(|node| &self.graph.row(node, letters + 1)[1..][..letters]);
                for letter in 0..letters {
                    for lane in 0..LANES {
                        sums[lane] +=
                            times(probs[lane][letter], betas[next[lane][letter] as usize]);
                    }
                }
            }
        }
    }

    /// p of every token after a node.
    fn probs(&self, node: u32) -> &[f64] {
        self.contexts.probs(self.graph.contexts[node as usize])
    }

    /// p·β of every way on from a node of the trie or off it; their sum.
    fn weigh(&self, node: u32, on_trie: u32, left: usize, weights: &mut Vec<f64>) -> f64 {
        let probs = self.probs(node);
        let ends = self.may_end(node, left) && !self.excluded.contains(on_trie);
        weights.clear();
        weights.push(if ends { probs[usize::from(END)] } else { 0.0 });
        match left.checked_sub(1).map(|left| &self.levels[left]) {
            None => weights.resize(probs.len(), 0.0),
            Some(level) => {
                match level.large {
                    true => self.push_ways(node, &level.betas, |p, beta| p * beta, weights),
                    false => self.push_ways(node, &level.betas, times, weights),
                }
                for (token, child) in self.excluded.children(on_trie) {
                    let token = usize::from(token);
                    weights[token] = times(probs[token], self.trie[child as usize].beta);
                }
            }
        }
        weights.iter().sum()
    }

    #[inline]
    fn push_ways(
        &self,
        node: u32,
        betas: &[f64],
        times: impl Fn(f64, f64) -> f64,
        weights: &mut Vec<f64>,
    ) {
        let probs = self.probs(node);
        let letters = &probs[1..];
        match self.graph.ways[node as usize] {
            Ways::Run(first) => {
                let betas = &betas[first as usize..][..letters.len()];
                weights.extend(letters.iter().zip(betas).map(|(&p, &beta)| times(p, beta)));
            }
            Ways::Row(_) => {
                let next = &self.graph.row(node, probs.len())[1..];
                weights.extend(
                    letters
                        .iter()
                        .zip(next)
                        .map(|(&p, &next)| times(p, betas[next as usize])),
                );
            }
        }
    }

    /// Finds the place of the trie's nodes that are new.
    fn follow_trie(&mut self) {
        let (known, longest) = (self.trie.len(), self.reach.lengths().1 as u32);
        let nowhere = OnTrie {
            node: NOWHERE,
            length: 0,
            beta: 0.0,
        };
        self.trie.resize(self.excluded.len(), nowhere);
        if known == 0 && self.excluded.len() > 0 {
            self.trie[0].node = START;
        }
        // Old nodes get new children only where a name was taken out, so all are looked through once.
        for node in 0..self.excluded.len() as u32 {
            let OnTrie {
                node: from, length, ..
            } = self.trie[node as usize];
            for (token, child) in self.excluded.children(node) {
                if child as usize >= known && from != NOWHERE && length < longest {
                    let next = self
                        .graph
                        .after(from, token, self.contexts.model.vocab_size());
                    self.trie[child as usize].node = next;
                    self.trie[child as usize].length = length + 1;
                }
            }
        }
    }

    fn sum_on_trie(&self, node: u32, weights: &mut Vec<f64>) -> f64 {
        let on = self.trie[node as usize];
        match on.node {
            NOWHERE => 0.0,
            from => {
                let left = self.reach.lengths().1 - on.length as usize;
                self.weigh(from, node, left, weights)
            }
        }
    }

    /// The next names, about as many as are wanted; `unique` takes them out of what may be drawn.
    pub(crate) fn refill(
        &mut self,
        wanted: usize,
        unique: bool,
        log_probs: bool,
        executor: &dyn Executor,
    ) -> Vec<Batch> {
        if self.left() <= 0.0 {
            return Vec::new();
        }
        if log_probs {
            self.contexts.ask_for_log_probs(executor);
        }
        let blocks = match unique {
            true => self.rounds.size(),
            false => wanted.div_ceil(BLOCK).clamp(1, BLOCKS),
        };
        let mut batches = vec![Batch::default(); blocks];
        let (this, first) = (&*self, self.next_block);
        executor.for_each(&mut batches, |index, batch| {
            this.block(this.words.at(first + index as u64), batch);
        });
        self.next_block += blocks as u64;
        self.attempts += (blocks * BLOCK) as u64;
        if !unique {
            return batches;
        }
        let new = self.take_out(&batches);
        self.rounds.went(new.len(), blocks * BLOCK);
        vec![new]
    }

    fn block(&self, mut rng: Stream, batch: &mut Batch) {
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

    /// Names that were not drawn before, each once; they are not drawn again.
    pub(crate) fn take_out(&mut self, batches: &[Batch]) -> Batch {
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
