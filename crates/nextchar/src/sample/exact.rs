//! Draws from the model's true conditional distribution, for any context length and any conditions.
//!
//! With β(s, q, n) the probability that from context s, automaton state q and n letters the name ends
//! as it should, drawing t with p(t|s)·β(next)/β(s, q, n) is the conditional distribution. β cannot be
//! tabulated for long contexts, so every node keeps an upper bound U ≥ β: first 0 where no name can
//! come of it and 1 elsewhere. A draw goes down by p·U; at each node u′ = Σ p·U(next) is accepted with
//! probability u′/u, u being the bound by which the parent chose the node, else the draw begins
//! again. The ratios telescope to p(name)/U(start): exact, and U ← u′ tightens as it runs.

use rustc_hash::FxHashMap;

use super::constraint::{Constraint, Reach};
use super::excluded::Excluded;
use super::temperature::Temperature;
use crate::data::{END, Token};
use crate::error::Error;
use crate::language_model::LanguageModel;
use crate::rng::Stream;

/// Bounds and contexts that are kept; beyond it all are forgotten, which costs time and nothing else.
const KEPT: usize = 1 << 21;

/// No context.
const UNKNOWN: u32 = u32::MAX;

/// What a draw's future depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Node {
    context: u32,
    state: u32,
    excluded: u32,
    length: u32,
}

/// The next token's distribution in one context.
struct Distribution {
    /// After temperature, adding up to 1.
    probs: Vec<f64>,
    /// The model's own.
    log_probs: Vec<f64>,
}

/// A name that was drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Drawn {
    pub(super) tokens: Vec<Token>,
    /// ln P by the model itself, the end mark included.
    pub(super) log_prob: f64,
    /// P after temperature.
    pub(super) prob: f64,
}

/// The state of the bounds.
pub(super) struct ExactSampler<'a> {
    model: &'a dyn LanguageModel,
    temperature: Temperature,
    reach: Reach,
    pub(super) excluded: Excluded,
    /// The number of each context that was visited, its tokens, and its distribution.
    contexts: FxHashMap<Vec<Token>, u32>,
    tokens: Vec<Token>,
    distributions: Vec<Distribution>,
    /// [contexts, V]: the number of the context after each token, [`UNKNOWN`] until a draw went there.
    following: Vec<u32>,
    bounds: FxHashMap<Node, f64>,
    weights: Vec<f64>,
    children: Vec<f64>,
    /// Model evaluations so far.
    pub(super) evaluations: u64,
}

impl<'a> ExactSampler<'a> {
    pub(super) fn new(
        model: &'a dyn LanguageModel,
        temperature: Temperature,
        constraint: &Constraint,
        excluded: Excluded,
    ) -> Result<Self, Error> {
        Ok(ExactSampler {
            reach: constraint.reach(model.vocab_size())?,
            model,
            temperature,
            excluded,
            contexts: FxHashMap::default(),
            tokens: Vec::new(),
            distributions: Vec::new(),
            following: Vec::new(),
            bounds: FxHashMap::default(),
            weights: Vec::new(),
            children: Vec::new(),
            evaluations: 0,
        })
    }

    /// An upper bound of the probability of everything that may still be drawn.
    pub(super) fn bound(&mut self) -> f64 {
        let start = self.start();
        self.bound_of(start)
    }

    fn start(&mut self) -> Node {
        if self.bounds.len() + self.distributions.len() > KEPT {
            self.bounds.clear();
            self.contexts.clear();
            self.tokens.clear();
            self.distributions.clear();
            self.following.clear();
        }
        Node {
            context: self.context(&vec![END; self.model.context_length()]),
            state: 0,
            excluded: self.excluded.start(),
            length: 0,
        }
    }

    /// The number of a context; a new one is asked of the model.
    fn context(&mut self, context: &[Token]) -> u32 {
        if let Some(&number) = self.contexts.get(context) {
            return number;
        }
        let number = self.distributions.len() as u32;
        let log_probs = self.model.next_log_probs(context);
        self.evaluations += 1;
        let mut probs = log_probs.clone();
        self.temperature.apply(&mut probs);
        self.distributions.push(Distribution { probs, log_probs });
        self.contexts.insert(context.to_vec(), number);
        let unknown = self.following.len() + self.model.vocab_size();
        self.following.resize(unknown, UNKNOWN);
        self.tokens.extend_from_slice(context);
        number
    }

    fn bound_of(&self, node: Node) -> f64 {
        match self.reach.open(node.state, node.length as usize) {
            true => self.bounds.get(&node).copied().unwrap_or(1.0),
            false => 0.0,
        }
    }

    /// The node after a letter; its context is [`UNKNOWN`] where no draw ever went there.
    fn after(&self, node: Node, token: Token) -> Node {
        let place = node.context as usize * self.model.vocab_size() + usize::from(token);
        Node {
            context: self.following[place],
            state: self.reach.step(node.state, token),
            excluded: self.excluded.step(node.excluded, token),
            length: node.length + 1,
        }
    }

    /// The node after a letter, its context asked of the model if need be.
    fn visit(&mut self, node: Node, token: Token) -> Node {
        let mut child = self.after(node, token);
        if child.context == UNKNOWN {
            let length = self.model.context_length();
            let old = &self.tokens[node.context as usize * length..][..length];
            let mut next = old.to_vec();
            if length > 0 {
                next.rotate_left(1);
                next[length - 1] = token;
            }
            child.context = self.context(&next);
            let place = node.context as usize * self.model.vocab_size() + usize::from(token);
            self.following[place] = child.context;
        }
        child
    }

    /// Fills `weights` with p·U of every way on and `children` with the U of each; returns their sum.
    fn expand(&mut self, node: Node) -> f64 {
        let vocab_size = self.model.vocab_size();
        let (mut weights, mut children) = (
            std::mem::take(&mut self.weights),
            std::mem::take(&mut self.children),
        );
        weights.clear();
        children.clear();
        let may_end = self.reach.accepts(node.state, node.length as usize)
            && !self.excluded.contains(node.excluded);
        let probs = &self.distributions[node.context as usize].probs;
        for token in 0..vocab_size as Token {
            let bound = if token == END {
                f64::from(may_end)
            } else {
                // Of an unknown context nothing is known but whether a name can come of it.
                self.bound_of(self.after(node, token))
            };
            children.push(bound);
            weights.push(probs[usize::from(token)] * bound);
        }
        let sum: f64 = weights.iter().sum();
        (self.weights, self.children) = (weights, children);
        self.bounds.insert(node, sum);
        sum
    }

    /// One draw: a name, or nothing where a bound was too high. `None` for ever once
    /// [`ExactSampler::bound`] is 0.
    pub(super) fn attempt(&mut self, rng: &mut Stream) -> Option<Drawn> {
        let mut node = self.start();
        let mut chosen_by = self.bound_of(node);
        let mut drawn = Drawn {
            tokens: Vec::new(),
            log_prob: 0.0,
            prob: 1.0,
        };
        loop {
            let sum = self.expand(node);
            if rng.uniform() * chosen_by >= sum {
                return None;
            }
            let token = pick(&self.weights, rng.uniform() * sum);
            chosen_by = self.children[usize::from(token)];
            let distribution = &self.distributions[node.context as usize];
            drawn.log_prob += distribution.log_probs[usize::from(token)];
            drawn.prob *= distribution.probs[usize::from(token)];
            if token == END {
                return Some(drawn);
            }
            drawn.tokens.push(token);
            node = self.visit(node, token);
        }
    }

    /// Takes a name out of what may be drawn. The beginnings of the name get nodes of their own, which
    /// start from the bounds that they shared, and are then tightened from the end to the start.
    pub(super) fn take_out(&mut self, name: &[Token]) {
        let before = self.path(name);
        self.excluded.insert(name);
        let after = self.path(name);
        for (old, new) in before.iter().zip(&after) {
            if let Some(&bound) = self.bounds.get(old) {
                self.bounds.entry(*new).or_insert(bound);
            }
        }
        for &node in after.iter().rev() {
            self.expand(node);
        }
    }

    /// The nodes of every beginning of a name, the empty one first.
    fn path(&mut self, name: &[Token]) -> Vec<Node> {
        let mut nodes = vec![self.start()];
        for &token in name {
            let last = nodes[nodes.len() - 1];
            nodes.push(self.visit(last, token));
        }
        nodes
    }
}

/// The first place whose running sum passes the threshold; one of weight 0 never does.
fn pick(weights: &[f64], threshold: f64) -> Token {
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
