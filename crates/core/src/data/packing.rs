//! Windows as integers, `context_1 … context_T target`, in the order of a table. All packing of tokens is done here.

use std::ops::{BitAnd, BitOr, Deref, DerefMut, Shl, Shr};

use crate::data::window_shape::WindowShape;
use crate::data::windows::CountedWindows;
use crate::error::Error;
use crate::text::{END, Start, Token};

/// An integer type for windows; shorter ones are sorted faster.
pub(crate) trait Word:
    Copy
    + Ord
    + From<Token>
    + Shl<u32, Output = Self>
    + Shr<u32, Output = Self>
    + BitAnd<Output = Self>
    + BitOr<Output = Self>
{
    /// All bits.
    const ALL: Self;

    /// The lowest bits.
    fn low(self) -> usize;

    /// The token in the lowest bits.
    fn low_token(self, token_bits: u32) -> Token {
        (self.low() & ((1 << token_bits) - 1)) as Token
    }
}

macro_rules! word {
    ($number:ty) => {
        impl Word for $number {
            const ALL: Self = Self::MAX;

            fn low(self) -> usize {
                self as usize
            }
        }
    };
}
word!(u64);
word!(u128);

/// The layout of a window in an integer: the oldest token in the highest bits, the target in the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packing {
    shape: WindowShape,
    token_bits: u32,
}

/// The tokens of a context, on the stack.
pub(crate) struct Unpacked {
    tokens: [Token; LONGEST_CONTEXT],
    len: usize,
}

/// The longest context that fits into 128 bits has tokens of one bit each.
const LONGEST_CONTEXT: usize = u128::BITS as usize;

impl Deref for Unpacked {
    type Target = [Token];

    fn deref(&self) -> &[Token] {
        &self.tokens[..self.len]
    }
}

impl DerefMut for Unpacked {
    fn deref_mut(&mut self) -> &mut [Token] {
        &mut self.tokens[..self.len]
    }
}

impl Packing {
    /// # Errors
    /// [`Error::ContextTooLong`] if a window does not fit into 128 bits.
    pub(crate) fn new(shape: WindowShape) -> Result<Self, Error> {
        let longest = Self::longest_context(shape.token_count);
        if shape.context_length > longest {
            return Err(Error::ContextTooLong {
                context_length: shape.context_length,
                vocab_size: shape.token_count,
                longest,
            });
        }
        Ok(Packing {
            shape,
            token_bits: token_bits(shape.token_count),
        })
    }

    /// The packing of a model's states, whose size was checked when the model was constructed.
    #[inline]
    pub(crate) fn of_model(shape: WindowShape) -> Self {
        Packing {
            shape,
            token_bits: token_bits(shape.token_count),
        }
    }

    /// The longest context of a window that fits.
    pub(crate) fn longest_context(token_count: usize) -> usize {
        (u128::BITS / token_bits(token_count).max(1)) as usize - 1
    }

    /// The shape of the windows.
    pub(crate) fn shape(self) -> WindowShape {
        self.shape
    }

    /// Whether windows fit into 64 bits.
    pub(crate) fn is_short(self) -> bool {
        self.bits() <= u64::BITS
    }

    /// Number of bits of a token.
    pub(crate) fn token_bits(self) -> u32 {
        self.token_bits
    }

    /// Number of bits of a window.
    pub(crate) fn bits(self) -> u32 {
        self.token_bits * (self.shape.context_length as u32 + 1)
    }

    /// Appends a token to an integer, without removing the oldest.
    ///
    /// # Panics
    /// If the token is not below the number of tokens.
    fn push<W: Word>(self, packed: W, token: Token) -> W {
        assert!(
            usize::from(token) < self.shape.token_count,
            "token {token} of {} classes",
            self.shape.token_count
        );
        (packed << self.token_bits) | W::from(token)
    }

    /// The integer of a window.
    pub(crate) fn pack<W: Word>(self, context: &[Token], target: Token) -> W {
        self.push(self.pack_context(context), target)
    }

    /// The integer of a context, or of any other tokens.
    pub(crate) fn pack_context<W: Word>(self, context: &[Token]) -> W {
        let empty = W::from(END); // END is 0
        context
            .iter()
            .fold(empty, |packed, &token| self.push(packed, token))
    }

    /// The tokens of a context.
    pub(crate) fn unpack_context(self, context: u128) -> Unpacked {
        let mut unpacked = Unpacked {
            tokens: [END; LONGEST_CONTEXT],
            len: self.shape.context_length,
        };
        let mut rest = context;
        for token in unpacked.iter_mut().rev() {
            *token = rest.low_token(self.token_bits);
            rest >>= self.token_bits;
        }
        unpacked
    }

    /// The context after one more token: the oldest one is removed, except for `held` label tokens at the start.
    #[inline]
    pub(crate) fn next_context<W: Word>(self, context: W, token: Token, held: usize) -> W {
        let moving = self.token_bits * (self.shape.context_length - held) as u32;
        if moving == 0 {
            return context;
        }
        let mask = W::ALL >> (8 * size_of::<W>() as u32 - moving);
        let moved = self.push(context, token) & mask;
        if held == 0 {
            return moved;
        }
        moved | ((context >> moving) << moving)
    }

    /// The shorter context with the same last tokens and the same label tokens.
    pub(crate) fn shorten_context(self, context: u128, held: usize, length: usize) -> u128 {
        let held_short = held.min(length);
        let kept = self.token_bits * (length - held_short) as u32;
        if held_short == 0 {
            return context & low_bits(kept);
        }
        let all = self.token_bits * (self.shape.context_length - held_short) as u32;
        (context >> all) << kept | context & low_bits(kept)
    }

    /// Calls `each` with every window of a name.
    pub(crate) fn windows<W: Word>(self, start: &Start, name: &[Token], mut each: impl FnMut(W)) {
        let mut context: W = self.pack_context(&start.context(&[], self.shape.context_length));
        for &token in name.iter().chain(&[END]) {
            each(self.push(context, token));
            context = self.next_context(context, token, self.shape.held);
        }
    }

    /// The table of distinct windows in ascending order, with their counts.
    pub(crate) fn table<W: Word>(
        self,
        ascending: impl IntoIterator<Item = (W, u64)>,
    ) -> CountedWindows {
        let mut table = CountedWindows::new(self.shape);
        let mut last = None;
        for (window, count) in ascending {
            let context = window >> self.token_bits;
            if last != Some(context) {
                let places = (0..self.shape.context_length as u32).rev();
                table.begin_row(places.map(|place| {
                    (context >> (place * self.token_bits)).low_token(self.token_bits)
                }));
                last = Some(context);
            }
            table.add_target(window.low_token(self.token_bits), count);
        }
        table
    }
}

fn low_bits(bits: u32) -> u128 {
    (1u128 << bits) - 1
}

fn token_bits(token_count: usize) -> u32 {
    usize::BITS - token_count.saturating_sub(1).leading_zeros()
}

/// Lists shorter than this are sorted by comparison.
const FEW: usize = 1 << 10;
/// Lists longer than this are first divided by their highest digit, in place, so that the copy of a pass stays short.
const MANY: usize = if cfg!(test) { 1 << 12 } else { 1 << 20 };
/// Number of bits of a radix sort's pass.
const DIGIT_BITS: u32 = 11;
const DIGITS: usize = 1 << DIGIT_BITS;

/// Radix sort by integers of `bits` bits; equal ones may end up in any order.
pub(crate) fn sort_by_window<T: Copy, W: Word>(
    items: &mut [T],
    bits: u32,
    window: impl Fn(&T) -> W + Copy,
) {
    if items.len() < FEW {
        items.sort_unstable_by_key(window);
    } else if items.len() > MANY && bits > DIGIT_BITS {
        let rest = bits - DIGIT_BITS;
        let mut first = 0;
        for end in divide(items, |item| digit(window(item), rest)) {
            sort_by_window(&mut items[first..end], rest, window);
            first = end;
        }
    } else {
        sort_short(items, bits, window);
    }
}

/// The digit of an integer above its lowest bits.
fn digit<W: Word>(window: W, above: u32) -> usize {
    (window >> above).low() & (DIGITS - 1)
}

/// Reorders items by a digit, in place (American flag sort, McIlroy et al. 1993); returns where each digit's items end.
fn divide<T: Copy>(items: &mut [T], digit: impl Fn(&T) -> usize) -> [usize; DIGITS] {
    let mut ends = [0; DIGITS];
    items.iter().for_each(|item| ends[digit(item)] += 1);
    let mut before = 0;
    let mut next = ends.map(|number| {
        before += number;
        before - number
    });
    let mut begin = 0;
    for (place, end) in ends.iter_mut().enumerate() {
        *end += begin;
        begin = *end;
        while next[place] < *end {
            let here = next[place];
            let belongs = digit(&items[here]);
            items.swap(here, next[belongs]);
            next[belongs] += 1;
        }
    }
    ends
}

/// Radix sort with a copy, least significant digit first.
fn sort_short<T: Copy, W: Word>(items: &mut [T], bits: u32, window: impl Fn(&T) -> W) {
    let mut copy = items.to_vec();
    let (mut from, mut to) = (&mut *items, copy.as_mut_slice());
    let passes = bits.div_ceil(DIGIT_BITS);
    for shift in (0..passes).map(|pass| pass * DIGIT_BITS) {
        let mut places = [0usize; DIGITS];
        for item in from.iter() {
            places[digit(window(item), shift)] += 1;
        }
        let mut before = 0;
        for place in &mut places {
            before += std::mem::replace(place, before);
        }
        for item in from.iter() {
            let place = &mut places[digit(window(item), shift)];
            to[*place] = *item;
            *place += 1;
        }
        std::mem::swap(&mut from, &mut to);
    }
    if passes % 2 == 1 {
        items.copy_from_slice(&copy);
    }
}

/// The distinct windows of an ascending list, with their numbers of occurrences.
pub(crate) fn counted<W: Word>(sorted: &[W]) -> impl Iterator<Item = (W, u64)> + '_ {
    sorted
        .chunk_by(|a, b| a == b)
        .map(|same| (same[0], same.len() as u64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn windows_are_sorted(
            some in prop::collection::vec(any::<u128>(), 1..50), bits in 1u32..=128, many: bool,
        ) {
            let mask = u128::MAX >> (128 - bits);
            let short: Vec<u64> = some.iter().map(|&one| (one & mask) as u64).collect();
            let copies = if many { FEW } else { 1 };
            let mut windows: Vec<u128> =
                (0..copies as u128).flat_map(|more| some.iter().map(move |one| (one ^ more) & mask)).collect();
            let mut expected = windows.clone();
            expected.sort();
            sort_by_window(&mut windows, bits, |&window| window);
            prop_assert_eq!(&windows, &expected);
            let all: Vec<u128> =
                counted(&windows).flat_map(|(window, count)| vec![window; count as usize]).collect();
            prop_assert_eq!(all, expected);
            let mut found: Vec<u64> = (0..FEW).flat_map(|_| short.iter().copied()).collect();
            let mut expected = found.clone();
            expected.sort();
            sort_by_window(&mut found, bits.min(64), |&window| window);
            prop_assert_eq!(found, expected);
        }
    }
}
