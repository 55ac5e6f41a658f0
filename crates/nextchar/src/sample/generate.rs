//! The loop: draws until the wanted names are there, drops what does not fit, counts why.

use std::fmt;

use rustc_hash::FxHashSet;
use serde::Serialize;

use super::sampler::{Draw, NameSampler, SampleConfig};
use crate::data::{Token, Vocab};
use crate::error::Error;
use crate::language_model::LanguageModel;
use crate::rng::Seed;

/// Which names are wanted, and when to give up.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// How many names.
    pub count: usize,
    /// Temperature and lengths.
    pub sampling: SampleConfig,
    /// No name twice.
    pub unique: bool,
    /// Tells whether a name is known already; only names that are not are returned.
    /// `None` asks for no novelty.
    pub known: Option<&'a dyn Fn(&str) -> bool>,
    /// Draws in a row that may be dropped before the search for a name is given up.
    pub tries: u64,
}

impl Request<'_> {
    /// Tries that are enough where one draw in ten thousand fits.
    pub const DEFAULT_TRIES: u64 = 100_000;

    /// `count` names of 1 to `max_length` characters, repeated and known ones included.
    pub fn new(count: usize, max_length: usize) -> Self {
        Request {
            count,
            sampling: SampleConfig::new(max_length),
            unique: false,
            known: None,
            tries: Self::DEFAULT_TRIES,
        }
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("count", &self.count)
            .field("sampling", &self.sampling)
            .field("unique", &self.unique)
            .field("novel", &self.known.is_some())
            .field("tries", &self.tries)
            .finish()
    }
}

/// A name that was drawn.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Generated {
    /// The name.
    pub name: String,
    /// ln P of the name with its end mark, by the model itself, in nats.
    pub log_prob: f64,
}

/// How many draws were dropped, by reason. Each is counted once, under the first that holds.
///
/// ```
/// use nextchar::sample::Rejections;
///
/// let rejections = Rejections { too_long: 12, known: 3, ..Rejections::default() };
/// assert_eq!(rejections.to_string(), "12 too long, 3 already known");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rejections {
    /// The end mark came too early.
    pub too_short: u64,
    /// The end mark did not come in time.
    pub too_long: u64,
    /// Returned before.
    pub repeated: u64,
    /// Not novel.
    pub known: u64,
    /// The model gave no token any probability.
    pub dead_end: u64,
}

impl Rejections {
    fn named(&self) -> [(&'static str, u64); 5] {
        [
            ("too short", self.too_short),
            ("too long", self.too_long),
            ("repeated", self.repeated),
            ("already known", self.known),
            ("without a possible next character", self.dead_end),
        ]
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.named().iter().map(|(_, count)| count).sum()
    }
}

impl fmt::Display for Rejections {
    /// The reasons that occurred: `12 too long, 3 already known`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (reason, count) in self.named() {
            if count > 0 {
                write!(f, "{separator}{count} {reason}")?;
                separator = ", ";
            }
        }
        Ok(())
    }
}

/// What a [`Generator`] did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Draws altogether: `accepted` and all of `rejected`.
    pub draws: u64,
    /// Names returned.
    pub accepted: u64,
    /// Whether the last [`Request::tries`] draws in a row were all dropped.
    pub gave_up: bool,
    /// Draws dropped.
    pub rejected: Rejections,
}

/// Names that fit a [`Request`], one after another.
///
/// The names are exact: given that they fit, they have the model's own probabilities (with
/// [`Request::unique`], of drawing one after another without replacement). The same seed gives
/// the same names, and a shorter request the first names of a longer one.
///
/// ```
/// use nextchar::data::Vocab;
/// use nextchar::ngram::Uniform;
/// use nextchar::rng::Seed;
/// use nextchar::sample::{Generator, Request};
///
/// let vocab = Vocab::from_characters("ab".chars()).unwrap();
/// let model = Uniform { vocab_size: vocab.len() };
/// let request = Request { unique: true, ..Request::new(100, 2) };
/// let mut generator = Generator::new(&model, &vocab, request, &Seed::from(42))?;
/// let mut names: Vec<String> = generator.by_ref().map(|generated| generated.name).collect();
/// names.sort();
/// assert_eq!(names, ["a", "aa", "ab", "b", "ba", "bb"]); // there are no others
/// assert!(generator.outcome().gave_up);
/// # Ok::<(), nextchar::Error>(())
/// ```
pub struct Generator<'a> {
    sampler: NameSampler<'a>,
    vocab: &'a Vocab,
    request: Request<'a>,
    returned: FxHashSet<Vec<Token>>,
    outcome: Outcome,
}

impl<'a> Generator<'a> {
    /// A generator at the beginning of a seed's stream.
    ///
    /// # Errors
    /// [`Error::BadSampling`] for a temperature, lengths or tries that cannot be, and where the
    /// vocabulary is not the model's.
    pub fn new(
        model: &'a dyn LanguageModel,
        vocab: &'a Vocab,
        request: Request<'a>,
        seed: &Seed,
    ) -> Result<Self, Error> {
        if vocab.len() != model.vocab_size() {
            return Err(Error::BadSampling(format!(
                "a vocabulary of {} classes for a model of {}",
                vocab.len(),
                model.vocab_size()
            )));
        }
        if request.tries == 0 {
            return Err(Error::BadSampling("0 tries (1 or more is possible)".into()));
        }
        Ok(Generator {
            sampler: NameSampler::new(model, request.sampling, seed)?,
            vocab,
            request,
            returned: FxHashSet::default(),
            outcome: Outcome::default(),
        })
    }

    /// What was drawn, accepted and dropped so far.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// One draw: a name that fits, or its reason is counted.
    fn attempt(&mut self) -> Option<Generated> {
        self.outcome.draws += 1;
        let rejected = &mut self.outcome.rejected;
        let (tokens, log_prob) = match self.sampler.sample() {
            Draw::Name { tokens, log_prob } => (tokens, log_prob),
            Draw::TooLong => return reject(&mut rejected.too_long),
            Draw::DeadEnd => return reject(&mut rejected.dead_end),
        };
        if tokens.len() < self.request.sampling.min_length {
            return reject(&mut rejected.too_short);
        }
        if self.returned.contains(&tokens) {
            return reject(&mut rejected.repeated);
        }
        let name = self.vocab.decode(&tokens);
        if self.request.known.is_some_and(|known| known(&name)) {
            return reject(&mut rejected.known);
        }
        if self.request.unique {
            self.returned.insert(tokens);
        }
        self.outcome.accepted += 1;
        Some(Generated { name, log_prob })
    }
}

fn reject(count: &mut u64) -> Option<Generated> {
    *count += 1;
    None
}

impl Iterator for Generator<'_> {
    type Item = Generated;

    /// The next name; `None` when all are there, or when it gave up.
    fn next(&mut self) -> Option<Generated> {
        if self.outcome.gave_up || self.outcome.accepted >= self.request.count as u64 {
            return None;
        }
        for _ in 0..self.request.tries {
            if let Some(generated) = self.attempt() {
                return Some(generated);
            }
        }
        self.outcome.gave_up = true;
        None
    }
}

impl std::iter::FusedIterator for Generator<'_> {}

#[cfg(test)]
#[path = "generate_tests.rs"]
mod tests;
