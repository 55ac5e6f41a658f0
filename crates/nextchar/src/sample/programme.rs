//! The dynamic programme: the exact probability of every way on, wherever it is small enough.
//!
//! β(s, q, r) is the probability that from context s and automaton state q the name ends as it should
//! within r more letters: p(END|s)·[it may end] + Σ p(t|s)·β(s·t, δ(q, t), r − 1). Drawing t with
//! p(t|s)·β(next)/β(s, q, r) is the conditional distribution, and β of the start the probability of
//! the conditions. Unwanted names are a trie: on it every node has a β of its own, computed from its
//! ends to its root; off it all names are free. Without replacement, drawn names join the trie.

use super::batch::Batch;
use super::bounds::{pick, times};
use super::config::SampleConfig;
use super::constraint::Reach;
use super::contexts::{Contexts, Keep};
use crate::data::trie::{Trie, FREE};
use super::filter::Filter;
use super::rounds::Rounds;
use crate::data::{END, Token};
use crate::executor::Executor;
use crate::language_model::LanguageModel;
use crate::rng::Stream;

/// Contexts, pairs of context and state, and products p·β: more are not tabulated.
const MOST_CONTEXTS: usize = 1 << 15;
const MOST_PAIRS: usize = 1 << 23;
const MOST_PRODUCTS: usize = 1 << 26;
/// Nodes of a shard, names of a block, blocks that are drawn at a time.
const SHARD: usize = 2048;
const BLOCK: usize = 64;
const BLOCKS: usize = 512;
/// Indices of the blocks' streams begin here.
const FIRST_BLOCK: u64 = 1 << 41;
/// The node from which nothing is accepted, and the one of the empty name.
const NOWHERE: u32 = 0;
const START: u32 = 1;

/// β of all nodes: pairs of context and automaton state that names come to.
pub(super) struct Programme<'a> {
    contexts: Contexts<'a>,
    graph: Graph,
    reach: Reach,
    /// \[r\]\[nodes\]; only nodes that a name with r more letters can stand at.
    betas: Vec<Vec<f64>>,
    excluded: Trie,
    /// For each node of the trie: its node, how many letters lead to it, and its β.
    trie: Vec<OnTrie>,
    words: Stream,
    next_block: u64,
    rounds: Rounds,
    pub(super) attempts: u64,
    /// β of the start, before names were taken out.
    pub(super) probability: f64,
}

#[derive(Clone, Copy)]
struct OnTrie {
    node: u32,
    length: u32,
    beta: f64,
}

/// The nodes in the order in which names first come to them, and the edges between them.
struct Graph {
    contexts: Vec<u32>,
    states: Vec<u32>,
    lengths: Vec<u32>,
    /// \[nodes, V\].
    next: Vec<u32>,
}

impl Graph {
    /// `None` where there are too many.
    fn new(contexts: &mut Contexts<'_>, reach: &Reach) -> Option<Self> {
        let vocab_size = contexts.model.vocab_size();
        let (states, longest) = (reach.states(), reach.lengths().1);
        let mut graph = Graph {
            contexts: vec![u32::MAX, 0],
            states: vec![0, 0],
            lengths: vec![0, 0],
            next: vec![NOWHERE; vocab_size],
        };
        let mut numbers = vec![NOWHERE; states];
        numbers[0] = START;
        let mut at = START as usize;
        while at < graph.contexts.len() {
            let (context, state, length) = (graph.contexts[at], graph.states[at], graph.lengths[at] + 1);
            graph.next.push(NOWHERE);
            for token in END + 1..vocab_size as Token {
                let state = reach.step(state, token);
                if !reach.completes(state, length as usize) {
                    graph.next.push(NOWHERE);
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
                graph.next.push(numbers[pair]);
            }
            let products = graph.contexts.len() * vocab_size * (longest + 1);
            if contexts.len() > MOST_CONTEXTS || numbers.len() > MOST_PAIRS || products > MOST_PRODUCTS {
                return None;
            }
            at += 1;
        }
        Some(graph)
    }

    fn next(&self, node: u32, vocab_size: usize) -> &[u32] {
        &self.next[node as usize * vocab_size..][..vocab_size]
    }
}

impl<'a> Programme<'a> {
    /// Gives the conditions back where the programme would be too large.
    pub(super) fn new(
        model: &'a dyn LanguageModel,
        config: SampleConfig,
        filter: Filter,
        words: Stream,
        executor: &impl Executor,
    ) -> Result<Self, Filter> {
        let keep = Keep {
            log_probs: true,
            probs: true,
            ..Keep::default()
        };
        let mut contexts = Contexts::new(model, config, keep);
        let Some(graph) = Graph::new(&mut contexts, &filter.reach) else {
            return Err(filter);
        };
        contexts.evaluate(executor);
        let mut programme = Programme {
            contexts,
            graph,
            reach: filter.reach,
            betas: Vec::new(),
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
        for node in (0..programme.excluded.len() as u32).rev() {
            programme.trie[node as usize].beta = programme.sum_on_trie(node);
        }
        programme.probability = programme.left();
        Ok(programme)
    }

    /// The probability of everything that may still be drawn.
    pub(super) fn left(&self) -> f64 {
        match self.excluded.start() {
            FREE => self.betas[self.reach.lengths().1][START as usize],
            start => self.trie[start as usize].beta,
        }
    }

    /// Contexts that the model was asked for.
    pub(super) fn evaluations(&self) -> u64 {
        self.contexts.evaluations
    }

    /// β for r = 0, 1, … letters.
    fn tabulate(&mut self, executor: &impl Executor) {
        for left in 0..=self.reach.lengths().1 {
            let most = self.reach.lengths().1 - left;
            let nodes = self.graph.lengths.partition_point(|&length| length as usize <= most);
            let mut betas = vec![0.0; nodes];
            let mut shards: Vec<&mut [f64]> = betas.chunks_mut(SHARD).collect();
            executor.for_each(&mut shards, |index, shard| {
                for (place, beta) in shard.iter_mut().enumerate() {
                    let node = (index * SHARD + place) as u32;
                    if node != NOWHERE {
                        *beta = self.sum(node, left);
                    }
                }
            });
            self.betas.push(betas);
        }
    }

    fn may_end(&self, node: u32, left: usize) -> bool {
        self.reach.accepts(self.graph.states[node as usize], self.reach.lengths().1 - left)
    }

    /// β of a node off the trie.
    fn sum(&self, node: u32, left: usize) -> f64 {
        let probs = self.contexts.probs(self.graph.contexts[node as usize]);
        let mut sum = if self.may_end(node, left) { probs[0] } else { 0.0 };
        if let Some(betas) = left.checked_sub(1).map(|left| &self.betas[left]) {
            let next = self.graph.next(node, probs.len());
            for (&p, &next) in probs[1..].iter().zip(&next[1..]) {
                sum += times(p, betas[next as usize]);
            }
        }
        sum
    }

    /// p·β of every way on from a node of the trie or off it; their sum.
    fn weigh(&self, node: u32, on_trie: u32, left: usize, weights: &mut Vec<f64>) -> f64 {
        let probs = self.contexts.probs(self.graph.contexts[node as usize]);
        let ends = self.may_end(node, left) && !self.excluded.contains(on_trie);
        weights.clear();
        weights.push(if ends { probs[0] } else { 0.0 });
        if let Some(betas) = left.checked_sub(1).map(|left| &self.betas[left]) {
            let next = self.graph.next(node, probs.len());
            let ways = probs[1..].iter().zip(&next[1..]);
            weights.extend(ways.map(|(&p, &next)| times(p, betas[next as usize])));
            for (token, child) in self.excluded.children(on_trie) {
                let token = usize::from(token);
                weights[token] = times(probs[token], self.trie[child as usize].beta);
            }
        }
        weights.iter().sum()
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
            let OnTrie { node: from, length, .. } = self.trie[node as usize];
            for (token, child) in self.excluded.children(node) {
                if child as usize >= known && from != NOWHERE && length < longest {
                    let next = self.graph.next(from, self.contexts.model.vocab_size());
                    self.trie[child as usize].node = next[usize::from(token)];
                    self.trie[child as usize].length = length + 1;
                }
            }
        }
    }

    fn sum_on_trie(&self, node: u32) -> f64 {
        let on = self.trie[node as usize];
        match on.node {
            NOWHERE => 0.0,
            from => {
                let left = self.reach.lengths().1 - on.length as usize;
                self.weigh(from, node, left, &mut Vec::new())
            }
        }
    }

    /// The next names, about as many as are wanted; `unique` takes them out of what may be drawn.
    pub(super) fn refill(
        &mut self,
        wanted: usize,
        unique: bool,
        executor: &impl Executor,
    ) -> Vec<Batch> {
        if self.left() <= 0.0 {
            return Vec::new();
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
        for _ in 0..BLOCK {
            name.clear();
            let (mut node, mut on_trie) = (START, self.excluded.start());
            let mut log_prob = 0.0;
            for left in (0..=self.reach.lengths().1).rev() {
                let sum = self.weigh(node, on_trie, left, &mut weights);
                let token = pick(&weights, rng.uniform() * sum);
                log_prob += self.contexts.log_probs(self.graph.contexts[node as usize])[usize::from(token)];
                if token == END {
                    break;
                }
                name.push(token);
                on_trie = self.excluded.step(on_trie, token);
                node = self.graph.next(node, weights.len())[usize::from(token)];
            }
            batch.push(&name);
            batch.log_probs.push(log_prob);
        }
    }

    /// Names that were not drawn before, each once; they are not drawn again.
    pub(super) fn take_out(&mut self, batches: &[Batch]) -> Batch {
        let mut new = Batch::default();
        for batch in batches {
            for (name, &log_prob) in batch.names().zip(&batch.log_probs) {
                if self.excluded.insert(name) {
                    new.push(name);
                    new.log_probs.push(log_prob);
                }
            }
        }
        self.follow_trie();
        let mut path = Vec::new();
        for name in new.names() {
            let mut node = self.excluded.start();
            path.clear();
            path.push(node);
            for &token in name {
                node = self.excluded.step(node, token);
                path.push(node);
            }
            for &node in path.iter().rev() {
                self.trie[node as usize].beta = self.sum_on_trie(node);
            }
        }
        new
    }
}
