//! Many names under conditions, by exact rejection: what does not fit is drawn again.
//!
//! Rejection gives the model's true conditional distribution; it only may take long. So there is
//! a bound on the draws in a row that bring nothing, and what was found is told honestly.

use rustc_hash::FxHashSet;
use serde::Serialize;

use super::sampler::NameSampler;
use super::temperature::Temperature;
use crate::data::Vocab;
use crate::error::Error;
use crate::language_model::LanguageModel;
use crate::rng::Seed;

/// What names are wanted.
#[derive(Clone)]
pub struct Request<'a> {
    /// How many.
    pub count: usize,
    /// The temperature of the draws.
    pub temperature: Temperature,
    /// Shortest name, in characters.
    pub min_length: usize,
    /// Longest name, in characters; always a limit, so that every draw ends.
    pub max_length: usize,
    /// No name twice.
    pub unique: bool,
    /// Says which names are known and not wanted; `None` takes all.
    pub known: Option<&'a dyn Fn(&str) -> bool>,
    /// Give up after this many draws in a row without a name.
    pub tries: u64,
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Names drawn.
    pub draws: u64,
    /// Names given out.
    pub accepted: u64,
    /// Names shorter than the shortest.
    pub too_short: u64,
    /// Names longer than the longest.
    pub too_long: u64,
    /// Names that are known.
    pub known: u64,
    /// Names that were given out before.
    pub repeated: u64,
    /// Whether the bound on tries was reached before all names were found.
    pub gave_up: bool,
}

/// An iterator over the wanted names.
pub struct Generator<'a> {
    request: Request<'a>,
    vocab: &'a Vocab,
    sampler: NameSampler<'a>,
    given: FxHashSet<String>,
    outcome: Outcome,
}

impl<'a> Generator<'a> {
    /// Prepares the draws. The first n names of a longer request are the shorter request.
    ///
    /// # Errors
    /// [`Error::BadSampling`] where no length is allowed.
    pub fn new(
        model: &'a dyn LanguageModel,
        vocab: &'a Vocab,
        request: Request<'a>,
        seed: &Seed,
    ) -> Result<Self, Error> {
        if request.min_length > request.max_length || request.max_length == 0 {
            return Err(Error::BadSampling(format!(
                "a name of at least {} and at most {} characters",
                request.min_length, request.max_length
            )));
        }
        Ok(Generator {
            sampler: NameSampler::new(model, request.temperature, request.max_length, seed),
            given: FxHashSet::default(),
            outcome: Outcome::default(),
            vocab,
            request,
        })
    }

    /// How the draws went so far.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// One draw: a name if it fits the request.
    fn attempt(&mut self) -> Option<Generated> {
        self.outcome.draws += 1;
        let draw = self.sampler.draw();
        let Some(log_prob) = draw.log_prob else {
            self.outcome.too_long += 1;
            return None;
        };
        if draw.tokens.len() < self.request.min_length {
            self.outcome.too_short += 1;
            return None;
        }
        let name = self.vocab.decode(&draw.tokens);
        if self.request.known.is_some_and(|known| known(&name)) {
            self.outcome.known += 1;
            return None;
        }
        if self.request.unique && !self.given.insert(name.clone()) {
            self.outcome.repeated += 1;
            return None;
        }
        self.outcome.accepted += 1;
        Some(Generated { name, log_prob })
    }
}

impl Iterator for Generator<'_> {
    type Item = Generated;

    fn next(&mut self) -> Option<Generated> {
        if self.outcome.accepted >= self.request.count as u64 || self.outcome.gave_up {
            return None;
        }
        let found = (0..self.request.tries).find_map(|_| self.attempt());
        self.outcome.gave_up = found.is_none();
        found
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::data::{CountedWindows, END, Token};
    use crate::ngram::AdditiveNgram;

    fn model() -> (Vocab, AdditiveNgram) {
        let names: [(&[Token], u64); 3] = [(&[1, 2], 50), (&[2, 1, 1], 30), (&[3], 20)];
        let table = CountedWindows::from_names(names, 4, 2).unwrap();
        let vocab = Vocab::from_characters("abc".chars()).unwrap();
        (vocab, AdditiveNgram::new(table))
    }

    fn request(count: usize) -> Request<'static> {
        Request {
            count,
            temperature: Temperature::default(),
            min_length: 1,
            max_length: 4,
            unique: false,
            known: None,
            tries: 10_000,
        }
    }

    fn names(request: Request<'_>, seed: u64) -> (Vec<Generated>, Outcome) {
        let (vocab, model) = model();
        let mut generator = Generator::new(&model, &vocab, request, &Seed::from(seed)).unwrap();
        let names = generator.by_ref().collect();
        (names, generator.outcome())
    }

    /// P(name) of every name of `length` or fewer characters, by brute force.
    fn enumerate(
        model: &AdditiveNgram,
        temperature: Temperature,
        max_length: usize,
    ) -> Vec<(Vec<Token>, f64)> {
        let mut found = Vec::new();
        let mut open = vec![(Vec::new(), 1.0)];
        while let Some((name, mass)) = open.pop() {
            let padded = [vec![END; 2], name.clone()].concat();
            let mut probs = model.next_log_probs(&padded[padded.len() - 2..]);
            temperature.apply(&mut probs);
            if !name.is_empty() {
                found.push((name.clone(), mass * probs[0]));
            }
            if name.len() < max_length {
                for token in 1..4 {
                    let longer = [name.clone(), vec![token]].concat();
                    open.push((longer, mass * probs[usize::from(token)]));
                }
            }
        }
        found
    }

    /// Rejection samples the model's distribution conditioned on the lengths (chi-square).
    #[test]
    fn draws_follow_the_conditional_distribution() {
        let (vocab, model) = model();
        for temperature in [1.0, 0.7] {
            let temperature = Temperature::new(temperature).unwrap();
            let wanted = Request { temperature, ..request(40_000) };
            let mut counts: BTreeMap<String, f64> = BTreeMap::new();
            for name in names(wanted, 1).0 {
                *counts.entry(name.name).or_default() += 1.0;
            }
            let all = enumerate(&model, temperature, 4);
            let mass: f64 = all.iter().map(|(_, mass)| mass).sum();
            let (mut chi_square, mut cells, mut rest) = (0.0, 0.0f64, 40_000.0);
            for (tokens, share) in &all {
                let expected = 40_000.0 * share / mass;
                let found = counts.get(&vocab.decode(tokens)).copied().unwrap_or(0.0);
                if expected >= 10.0 {
                    chi_square += (found - expected) * (found - expected) / expected;
                    cells += 1.0;
                    rest -= found;
                }
            }
            assert!(cells > 20.0 && rest < 20_000.0);
            // Mean d and variance 2d for d degrees of freedom: five standard deviations.
            assert!(chi_square < cells + 5.0 * (2.0 * cells).sqrt(), "{chi_square} for {cells}");
        }
    }

    #[test]
    fn longer_requests_begin_with_shorter_ones() {
        let (long, _) = names(request(50), 7);
        let (short, outcome) = names(request(10), 7);
        assert_eq!(long[..10], short);
        assert_eq!(outcome.accepted, 10);
        assert_ne!(names(request(10), 8).0, short);
    }

    #[test]
    fn log_probs_are_the_models_own() {
        let (vocab, model) = model();
        let cold = Request { temperature: Temperature::new(0.5).unwrap(), ..request(20) };
        for Generated { name, log_prob } in names(cold, 3).0 {
            let expected = enumerate(&model, Temperature::default(), 4)
                .into_iter()
                .find_map(|(tokens, mass)| (vocab.decode(&tokens) == name).then_some(mass.ln()));
            assert!((log_prob - expected.unwrap()).abs() < 1e-9);
        }
    }

    #[test]
    fn conditions_hold_and_giving_up_is_told() {
        let known = |name: &str| name.starts_with('a');
        let wanted = Request { unique: true, known: Some(&known), max_length: 2, ..request(100) };
        let (found, outcome) = names(wanted, 5);
        // b, c and their followers: 2 + 2·3 names exist, so 100 cannot be found.
        assert!(outcome.gave_up && found.len() == 8, "{found:?}");
        let distinct: FxHashSet<_> = found.iter().map(|name| &name.name).collect();
        assert_eq!(distinct.len(), 8);
        assert!(found.iter().all(|name| !known(&name.name) && name.name.len() <= 2));
        assert!(outcome.known > 0 && outcome.repeated > 0 && outcome.too_long > 0);
        assert_eq!(
            outcome.draws,
            outcome.accepted + outcome.known + outcome.repeated + outcome.too_long + outcome.too_short
        );
    }

    #[test]
    fn contradictory_lengths_are_refused() {
        let (vocab, model) = model();
        let wanted = Request { min_length: 5, ..request(1) };
        assert!(Generator::new(&model, &vocab, wanted, &Seed::from(1)).is_err());
    }
}
