//! Draws one name after another from a model, each independent of the others.

use rustc_hash::FxHashMap;

use super::distribution::Distribution;
use super::temperature::check_temperature;
use crate::data::{END, MAX_NAME_LENGTH, Token};
use crate::error::Error;
use crate::language_model::LanguageModel;
use crate::rng::{Purpose, Seed, Stream};

/// How names are drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SampleConfig {
    /// τ of p^(1/τ); `None` leaves the model's probabilities as they are.
    pub temperature: Option<f64>,
    /// Shortest name, in characters; 0 allows the empty one.
    pub min_length: usize,
    /// Longest name, in characters.
    pub max_length: usize,
}

impl SampleConfig {
    /// Names of 1 to `max_length` characters, at the model's own probabilities.
    pub fn new(max_length: usize) -> Self {
        SampleConfig {
            temperature: None,
            min_length: 1,
            max_length,
        }
    }

    /// Checks the temperature and the lengths.
    ///
    /// # Errors
    /// [`Error::BadSampling`] says what cannot be.
    pub fn validate(&self) -> Result<(), Error> {
        if let Some(temperature) = self.temperature {
            check_temperature(temperature)?;
        }
        if self.min_length > self.max_length {
            return Err(Error::BadSampling(format!(
                "names of at least {} and at most {} characters",
                self.min_length, self.max_length
            )));
        }
        if self.max_length > MAX_NAME_LENGTH {
            return Err(Error::BadSampling(format!(
                "names of {} characters (at most {MAX_NAME_LENGTH})",
                self.max_length
            )));
        }
        Ok(())
    }
}

/// What came of one draw.
#[derive(Clone, Debug, PartialEq)]
pub enum Draw {
    /// The end mark was drawn after these tokens.
    Name {
        /// The name's tokens, without the end mark.
        tokens: Vec<Token>,
        /// ln P of the name with its end mark, by the model itself before any temperature, in nats.
        log_prob: f64,
    },
    /// A character was drawn where the longest possible name had to end.
    TooLong,
    /// The model gave no token any probability (its numbers overflowed).
    DeadEnd,
}

/// Draws names letter by letter; remembers the distributions of the contexts that it met.
///
/// Dropping the draws that do not fit is exact rejection: what is left has the model's own
/// probabilities, given that it fits. A token with p = 0 is never drawn, under any rounding.
pub struct NameSampler<'a> {
    model: &'a dyn LanguageModel,
    config: SampleConfig,
    rng: Stream,
    cache: FxHashMap<Box<[Token]>, Distribution>,
    /// Tokens that can be drawn, over all of the cache: what its memory follows.
    cached_choices: usize,
}

impl<'a> NameSampler<'a> {
    /// The cache is emptied at this many choices of 24 bytes, about 50 MB. It never shows in
    /// the names: a model gives a context the same answer every time.
    const MAX_CACHED_CHOICES: usize = 1 << 21;

    /// A sampler at the beginning of a seed's stream.
    ///
    /// # Errors
    /// As [`SampleConfig::validate`].
    pub fn new(
        model: &'a dyn LanguageModel,
        config: SampleConfig,
        seed: &Seed,
    ) -> Result<Self, Error> {
        config.validate()?;
        Ok(NameSampler {
            model,
            config,
            rng: seed.stream(Purpose::Sample, 0),
            cache: FxHashMap::default(),
            cached_choices: 0,
        })
    }

    /// How it draws.
    pub fn config(&self) -> &SampleConfig {
        &self.config
    }

    /// Draws once. The shortest length is not its business: a name may be shorter.
    ///
    /// A draw is given up as soon as it is too long.
    pub fn sample(&mut self) -> Draw {
        let context_length = self.model.context_length();
        let mut tokens = vec![END; context_length];
        let mut log_prob = 0.0;
        for _ in 0..=self.config.max_length {
            let uniform = self.rng.uniform();
            let context = &tokens[tokens.len() - context_length..];
            let Some(choice) = self.distribution(context).draw(uniform) else {
                return Draw::DeadEnd;
            };
            log_prob += choice.log_prob;
            if choice.token == END {
                tokens.drain(..context_length);
                return Draw::Name { tokens, log_prob };
            }
            tokens.push(choice.token);
        }
        Draw::TooLong
    }

    fn distribution(&mut self, context: &[Token]) -> &Distribution {
        if !self.cache.contains_key(context) {
            let log_probs = self.model.next_log_probs(context);
            let distribution = Distribution::new(&log_probs, self.config.temperature);
            if self.cached_choices + distribution.len() > Self::MAX_CACHED_CHOICES {
                self.cache.clear();
                self.cached_choices = 0;
            }
            self.cached_choices += distribution.len();
            self.cache.insert(context.into(), distribution);
        }
        &self.cache[context]
    }
}
