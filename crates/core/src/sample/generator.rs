//! Many names under conditions, each drawn from the model's true conditional distribution.

use std::fmt;

use serde::Serialize;

use crate::data::NameList;
use crate::data::trie::Trie;
use crate::error::Error;
use crate::executor::Executor;
use crate::language_model::LanguageModel;
use crate::rng::{Purpose, Seed, Stream};
use crate::sample::batch::Batch;
use crate::sample::conditions::builder::Conditions;
use crate::sample::conditions::filter::Filter;
use crate::sample::config::SampleConfig;
use crate::sample::methods::bounds::Bounds;
use crate::sample::methods::dynamic::program::Programme;
use crate::sample::methods::free::Free;
use crate::sample::source::Source;
use crate::text::{Start, Vocab};

/// What names are wanted.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// How many.
    pub count: usize,
    /// Temperature, top-k, top-p.
    pub config: SampleConfig,
    /// What stands before their first token.
    pub start: Start,
    /// What they must be.
    pub conditions: Conditions,
    /// Names that are not wanted: those of the list that the model was made from, for example.
    pub unwanted: Vec<&'a NameList>,
    /// No name twice: drawing without replacement.
    pub unique: bool,
    /// Give up after this many attempts in a row without a name.
    pub tries: u64,
    /// How they are drawn; `None` takes what is quick. The distribution is the same. Where the programme would
    /// be too large another method takes its place, and [`Outcome::probability`] says which.
    pub method: Option<Method>,
}

impl Default for Request<'_> {
    fn default() -> Self {
        Request {
            count: 20,
            config: SampleConfig::default(),
            start: Start::default(),
            conditions: Conditions::default(),
            unwanted: Vec::new(),
            unique: false,
            tries: 1_000_000,
            method: None,
        }
    }
}

/// A way of drawing from the conditional distribution, and of knowing the probability of the conditions.
///
/// Left to choose, a [`Generator`] makes free draws where nothing but a longest length is asked for;
/// otherwise it uses the dynamic programme where that is small (contexts of up to three letters, or
/// conditions that few names fit), and free draws where it is not. Where less than a quarter of the
/// first 128 free draws fit, it goes on with the programme or bounds; so it does without replacement,
/// where free draws hardly bring a new name any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Free draws, of which those that fit are kept. The probability is counted.
    Draws,
    /// The dynamic programme. The probability is exact.
    Exact,
    /// Upper bounds that tighten as they are used. The probability is estimated, and bounded from above.
    Bounds,
}

/// A probability below this is not known but for that: sums of its parts may have lost some.
const TINY: f64 = 1e-290;

/// A name that was wanted.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Generated {
    /// The name.
    pub name: String,
    /// ln P(name) by the model itself, before temperature and conditions, in nats.
    pub log_prob: f64,
}

/// The name alone.
impl fmt::Display for Generated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.name)
    }
}

impl std::ops::Deref for Generated {
    type Target = str;

    fn deref(&self) -> &str {
        &self.name
    }
}

impl AsRef<str> for Generated {
    fn as_ref(&self) -> &str {
        &self.name
    }
}

/// How the draws went.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// Names given out.
    pub found: u64,
    /// Descents through the model, each of which brought a name or failed.
    pub attempts: u64,
    /// Contexts that the model was asked for.
    pub evaluations: u64,
    /// Whether there is no further name that fits.
    pub exhausted: bool,
    /// Whether the bound on attempts was reached first.
    pub gave_up: bool,
    /// The probability that a name of the model fits (after temperature, top-k and top-p).
    pub probability: Probability,
}

/// A probability between what is certain and what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Probability {
    /// The best guess.
    pub estimate: f64,
    /// About two standard errors below it; the same where it is exact, and 0 where that is below 1e-290.
    pub low: f64,
    /// About two standard errors above it, and no more than the bound that is certain; the same where it is
    /// exact, and 1e-290 where that is below it.
    pub high: f64,
    /// How it was found.
    pub method: Method,
}

/// An iterator over the wanted names.
///
/// The same model, request and seed give the same names whatever the executor; the first n names of a
/// longer request are the shorter request. [`Generator::next_lines`] gives them as text, many at once,
/// which is ten times as quick where no conditions are in the way.
///
/// ```
/// use nextchar_core::Serial;
/// use nextchar_core::data::{CountedWindows, NameList};
/// use nextchar_core::text::Vocab;
/// use nextchar_core::counts::KneserNey;
/// use nextchar_core::rng::Seed;
/// use nextchar_core::sample::{Conditions, Generator, Method, Request};
///
/// let (vocab, names) = (Vocab::az(), ["asha", "usha", "isha", "nisha"].map(|name| (name, 1)));
/// let table = CountedWindows::from_list(&NameList::from_names(names), &vocab, 3).unwrap();
/// let model = KneserNey::closed_form(&table).unwrap();
/// let request = Request {
///     count: 5,
///     conditions: Conditions::default().length(1..=9).prefix("u").suffix("a"),
///     unique: true,
///     ..Request::default()
/// };
/// let mut names = Generator::new(&model, &vocab, request, &Seed::from(42), &Serial).unwrap();
/// for found in names.by_ref() {
///     assert!(found.name.starts_with('u') && found.name.ends_with('a'));
/// }
/// let outcome = names.outcome();
/// assert_eq!((outcome.found, outcome.probability.method), (5, Method::Exact));
///
/// // A thousand names as lines, with nothing asked of them.
/// let request = Request { count: 1000, ..Request::default() };
/// let mut names = Generator::new(&model, &vocab, request, &Seed::from(42), &Serial).unwrap();
/// let mut text = String::new();
/// while let Some(lines) = names.next_lines() {
///     text.push_str(&lines);
/// }
/// assert_eq!(text.lines().count(), 1000);
/// ```
pub struct Generator<'a> {
    source: Source<'a>,
    vocab: &'a Vocab,
    executor: &'a dyn Executor,
    words: Stream,
    sampler: Sampler<'a>,
    method: Option<Method>,
    ready: std::vec::IntoIter<Generated>,
    count: u64,
    unique: bool,
    tries: u64,
    found: u64,
    exhausted: bool,
    gave_up: bool,
    /// Contexts that were asked for by free draws that were left.
    spent: u64,
}

/// Who draws; nobody before the first name is asked for.
enum Sampler<'a> {
    Undecided(Option<Filter>),
    Free(Box<Free<'a>>),
    Programme(Box<Programme<'a>>),
    Bounds(Box<Bounds<'a>>),
}

impl<'a> Generator<'a> {
    /// Prepares the draws.
    ///
    /// # Errors
    /// [`Error::Impossible`] and [`Error::BadPattern`] as [`Conditions::compile`];
    /// [`Error::UniqueDraws`] for free draws without replacement.
    pub fn new(
        model: &'a dyn LanguageModel,
        vocab: &'a Vocab,
        request: Request<'a>,
        seed: &Seed,
        executor: &'a dyn Executor,
    ) -> Result<Self, Error> {
        if request.unique && request.method == Some(Method::Draws) {
            return Err(Error::UniqueDraws);
        }
        let filter = Filter {
            reach: request.conditions.compile(vocab)?.reach(vocab.len())?,
            excluded: excluded(&request.unwanted, vocab),
        };
        Ok(Generator {
            source: Source {
                model,
                start: model.start(&request.start),
                config: request.config,
            },
            vocab,
            executor,
            words: seed.stream(Purpose::Sample, 0),
            sampler: Sampler::Undecided(Some(filter)),
            method: request.method,
            ready: Vec::new().into_iter(),
            count: request.count as u64,
            unique: request.unique,
            tries: request.tries,
            found: 0,
            exhausted: false,
            gave_up: false,
            spent: 0,
        })
    }

    /// Names given out so far.
    pub fn found(&self) -> u64 {
        self.found
    }

    /// Whether the bound on attempts was reached first.
    pub fn gave_up(&self) -> bool {
        self.gave_up
    }

    /// How the draws went so far. Where few were made, some more are, to know the probability.
    pub fn outcome(&mut self) -> Outcome {
        self.choose(false);
        let probability = |[estimate, low, high]: [f64; 3], method| Probability {
            estimate,
            low,
            high,
            method,
        };
        let (attempts, evaluations, probability) = match &mut self.sampler {
            Sampler::Undecided(_) => unreachable!("a sampler was chosen"),
            Sampler::Free(free) => {
                let (kept, attempts) = free.counted(self.executor);
                let share = share(kept as f64, attempts as f64);
                (
                    free.attempts,
                    free.evaluations(),
                    probability(share, Method::Draws),
                )
            }
            Sampler::Programme(programme) => {
                let exact = match programme.probability {
                    tiny if 0.0 < tiny && tiny < TINY => [tiny, 0.0, TINY],
                    other => [other; 3],
                };
                (
                    programme.attempts,
                    programme.evaluations(),
                    probability(exact, Method::Exact),
                )
            }
            Sampler::Bounds(bounds) => {
                let told = probability(bounds.probability(), Method::Bounds);
                (bounds.attempts, bounds.evaluations(), told)
            }
        };
        Outcome {
            found: self.found,
            attempts,
            evaluations: evaluations + self.spent,
            exhausted: self.exhausted || self.left() <= 0.0,
            gave_up: self.gave_up,
            probability,
        }
    }

    /// The next names as lines, as many as came at once; `None` once there is none left.
    pub fn next_lines(&mut self) -> Option<String> {
        let mut lines = String::new();
        for generated in self.ready.by_ref() {
            self.found += 1;
            lines.push_str(&generated.name);
            lines.push('\n');
        }
        if lines.is_empty() {
            let batches = self.refill(false)?;
            self.found += batches.iter().map(|batch| batch.len() as u64).sum::<u64>();
            let mut parts: Vec<(Batch, String)> = batches
                .into_iter()
                .map(|batch| (batch, String::new()))
                .collect();
            let vocab = self.vocab;
            self.executor.for_each(&mut parts, |_, (batch, text)| {
                batch.write_lines(vocab, text)
            });
            for (_, part) in parts {
                lines.push_str(&part);
            }
        }
        Some(lines)
    }

    /// The next names as tokens, as many as came at once; `None` once there is none left. To be used
    /// alone, not beside the iterator.
    pub fn next_batches(&mut self) -> Option<Vec<Batch>> {
        let batches = self.refill(false)?;
        self.found += batches.iter().map(|batch| batch.len() as u64).sum::<u64>();
        Some(batches)
    }

    /// At least one name, and no more than are wanted still.
    fn refill(&mut self, log_probs: bool) -> Option<Vec<Batch>> {
        self.choose(log_probs);
        let mut wanted = usize::try_from(self.count - self.found).unwrap_or(usize::MAX);
        if wanted == 0 || self.gave_up {
            return None;
        }
        let mut failed = 0;
        loop {
            self.leave_free_draws(log_probs);
            if self.left() <= 0.0 {
                self.exhausted = true;
                return None;
            }
            let before = self.attempts();
            let mut batches = match &mut self.sampler {
                Sampler::Undecided(_) => unreachable!("a sampler was chosen"),
                Sampler::Free(free) => free.refill(wanted, log_probs, self.executor),
                Sampler::Programme(programme) => {
                    programme.refill(wanted, self.unique, log_probs, self.executor)
                }
                Sampler::Bounds(bounds) => vec![bounds.refill(self.unique, self.executor)],
            };
            if batches.iter().any(|batch| !batch.is_empty()) {
                for batch in &mut batches {
                    batch.truncate(wanted);
                    wanted -= batch.len();
                }
                return Some(batches);
            }
            failed += self.attempts() - before;
            if failed >= self.tries {
                self.gave_up = true;
                return None;
            }
        }
    }

    fn attempts(&self) -> u64 {
        match &self.sampler {
            Sampler::Undecided(_) => 0,
            Sampler::Free(free) => free.attempts,
            Sampler::Programme(programme) => programme.attempts,
            Sampler::Bounds(bounds) => bounds.attempts,
        }
    }

    /// At least as much as the probability of everything that may still be drawn.
    fn left(&self) -> f64 {
        match &self.sampler {
            Sampler::Undecided(_) | Sampler::Free(_) => 1.0,
            Sampler::Programme(programme) => programme.left(),
            Sampler::Bounds(bounds) => bounds.left(),
        }
    }

    /// Decides who draws, the first time.
    fn choose(&mut self, log_probs: bool) {
        let Sampler::Undecided(filter) = &mut self.sampler else {
            return;
        };
        let filter = filter.take().expect("it is taken once");
        let (source, words) = (self.source, &self.words);
        let free = |filter| Free::new(source, filter, words.clone(), self.unique);
        let bounds = |filter| Sampler::Bounds(Box::new(Bounds::new(source, filter, words.clone())));
        if self.method == Some(Method::Bounds) {
            self.sampler = bounds(filter);
            return;
        }
        let free_by_default = self.method.is_none() && filter.is_only_too_long();
        if self.method == Some(Method::Draws) || free_by_default {
            self.sampler = Sampler::Free(Box::new(free(filter)));
            return;
        }
        self.sampler = match Programme::new(source, filter, words.clone(), log_probs, self.executor)
        {
            Ok(programme) => Sampler::Programme(Box::new(programme)),
            Err(filter) if self.unique && self.method.is_some() => bounds(filter),
            Err(filter) => Sampler::Free(Box::new(free(filter))),
        };
    }

    /// Goes on without free draws where they do not pay.
    fn leave_free_draws(&mut self, log_probs: bool) {
        let leaves = match &self.sampler {
            Sampler::Free(free) => self.method.is_none() && !free.pays(),
            _ => false,
        };
        if !leaves {
            return;
        }
        let Sampler::Free(free) = std::mem::replace(&mut self.sampler, Sampler::Undecided(None))
        else {
            unreachable!("free draws are left");
        };
        self.spent = free.evaluations();
        let (kept, attempts) = (free.kept, free.attempts);
        let (source, words) = (self.source, self.words.clone());
        let (filter, seen) = free.into_parts();
        // Others came here because the programme would be too large.
        let small = match filter.is_only_too_long() {
            true => Programme::new(source, filter, words.clone(), log_probs, self.executor),
            false => Err(filter),
        };
        self.sampler = match small {
            Ok(mut programme) => {
                programme.take_out(&[seen.into_batch()]);
                Sampler::Programme(Box::new(programme))
            }
            Err(filter) => {
                let mut bounds = Bounds::new(source, filter, words);
                bounds.count_free(kept, attempts);
                bounds.take_out_all(seen.names(), self.executor);
                Sampler::Bounds(Box::new(bounds))
            }
        };
    }
}

/// A share that was counted, and Wilson's interval of two standard errors (Wilson 1927).
fn share(kept: f64, attempts: f64) -> [f64; 3] {
    if attempts == 0.0 {
        return [1.0, 0.0, 1.0];
    }
    let (p, z2) = (kept / attempts, 4.0);
    let middle = (p + z2 / (2.0 * attempts)) / (1.0 + z2 / attempts);
    let spread = libm::sqrt(z2 * (p * (1.0 - p) / attempts + z2 / (4.0 * attempts * attempts)));
    let spread = spread / (1.0 + z2 / attempts);
    [
        p,
        (middle - spread).max(0.0).min(p),
        (middle + spread).min(1.0).max(p),
    ]
}

/// The trie of lists; names of other characters cannot be drawn anyway.
pub(crate) fn excluded(lists: &[&NameList], vocab: &Vocab) -> Trie {
    let (mut excluded, mut tokens) = (Trie::default(), Vec::new());
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
        if self.ready.as_slice().is_empty() {
            let batches = self.refill(true)?;
            let vocab = self.vocab;
            let names = batches
                .iter()
                .flat_map(|batch| batch.names().zip(&batch.log_probs));
            let names = names.map(|(name, &log_prob)| Generated {
                name: vocab.decode(name),
                log_prob,
            });
            self.ready = names.collect::<Vec<_>>().into_iter();
        }
        self.found += 1;
        self.ready.next()
    }
}
