//! Repeat names: how often the names of the list come up again, by the Good–Turing estimate, on top of any model.
//!
//! A character-level model gives the names that it was trained on more than their share: say a third of what it
//! generates, although only an eighth of fresh names of the same kind has been seen before. A corpus with
//! duplicates reveals that share itself (Good 1953, eq. 11): the next name is one that was seen r times with
//! probability (r + 1)·n_{r+1} / N, where n_r names were seen r times and N counts all names with their
//! duplicates. [`Repeats`] scales the probabilities of known names to match, and those of all other names by one
//! common factor. The names that were seen once share a factor, and so do those that were seen twice: the model knows
//! better than such a count which of them are likely. A name that was seen r ≥ 3 times has a factor of its own, so that
//! its share of these names is proportional to r − D (absolute discounting), with the same D for all of them.
//!
//! After a prefix, the next character c has probability p(c)·(mean factor of the names with the prefix and c) / (mean
//! factor of the names with the prefix): again a distribution of the next character, given a context that holds the
//! whole prefix.

use std::ops::RangeInclusive;

use crate::data::trie::{FREE, Trie};
use crate::data::{NameList, WindowCounter};
use crate::error::{Error, NoRepeats};
use crate::executor::Executor;
use crate::language_model::{LanguageModel, State};
use crate::numeric::softmax::normalise;
use crate::text::{END, Start, Token, Vocab};

/// Number of classes of known names: seen once, twice, and more often.
pub const CLASSES: usize = 3;

/// The class of names that were seen more often; each has a factor of its own.
const OFTEN: usize = CLASSES - 1;

/// The least and the largest factor: the logarithms of all are finite.
const FACTORS: RangeInclusive<f64> = 1e-30..=1e30;

/// Weight of the model's own masses in the estimate, as a number of names: a short list changes them little.
const PRIOR: f64 = 20.0;

/// Prefixes that are evaluated together.
const BLOCK: usize = 512;

/// Factors that the probabilities of whole names are multiplied by.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Factors {
    /// For names seen once, twice, and more often.
    pub known: [f64; CLASSES],
    /// For all other names.
    pub new: f64,
}

/// Factors for the names of the training list, and for every prefix of one.
#[derive(Clone, Debug)]
pub struct Repeats {
    trie: Trie,
    /// By node of the trie: the class of the name that ends there; [`CLASSES`] if none does.
    classes: Vec<u8>,
    factors: Factors,
    /// By node: the factor of the name that ends there, if it was seen often. Empty if all of them have the factor of
    /// their class, as in files of earlier versions.
    own: Vec<f32>,
    /// By node: the mean factor of the names with this prefix, weighted by the model's probabilities.
    means: Vec<f32>,
    /// Length of the longest known name.
    longest: usize,
}

/// The model's probabilities along the trie.
struct TrieProbs {
    /// By node: p of its last token given those before it.
    steps: Vec<f64>,
    /// By node: p of the end mark there.
    ends: Vec<f64>,
}

impl Repeats {
    /// The Good–Turing estimate for the names of a list. Names that do not fit a context count as new.
    ///
    /// # Errors
    /// [`Error::NoRepeats`] if the list has no duplicates to estimate from; [`Error::UnknownPiece`].
    pub(crate) fn fit(
        model: &dyn LanguageModel,
        list: &NameList,
        vocab: &Vocab,
        executor: &dyn Executor,
    ) -> Result<Self, Error> {
        let mut counts = [0u64; CLASSES + 2];
        for name in list.names() {
            let times = usize::try_from(name.count).unwrap_or(usize::MAX);
            if let Some(counts) = counts.get_mut(times) {
                *counts += 1;
            }
        }
        let total = list.total();
        if counts[1] == total {
            return Err(Error::NoRepeats(NoRepeats::NoDuplicates));
        }
        let (mut repeats, times) = Repeats::known(list, vocab)?;
        let probs = repeats.probs(model, executor);
        let names = repeats.names(&probs);
        let masses = repeats.masses(&names);
        repeats.factors = factors(shares(counts, total), masses, total as f64);
        repeats.own = repeats.own_factors(&times, &names, masses[OFTEN]);
        repeats.average(&probs);
        repeats.check()?;
        Ok(repeats)
    }

    /// The estimate from the contents of a file: the training list, the factors, their [means](Repeats::means), and the
    /// [factors of names seen often](Repeats::own), which files of earlier versions do not have.
    ///
    /// # Errors
    /// [`Error::NoRepeats`] if a factor is out of range, the number of means is not the number of prefixes, or there
    /// is not a factor for each name that was seen often; [`Error::UnknownPiece`].
    pub fn from_parts(
        list: &NameList,
        vocab: &Vocab,
        factors: Factors,
        means: Vec<f32>,
        own: Option<Vec<f32>>,
    ) -> Result<Self, Error> {
        let mut repeats = Repeats {
            factors,
            means,
            ..Repeats::known(list, vocab)?.0
        };
        if let Some(own) = own {
            let often: Vec<usize> = repeats.often().collect();
            if often.len() != own.len() {
                return Err(Error::NoRepeats(NoRepeats::OutOfRange));
            }
            repeats.own = vec![0.0; repeats.trie.len()];
            for (node, factor) in often.into_iter().zip(own) {
                repeats.own[node] = factor;
            }
        }
        repeats.check()?;
        Ok(repeats)
    }

    /// Checks that there is a mean for each prefix, and that all logarithms are finite.
    fn check(&self) -> Result<(), Error> {
        let factors = self.factors.known.into_iter().chain([self.factors.new]);
        let stored = self.means.iter().copied().chain(self.own());
        let fits = self.means.len() == self.trie.len();
        let is_possible = |factor| FACTORS.contains(&factor);
        if fits && factors.chain(stored.map(f64::from)).all(is_possible) {
            return Ok(());
        }
        Err(Error::NoRepeats(NoRepeats::OutOfRange))
    }

    /// The trie of a list, with neutral factors and without means; and by node how often the name that ends there occurs.
    fn known(list: &NameList, vocab: &Vocab) -> Result<(Self, Vec<u64>), Error> {
        let neutral = Factors {
            known: [1.0; CLASSES],
            new: 1.0,
        };
        let mut repeats = Repeats {
            trie: Trie::default(),
            classes: Vec::new(),
            factors: neutral,
            own: Vec::new(),
            means: Vec::new(),
            longest: 0,
        };
        // A prefix must fit into a context, with one token of padding before it.
        let longest = WindowCounter::longest_context(vocab.len()) - 1;
        let (mut times, mut tokens) = (Vec::new(), Vec::new());
        for name in list.sorted() {
            vocab
                .encode_into(name.text, &mut tokens)
                .map_err(|unknown| unknown.of(name.text))?;
            if tokens.len() <= longest {
                let node = repeats.insert(&tokens, name.count);
                times.resize(repeats.trie.len(), 0);
                times[node] = name.count;
            }
        }
        Ok((repeats, times))
    }

    /// Adds a name and returns its node.
    fn insert(&mut self, name: &[Token], count: u64) -> usize {
        self.trie.insert(name);
        self.classes.resize(self.trie.len(), CLASSES as u8);
        let node = self.trie.find(name) as usize;
        self.classes[node] = (count.min(CLASSES as u64) - 1) as u8;
        self.longest = self.longest.max(name.len());
        node
    }

    /// The factors.
    pub fn factors(&self) -> Factors {
        self.factors
    }

    /// The mean factor of every prefix of a known name, in order of first occurrence in the sorted list.
    pub fn means(&self) -> &[f32] {
        &self.means
    }

    /// The factors of the names that were seen often, in order of the sorted list.
    pub fn own(&self) -> impl Iterator<Item = f32> {
        self.often().filter_map(|node| self.own.get(node).copied())
    }

    /// The nodes of the names that were seen often.
    fn often(&self) -> impl Iterator<Item = usize> {
        let classes = self.classes.iter().enumerate();
        classes
            .filter(|&(_, &class)| usize::from(class) == OFTEN)
            .map(|(node, _)| node)
    }

    /// Number of tokens of a context that can hold any prefix as a whole, with one token of padding.
    pub fn context_length(&self) -> usize {
        self.longest + 1
    }

    /// The node of a context: [`FREE`] unless it is a prefix of a known name.
    pub(crate) fn node(&self, context: &[Token]) -> u32 {
        match context.first() {
            Some(&END) => {
                let padding = context.iter().take_while(|&&token| token == END);
                self.trie.find(&context[padding.count()..])
            }
            _ => FREE,
        }
    }

    /// Turns the model's log-probabilities \[V\] at a node into those of the scaled model.
    pub(crate) fn scale(&self, node: u32, log_probs: &mut [f64]) {
        if node == FREE {
            return;
        }
        let new = libm::log(self.factors.new);
        let shift = |factor: f64| libm::log(factor) - new;
        log_probs[usize::from(END)] += shift(self.end_factor(node));
        for (token, child) in self.trie.children(node) {
            log_probs[usize::from(token)] += shift(f64::from(self.means[child as usize]));
        }
        normalise(log_probs, log_probs.len());
    }

    /// The factor of the name that ends at a node.
    fn end_factor(&self, node: u32) -> f64 {
        let class = usize::from(self.classes[node as usize]);
        if class == OFTEN && !self.own.is_empty() {
            return f64::from(self.own[node as usize]);
        }
        let factor = self.factors.known.get(class);
        *factor.unwrap_or(&self.factors.new)
    }

    /// Evaluates the model at every node.
    fn probs(&self, model: &dyn LanguageModel, executor: &dyn Executor) -> TrieProbs {
        let (vocab_size, nodes) = (model.vocab_size(), self.trie.len());
        let states = self.states(model);
        // For each node p of the end mark, then that of each child.
        let mut blocks: Vec<Vec<f64>> = vec![Vec::new(); nodes.div_ceil(BLOCK)];
        executor.for_each(&mut blocks, |index, probs| {
            let rows = index * BLOCK..((index + 1) * BLOCK).min(nodes);
            let mut log_probs = vec![0.0; rows.len() * vocab_size];
            model.log_probs(&states[rows.clone()], &mut log_probs);
            for (node, log_probs) in rows.zip(log_probs.chunks_exact(vocab_size)) {
                let tokens = self.trie.children(node as u32).map(|(token, _)| token);
                let of = |token: Token| libm::exp(log_probs[usize::from(token)]);
                probs.extend([END].into_iter().chain(tokens).map(of));
            }
        });
        let mut found = blocks.into_iter().flatten();
        let mut next = || found.next().expect("as many as nodes and children");
        let (mut steps, mut ends) = (vec![1.0; nodes], vec![0.0; nodes]);
        for (node, end) in ends.iter_mut().enumerate() {
            *end = next();
            for (_, child) in self.trie.children(node as u32) {
                steps[child as usize] = next();
            }
        }
        TrieProbs { steps, ends }
    }

    /// \[nodes\]: the model's state at every node.
    fn states(&self, model: &dyn LanguageModel) -> Vec<State> {
        let mut states = vec![model.start(&Start::default()); self.trie.len()];
        for node in 0..self.trie.len() {
            // Children come after their parents, so this state is known already.
            let own = states[node];
            for (token, child) in self.trie.children(node as u32) {
                states[child as usize] = model.next(own, token);
            }
        }
        states
    }

    /// By node: the probability of the name that ends there, according to the model.
    fn names(&self, probs: &TrieProbs) -> Vec<f64> {
        let mut reached = vec![1.0; self.trie.len()];
        for node in 0..self.trie.len() {
            let own = reached[node];
            for (_, child) in self.trie.children(node as u32) {
                reached[child as usize] = own * probs.steps[child as usize];
            }
        }
        reached
            .iter()
            .zip(&probs.ends)
            .map(|(p, end)| p * end)
            .collect()
    }

    /// The total probability of the known names by class, according to the model.
    fn masses(&self, names: &[f64]) -> [f64; CLASSES] {
        let mut masses = [0.0; CLASSES];
        for (&class, name) in self.classes.iter().zip(names) {
            if let Some(mass) = masses.get_mut(usize::from(class)) {
                *mass += name;
            }
        }
        masses
    }

    /// By node: the factor of the name that ends there, if it was seen often. Their probabilities have the same sum as
    /// with the factor of their class, and are proportional to r − D, with a little of the model's own opinion.
    fn own_factors(&self, times: &[u64], names: &[f64], mass: f64) -> Vec<f32> {
        let often: Vec<usize> = self.often().collect();
        let three = often.iter().filter(|&&node| times[node] == 3).count();
        // Good–Turing gives three times this number to names that were seen twice; the others lose it in equal parts.
        let discount = 3.0 * three as f64 / often.len().max(1) as f64;
        let weight = |node: usize| times[node] as f64 - discount + PRIOR * names[node] / mass;
        let sum: f64 = often.iter().map(|&node| weight(node)).sum();
        let wanted = self.factors.known[OFTEN] * mass;
        let mut own = vec![0.0; self.trie.len()];
        for node in often {
            let factor = wanted * weight(node) / sum / names[node].max(f64::MIN_POSITIVE);
            own[node] = factor.clamp(*FACTORS.start(), *FACTORS.end()) as f32;
        }
        own
    }

    /// Computes the mean factors, from the leaves of the trie to its root.
    fn average(&mut self, probs: &TrieProbs) {
        let new = self.factors.new;
        let mut means = vec![0.0; self.trie.len()];
        for node in (0..self.trie.len()).rev() {
            let end = probs.ends[node] * (self.end_factor(node as u32) - new);
            let children = self
                .trie
                .children(node as u32)
                .map(|(_, child)| child as usize);
            let further = children.map(|child| probs.steps[child] * (means[child] - new));
            means[node] = new + end + further.sum::<f64>();
        }
        self.means = means.into_iter().map(|mean| mean as f32).collect();
    }
}

/// The probabilities that the next name was seen once, twice, more often, or (last) never.
fn shares(counts: [u64; CLASSES + 2], total: u64) -> [f64; CLASSES + 1] {
    let of_seen = |times: usize| (times + 1) as f64 * counts[times + 1] as f64 / total as f64;
    let (new, once, twice) = (of_seen(0), of_seen(1), of_seen(2));
    [once, twice, 1.0 - new - once - twice, new]
}

/// The factors that bring the model's masses to the expected shares, which have a weight of `total` names.
fn factors(shares: [f64; CLASSES + 1], masses: [f64; CLASSES], total: f64) -> Factors {
    let [once, twice, more] = masses;
    let masses = [once, twice, more, 1.0 - once - twice - more];
    let mut wanted = shares.map(|share| total * share);
    for (wanted, mass) in wanted.iter_mut().zip(masses) {
        // A class without names gets no share.
        *wanted = if mass > 0.0 {
            *wanted + PRIOR * mass
        } else {
            0.0
        };
    }
    let sum: f64 = wanted.iter().sum();
    let factor = |class: usize| {
        if masses[class] > 0.0 {
            wanted[class] / sum / masses[class]
        } else {
            1.0
        }
    };
    Factors {
        known: [factor(0), factor(1), factor(2)],
        new: factor(CLASSES),
    }
}
