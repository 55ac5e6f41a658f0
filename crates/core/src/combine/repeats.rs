//! How often whole names come again: Good and Turing's estimate, laid over any model.
//!
//! A model of characters gives the names that it learnt from more than their share: a third of what it
//! writes, say, where of new names of the same kind an eighth was seen before. A corpus that counts its
//! duplicates tells that share itself (Good 1953, eq. 11): the next name is one that was seen r times
//! with probability (r + 1)·n_{r+1} / N, where n_r names were seen r times and N is the number of all.
//! [`Returning`] scales the known names to it, and all others alike. What follows a beginning is then
//! p(c)·(mean factor of the names that begin so, with c) / (the same without c): again a distribution
//! of the next character, given a context that shows the whole beginning.

use crate::data::trie::{FREE, Trie};
use crate::data::{NameList, WindowCounter};
use crate::error::{Error, NoRepeats};
use crate::executor::Executor;
use crate::language_model::{LanguageModel, State};
use crate::numeric::softmax::normalise;
use crate::text::{END, Start, Token, Vocab};

/// Names seen once, twice, and more often.
pub const CLASSES: usize = 3;

/// Names, as if seen in advance, that were known as often as the model says: few names decide little.
const PRIOR: f64 = 20.0;

/// Beginnings that are asked for together.
const BLOCK: usize = 512;

/// By what the probability of whole names is multiplied.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Factors {
    /// Of names seen once, twice, and more often.
    pub known: [f64; CLASSES],
    /// Of all others.
    pub new: f64,
}

/// Factors for names that were learnt from, and for every beginning of one.
#[derive(Clone, Debug)]
pub struct Returning {
    trie: Trie,
    /// By node of the trie: the class of the name that ends there; [`CLASSES`] for none.
    classes: Vec<u8>,
    factors: Factors,
    /// By node: the mean factor of the names that begin so, weighted by the model's probabilities.
    means: Vec<f32>,
    /// Length of the longest known name.
    longest: usize,
}

/// What the model says along the trie.
struct Walked {
    /// By node: p of its last token after its beginning.
    steps: Vec<f64>,
    /// By node: p of the end mark there.
    ends: Vec<f64>,
}

impl Returning {
    /// Good and Turing's estimate for the names of a list. Names too long to be a context count as new.
    ///
    /// # Errors
    /// [`Error::NoRepeats`] where no name is there twice: nothing tells how often names return;
    /// [`Error::UnknownPiece`].
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
        let mut returning = Returning::known(list, vocab)?;
        let walked = returning.walk(model, executor);
        let masses = returning.masses(&walked);
        returning.factors = factors(shares(counts, total), masses, total as f64);
        returning.average(&walked);
        returning.check()?;
        Ok(returning)
    }

    /// From what a file holds: the list that was learnt from, the factors and their [means](Returning::means).
    ///
    /// # Errors
    /// [`Error::NoRepeats`] where a factor is out of range, or the means are not one for each beginning;
    /// [`Error::UnknownPiece`].
    pub fn from_parts(
        list: &NameList,
        vocab: &Vocab,
        factors: Factors,
        means: Vec<f32>,
    ) -> Result<Self, Error> {
        let returning = Returning {
            factors,
            means,
            ..Returning::known(list, vocab)?
        };
        returning.check()?;
        Ok(returning)
    }

    /// A mean for each beginning, and numbers whose logarithms are numbers.
    fn check(&self) -> Result<(), Error> {
        let factors = self.factors.known.into_iter().chain([self.factors.new]);
        let means = self.means.iter().map(|&mean| f64::from(mean));
        let possible = 1e-30..=1e30;
        let fits = self.means.len() == self.trie.len();
        let is_possible = |factor| possible.contains(&factor);
        if fits && factors.chain(means).all(is_possible) {
            return Ok(());
        }
        Err(Error::NoRepeats(NoRepeats::OutOfRange))
    }

    /// The names of a list, their factors not known yet.
    fn known(list: &NameList, vocab: &Vocab) -> Result<Self, Error> {
        let neutral = Factors {
            known: [1.0; CLASSES],
            new: 1.0,
        };
        let mut returning = Returning {
            trie: Trie::default(),
            classes: Vec::new(),
            factors: neutral,
            means: Vec::new(),
            longest: 0,
        };
        // A beginning must fit a context, with one mark of padding before it.
        let longest = WindowCounter::longest_context(vocab.len()) - 1;
        let mut tokens = Vec::new();
        for name in list.sorted() {
            vocab
                .encode_into(name.text, &mut tokens)
                .map_err(|unknown| unknown.of(name.text))?;
            if tokens.len() <= longest {
                returning.insert(&tokens, name.count);
            }
        }
        Ok(returning)
    }

    fn insert(&mut self, name: &[Token], count: u64) {
        self.trie.insert(name);
        self.classes.resize(self.trie.len(), CLASSES as u8);
        let node = self.trie.find(name) as usize;
        self.classes[node] = (count.min(CLASSES as u64) - 1) as u8;
        self.longest = self.longest.max(name.len());
    }

    /// The factors.
    pub fn factors(&self) -> Factors {
        self.factors
    }

    /// The mean factor of every beginning of a known name, in the order in which sorted names first have them.
    pub fn means(&self) -> &[f32] {
        &self.means
    }

    /// Number of tokens that a context needs to show any beginning as a whole: one of padding too.
    pub fn context_length(&self) -> usize {
        self.longest + 1
    }

    /// The node of a context: [`FREE`] where it is not the beginning of a known name.
    pub(crate) fn node(&self, context: &[Token]) -> u32 {
        match context.first() {
            Some(&END) => {
                let padding = context.iter().take_while(|&&token| token == END);
                self.trie.find(&context[padding.count()..])
            }
            _ => FREE,
        }
    }

    /// Changes a model's log-probabilities \[V\] at a node to those of the scaled names.
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
        let factor = self.factors.known.get(class);
        *factor.unwrap_or(&self.factors.new)
    }

    /// Asks the model at every node.
    fn walk(&self, model: &dyn LanguageModel, executor: &dyn Executor) -> Walked {
        let (vocab_size, nodes) = (model.vocab_size(), self.trie.len());
        let states = self.states(model);
        // The end's p and then each child's, node after node.
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
        let mut probs = blocks.into_iter().flatten();
        let mut next = || probs.next().expect("as many as nodes and children");
        let (mut steps, mut ends) = (vec![1.0; nodes], vec![0.0; nodes]);
        for (node, end) in ends.iter_mut().enumerate() {
            *end = next();
            for (_, child) in self.trie.children(node as u32) {
                steps[child as usize] = next();
            }
        }
        Walked { steps, ends }
    }

    /// \[nodes\]: the model's state at every node.
    fn states(&self, model: &dyn LanguageModel) -> Vec<State> {
        let mut states = vec![model.start(&Start::default()); self.trie.len()];
        for node in 0..self.trie.len() {
            // Children stand behind their parents, so this one is known.
            let own = states[node];
            for (token, child) in self.trie.children(node as u32) {
                states[child as usize] = model.next(own, token);
            }
        }
        states
    }

    /// The model's probability of all known names, by class.
    fn masses(&self, walked: &Walked) -> [f64; CLASSES] {
        let mut masses = [0.0; CLASSES];
        let mut reached = vec![1.0; self.trie.len()];
        for node in 0..self.trie.len() {
            let own = reached[node];
            for (_, child) in self.trie.children(node as u32) {
                reached[child as usize] = own * walked.steps[child as usize];
            }
            if let Some(mass) = masses.get_mut(usize::from(self.classes[node])) {
                *mass += own * walked.ends[node];
            }
        }
        masses
    }

    /// The mean factors, from the ends of names to their beginnings.
    fn average(&mut self, walked: &Walked) {
        let new = self.factors.new;
        let mut means = vec![0.0; self.trie.len()];
        for node in (0..self.trie.len()).rev() {
            let end = walked.ends[node] * (self.end_factor(node as u32) - new);
            let children = self
                .trie
                .children(node as u32)
                .map(|(_, child)| child as usize);
            let further = children.map(|child| walked.steps[child] * (means[child] - new));
            means[node] = new + end + further.sum::<f64>();
        }
        self.means = means.into_iter().map(|mean| mean as f32).collect();
    }
}

/// The shares of the next name: of those seen once, twice and more often, and of new ones, last.
fn shares(counts: [u64; CLASSES + 2], total: u64) -> [f64; CLASSES + 1] {
    let of_seen = |times: usize| (times + 1) as f64 * counts[times + 1] as f64 / total as f64;
    let (new, once, twice) = (of_seen(0), of_seen(1), of_seen(2));
    [once, twice, 1.0 - new - once - twice, new]
}

/// What brings the model's masses to the shares that are expected, which weigh as much as `total` names.
fn factors(shares: [f64; CLASSES + 1], masses: [f64; CLASSES], total: f64) -> Factors {
    let [once, twice, more] = masses;
    let masses = [once, twice, more, 1.0 - once - twice - more];
    let mut wanted = shares.map(|share| total * share);
    for (wanted, mass) in wanted.iter_mut().zip(masses) {
        // A class without names has no share.
        *wanted = if mass > 0.0 {
            *wanted + PRIOR * mass
        } else {
            0.0
        };
    }
    let sum: f64 = wanted.iter().sum();
    let of = |class: usize| match masses[class] > 0.0 {
        true => wanted[class] / sum / masses[class],
        false => 1.0,
    };
    Factors {
        known: [of(0), of(1), of(2)],
        new: of(CLASSES),
    }
}
