//! Draws from the exact conditional distribution where the dynamic program would be too large.
//!
//! Let β(s, q, n) be the probability that from context s and automaton state q after n tokens the name is
//! completed so that it satisfies the conditions. Drawing t with p(t|s)·β(next)/β(s, q, n) gives the
//! conditional distribution. β cannot be tabulated for long contexts, so every node has an upper bound U ≥ β
//! instead: initially 0 if no name can be completed from there, else 1. A draw descends by p·U. At each node,
//! u′ = Σ p·U(next) is accepted with probability u′/u, where u is the bound by which the parent chose the
//! node; otherwise the draw fails. The ratios telescope to p(name)/U(start), so the draws are exact.
//!
//! Samples are drawn in rounds, each sample with its own random numbers. Bounds are constant within a round;
//! afterwards the bounds of all visited nodes are recomputed, deepest first. So neither the number of threads
//! nor the order of the draws affects the results.
//!
//! While no draw has given a name, P(no name) ≤ e^(−p·Σ 1/U) bounds the probability p of the conditions: by Ville's
//! inequality (1939) also where the draws end at a time that depends on them.

use crate::executor::Executor;
use crate::rng::Stream;
use crate::sample::batch::Batch;
use crate::sample::conditions::Filter;
use crate::sample::methods::Draws;
use crate::sample::methods::bounds::nodes::Nodes;
use crate::sample::methods::rounds::Rounds;
use crate::sample::methods::weights::pick;
use crate::sample::probability::{Method, Probability};
use crate::sample::source::Setup;
use crate::text::{END, Token};

/// Memory limit for nodes and contexts, in bytes. Beyond it all are forgotten, which only costs time.
const MEMORY: usize = 384 << 20;
/// Draws of a round.
const MIN_ROUND: usize = 8;
const MAX_ROUND: usize = 4096;
/// An attempt takes about as long as this number of free draws.
const COST: u64 = 5;
/// Number of attempts without a name after which bounds must pay.
const TRIAL: u64 = 4096;
/// Draws of a shard.
const SHARD: usize = 128;
/// Index of the first draw's stream.
const FIRST_DRAW: u64 = 1 << 42;

/// The bounds, and the results of the draws so far.
pub(crate) struct Bounds<'a> {
    nodes: Nodes<'a>,
    stream: Stream,
    unique: bool,
    rounds: Rounds,
    round: u64,
    memory: usize,
    trial: u64,
    attempts: u64,
    /// Attempts that gave a name, whether it was new or not, including free draws before them.
    successes: u64,
    /// Probability of the names that were drawn without replacement.
    excluded_mass: f64,
    /// Σ 1/U and Σ excluded/U over the attempts: the estimate of the probability is based on them.
    inverse_bounds: f64,
    excluded_ratios: f64,
}

/// An attempt to draw a name.
struct Attempt {
    rng: Stream,
    node: u32,
    /// The bound by which the node was chosen.
    chosen_by: f64,
    name: Vec<Token>,
    log_prob: f64,
    prob: f64,
    /// The result of the last step.
    step: Step,
}

#[derive(Clone, Copy, PartialEq)]
enum Step {
    To(Token),
    Ended,
    Failed,
}

impl<'a> Bounds<'a> {
    pub(crate) fn new(setup: Setup<'a>, filter: Filter) -> Self {
        Bounds {
            nodes: Nodes::new(setup.source, filter),
            stream: setup.stream,
            unique: setup.unique,
            rounds: Rounds::new(MIN_ROUND, MAX_ROUND),
            round: 0,
            memory: MEMORY,
            trial: TRIAL,
            attempts: 0,
            successes: 0,
            excluded_mass: 0.0,
            inverse_bounds: 0.0,
            excluded_ratios: 0.0,
        }
    }

    /// Takes earlier free draws into account: they are attempts with the bound 1.
    pub(crate) fn count_free_draws(&mut self, kept: u64, attempts: u64) {
        self.successes += kept;
        self.inverse_bounds += attempts as f64;
    }

    /// Whether an attempt, which is worth 1/U free draws, is worth more than those that can be made in its time. Where
    /// names can go on almost anywhere and still meet the conditions (a rare suffix, say), bounds hardly fall.
    pub(crate) fn pays(&self) -> bool {
        self.attempts < self.trial || self.successes > 0 || self.remaining() * (COST as f64) < 1.0
    }

    /// Decides after this number of attempts whether bounds pay.
    #[cfg(test)]
    pub(crate) fn with_trial(self, trial: u64) -> Self {
        Bounds { trial, ..self }
    }

    /// The number of free draws that tell as much about the probability as the attempts so far.
    pub(crate) fn free_attempts(&self) -> u64 {
        self.inverse_bounds as u64
    }

    /// The conditions, for another method.
    pub(crate) fn into_filter(self) -> Filter {
        self.nodes.into_filter()
    }

    fn keep_within_memory(&mut self) {
        if self.nodes.bytes() > self.memory {
            self.nodes.forget();
        }
    }

    /// Makes the attempts of a round in lockstep, one token of all of them at a time.
    fn attempt(&mut self, size: usize, executor: &dyn Executor) -> Vec<Attempt> {
        let (root, bound) = (self.nodes.root(), self.remaining());
        let new = |index| Attempt {
            rng: self.stream.at(FIRST_DRAW + index),
            node: root,
            chosen_by: bound,
            name: Vec::new(),
            log_prob: 0.0,
            prob: 1.0,
            step: Step::To(END),
        };
        let mut attempts: Vec<Attempt> = (self.attempts..).take(size).map(new).collect();
        self.nodes.evaluate(executor);
        loop {
            let nodes = &self.nodes;
            let mut shards: Vec<&mut [Attempt]> = attempts.chunks_mut(SHARD).collect();
            executor.for_each(&mut shards, |_, shard| {
                let mut weights = Vec::new();
                for attempt in shard.iter_mut() {
                    attempt.step(nodes, &mut weights);
                }
            });
            let mut is_done = true;
            for attempt in &mut attempts {
                if let Step::To(token) = attempt.step {
                    is_done = false;
                    attempt.node = self.nodes.child(attempt.node, token);
                }
            }
            if is_done {
                return attempts;
            }
            self.nodes.evaluate(executor);
        }
    }

    /// Excludes a name from further draws; returns whether it was not excluded yet.
    fn exclude(&mut self, name: &[Token], prob: f64) -> bool {
        let is_new = self.nodes.exclude(name);
        if is_new {
            self.excluded_mass += prob;
        }
        is_new
    }

    /// Excludes names that were drawn by another method. All of them satisfy the conditions.
    pub(crate) fn exclude_all<'n>(
        &mut self,
        names: impl Iterator<Item = &'n [Token]>,
        executor: &dyn Executor,
    ) {
        let names: Vec<&[Token]> = names.collect();
        for names in names.chunks(MAX_ROUND) {
            self.keep_within_memory();
            for name in names {
                let root = self.nodes.root();
                name.iter()
                    .fold(root, |node, &token| self.nodes.child(node, token));
            }
            self.nodes.evaluate(executor);
            for name in names {
                let (mut node, mut prob) = (self.nodes.root(), 1.0);
                for &token in *name {
                    prob *= self.nodes.prob(node, token);
                    node = self.nodes.child(node, token);
                }
                self.exclude(name, prob * self.nodes.prob(node, END));
            }
        }
    }
}

impl Draws for Bounds<'_> {
    /// One round.
    fn draw(&mut self, _wanted: usize, _log_probs: bool, executor: &dyn Executor) -> Vec<Batch> {
        self.keep_within_memory();
        let size = self.rounds.size();
        self.round += 1;
        let attempts = self.attempt(size, executor);
        self.inverse_bounds += size as f64 / self.remaining();
        self.excluded_ratios += size as f64 * self.excluded_mass / self.remaining();
        let prefixes = attempts.iter().map(|attempt| attempt.name.as_slice());
        self.nodes.tighten(prefixes, self.round);
        let mut batch = Batch::default();
        for attempt in &attempts {
            if attempt.step != Step::Ended {
                continue;
            }
            self.successes += 1;
            if !self.unique || self.exclude(&attempt.name, attempt.prob) {
                batch.push(&attempt.name);
                batch.log_probs.push(attempt.log_prob);
            }
        }
        self.attempts += size as u64;
        self.rounds.adapt(batch.len(), size);
        vec![batch]
    }

    /// An estimate, with about two standard errors on either side, limited by what is certain.
    fn probability(&mut self, _executor: &dyn Executor) -> Probability {
        let certain = self.excluded_mass + self.remaining();
        let between = |estimate, low, high| Probability {
            estimate,
            low,
            high,
            method: Method::Bounds,
        };
        if self.inverse_bounds == 0.0 {
            return between(certain, self.excluded_mass, certain);
        }
        // The number of successes is nearly Poisson distributed: its square root has a standard error of 1/2.
        let successes = self.successes as f64;
        let root = (libm::sqrt(successes) - 1.0).max(0.0);
        let larger = libm::sqrt(successes + 1.0) + 1.0;
        let share = |successes: f64| {
            ((successes + self.excluded_ratios) / self.inverse_bounds).min(certain)
        };
        between(
            share(successes),
            share(root * root).max(self.excluded_mass),
            share(larger * larger),
        )
    }

    fn attempts(&self) -> u64 {
        self.attempts
    }

    fn cost(&self) -> u64 {
        COST
    }

    fn evaluations(&self) -> u64 {
        self.nodes.evaluations()
    }

    fn remaining(&self) -> f64 {
        self.nodes.bound(self.nodes.root())
    }
}

impl Attempt {
    /// Accepts or rejects the node, and draws the next token.
    fn step(&mut self, nodes: &Nodes<'_>, weights: &mut Vec<f64>) {
        if !matches!(self.step, Step::To(_)) {
            return;
        }
        let sum = nodes.weigh(self.node, weights);
        let threshold = self.rng.uniform() * self.chosen_by;
        if threshold >= sum {
            self.step = Step::Failed;
            return;
        }
        // Given that the threshold is below the sum, it is uniform there.
        let token = pick(weights, threshold);
        self.log_prob += nodes.log_prob(self.node, token);
        self.prob *= nodes.prob(self.node, token);
        if token == END {
            self.step = Step::Ended;
            return;
        }
        self.name.push(token);
        self.chosen_by = nodes.child_bound(self.node, token);
        self.step = Step::To(token);
    }
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
    use crate::sample::source::Source;
    use crate::sample::{Conditions, SampleConfig};
    use crate::text::{Start, Vocab};

    /// Unique draws of names of 1 to 5 characters a, b, c that contain an a: there are 301.
    fn with_bounds(memory: usize, test: impl FnOnce(Bounds<'_>)) {
        let vocab = Vocab::from_characters("abc".chars()).unwrap();
        let list = NameList::from_names(["abc", "cab", "bab", "acca"].map(|name| (name, 1)));
        let table = CountedWindows::from_list(&list, &vocab, 4).unwrap();
        let model = KneserNey::closed_form(&table).unwrap();
        let conditions = Conditions::default().length(1..=5).containing("a");
        let filter = Filter::new(&conditions, &[], &vocab).unwrap();
        let setup = Setup {
            likely: false,
            source: Source {
                model: &model,
                start: model.start(&Start::default()),
                config: SampleConfig::default(),
            },
            stream: Seed::from(1).stream(Purpose::Sample, 0),
            unique: true,
        };
        let mut bounds = Bounds::new(setup, filter);
        bounds.memory = memory;
        test(bounds);
    }

    /// Forgotten bounds only cost time: every name is still drawn once.
    #[test]
    fn little_memory_repeats_no_name() {
        with_bounds(15_000, |mut bounds| {
            let (mut found, mut forgot) = (HashSet::new(), 0);
            while found.len() < 200 {
                let before = bounds.nodes.len();
                let batches = bounds.draw(usize::MAX, false, &Serial);
                forgot += usize::from(bounds.nodes.len() < before);
                for name in batches.iter().flat_map(Batch::names) {
                    assert!(name.contains(&1) && name.len() <= 5);
                    assert!(found.insert(name.to_vec()), "a name came twice");
                }
            }
            assert!(forgot > 3, "forgot {forgot} times");
        });
    }

    /// Names drawn by another method are not drawn again, and count for the probability.
    #[test]
    fn names_excluded_before_leave_the_others() {
        let all = |bounds: &mut Bounds<'_>| {
            let mut found = Vec::new();
            while bounds.remaining() > 0.0 {
                let batches = bounds.draw(usize::MAX, false, &Serial);
                let names = batches.iter().flat_map(Batch::names);
                found.extend(names.map(<[Token]>::to_vec));
            }
            (found, bounds.probability(&Serial).high)
        };
        with_bounds(MEMORY, |mut bounds| {
            let (found, probability) = all(&mut bounds);
            with_bounds(MEMORY, |mut bounds| {
                let (before, _) = found.split_at(found.len() / 2);
                bounds.exclude_all(before.iter().map(Vec::as_slice), &Serial);
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
