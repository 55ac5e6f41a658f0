//! Windows as numbers, and ln p of those that were met.

use std::ops::{BitOr, Shl, Shr};

use rustc_hash::FxHashMap;

use crate::data::packing::Packing;
use crate::error::Error;
use crate::language_model::LanguageModel;
use crate::text::{END, Token};

/// Up to this many bits of a window, values stand in a table with a place for every window: 8 MB.
const DENSE_BITS: u32 = 20;
/// Remembered windows otherwise, at most, before those of the words in hand: what 2²² places of 17 bytes
/// hold before a map grows, 71 MB.
const REMEMBERED: usize = (1 << 22) / 8 * 7;
/// The same of windows that 64 bits do not hold: 2²¹ places of 33 bytes.
const REMEMBERED_WIDE: usize = REMEMBERED / 2;

/// Whole numbers that windows fit.
trait Number:
    Copy + From<Token> + BitOr<Output = Self> + Shl<u32, Output = Self> + Shr<u32, Output = Self>
{
}

impl Number for u64 {}
impl Number for u128 {}

/// How a model's windows become numbers: from the highest bits down the context's tokens, its last one
/// first, and then the token that follows. So contexts of a common end are neighbours.
pub(crate) struct Windows<'m> {
    model: &'m dyn LanguageModel,
    token_bits: u32,
    context_length: usize,
}

impl<'m> Windows<'m> {
    /// # Errors
    /// [`Error::ContextTooLong`] where a window does not fit 128 bits.
    pub(crate) fn new(model: &'m dyn LanguageModel) -> Result<Self, Error> {
        let context_length = model.context_length();
        let packing = Packing::new(model.vocab_size(), context_length)?;
        Ok(Windows {
            model,
            token_bits: packing.token_bits(),
            context_length,
        })
    }

    /// Bits of a window.
    pub(crate) fn bits(&self) -> u32 {
        self.token_bits * (self.context_length as u32 + 1)
    }

    /// Calls `each` with the windows of a word. `reduced` leaves out what the model does not tell apart;
    /// `padded` is room to work in.
    pub(crate) fn of_word(
        &self,
        word: &[Token],
        reduced: bool,
        padded: &mut Vec<Token>,
        mut each: impl FnMut(u128),
    ) {
        match self.bits() {
            ..=64 => self.each::<u64>(word, reduced, padded, |window| each(window.into())),
            _ => self.each::<u128>(word, reduced, padded, each),
        }
    }

    fn each<N: Number>(
        &self,
        word: &[Token],
        reduced: bool,
        padded: &mut Vec<Token>,
        mut each: impl FnMut(N),
    ) {
        let length = self.context_length;
        padded.clear();
        padded.resize(length, END);
        padded.extend_from_slice(word);
        let newest = self.token_bits * (length as u32).saturating_sub(1);
        let mut packed = N::from(END); // END is 0, so this is a context of padding
        for (place, &token) in word.iter().chain(&[END]).enumerate() {
            // A context that was reduced stands for itself after any token, too: it stays in the room.
            let context = &mut padded[place..place + length];
            if reduced && self.model.reduce(context) {
                packed = self.pack(context);
            }
            each(packed << self.token_bits | N::from(token));
            if length > 0 {
                packed = packed >> self.token_bits | N::from(token) << newest;
            }
        }
    }

    fn pack<N: Number>(&self, context: &[Token]) -> N {
        let tokens = context.iter().rev();
        tokens.fold(N::from(END), |packed, &token| {
            packed << self.token_bits | N::from(token)
        })
    }

    /// The context of a window, as a number.
    pub(crate) fn context(&self, window: u128) -> u128 {
        window >> self.token_bits
    }

    /// Appends the tokens of a window's context.
    pub(crate) fn unpack_context(&self, window: u128, tokens: &mut Vec<Token>) {
        let mask = (1 << self.token_bits) - 1;
        let shifts = (1..=self.context_length as u32).map(|place| place * self.token_bits);
        tokens.extend(shifts.map(|shift| (window >> shift & mask) as Token));
    }

    /// Sorted windows, those of each context together.
    pub(crate) fn by_context<'a>(&self, windows: &'a [u128]) -> impl Iterator<Item = &'a [u128]> {
        windows.chunk_by(|&a, &b| self.context(a) == self.context(b))
    }

    /// The window of the same context and another token.
    pub(crate) fn with_target(&self, window: u128, target: Token) -> u128 {
        self.context(window) << self.token_bits | u128::from(target)
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
