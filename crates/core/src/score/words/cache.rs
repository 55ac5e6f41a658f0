//! Windows as integers, and a cache of ln p of those that were evaluated.

use rustc_hash::FxHashMap;

use crate::data::packing::Packing;
use crate::error::Error;
use crate::language_model::{LanguageModel, State, packing};
use crate::text::{END, Start, Token};

/// Up to this many bits of a window, values stand in a table with a place for every window: 8 MB.
const DENSE_BITS: u32 = 20;
/// Remembered windows otherwise, at most, before those of the words in hand: what 2²² places of 17 bytes
/// hold before a map grows, 71 MB.
const REMEMBERED: usize = (1 << 22) / 8 * 7;
/// The same of windows that 64 bits do not hold: 2²¹ places of 33 bytes.
const REMEMBERED_WIDE: usize = REMEMBERED / 2;

/// A model's windows as integers: a state's context, and the token that follows in the lowest bits.
pub(crate) struct Windows<'m> {
    model: &'m dyn LanguageModel,
    packing: Packing,
    start: State,
}

impl<'m> Windows<'m> {
    /// # Errors
    /// [`Error::ContextTooLong`] where a window does not fit 128 bits.
    pub(crate) fn new(model: &'m dyn LanguageModel, start: &Start) -> Result<Self, Error> {
        Ok(Windows {
            model,
            packing: Packing::new(packing(model).shape())?,
            start: model.start(start),
        })
    }

    /// Bits of a window.
    pub(crate) fn bits(&self) -> u32 {
        self.packing.bits()
    }

    /// Whether there is no label.
    pub(crate) fn is_plain(&self) -> bool {
        self.start.held() == 0
    }

    /// Calls `each` with the windows of a word. If `canonical`, contexts that the model does not tell apart
    /// are one.
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

    /// The window with its context's tokens in reverse order, and the other way round. In the order of
    /// turned windows, contexts that end alike are neighbours.
    pub(crate) fn turned(&self, window: u128) -> u128 {
        let token_bits = self.packing.token_bits();
        let (mask, mut rest) = ((1 << token_bits) - 1, window >> token_bits);
        let mut turned = 0;
        for _ in 0..self.packing.shape().context_length {
            turned = turned << token_bits | rest & mask;
            rest >>= token_bits;
        }
        self.with_target(turned << token_bits, (window & mask) as Token)
    }

    /// The state of a window's context.
    pub(crate) fn state(&self, window: u128) -> State {
        self.start.with_packed(self.context(window))
    }

    /// The context of a window, as an integer.
    fn context(&self, window: u128) -> u128 {
        window >> self.packing.token_bits()
    }

    /// Sorted windows, those of each context together.
    pub(crate) fn by_context<'a>(&self, windows: &'a [u128]) -> impl Iterator<Item = &'a [u128]> {
        windows.chunk_by(|&a, &b| self.context(a) == self.context(b))
    }

    /// The window of the same context and another token.
    pub(crate) fn with_target(&self, window: u128, target: Token) -> u128 {
        self.context(window) << self.packing.token_bits() | u128::from(target)
    }
}

/// ln p of windows.
pub(crate) struct Memory {
    values: Values,
    /// Number of windows that it may hold.
    pub(crate) most: usize,
}

enum Values {
    /// By number; NaN is not known.
    Dense(Vec<f64>),
    /// Of at most 64 bits.
    Narrow(FxHashMap<u64, f64>),
    Wide(FxHashMap<u128, f64>),
}

impl Memory {
    /// An empty one for windows of so many bits.
    pub(crate) fn new(window_bits: u32) -> Self {
        let (values, most) = match window_bits {
            bits if bits <= DENSE_BITS => {
                let table = vec![f64::NAN; 1 << window_bits];
                (Values::Dense(table), usize::MAX)
            }
            ..=64 => (Values::Narrow(FxHashMap::default()), REMEMBERED),
            _ => (Values::Wide(FxHashMap::default()), REMEMBERED_WIDE),
        };
        Memory { values, most }
    }

    /// Whether there is a place for every window.
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

    /// Whether there is place for so many more.
    pub(crate) fn has_room(&self, more: usize) -> bool {
        let held = match &self.values {
            Values::Dense(_) => 0,
            Values::Narrow(map) => map.len(),
            Values::Wide(map) => map.len(),
        };
        held + more <= self.most
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        match &mut self.values {
            Values::Dense(table) => table.fill(f64::NAN),
            Values::Narrow(map) => map.clear(),
            Values::Wide(map) => map.clear(),
        }
    }

    /// Remembers answers.
    pub(crate) fn extend(&mut self, answers: &[(u128, f64)]) {
        let answers = answers.iter().copied();
        match &mut self.values {
            Values::Dense(table) => answers.for_each(|(window, x)| table[window as usize] = x),
            Values::Narrow(map) => map.extend(answers.map(|(window, x)| (window as u64, x))),
            Values::Wide(map) => map.extend(answers),
        }
    }
}
