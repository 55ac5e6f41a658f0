//! Interns the contexts (the model's states) that sampling reaches. Each is evaluated by the model once, in
//! batches.

use rustc_hash::FxHashMap;

use crate::executor::Executor;
use crate::language_model::{LanguageModel, State, fold_in_lanes, packing};
use crate::sample::config::SampleConfig;
use crate::sample::contexts::alias::Slots;
use crate::sample::source::Source;
use crate::text::{END, Token};

/// Contexts that one shard asks for: at most, and at least where there are enough for several.
const SHARD: usize = 256;
const SMALL_SHARD: usize = 16;
/// Shards that are wanted, so that threads end at about the same time.
const SHARDS: usize = 8;
/// Up to 2^this possible contexts, their numbers are looked up by their tokens, without hashing.
const DENSE_BITS: u32 = 16;

/// Not gone to yet.
const UNKNOWN: u32 = u32::MAX;

/// What is kept of every context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keep {
    /// The model's own ln p, \[V\].
    pub(crate) log_probs: bool,
    /// p of a draw, \[V\].
    pub(crate) probs: bool,
    /// The same as an alias table.
    pub(crate) tables: bool,
}

/// The numbers of contexts: by their state, and after a token by the context before it. [`UNKNOWN`] is
/// a context that was not met, or a continuation that no draw took.
enum Numbers {
    /// Where few are possible: at the place that is the packed context.
    Dense {
        numbers: Vec<u32>,
        /// The places of all contexts.
        places: Vec<u32>,
        bits: u32,
    },
    Hashed {
        numbers: FxHashMap<State, u32>,
        /// \[contexts, V\]: the context after each token.
        following: Vec<u32>,
        vocab_size: usize,
    },
}

impl Numbers {
    fn new(model: &dyn LanguageModel, start: State) -> Self {
        let packing = packing(model);
        let bits = packing.bits() - packing.token_bits();
        if bits <= DENSE_BITS && start.held() == 0 {
            return Numbers::Dense {
                numbers: vec![UNKNOWN; 1 << bits],
                places: Vec::new(),
                bits: packing.token_bits(),
            };
        }
        Numbers::Hashed {
            numbers: FxHashMap::default(),
            following: Vec::new(),
            vocab_size: model.vocab_size(),
        }
    }

    fn clear(&mut self) {
        match self {
            Numbers::Dense {
                numbers, places, ..
            } => {
                numbers.fill(UNKNOWN);
                places.clear();
            }
            Numbers::Hashed {
                numbers, following, ..
            } => {
                numbers.clear();
                following.clear();
            }
        }
    }

    /// The entry for the context after a token.
    #[inline]
    fn after(&mut self, context: u32, token: Token) -> &mut u32 {
        match self {
            Numbers::Dense {
                numbers,
                places,
                bits,
            } => {
                let place = place_after(places[context as usize], token, *bits, numbers.len());
                &mut numbers[place]
            }
            Numbers::Hashed {
                following,
                vocab_size,
                ..
            } => &mut following[context as usize * *vocab_size + usize::from(token)],
        }
    }

    #[inline]
    fn known_after(&self, context: u32, token: Token) -> u32 {
        match self {
            Numbers::Dense {
                numbers,
                places,
                bits,
            } => numbers[place_after(places[context as usize], token, *bits, numbers.len())],
            Numbers::Hashed {
                following,
                vocab_size,
                ..
            } => following[context as usize * *vocab_size + usize::from(token)],
        }
    }

    /// The number of a context, `fresh` if it is new.
    fn of(&mut self, state: State, fresh: u32) -> u32 {
        match self {
            Numbers::Dense {
                numbers, places, ..
            } => {
                let place = state.packed() as u32;
                let number = &mut numbers[place as usize];
                if *number == UNKNOWN {
                    *number = fresh;
                    places.push(place);
                }
                *number
            }
            Numbers::Hashed {
                numbers,
                following,
                vocab_size,
            } => *numbers.entry(state).or_insert_with(|| {
                following.resize(following.len() + *vocab_size, UNKNOWN);
                fresh
            }),
        }
    }
}

/// The place after a token: the oldest goes out. `places` is a power of two.
#[inline]
fn place_after(place: u32, token: Token, bits: u32, places: usize) -> usize {
    ((place as usize) << bits | usize::from(token)) & (places - 1)
}

/// A store of contexts. Number 0 is the start of a name.
pub(crate) struct Contexts<'a> {
    pub(crate) model: &'a dyn LanguageModel,
    config: SampleConfig,
    keep: Keep,
    pub(crate) slots: Slots,
    vocab_size: usize,
    start: State,
    /// \[contexts\].
    states: Vec<State>,
    numbers: Numbers,
    evaluated: usize,
    log_probs: Vec<f64>,
    probs: Vec<f64>,
    tables: Vec<u32>,
    /// Contexts that the model evaluated, ever.
    pub(crate) evaluations: u64,
}

impl<'a> Contexts<'a> {
    pub(crate) fn new(source: Source<'a>, keep: Keep) -> Self {
        let Source {
            model,
            start,
            config,
        } = source;
        let mut contexts = Contexts {
            model,
            config,
            keep,
            slots: Slots::new(model.vocab_size()),
            vocab_size: model.vocab_size(),
            start,
            states: Vec::new(),
            numbers: Numbers::new(model, start),
            evaluated: 0,
            log_probs: Vec::new(),
            probs: Vec::new(),
            tables: Vec::new(),
            evaluations: 0,
        };
        contexts.forget();
        contexts
    }

    /// Forgets every context but the start, whose number stays 0. What is asked again gets the same answer.
    pub(crate) fn forget(&mut self) {
        self.states.clear();
        self.numbers.clear();
        self.log_probs.clear();
        self.probs.clear();
        self.tables.clear();
        self.evaluated = 0;
        self.number(self.start);
    }

    /// As [`Contexts::forget`], but those of some draws under way get new numbers.
    pub(crate) fn forget_but<'n>(&mut self, live: impl Iterator<Item = &'n mut u32>) {
        let kept: Vec<(&mut u32, State)> = live
            .map(|number| {
                let state = self.states[*number as usize];
                (number, state)
            })
            .collect();
        self.forget();
        for (number, state) in kept {
            *number = self.number(state);
        }
    }

    /// Keeps log-probabilities from now on, and asks again for those of the contexts that are known.
    pub(crate) fn ask_for_log_probs(&mut self, executor: &dyn Executor) {
        if !self.keep.log_probs {
            self.keep.log_probs = true;
            self.evaluated = 0;
            self.evaluate(executor);
        }
    }

    /// Whether log-probabilities are kept.
    pub(crate) fn keeps_log_probs(&self) -> bool {
        self.keep.log_probs
    }

    /// Changes what is kept; forgets where something new is wanted.
    pub(crate) fn keep_log_probs(&mut self) {
        if !self.keep.log_probs {
            self.keep.log_probs = true;
            self.forget();
        }
    }

    /// Number of contexts.
    pub(crate) fn len(&self) -> usize {
        self.states.len()
    }

    /// About as many bytes as a context takes.
    pub(crate) fn bytes_each(&self) -> usize {
        let Keep {
            log_probs,
            probs,
            tables,
        } = self.keep;
        self.vocab_size * (4 + 8 * (usize::from(log_probs) + usize::from(probs)))
            + 4 * self.slots.count() * usize::from(tables)
            + 2 * size_of::<State>()
            + 10
    }

    /// The context after a token, if a draw went there before.
    #[inline]
    pub(crate) fn known_after(&self, context: u32, token: Token) -> Option<u32> {
        let known = self.numbers.known_after(context, token);
        (known != UNKNOWN).then_some(known)
    }

    /// The context after a token; a new one is [evaluated](Contexts::evaluate) later.
    #[inline]
    pub(crate) fn after(&mut self, context: u32, token: Token) -> u32 {
        self.known_after(context, token).unwrap_or_else(|| {
            let state = self.model.next(self.states[context as usize], token);
            let number = self.number(state);
            *self.numbers.after(context, token) = number;
            number
        })
    }

    fn number(&mut self, state: State) -> u32 {
        let fresh = self.states.len() as u32;
        let number = self.numbers.of(state, fresh);
        if number == fresh {
            self.states.push(state);
        }
        number
    }

    /// Asks the model for every context that is new.
    pub(crate) fn evaluate(&mut self, executor: &dyn Executor) {
        let (from, to) = (self.evaluated, self.len());
        if from == to {
            return;
        }
        self.evaluated = to;
        self.evaluations += (to - from) as u64;
        let (vocab_size, slots) = (self.vocab_size, self.slots);
        let size = |kept: bool, row: usize| if kept { to * row } else { 0 };
        grow(
            &mut self.log_probs,
            size(self.keep.log_probs, vocab_size),
            0.0,
        );
        grow(&mut self.probs, size(self.keep.probs, vocab_size), 0.0);
        grow(&mut self.tables, size(self.keep.tables, slots.count()), 0);
        let rows = (to - from).div_ceil(SHARDS).clamp(SMALL_SHARD, SHARD);
        let mut log_probs = shards(&mut self.log_probs, from, rows, vocab_size);
        let mut probs = shards(&mut self.probs, from, rows, vocab_size);
        let mut tables = shards(&mut self.tables, from, rows, slots.count());
        let mut work: Vec<Shard> = (from..to)
            .step_by(rows)
            .map(|start| Shard {
                rows: start..(start + rows).min(to),
                log_probs: log_probs.next(),
                probs: probs.next(),
                tables: tables.next(),
            })
            .collect();
        let (model, config, states) = (self.model, self.config, &self.states);
        executor.for_each(&mut work, |_, shard| {
            let rows = shard.rows.clone();
            let mut own = Vec::new();
            let values = match &mut shard.probs {
                Some(kept) => &mut **kept,
                None => {
                    own.resize(rows.len() * vocab_size, 0.0);
                    own.as_mut_slice()
                }
            };
            model.log_probs(&states[rows.clone()], values);
            if let Some(kept) = &mut shard.log_probs {
                kept.copy_from_slice(values);
            }
            for (index, row) in values.chunks_exact_mut(vocab_size).enumerate() {
                config.apply(row);
                if let Some(tables) = &mut shard.tables {
                    slots.fill(row, &mut tables[index << slots.bits..][..slots.count()]);
                }
            }
        });
    }

    /// ln p of the model itself, \[V\].
    pub(crate) fn log_probs(&self, context: u32) -> &[f64] {
        &self.log_probs[context as usize * self.vocab_size..][..self.vocab_size]
    }

    /// p of a draw, \[V\].
    #[inline]
    pub(crate) fn probs(&self, context: u32) -> &[f64] {
        &self.probs[context as usize * self.vocab_size..][..self.vocab_size]
    }

    /// The smallest p above 0 of all contexts.
    pub(crate) fn smallest_prob(&self) -> f64 {
        smallest(&self.probs)
    }

    /// The alias table of a context.
    #[inline]
    pub(crate) fn table(&self, context: u32) -> &[u32] {
        &self.tables[(context as usize) << self.slots.bits..][..self.slots.count()]
    }

    /// ln P of a whole name by the model itself, its end counted; all its contexts are known.
    pub(crate) fn log_prob(&mut self, name: &[Token]) -> f64 {
        let (mut context, mut sum) = (0, 0.0);
        for &token in name {
            sum += self.log_probs(context)[usize::from(token)];
            context = self.after(context, token);
        }
        sum + self.log_probs(context)[usize::from(END)]
    }
}

/// The smallest number above 0; infinity where there is none.
pub(crate) fn smallest(values: &[f64]) -> f64 {
    let smaller = |least: f64, value: f64| {
        if value > 0.0 && value < least {
            value
        } else {
            least
        }
    };
    fold_in_lanes(values, f64::INFINITY, smaller)
}

struct Shard<'s> {
    rows: std::ops::Range<usize>,
    log_probs: Option<&'s mut [f64]>,
    probs: Option<&'s mut [f64]>,
    tables: Option<&'s mut [u32]>,
}

/// Makes room. New memory is not written here: who fills it is the first to touch it.
fn grow<T: Copy>(values: &mut Vec<T>, size: usize, zero: T) {
    match values.is_empty() {
        true => *values = vec![zero; size],
        false => values.resize(size, zero),
    }
}

/// `values` \[contexts, width\] from one context on, some rows at a time; nothing of what is not kept.
fn shards<T>(
    values: &mut [T],
    from: usize,
    rows: usize,
    width: usize,
) -> std::slice::ChunksMut<'_, T> {
    let start = (from * width).min(values.len());
    values[start..].chunks_mut(rows * width)
}
