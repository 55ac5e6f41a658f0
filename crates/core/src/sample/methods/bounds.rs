//! Draws from the true conditional distribution where the dynamic programme would be too large.
//!
//! With β(s, q, n) the probability that from context s, automaton state q and n letters the name ends
//! as it should, drawing t with p(t|s)·β(next)/β(s, q, n) is the conditional distribution. β cannot be
//! tabulated for long contexts, so every node keeps an upper bound U ≥ β: first 0 where no name can
//! come of it and 1 elsewhere. A draw goes down by p·U; at each node u′ = Σ p·U(next) is accepted with
//! probability u′/u, u being the bound by which the parent chose the node, else the draw has failed.
//! The ratios telescope to p(name)/U(start): exact.
//!
//! Draws go side by side in rounds, each with random numbers of its own. Within a round the bounds stay
//! as they are; after it those of all nodes that were visited are computed anew, longest first. So
//! neither threads nor the order of the draws change anything.

use rustc_hash::FxHashMap;

use crate::data::trie::Trie;
use crate::executor::Executor;
use crate::rng::Stream;
use crate::sample::batch::Batch;
use crate::sample::conditions::builder::Reach;
use crate::sample::conditions::filter::Filter;
use crate::sample::contexts::interner::{Contexts, Keep};
use crate::sample::methods::rounds::Rounds;
use crate::sample::source::Source;
use crate::text::{END, Token};

/// Memory for nodes and contexts, in bytes; beyond it all are forgotten, which costs time and nothing else.
const MEMORY: usize = 384 << 20;
/// Draws of a round.
const LEAST: usize = 8;
const MOST: usize = 4096;
/// Draws of a shard.
const SHARD: usize = 128;
/// Indices of the draws' streams begin here.
const FIRST_DRAW: u64 = 1 << 42;

/// In place of a child: no name can come of it, or none came there yet.
const CLOSED: u32 = u32::MAX;
const UNSEEN: u32 = u32::MAX - 1;

/// What a draw's future depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Node {
    context: u32,
    state: u32,
    excluded: u32,
    length: u32,
}

/// The bounds, and what came of the draws so far.
pub(crate) struct Bounds<'a> {
    contexts: Contexts<'a>,
    reach: Reach,
    excluded: Trie,
    numbers: FxHashMap<Node, u32>,
    nodes: Vec<Node>,
    bounds: Vec<f64>,
    /// \[nodes, V\]: a node, [`CLOSED`] or [`UNSEEN`].
    children: Vec<u32>,
    /// The round in which a node was last visited.
    visited: Vec<u64>,
    root: u32,
    words: Stream,
    rounds: Rounds,
    round: u64,
    memory: usize,
    pub(crate) attempts: u64,
    /// Attempts that brought a name, had it been drawn before or not, free draws before them too.
    successes: u64,
    /// Mass of the names that were taken out.
    taken: f64,
    /// Σ 1/U and Σ taken/U over the attempts, for the estimate of the probability.
    chances: f64,
    missed: f64,
}

/// A draw under way.
struct Attempt {
    rng: Stream,
    node: u32,
    /// The bound by which the node was chosen.
    chosen_by: f64,
    name: Vec<Token>,
    log_prob: f64,
    prob: f64,
    /// The token that the last step drew.
    step: Step,
}

#[derive(Clone, Copy, PartialEq)]
enum Step {
    On(Token),
    Ended,
    Failed,
}

impl<'a> Bounds<'a> {
    pub(crate) fn new(source: Source<'a>, filter: Filter, words: Stream) -> Self {
        let keep = Keep {
            log_probs: true,
            probs: true,
            ..Keep::default()
        };
        let mut bounds = Bounds {
            contexts: Contexts::new(source, keep),
            reach: filter.reach,
            excluded: filter.excluded,
            numbers: FxHashMap::default(),
            nodes: Vec::new(),
            bounds: Vec::new(),
            children: Vec::new(),
            visited: Vec::new(),
            root: 0,
            words,
            rounds: Rounds::new(LEAST, MOST),
            round: 0,
            memory: MEMORY,
            attempts: 0,
            successes: 0,
            taken: 0.0,
            chances: 0.0,
            missed: 0.0,
        };
        bounds.forget();
        bounds
    }

    fn forget(&mut self) {
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

    fn vocab_size(&self) -> usize {
        self.contexts.model.vocab_size()
    }

    /// An upper bound of the probability of everything that may still be drawn.
    pub(crate) fn left(&self) -> f64 {
        self.bounds[self.root as usize]
    }

    /// Contexts that the model was asked for.
    pub(crate) fn evaluations(&self) -> u64 {
        self.contexts.evaluations
    }

    /// The probability of the conditions: the best guess, about two standard errors below and above it,
    /// within what is certain.
    pub(crate) fn probability(&self) -> [f64; 3] {
        let certain = self.taken + self.left();
        if self.chances == 0.0 {
            return [certain, self.taken, certain];
        }
        // The number of successes is nearly a Poisson number, whose root has a standard error of 1/2.
        let successes = self.successes as f64;
        let root = (libm::sqrt(successes) - 1.0).max(0.0);
        let larger = libm::sqrt(successes + 1.0) + 1.0;
        let share = |successes: f64| ((successes + self.missed) / self.chances).min(certain);
        [
            share(successes),
            share(root * root).max(self.taken),
            share(larger * larger),
        ]
    }

    /// Free draws from before, and those of them that fitted, count as attempts under the bound 1.
    pub(crate) fn count_free(&mut self, kept: u64, attempts: u64) {
        self.successes += kept;
        self.chances += attempts as f64;
    }

    /// The number of a node; a new one knows which ways are closed.
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

    /// The node after a letter, which is open.
    fn child(&mut self, number: u32, token: Token) -> u32 {
        let place = number as usize * self.vocab_size() + usize::from(token);
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
            child => self.bounds[child as usize],
        }
    }

    /// p·U of every way on from a node; their sum.
    fn weigh(&self, number: u32, weights: &mut Vec<f64>) -> f64 {
        let node = self.nodes[number as usize];
        let ends = self.reach.accepts(node.state, node.length as usize)
            && !self.excluded.contains(node.excluded);
        let probs = self.contexts.probs(node.context);
        let children = &self.children[number as usize * probs.len()..][..probs.len()];
        weights.clear();
        weights.push(if ends { probs[0] } else { 0.0 });
        let ways = probs[1..].iter().zip(&children[1..]);
        weights.extend(ways.map(|(&p, &child)| times(p, self.bound_of(child))));
        weights.iter().sum()
    }

    fn keep_within_memory(&mut self) {
        let node_bytes = 4 * self.vocab_size() + 64;
        let contexts = self.contexts.len() * self.contexts.bytes_each();
        if contexts + self.nodes.len() * node_bytes > self.memory {
            self.forget();
        }
    }

    /// One round of draws: the names that it brought; `unique` takes them out of what may be drawn.
    pub(crate) fn refill(&mut self, unique: bool, executor: &dyn Executor) -> Batch {
        self.keep_within_memory();
        let size = self.rounds.size();
        self.round += 1;
        let attempts = self.draw(size, executor);
        self.chances += size as f64 / self.left();
        self.missed += size as f64 * self.taken / self.left();
        self.tighten(&attempts);
        let mut batch = Batch::default();
        for attempt in attempts
            .iter()
            .filter(|attempt| attempt.step == Step::Ended)
        {
            self.successes += 1;
            if !unique || self.take_out(&attempt.name, attempt.prob) {
                batch.push(&attempt.name);
                batch.log_probs.push(attempt.log_prob);
            }
        }
        self.attempts += size as u64;
        self.rounds.went(batch.len(), size);
        batch
    }

    /// Draws side by side, a letter of all of them at a time.
    fn draw(&mut self, size: usize, executor: &dyn Executor) -> Vec<Attempt> {
        let (root, bound) = (self.root, self.left());
        let attempt = |index| Attempt {
            rng: self.words.at(FIRST_DRAW + index),
            node: root,
            chosen_by: bound,
            name: Vec::new(),
            log_prob: 0.0,
            prob: 1.0,
            step: Step::On(END),
        };
        let mut attempts: Vec<Attempt> = (self.attempts..).take(size).map(attempt).collect();
        self.contexts.evaluate(executor);
        loop {
            let this = &*self;
            let mut shards: Vec<&mut [Attempt]> = attempts.chunks_mut(SHARD).collect();
            executor.for_each(&mut shards, |_, shard| {
                let mut weights = Vec::new();
                for attempt in shard.iter_mut() {
                    attempt.step(this, &mut weights);
                }
            });
            let mut open = false;
            for attempt in &mut attempts {
                if let Step::On(token) = attempt.step {
                    open = true;
                    attempt.node = self.child(attempt.node, token);
                }
            }
            if !open {
                return attempts;
            }
            self.contexts.evaluate(executor);
        }
    }

    /// Computes the bounds of all nodes on the draws' ways anew, longest first.
    fn tighten(&mut self, attempts: &[Attempt]) {
        let mut by_length: Vec<Vec<u32>> = vec![Vec::new(); self.reach.lengths().1 + 1];
        for attempt in attempts {
            let mut node = self.root;
            let letters = attempt.name.iter().map(|&token| Some(token));
            for (visited, token) in by_length.iter_mut().zip(letters.chain([None])) {
                if std::mem::replace(&mut self.visited[node as usize], self.round) != self.round {
                    visited.push(node);
                }
                if let Some(token) = token {
                    node = self.child(node, token);
                }
            }
        }
        let mut weights = Vec::new();
        for node in by_length.into_iter().rev().flatten() {
            self.bounds[node as usize] = self.weigh(node, &mut weights);
        }
    }

    /// Takes a name out of what may be drawn, unless it was. Its beginnings get nodes of their own,
    /// which start from the bounds that they shared and are then tightened from the end to the start.
    fn take_out(&mut self, name: &[Token], prob: f64) -> bool {
        if !self.excluded.insert(name) {
            return false;
        }
        self.taken += prob;
        let (mut shared, mut on_trie) = (self.root, self.excluded.start());
        let mut path = vec![self.own(shared, on_trie)];
        self.root = path[0];
        for (place, &token) in name.iter().enumerate() {
            shared = self.child(shared, token);
            on_trie = self.excluded.step(on_trie, token);
            let own = self.own(shared, on_trie);
            let entry = path[place] as usize * self.vocab_size() + usize::from(token);
            self.children[entry] = own;
            path.push(own);
        }
        let mut weights = Vec::new();
        for &node in path.iter().rev() {
            self.bounds[node as usize] = self.weigh(node, &mut weights);
        }
        true
    }

    /// Takes out names that were drawn in another way; all of them fit.
    pub(crate) fn take_out_all<'n>(
        &mut self,
        names: impl Iterator<Item = &'n [Token]>,
        executor: &dyn Executor,
    ) {
        let names: Vec<&[Token]> = names.collect();
        for names in names.chunks(MOST) {
            self.keep_within_memory();
            for name in names {
                name.iter()
                    .fold(self.root, |node, &token| self.child(node, token));
            }
            self.contexts.evaluate(executor);
            for name in names {
                let (mut node, mut prob) = (self.root, 1.0);
                for &token in *name {
                    prob *= self.prob(node, token);
                    node = self.child(node, token);
                }
                self.take_out(name, prob * self.prob(node, END));
            }
        }
    }

    fn prob(&self, node: u32, token: Token) -> f64 {
        let context = self.nodes[node as usize].context;
        self.contexts.probs(context)[usize::from(token)]
    }

    /// A node like `shared` at a place of the trie.
    fn own(&mut self, shared: u32, on_trie: u32) -> u32 {
        let node = self.nodes[shared as usize];
        if node.excluded == on_trie {
            return shared;
        }
        let own = self.number(Node {
            excluded: on_trie,
            ..node
        });
        let vocab_size = self.vocab_size();
        let from = shared as usize * vocab_size;
        self.children
            .copy_within(from..from + vocab_size, own as usize * vocab_size);
        self.bounds[own as usize] = self.bounds[shared as usize];
        own
    }
}

impl Attempt {
    /// Accepts or leaves the node, and draws the way on.
    fn step(&mut self, bounds: &Bounds<'_>, weights: &mut Vec<f64>) {
        if !matches!(self.step, Step::On(_)) {
            return;
        }
        let sum = bounds.weigh(self.node, weights);
        let threshold = self.rng.uniform() * self.chosen_by;
        if threshold >= sum {
            self.step = Step::Failed;
            return;
        }
        // Given that it is below the sum, the threshold is uniform there.
        let token = pick(weights, threshold);
        let place = usize::from(token);
        let node = bounds.nodes[self.node as usize];
        self.log_prob += bounds.contexts.log_probs(node.context)[place];
        self.prob *= bounds.contexts.probs(node.context)[place];
        if token == END {
            self.step = Step::Ended;
            return;
        }
        self.name.push(token);
        self.chosen_by =
            bounds.bound_of(bounds.children[self.node as usize * weights.len() + place]);
        self.step = Step::On(token);
    }
}

/// A product that is 0 only where a factor is: what is possible stays so.
#[inline]
pub(crate) fn times(p: f64, mass: f64) -> f64 {
    let product = p * mass;
    match product == 0.0 && p > 0.0 && mass > 0.0 {
        true => f64::MIN_POSITIVE,
        false => product,
    }
}

/// The first place whose running sum passes the threshold; one of weight 0 never does.
pub(crate) fn pick(weights: &[f64], threshold: f64) -> Token {
    let (mut sum, mut last) = (0.0, 0);
    for (place, &weight) in weights.iter().enumerate() {
        sum += weight;
        if weight > 0.0 {
            last = place;
            if threshold < sum {
                break;
            }
        }
    }
    last as Token
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::LanguageModel;
    use crate::counts::KneserNey;
    use crate::data::{CountedWindows, NameList};
    use crate::executor::Serial;
    use crate::rng::{Purpose, Seed};
    use crate::sample::SampleConfig;
    use crate::sample::conditions::builder::Conditions;
    use crate::text::Start;
    use crate::text::Vocab;

    /// Bounds of words of 1 to 5 letters a, b, c with an a: there are 301.
    fn with_bounds(memory: usize, test: impl FnOnce(Bounds<'_>)) {
        let vocab = Vocab::from_characters("abc".chars()).unwrap();
        let list = NameList::from_names(["abc", "cab", "bab", "acca"].map(|name| (name, 1)));
        let table = CountedWindows::from_list(&list, &vocab, 4).unwrap();
        let model = KneserNey::closed_form(&table).unwrap();
        let conditions = Conditions::default().length(1..=5).containing("a");
        let filter = Filter {
            reach: conditions
                .compile(&vocab)
                .unwrap()
                .reach(vocab.len())
                .unwrap(),
            excluded: Trie::default(),
        };
        let words = Seed::from(1).stream(Purpose::Sample, 0);
        let source = Source {
            model: &model,
            start: model.start(&Start::default()),
            config: SampleConfig::default(),
        };
        let mut bounds = Bounds::new(source, filter, words);
        bounds.memory = memory;
        test(bounds);
    }

    /// Bounds that are forgotten cost time: words still come out, once each.
    #[test]
    fn little_memory_repeats_no_name() {
        with_bounds(20_000, |mut bounds| {
            let (mut found, mut forgot) = (HashSet::new(), 0);
            while found.len() < 200 {
                let before = bounds.nodes.len();
                let batch = bounds.refill(true, &Serial);
                forgot += usize::from(bounds.nodes.len() < before);
                for name in batch.names() {
                    assert!(name.contains(&1) && name.len() <= 5);
                    assert!(found.insert(name.to_vec()), "a name came twice");
                }
            }
            assert!(forgot > 3, "forgot {forgot} times");
        });
    }

    /// What was drawn in another way does not come again, and counts for the probability.
    #[test]
    fn names_taken_out_before_leave_the_others() {
        let all = |bounds: &mut Bounds<'_>| {
            let mut found = Vec::new();
            while bounds.left() > 0.0 {
                let batch = bounds.refill(true, &Serial);
                found.extend(batch.names().map(<[Token]>::to_vec));
            }
            (found, bounds.probability()[2])
        };
        with_bounds(MEMORY, |mut bounds| {
            let (found, probability) = all(&mut bounds);
            with_bounds(MEMORY, |mut bounds| {
                let (before, _) = found.split_at(found.len() / 2);
                bounds.take_out_all(before.iter().map(Vec::as_slice), &Serial);
                let (after, same) = all(&mut bounds);
                assert!((same - probability).abs() < 1e-12, "{same} {probability}");
                let mut both: Vec<_> = [before, &after].concat();
                both.sort();
                let mut found = found.clone();
                found.sort();
                assert_eq!(both, found);
            });
        });
    }
}
