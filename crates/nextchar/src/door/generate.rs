//! New names: a builder of conditions, then an iterator over the names.

use std::ops::RangeInclusive;
use std::time::Duration;

use nextchar_core::LanguageModel;
use nextchar_core::data::{NameList, Split};
use nextchar_core::rng::Seed;
use nextchar_core::sample::{
    Conditions, Generated, Generator, Method, MostLikely, Outcome, Probability, Request,
    SampleConfig, Spelling, Waiting, most_likely_after,
};
use nextchar_core::text::{Start, Vocab};

use super::model::Model;
use crate::clock::Clock;
use crate::door::Error;
use crate::options::{GenerateOptions, Usual};
use crate::workers::Workers;

/// A request for names. They are drawn from the model's exact distribution given all conditions: there is neither
/// a filter afterwards nor a mask along the way.
///
/// Nothing is checked or computed before the first name. A `for` loop over conditions that are impossible or
/// contradict each other yields no names; [`Generate::try_iter`] tells why. Without [`Generate::take`], names are
/// drawn until no more exist.
///
/// ```
/// use nextchar::{Family, Model, Names, TrainOptions};
///
/// # let counts = TrainOptions { family: Some(Family::KneserNey), ..TrainOptions::default() };
/// # let model = Model::train(&Names::embedded("finnish-names")?, &counts)?;
/// let wanted = model.generate().prefix("a").length(4..=6).novel().unique().take(5);
/// for name in wanted.clone() {
///     println!("{name}: {:.2} nats", name.log_prob);
/// }
/// println!("{} of all names fit", wanted.probability()?.estimate);
///
/// let impossible = model.generate().prefix("ab").excluding("b");
/// assert_eq!(impossible.clone().into_iter().count(), 0);
/// assert!(impossible.try_iter().is_err());
/// # Ok::<(), nextchar::Error>(())
/// ```
#[derive(Clone)]
pub struct Generate<'m> {
    model: &'m dyn LanguageModel,
    vocab: &'m Vocab,
    names: Option<&'m Split>,
    usual: Usual,
    options: GenerateOptions,
    start: Start,
    not_in: Vec<&'m NameList>,
    method: Option<Method>,
    tries: u64,
    limit: Option<(Duration, &'m (dyn Clock + Sync))>,
    watch: Option<&'m (dyn Fn(Waiting) + Sync)>,
    workers: &'static Workers,
}

impl Model {
    /// New names with seed 42: add conditions and iterate.
    pub fn generate(&self) -> Generate<'_> {
        Generate::new(
            self.language_model(),
            self.vocab(),
            self.names(),
            self.usual(),
        )
    }

    /// What the names of its list are like.
    pub fn usual(&self) -> Usual {
        let record = self.record();
        Usual {
            shortest: record.shortest_name.max(1),
            longest: self.longest_name(),
            spelling: Spelling::of(self.bigrams(), self.vocab()),
            sampling: record.sampling,
        }
    }
}

/// The conditions on the names.
impl<'m> Generate<'m> {
    /// Number of consecutive draws without a name after which the search gives up: some two seconds for a network.
    /// With a probability of 98 %, a condition that one name in 60,000 meets has given a name by then.
    pub const TRIES: u64 = 250_000;

    /// Names from any model: `names` are those that it was made from, and `usual` tells what they are like.
    pub fn new(
        model: &'m dyn LanguageModel,
        vocab: &'m Vocab,
        names: Option<&'m Split>,
        usual: Usual,
    ) -> Self {
        Generate {
            model,
            vocab,
            names,
            usual,
            options: GenerateOptions {
                count: usize::MAX,
                ..GenerateOptions::default()
            },
            start: Start::default(),
            not_in: Vec::new(),
            method: None,
            tries: Self::TRIES,
            limit: None,
            watch: None,
            workers: Workers::available(),
        }
    }

    /// Uses all of these options, instead of those given before.
    pub fn with(mut self, options: GenerateOptions) -> Self {
        self.options = options;
        self
    }

    /// The name begins with this text; if there are several prefixes, with one of them.
    pub fn prefix(mut self, text: impl Into<String>) -> Self {
        self.options.prefix.push(text.into());
        self
    }

    /// The name ends with this text; if there are several suffixes, with one of them.
    pub fn suffix(mut self, text: impl Into<String>) -> Self {
        self.options.suffix.push(text.into());
        self
    }

    /// The name contains this text; if there are several, all of them.
    pub fn contains(mut self, text: impl Into<String>) -> Self {
        self.options.contains.push(text.into());
        self
    }

    /// The name does not contain this text.
    pub fn excluding(mut self, text: impl Into<String>) -> Self {
        self.options.exclude.push(text.into());
        self
    }

    /// The name has only these characters: single ones and ranges, such as `a-mz`.
    pub fn letters(mut self, letters: impl Into<String>) -> Self {
        self.options.letters = Some(letters.into());
        self
    }

    /// The whole name matches this regular expression; if there are several, one of them.
    pub fn pattern(mut self, pattern: impl Into<String>) -> Self {
        self.options.pattern.push(pattern.into());
        self
    }

    /// The name has one of these lengths, in characters.
    pub fn length(self, characters: RangeInclusive<usize>) -> Self {
        let (shortest, longest) = characters.into_inner();
        self.min_length(shortest).max_length(longest)
    }

    /// The name has at least this number of characters; by default that of the shortest name that the model was made
    /// from.
    pub fn min_length(mut self, characters: usize) -> Self {
        self.options.min_length = Some(characters);
        self
    }

    /// The name has at most this number of characters; by default that of the longest name that the model was made
    /// from.
    pub fn max_length(mut self, characters: usize) -> Self {
        self.options.max_length = Some(characters);
        self
    }

    /// The name is in no part of the list that the model was made from.
    pub fn novel(mut self) -> Self {
        self.options.novel = true;
        self
    }

    /// The name is not in this list.
    pub fn not_in(mut self, names: &'m NameList) -> Self {
        self.not_in.push(names);
        self
    }

    /// What precedes the first character: a label, if the model has labels.
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// No name is drawn twice.
    pub fn unique(mut self) -> Self {
        self.options.unique = true;
        self
    }
}

/// How the names are drawn.
impl Generate<'_> {
    /// Values below 1 make likely characters likelier, values above 1 unlikely ones. By default, a model has its own
    /// value, which suits its list.
    pub fn temperature(mut self, temperature: f64) -> Self {
        self.options.temperature = Some(temperature);
        self
    }

    /// Every character is one of the `k` most probable ones at its position.
    pub fn top_k(mut self, k: usize) -> Self {
        self.options.top_k = Some(k);
        self
    }

    /// Every character is one of the most probable ones that together have probability `p`.
    pub fn top_p(mut self, p: f64) -> Self {
        self.options.top_p = Some(p);
        self
    }

    /// The seed of the draws: a number. Equal seeds give equal names.
    pub fn seed(mut self, seed: impl Into<Seed>) -> Self {
        self.options.seed = seed.into();
        self
    }

    /// At most this number of names.
    pub fn take(mut self, names: usize) -> Self {
        self.options.count = names;
        self
    }

    /// The threads that compute; the names do not depend on them.
    pub fn workers(mut self, workers: &'static Workers) -> Self {
        self.workers = workers;
        self
    }

    /// A method of drawing instead of the fastest one; the distribution is the same.
    pub fn method(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }

    /// Number of consecutive draws without a name after which the search gives up; by default
    /// [`Generate::TRIES`].
    pub fn give_up_after(mut self, draws: u64) -> Self {
        self.tries = draws;
        self
    }
}

/// How long it may take.
impl<'m> Generate<'m> {
    /// Ends when this time has passed on a clock, and does not give up before.
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// use nextchar::prelude::*;
    ///
    /// # let counts = TrainOptions { family: Some(Family::KneserNey), ..TrainOptions::default() };
    /// # let model = Model::train(&Names::embedded("finnish-names")?, &counts)?;
    /// let started = Instant::now();
    /// let mut names = model
    ///     .generate()
    ///     .suffix("qqqqq")
    ///     .within(Duration::from_millis(200), &started)
    ///     .try_iter()?;
    /// names.by_ref().for_each(drop);
    /// let outcome = names.outcome().expect("an iterator that began");
    /// assert!(outcome.stopped && outcome.probability.high < 0.01);
    /// # Ok::<(), nextchar::Error>(())
    /// ```
    pub fn within(mut self, time: Duration, clock: &'m (dyn Clock + Sync)) -> Self {
        self.limit = Some((time, clock));
        self.tries = u64::MAX;
        self
    }

    /// Reports how far it has come, several times a second.
    pub fn watched(mut self, watch: &'m (dyn Fn(Waiting) + Sync)) -> Self {
        self.watch = Some(watch);
        self
    }

    /// Reports, and asks the clock whether to go on.
    fn goes_on(&self) -> impl FnMut(Waiting) -> bool + Send + use<'m> {
        let (limit, watch) = (self.limit, self.watch);
        move |waiting| {
            if let Some(watch) = watch {
                watch(waiting);
            }
            limit.is_none_or(|(time, clock)| clock.elapsed() < time)
        }
    }
}

/// The results.
impl<'m> Generate<'m> {
    /// An iterator over the names.
    ///
    /// # Errors
    /// [`Error::Core`] for conditions that no name can meet, patterns that cannot be used, and a temperature
    /// or share out of range; [`Error::WithoutNames`] for [`Generate::novel`] if the names are not known.
    pub fn try_iter(&self) -> Result<NewNames<'m>, Error> {
        let mut generator = Generator::new(
            self.model,
            self.vocab,
            self.request()?,
            &self.options.seed,
            self.workers,
        )?;
        if self.limit.is_some() || self.watch.is_some() {
            generator.watch(self.goes_on());
        }
        Ok(NewNames(Some(generator)))
    }

    /// The probability that a name of the model meets the conditions, after temperature, top-k and top-p. If it is
    /// not exact, it is estimated while drawing a hundred names; [`NewNames::outcome`] is more precise after more
    /// names.
    ///
    /// # Errors
    /// Those of [`Generate::try_iter`].
    pub fn probability(&self) -> Result<Probability, Error> {
        const DRAWN: usize = 100;
        let mut names = self
            .clone()
            .take(self.options.count.min(DRAWN))
            .try_iter()?;
        names.by_ref().for_each(drop);
        let outcome = names.outcome();
        Ok(outcome.expect("an iterator that began").probability)
    }

    /// The most likely names that meet the conditions, the likeliest first, instead of draws. A search that needs too
    /// much memory, or more than its [time](Generate::within), ends with the names found until then.
    ///
    /// # Errors
    /// Those of [`Generate::try_iter`].
    pub fn most_likely(&self, count: usize) -> Result<MostLikely, Error> {
        let unwanted = self.unwanted()?;
        let conditions = self.conditions();
        Ok(most_likely_after(
            self.model,
            self.vocab,
            &self.start,
            &conditions,
            &unwanted,
            count,
            &mut self.goes_on(),
        )?)
    }

    /// Whether there is any condition besides the default maximum length.
    pub fn is_conditioned(&self) -> bool {
        self.options.is_conditioned() || !self.not_in.is_empty()
    }

    /// Why there is no name, although the conditions themselves allow some.
    ///
    /// # Errors
    /// Those of [`Generate::try_iter`].
    pub fn why_none(&self) -> Result<WhyNone, Error> {
        let any = |wanted: &Self| {
            let wanted = Generate {
                limit: None,
                watch: None,
                tries: self.tries.min(Self::TRIES),
                ..wanted.clone()
            };
            Ok::<_, Error>(wanted.try_iter()?.next().is_some())
        };
        let has_unwanted = self.options.novel || !self.not_in.is_empty();
        let mut listed = self.clone();
        listed.not_in.clear();
        listed.options.novel = false;
        if has_unwanted && any(&listed)? {
            return Ok(WhyNone::Listed);
        }
        let is_cut = self.sample_config()? != SampleConfig::default();
        (listed.options.top_k, listed.options.top_p) = (None, None);
        let all_characters = listed.temperature(1.0);
        if is_cut && any(&all_characters)? {
            return Ok(WhyNone::Cut);
        }
        Ok(WhyNone::Never)
    }

    fn conditions(&self) -> Conditions {
        self.options
            .conditions(&self.usual, self.vocab.has_segments())
    }

    /// Temperature, top-k and top-p of the draws.
    ///
    /// # Errors
    /// [`Error::Core`] for a temperature or a share out of range.
    pub fn sample_config(&self) -> Result<SampleConfig, Error> {
        Ok(self.options.sample_config(self.usual.sampling)?)
    }

    fn unwanted(&self) -> Result<Vec<&'m NameList>, Error> {
        let mut unwanted = self.not_in.clone();
        if self.options.novel {
            let names = self.names.ok_or(Error::WithoutNames)?;
            unwanted.extend([&names.train, &names.val, &names.test]);
        }
        Ok(unwanted)
    }

    fn request(&self) -> Result<Request<'m>, Error> {
        Ok(Request {
            count: self.options.count,
            config: self.sample_config()?,
            conditions: self.conditions(),
            unwanted: self.unwanted()?,
            unique: self.options.unique,
            tries: self.tries,
            likely: !self.is_conditioned(),
            method: self.method,
            start: self.start.clone(),
        })
    }
}

impl<'m> IntoIterator for Generate<'m> {
    type Item = Generated;
    type IntoIter = NewNames<'m>;

    /// The names; none if [`Generate::try_iter`] returns an error.
    fn into_iter(self) -> NewNames<'m> {
        self.try_iter().unwrap_or(NewNames(None))
    }
}

/// An iterator over new names, with statistics of the draws.
pub struct NewNames<'m>(Option<Generator<'m>>);

impl NewNames<'_> {
    /// The statistics of the draws so far; `None` if the conditions cannot be met. After only a few draws, some more
    /// are made to estimate the probability.
    pub fn outcome(&mut self) -> Option<Outcome> {
        self.0.as_mut().map(Generator::outcome)
    }

    /// The next names as lines, a batch at a time: ten times as fast as one by one.
    pub fn next_lines(&mut self) -> Option<String> {
        self.0.as_mut()?.next_lines()
    }

    /// Number of names so far.
    pub fn found(&self) -> u64 {
        self.0.as_ref().map_or(0, Generator::found)
    }

    /// Whether the search gave up.
    pub fn gave_up(&self) -> bool {
        self.0.as_ref().is_some_and(Generator::gave_up)
    }

    /// Whether the [time](Generate::within) ended first.
    pub fn out_of_time(&self) -> bool {
        self.0.as_ref().is_some_and(Generator::stopped)
    }
}

impl Iterator for NewNames<'_> {
    type Item = Generated;

    fn next(&mut self) -> Option<Generated> {
        self.0.as_mut()?.next()
    }
}

/// Why there is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyNone {
    /// Every name that meets the other conditions is in an excluded list.
    Listed,
    /// Temperature, top-k or top-p exclude all of them.
    Cut,
    /// The model writes no name that meets the conditions.
    Never,
}
