//! Windows as integers, and a cache of ln p of those that were evaluated.

use rustc_hash::FxHashMap;

use crate::data::packing::Packing;
use crate::error::Error;
use crate::language_model::{LanguageModel, State, packing};
use crate::text::{END, Start, Token};

/// Windows of up to this many bits are cached in a dense table with an entry for each: 8 MB.
const DENSE_BITS: u32 = 20;
/// Otherwise the most windows in the cache before those of the current words: a hash map of 2²² entries of 17
/// bytes holds them without growing, in 71 MB.
const CAPACITY: usize = (1 << 22) / 8 * 7;
/// The same for windows of more than 64 bits: 2²¹ entries of 33 bytes.
const CAPACITY_WIDE: usize = CAPACITY / 2;

/// A model's windows as integers: the context of a state, followed by the next token in the lowest bits.
pub(crate) struct Windows<'m> {
    model: &'m dyn LanguageModel,
    packing: Packing,
    start: State,
}

impl<'m> Windows<'m> {
    /// # Errors
    /// [`Error::ContextTooLong`] if a window does not fit into 128 bits.
    pub(crate) fn new(model: &'m dyn LanguageModel, start: &Start) -> Result<Self, Error> {
        Ok(Windows {
            model,
            packing: Packing::new(packing(model).shape())?,
            start: model.start(start),
        })
    }

    /// Number of bits of a window.
    pub(crate) fn bits(&self) -> u32 {
        self.packing.bits()
    }

    /// Whether there is no label.
    pub(crate) fn is_plain(&self) -> bool {
        self.start.held() == 0
    }

    /// Calls `each` with the windows of a word. If `canonical`, equivalent contexts are represented by the state
    /// that the model gives to all of them.
    pub(crate) fn of_word(&self, word: &[Token], canonical: bool, mut each: impl FnMut(u128)) {
        let (token_bits, held) = (self.packing.token_bits(), self.start.held());
        let mut state = self.start;
        for &token in word.iter().chain(&[END]) {
            each(state.packed() << token_bits | u128::from(token));
            state = if canonical {
                self.model.next(state, token)
            } else {
                state.with_packed(self.packing.next_context(state.packed(), token, held))
            };
        }
    }

    /// Calls `each` with the windows of a word, none of which takes more than 64 bits or has a label, and whose contexts
    /// are not shared. A window is the one before it with another token at its end.
    #[inline(always)]
    pub(crate) fn of_word_in_bits(&self, word: &[Token], mut each: impl FnMut(usize)) {
        let (token_bits, mask) = (self.packing.token_bits(), (1 << self.packing.bits()) - 1);
        let mut window = 0;
        for &token in word.iter().chain(&[END]) {
            window = (window << token_bits | usize::from(token)) & mask;
            each(window);
        }
    }

    /// The window with its context reversed; the function is its own inverse. Sorting by reversed windows makes
    /// neighbours of contexts that end with the same tokens.
    pub(crate) fn reversed(&self, window: u128) -> u128 {
        let token_bits = self.packing.token_bits();
        let (mask, mut rest) = ((1 << token_bits) - 1, window >> token_bits);
        let mut reversed = 0;
        for _ in 0..self.packing.shape().context_length {
            reversed = reversed << token_bits | rest & mask;
            rest >>= token_bits;
        }
        self.with_target(reversed << token_bits, (window & mask) as Token)
    }

    /// The state of a window's context.
    pub(crate) fn state(&self, window: u128) -> State {
        self.start.with_packed(self.context(window))
    }

    /// The context of a window, as an integer.
    fn context(&self, window: u128) -> u128 {
        window >> self.packing.token_bits()
    }

    /// Sorted windows, grouped by context.
    pub(crate) fn by_context<'a>(&self, windows: &'a [u128]) -> impl Iterator<Item = &'a [u128]> {
        windows.chunk_by(|&a, &b| self.context(a) == self.context(b))
    }

    /// The token after a window's context.
    pub(crate) fn target(&self, window: u128) -> Token {
        (window & ((1 << self.packing.token_bits()) - 1)) as Token
    }

    /// The window of the same context and another token.
    pub(crate) fn with_target(&self, window: u128, target: Token) -> u128 {
        self.context(window) << self.packing.token_bits() | u128::from(target)
    }
}

/// Cached ln p of windows.
pub(crate) struct Cache {
    values: Values,
    /// The most windows that it may hold.
    pub(crate) capacity: usize,
}

enum Values {
    /// By window; NaN if unknown.
    Dense(Vec<f64>),
    /// For windows of at most 64 bits.
    Narrow(FxHashMap<u64, f64>),
    Wide(FxHashMap<u128, f64>),
}

impl Cache {
    /// An empty cache for windows of this many bits.
    pub(crate) fn new(window_bits: u32) -> Self {
        let (values, capacity) = match window_bits {
            bits if bits <= DENSE_BITS => {
                let table = vec![f64::NAN; 1 << window_bits];
                (Values::Dense(table), usize::MAX)
            }
            ..=64 => (Values::Narrow(FxHashMap::default()), CAPACITY),
            _ => (Values::Wide(FxHashMap::default()), CAPACITY_WIDE),
        };
        Cache { values, capacity }
    }

    /// The entries of all windows, NaN if unknown, of a cache that has them.
    pub(crate) fn dense(&self) -> Option<&[f64]> {
        match &self.values {
            Values::Dense(table) => Some(table),
            _ => None,
        }
    }

    /// Whether it has an entry for every window.
    pub(crate) fn is_dense(&self) -> bool {
        matches!(self.values, Values::Dense(_))
    }

    pub(crate) fn get(&self, window: u128) -> Option<f64> {
        match &self.values {
            Values::Dense(table) => Some(table[window as usize]).filter(|x| !x.is_nan()),
            Values::Narrow(map) => map.get(&(window as u64)).copied(),
            Values::Wide(map) => map.get(&window).copied(),
        }
    }

    /// Whether it can hold this many more windows.
    pub(crate) fn has_room(&self, more: usize) -> bool {
        let held = match &self.values {
            Values::Dense(_) => 0,
            Values::Narrow(map) => map.len(),
            Values::Wide(map) => map.len(),
        };
        held + more <= self.capacity
    }

    /// Removes everything.
    pub(crate) fn clear(&mut self) {
        match &mut self.values {
            Values::Dense(table) => table.fill(f64::NAN),
            Values::Narrow(map) => map.clear(),
            Values::Wide(map) => map.clear(),
        }
    }

    /// Adds windows with their ln p.
    pub(crate) fn extend(&mut self, entries: &[(u128, f64)]) {
        let entries = entries.iter().copied();
        match &mut self.values {
            Values::Dense(table) => entries.for_each(|(window, x)| table[window as usize] = x),
            Values::Narrow(map) => map.extend(entries.map(|(window, x)| (window as u64, x))),
            Values::Wide(map) => map.extend(entries),
        }
    }
}
