//! Many names under conditions, each drawn from the model's true conditional distribution.

use serde::Serialize;

use super::constraint::Conditions;
use super::exact::ExactSampler;
use super::excluded::Excluded;
use super::temperature::Temperature;
use crate::data::{NameList, Vocab};
use crate::error::Error;
use crate::language_model::LanguageModel;
use crate::rng::{Purpose, Seed, Stream};

/// What names are wanted.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// How many.
    pub count: usize,
    /// The temperature of the draws.
    pub temperature: Temperature,
    /// What they must be.
    pub conditions: Conditions,
    /// Names that are not wanted: those of the list that the model was made from, for example.
    pub unwanted: Vec<&'a NameList>,
    /// No name twice: drawing without replacement.
    pub unique: bool,
    /// Give up after this many attempts in a row without a name.
    pub tries: u64,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Request {
            count: 20,
            temperature: Temperature::default(),
            conditions: Conditions::default(),
            unwanted: Vec::new(),
            unique: false,
            tries: 1_000_000,
        }
    }
}

/// A name that was wanted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Generated {
    /// The name.
    pub name: String,
    /// ln P(name) by the model itself, before temperature and conditions, in nats.
    pub log_prob: f64,
}

/// How the draws went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// Names given out.
    pub found: u64,
    /// Descents through the model, each of which brought a name or began again.
    pub attempts: u64,
    /// Contexts that the model was asked for.
    pub evaluations: u64,
    /// Whether there is no further name that fits.
    pub exhausted: bool,
    /// Whether the bound on attempts was reached first.
    pub gave_up: bool,
    /// The probability that a name of the model fits (after temperature).
    pub probability: Probability,
}

/// A probability between what is certain and what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Probability {
    /// The best guess.
    pub estimate: f64,
    /// About two standard errors below it.
    pub low: f64,
    /// About two standard errors above it, and no more than the bound that is certain.
    pub high: f64,
}

/// An iterator over the wanted names.
///
/// ```
/// use nextchar::data::{CountedWindows, NameList, Vocab};
/// use nextchar::ngram::KneserNey;
/// use nextchar::rng::Seed;
/// use nextchar::sample::{Conditions, Generator, Request};
///
/// let (vocab, names) = (Vocab::az(), ["asha", "usha", "isha", "nisha"].map(|name| (name, 1)));
/// let table = CountedWindows::from_list(&NameList::from_names(names), &vocab, 3).unwrap();
/// let model = KneserNey::closed_form(&table).unwrap();
/// let request = Request {
///     count: 5,
///     conditions: Conditions {
///         prefixes: vec!["u".into()],
///         suffixes: vec!["a".into()],
///         max_length: 9,
///         ..Conditions::default()
///     },
///     unique: true,
///     ..Request::default()
/// };
/// let mut names = Generator::new(&model, &vocab, request, &Seed::from(42)).unwrap();
/// for found in names.by_ref() {
///     assert!(found.name.starts_with('u') && found.name.ends_with('a'));
/// }
/// assert_eq!(names.outcome().found, 5);
/// ```
pub struct Generator<'a> {
    sampler: ExactSampler<'a>,
    vocab: &'a Vocab,
    rng: Stream,
    count: u64,
    unique: bool,
    tries: u64,
    found: u64,
    attempts: u64,
    gave_up: bool,
    /// Mass of the names that were taken out.
    taken: f64,
    /// Σ 1/U and Σ taken/U over the attempts, for the estimate of the probability.
    chances: f64,
    missed: f64,
}

impl<'a> Generator<'a> {
    /// Prepares the draws. The first n names of a longer request are the shorter request.
    ///
    /// # Errors
    /// [`Error::Impossible`] and [`Error::BadPattern`] as [`Conditions::compile`].
    pub fn new(
        model: &'a dyn LanguageModel,
        vocab: &'a Vocab,
        request: Request<'a>,
        seed: &Seed,
    ) -> Result<Self, Error> {
        let constraint = request.conditions.compile(vocab)?;
        let excluded = excluded(&request.unwanted, vocab);
        let temperature = request.temperature;
        Ok(Generator {
            sampler: ExactSampler::new(model, temperature, &constraint, excluded)?,
            vocab,
            rng: seed.stream(Purpose::Sample, 0),
            count: request.count as u64,
            unique: request.unique,
            tries: request.tries,
            found: 0,
            attempts: 0,
            gave_up: false,
            taken: 0.0,
            chances: 0.0,
            missed: 0.0,
        })
    }

    /// How the draws went so far.
    pub fn outcome(&mut self) -> Outcome {
        let certain = self.taken + self.sampler.bound();
        let estimate = match self.chances > 0.0 {
            true => ((self.found as f64 + self.missed) / self.chances).min(certain),
            false => certain,
        };
        // The number found is nearly a Poisson number.
        let error = 2.0 * libm::sqrt(self.found as f64 + 1.0) / self.chances.max(1.0);
        Outcome {
            found: self.found,
            attempts: self.attempts,
            evaluations: self.sampler.evaluations,
            exhausted: self.sampler.bound() == 0.0,
            gave_up: self.gave_up,
            probability: Probability {
                estimate,
                low: (estimate - error).max(self.taken),
                high: (estimate + error).min(certain),
            },
        }
    }
}

/// The trie of lists; names of other characters cannot be drawn anyway.
pub(super) fn excluded(lists: &[&NameList], vocab: &Vocab) -> Excluded {
    let (mut excluded, mut tokens) = (Excluded::default(), Vec::new());
    for name in lists.iter().flat_map(|list| list.names()) {
        if vocab.encode_into(name.text, &mut tokens).is_ok() {
            excluded.insert(&tokens);
        }
    }
    excluded
}

impl Iterator for Generator<'_> {
    type Item = Generated;

    fn next(&mut self) -> Option<Generated> {
        if self.found >= self.count || self.gave_up {
            return None;
        }
        for _ in 0..self.tries {
            let bound = self.sampler.bound();
            if bound == 0.0 {
                return None;
            }
            self.attempts += 1;
            self.chances += 1.0 / bound;
            self.missed += self.taken / bound;
            let Some(drawn) = self.sampler.attempt(&mut self.rng) else {
                continue;
            };
            self.found += 1;
            if self.unique {
                self.taken += drawn.prob;
                self.sampler.take_out(&drawn.tokens);
            }
            return Some(Generated {
                name: self.vocab.decode(&drawn.tokens),
                log_prob: drawn.log_prob,
            });
        }
        self.gave_up = true;
        None
    }
}
