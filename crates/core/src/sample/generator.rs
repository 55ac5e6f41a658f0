//! The iterator over generated names. It chooses a method of drawing and knows nothing else about methods.

use crate::error::Error;
use crate::executor::Executor;
use crate::language_model::LanguageModel;
use crate::rng::{Purpose, Seed};
use crate::sample::batch::Batch;
use crate::sample::conditions::Filter;
use crate::sample::methods::{Draws, choose};
use crate::sample::outcome::{Generated, Outcome, Waiting};
use crate::sample::probability::Method;
use crate::sample::request::Request;
use crate::sample::source::{Setup, Source};
use crate::text::Vocab;

/// An iterator over names, drawn from the model's exact distribution given the conditions.
///
/// The same model, request and seed give the same names with any executor, and the first n names of a
/// longer request are those of a request for n. [`Generator::next_lines`] returns many names at once as
/// text, which is ten times faster if there are no conditions.
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
/// // A thousand names as lines, without conditions.
/// let request = Request { count: 1000, ..Request::default() };
/// let mut names = Generator::new(&model, &vocab, request, &Seed::from(42), &Serial).unwrap();
/// let mut text = String::new();
/// while let Some(lines) = names.next_lines() {
///     text.push_str(&lines);
/// }
/// assert_eq!(text.lines().count(), 1000);
/// ```
pub struct Generator<'a> {
    setup: Setup<'a>,
    vocab: &'a Vocab,
    executor: &'a dyn Executor,
    method: Option<Method>,
    /// Until a method is chosen, which may already evaluate contexts.
    filter: Option<Filter>,
    draws: Option<Box<dyn Draws + 'a>>,
    /// Names that were drawn and not returned yet.
    ready: std::vec::IntoIter<Generated>,
    count: u64,
    tries: u64,
    found: u64,
    exhausted: bool,
    gave_up: bool,
    /// Asked between rounds of draws whether to go on.
    watch: Option<Box<dyn FnMut(Waiting) -> bool + Send + 'a>>,
    stopped: bool,
}

impl<'a> Generator<'a> {
    /// Compiles the conditions. Nothing is drawn or evaluated yet.
    ///
    /// # Errors
    /// [`Error::Impossible`] and [`Error::BadPattern`] as
    /// [`Conditions::compile`](super::Conditions::compile); [`Error::UniqueDraws`] if free draws are
    /// requested without replacement.
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
        let filter = Filter::new(&request.conditions, &request.unwanted, vocab)?;
        let source = Source {
            model,
            start: model.start(&request.start),
            config: request.config,
        };
        Ok(Generator {
            setup: Setup {
                source,
                stream: seed.stream(Purpose::Sample, 0),
                unique: request.unique,
                likely: request.likely || filter.only_limits_length(),
            },
            vocab,
            executor,
            method: request.method,
            filter: Some(filter),
            draws: None,
            ready: Vec::new().into_iter(),
            count: request.count as u64,
            tries: request.tries,
            found: 0,
            exhausted: false,
            gave_up: false,
            watch: None,
            stopped: false,
        })
    }

    /// Lets the caller follow the draws and end them: between two rounds of draws, a fraction of a second apart,
    /// `watch` is asked whether to go on. The names before the end are those of a generator without a watch.
    pub fn watch(&mut self, watch: impl FnMut(Waiting) -> bool + Send + 'a) {
        self.watch = Some(Box::new(watch));
    }

    /// Number of names returned so far.
    pub fn found(&self) -> u64 {
        self.found
    }

    /// Whether the limit on consecutive failed attempts was reached.
    pub fn gave_up(&self) -> bool {
        self.gave_up
    }

    /// Whether the [watch](Generator::watch) ended the draws.
    pub fn stopped(&self) -> bool {
        self.stopped
    }

    /// A report on the draws so far. If there were few, some more are made to estimate the probability.
    pub fn outcome(&mut self) -> Outcome {
        let executor = self.executor;
        let draws = self.draws(false);
        let probability = draws.probability(executor);
        let (attempts, evaluations) = (draws.attempts(), draws.evaluations());
        let nothing_remains = draws.remaining() <= 0.0;
        Outcome {
            found: self.found,
            attempts,
            evaluations,
            exhausted: self.exhausted || nothing_remains,
            gave_up: self.gave_up,
            stopped: self.stopped,
            probability,
        }
    }

    /// The next batch of names, as lines; `None` if there are no more.
    pub fn next_lines(&mut self) -> Option<String> {
        let mut lines = String::new();
        for generated in self.ready.by_ref() {
            self.found += 1;
            lines.push_str(&generated.name);
            lines.push('\n');
        }
        if !lines.is_empty() {
            return Some(lines);
        }
        let batches = self.next_batches()?.into_iter();
        let mut parts: Vec<(Batch, String)> = batches.map(|batch| (batch, String::new())).collect();
        let vocab = self.vocab;
        self.executor.for_each(&mut parts, |_, (batch, text)| {
            batch.write_lines(vocab, text)
        });
        lines.extend(parts.into_iter().map(|(_, text)| text));
        Some(lines)
    }

    /// The next batch of names, as tokens; `None` if there are no more. Do not mix calls of this with the
    /// iterator.
    pub fn next_batches(&mut self) -> Option<Vec<Batch>> {
        let batches = self.draw(false)?;
        self.found += batches.iter().map(|batch| batch.len() as u64).sum::<u64>();
        Some(batches)
    }

    /// The method of drawing, chosen at the first call.
    fn draws(&mut self, log_probs: bool) -> &mut (dyn Draws + 'a) {
        if let Some(filter) = self.filter.take() {
            let setup = self.setup.clone();
            self.draws = Some(choose(self.method, setup, filter, log_probs, self.executor));
        }
        let draws = self.draws.as_deref_mut();
        draws.expect("the method was chosen when the filter was taken")
    }

    /// At least one name, and no more than are still wanted; `None` if there are no more.
    fn draw(&mut self, log_probs: bool) -> Option<Vec<Batch>> {
        let wanted = usize::try_from(self.count - self.found).unwrap_or(usize::MAX);
        let mut failed = 0;
        if wanted == 0 || self.gave_up || !self.goes_on(failed) {
            return None;
        }
        let (executor, tries) = (self.executor, self.tries);
        loop {
            let draws = self.draws(log_probs);
            draws.prepare(log_probs, executor);
            if draws.remaining() <= 0.0 {
                self.exhausted = true;
                return None;
            }
            let before = draws.attempts();
            let mut batches = draws.draw(wanted, log_probs, executor);
            if batches.iter().any(|batch| !batch.is_empty()) {
                truncate(&mut batches, wanted);
                return Some(batches);
            }
            failed += (draws.attempts() - before).saturating_mul(draws.cost());
            if failed >= tries {
                self.gave_up = true;
                return None;
            }
            if !self.goes_on(failed) {
                return None;
            }
        }
    }

    /// Asks the watch, if there is one, whether to go on after this number of failed attempts.
    fn goes_on(&mut self, failed: u64) -> bool {
        let found = self.found;
        let watch = self.watch.as_mut();
        self.stopped |= watch.is_some_and(|watch| !watch(Waiting { found, failed }));
        !self.stopped
    }
}

/// Keeps the first `count` names only.
fn truncate(batches: &mut [Batch], mut count: usize) {
    for batch in batches {
        batch.truncate(count);
        count -= batch.len();
    }
}

impl Iterator for Generator<'_> {
    type Item = Generated;

    fn next(&mut self) -> Option<Generated> {
        if self.ready.as_slice().is_empty() {
            let batches = self.draw(true)?;
            let vocab = self.vocab;
            let names = batches
                .iter()
                .flat_map(|batch| batch.names().zip(&batch.log_probs));
            let names = names.map(|(name, &log_prob)| Generated {
                name: vocab.written(name),
                log_prob,
            });
            self.ready = names.collect::<Vec<_>>().into_iter();
        }
        self.found += 1;
        self.ready.next()
    }
}
