//! Interns the contexts (the model's states) that sampling reaches. Each is evaluated by the model once, in
//! batches.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap};

use crate::executor::Executor;
use crate::language_model::{LanguageModel, State, packing};
use crate::numeric::fold::fold_in_lanes;
use crate::sample::config::SampleConfig;
use crate::sample::contexts::alias::{Scratch, Slots};
use crate::sample::contexts::edges::Edges;
use crate::sample::source::Source;
use crate::text::{END, Token};

/// Contexts of a shard: the maximum, and the minimum if there are several shards.
const MAX_SHARD: usize = 256;
const MIN_SHARD: usize = 16;
/// Preferred number of shards, so that threads finish at about the same time.
const SHARDS: usize = 8;
/// Up to 2^this possible contexts, numbers are looked up by the packed context, without hashing.
const DENSE_BITS: u32 = 16;

/// In place of a number: the context is not interned yet.
const UNKNOWN: u32 = u32::MAX;

/// What is kept of every context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Keep {
    /// The model's own ln p, \[V\].
    pub(crate) log_probs: bool,
    /// The probabilities of a draw (after temperature, top-k and top-p), \[V\].
    pub(crate) probs: bool,
    /// The probabilities of a draw as an alias table.
    pub(crate) tables: bool,
}

/// The numbers of contexts, by state and by the previous context and a token. [`UNKNOWN`] marks a context that
/// is not interned, or a continuation that no draw has taken yet.
enum Numbers {
    /// If few contexts are possible: the index is the packed context.
    Dense {
        numbers: Vec<u32>,
        /// \[contexts\]: the index of each.
        places: Vec<u32>,
        bits: u32,
    },
    /// If all continuations of a context are of interest.
    Hashed {
        numbers: FxHashMap<State, u32>,
        /// \[contexts, V\]: the context after each token.
        following: Vec<u32>,
        vocab_size: usize,
    },
    /// If few of them are, because names are drawn one token at a time.
    Sparse {
        /// The numbers of the contexts, by the hash of their state.
        numbers: HashTable<u32>,
        edges: Edges,
    },
}

impl Numbers {
    fn new(model: &dyn LanguageModel, start: State, is_sparse: bool) -> Self {
        let packing = packing(model);
        let bits = packing.bits() - packing.token_bits();
        if bits <= DENSE_BITS && start.held() == 0 {
            return Numbers::Dense {
                numbers: vec![UNKNOWN; 1 << bits],
                places: Vec::new(),
                bits: packing.token_bits(),
            };
        }
        if is_sparse {
            return Numbers::Sparse {
                numbers: HashTable::new(),
                edges: Edges::new(model.vocab_size()),
            };
        }
        Numbers::Hashed {
            numbers: FxHashMap::default(),
            following: Vec::new(),
            vocab_size: model.vocab_size(),
        }
    }

    /// Forgets all contexts from a number on.
    fn truncate(&mut self, contexts: u32) {
        let forget = |number: &mut u32| {
            if *number >= contexts {
                *number = UNKNOWN;
            }
        };
        match self {
            Numbers::Dense {
                numbers, places, ..
            } => {
                numbers.iter_mut().for_each(forget);
                places.truncate(contexts as usize);
            }
            Numbers::Hashed {
                numbers,
                following,
                vocab_size,
            } => {
                numbers.retain(|_, number| *number < contexts);
                following.truncate(contexts as usize * *vocab_size);
                following.iter_mut().for_each(forget);
            }
            Numbers::Sparse { numbers, edges } => {
                numbers.retain(|number| *number < contexts);
                edges.truncate(contexts);
            }
        }
    }

    /// Sets the number of the context after a token.
    #[inline]
    fn set_after(&mut self, context: u32, token: Token, next: u32) {
        match self {
            Numbers::Dense {
                numbers,
                places,
                bits,
            } => {
                let place = place_after(places[context as usize], token, *bits, numbers.len());
                numbers[place] = next;
            }
            Numbers::Hashed {
                following,
                vocab_size,
                ..
            } => following[context as usize * *vocab_size + usize::from(token)] = next,
            Numbers::Sparse { edges, .. } => edges.insert(context, token, next),
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
            Numbers::Sparse { edges, .. } => edges.get(context, token),
        }
    }

    /// The number of a context, which is that of the next one if it is new; `states` are those before it.
    fn intern(&mut self, state: State, states: &[State]) -> u32 {
        let fresh = states.len() as u32;
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
            Numbers::Sparse { numbers, .. } => {
                let hash = |state: State| FxBuildHasher.hash_one(state);
                let is_same = |&number: &u32| states[number as usize] == state;
                let rehash = |&number: &u32| hash(states[number as usize]);
                let entry = numbers.entry(hash(state), is_same, rehash);
                *entry.or_insert(fresh).get()
            }
        }
    }
}

/// The packed context after a token, without the oldest one. `places` is a power of two.
#[inline]
fn place_after(place: u32, token: Token, bits: u32, places: usize) -> usize {
    ((place as usize) << bits | usize::from(token)) & (places - 1)
}

/// The interned contexts. Number 0 is the start of a name.
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
    /// Number of evaluations by the model, including those of contexts that were forgotten.
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
            numbers: Numbers::new(model, start, keep.tables),
            evaluated: 0,
            log_probs: Vec::new(),
            probs: Vec::new(),
            tables: Vec::new(),
            evaluations: 0,
        };
        contexts.forget();
        contexts
    }

    /// Forgets every context but the start, whose number stays 0. A context that is evaluated again gets the same
    /// probabilities.
    pub(crate) fn forget(&mut self) {
        self.truncate(0);
        self.number(self.start);
    }

    /// Forgets all contexts but the first half: those that are reached most often are mostly found first. Also keeps
    /// the contexts with some numbers, and renumbers them.
    pub(crate) fn forget_half<'n>(&mut self, live: impl Iterator<Item = &'n mut u32>) {
        let half = self.len().div_ceil(2);
        let later: Vec<(&mut u32, State)> = live
            .filter(|number| **number as usize >= half)
            .map(|number| {
                let state = self.states[*number as usize];
                (number, state)
            })
            .collect();
        self.truncate(half);
        for (number, state) in later {
            *number = self.number(state);
        }
    }

    fn truncate(&mut self, contexts: usize) {
        self.states.truncate(contexts);
        self.numbers.truncate(contexts as u32);
        self.log_probs.truncate(contexts * self.vocab_size);
        self.probs.truncate(contexts * self.vocab_size);
        self.tables.truncate(contexts << self.slots.bits);
        self.evaluated = self.evaluated.min(contexts);
    }

    /// Keeps log-probabilities from now on; evaluates all known contexts again if they were not kept before.
    pub(crate) fn evaluate_log_probs(&mut self, executor: &dyn Executor) {
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

    /// Keeps log-probabilities from now on; forgets all contexts if they were not kept before.
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

    /// Approximate memory of a context, in bytes.
    pub(crate) fn bytes_each(&self) -> usize {
        let Keep {
            log_probs,
            probs,
            tables,
        } = self.keep;
        let numbers = match self.numbers {
            Numbers::Sparse { .. } => Edges::BYTES_EACH,
            _ => 4 * self.vocab_size + size_of::<State>(),
        };
        8 * self.vocab_size * (usize::from(log_probs) + usize::from(probs))
            + 4 * self.slots.count() * usize::from(tables)
            + size_of::<State>()
            + numbers
            + 10
    }

    /// The context after a token, if it is interned by this continuation.
    #[inline]
    pub(crate) fn known_after(&self, context: u32, token: Token) -> Option<u32> {
        let known = self.numbers.known_after(context, token);
        (known != UNKNOWN).then_some(known)
    }

    /// [`Contexts::known_after`], without a branch: `u32::MAX` if it is not interned.
    #[inline]
    pub(crate) fn number_after(&self, context: u32, token: Token) -> u32 {
        self.numbers.known_after(context, token)
    }

    /// The context after a token; a new one must be [evaluated](Contexts::evaluate) before use.
    #[inline]
    pub(crate) fn after(&mut self, context: u32, token: Token) -> u32 {
        self.known_after(context, token).unwrap_or_else(|| {
            let state = self.model.next(self.states[context as usize], token);
            let number = self.number(state);
            self.numbers.set_after(context, token, number);
            number
        })
    }

    fn number(&mut self, state: State) -> u32 {
        let number = self.numbers.intern(state, &self.states);
        if number as usize == self.states.len() {
            self.states.push(state);
        }
        number
    }

    /// Evaluates every new context.
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
        let rows = (to - from).div_ceil(SHARDS).clamp(MIN_SHARD, MAX_SHARD);
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
            let states = &states[shard.rows.clone()];
            shard.evaluate(model, states, config, slots);
        });
    }

    /// ln p by the model itself, \[V\].
    pub(crate) fn log_probs(&self, context: u32) -> &[f64] {
        &self.log_probs[context as usize * self.vocab_size..][..self.vocab_size]
    }

    /// The probabilities of a draw, \[V\].
    #[inline]
    pub(crate) fn probs(&self, context: u32) -> &[f64] {
        &self.probs[context as usize * self.vocab_size..][..self.vocab_size]
    }

    /// The smallest probability above 0 of all contexts.
    pub(crate) fn smallest_prob(&self) -> f64 {
        smallest(&self.probs)
    }

    /// The alias table of a context.
    #[inline]
    pub(crate) fn table(&self, context: u32) -> &[u32] {
        &self.tables[(context as usize) << self.slots.bits..][..self.slots.count()]
    }

    /// ln P of a whole name by the model itself, including its end mark. All its contexts must be evaluated.
    pub(crate) fn log_prob(&mut self, name: &[Token]) -> f64 {
        let (mut context, mut sum) = (0, 0.0);
        for &token in name {
            sum += self.log_probs(context)[usize::from(token)];
            context = self.after(context, token);
        }
        sum + self.log_probs(context)[usize::from(END)]
    }
}

/// The smallest number above 0; infinity if there is none.
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

/// Some contexts to evaluate, and where their results go.
struct Shard<'s> {
    rows: std::ops::Range<usize>,
    log_probs: Option<&'s mut [f64]>,
    probs: Option<&'s mut [f64]>,
    tables: Option<&'s mut [u32]>,
}

impl Shard<'_> {
    fn evaluate(
        &mut self,
        model: &dyn LanguageModel,
        states: &[State],
        config: SampleConfig,
        slots: Slots,
    ) {
        let vocab_size = model.vocab_size();
        let mut own = Vec::new();
        let values = match &mut self.probs {
            Some(kept) => &mut **kept,
            None => {
                own.resize(states.len() * vocab_size, 0.0);
                own.as_mut_slice()
            }
        };
        model.log_probs(states, values);
        if let Some(kept) = &mut self.log_probs {
            kept.copy_from_slice(values);
        }
        config.apply_to_rows(values, vocab_size);
        if let Some(tables) = &mut self.tables {
            let mut scratch = Scratch::default();
            let tables = tables.chunks_exact_mut(slots.count());
            for (row, table) in values.chunks_exact(vocab_size).zip(tables) {
                slots.fill(row, table, &mut scratch);
            }
        }
    }
}

/// Enlarges a vector. The pages of a new one are first touched by the thread that fills them.
fn grow<T: Copy>(values: &mut Vec<T>, size: usize, zero: T) {
    if values.is_empty() {
        *values = vec![zero; size];
    } else {
        values.resize(size, zero);
    }
}

/// The rows of `values` \[contexts, width\] from one context on, in chunks of `rows`; none if it is empty because
/// the values are not kept.
fn shards<T>(
    values: &mut [T],
    from: usize,
    rows: usize,
    width: usize,
) -> std::slice::ChunksMut<'_, T> {
    let start = (from * width).min(values.len());
    values[start..].chunks_mut(rows * width)
}
