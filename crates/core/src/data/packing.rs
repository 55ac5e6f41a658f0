//! Windows as whole numbers, `context_1 … context_T target`: their order is that of a table.

use std::ops::{BitAnd, BitOr, Shl, Shr};

use crate::data::windows::CountedWindows;
use crate::error::Error;
use crate::text::{END, Token};

/// A number that windows lie in: the shorter, the sooner they are sorted.
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

/// How the tokens of a window lie in a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Packing {
    vocab_size: usize,
    context_length: usize,
    token_bits: u32,
}

impl Packing {
    /// # Errors
    /// [`Error::ContextTooLong`] where a window does not fit 128 bits.
    pub(crate) fn new(vocab_size: usize, context_length: usize) -> Result<Self, Error> {
        let longest = Self::longest_context(vocab_size);
        match context_length <= longest {
            true => Ok(Packing {
                vocab_size,
                context_length,
                token_bits: token_bits(vocab_size),
            }),
            false => Err(Error::ContextTooLong {
                context_length,
                vocab_size,
                longest,
            }),
        }
    }

    /// The longest context of a window that fits.
    pub(crate) fn longest_context(vocab_size: usize) -> usize {
        (u128::BITS / token_bits(vocab_size).max(1)) as usize - 1
    }

    /// Number of tokens T in a context.
    pub(crate) fn context_length(self) -> usize {
        self.context_length
    }

    /// Whether windows fit 64 bits.
    pub(crate) fn is_short(self) -> bool {
        self.bits() <= u64::BITS
    }

    /// Bits of a token.
    pub(crate) fn token_bits(self) -> u32 {
        self.token_bits
    }

    /// Bits of a window.
    pub(crate) fn bits(self) -> u32 {
        self.token_bits * (self.context_length as u32 + 1)
    }

    /// A window with one more token at its end; the oldest is not taken out.
    ///
    /// # Panics
    /// If the token is not below the vocabulary's size.
    fn shift_in<W: Word>(self, window: W, token: Token) -> W {
        assert!(
            usize::from(token) < self.vocab_size,
            "token {token} of {} classes",
            self.vocab_size
        );
        (window << self.token_bits) | W::from(token)
    }

    /// A window's number.
    pub(crate) fn pack<W: Word>(self, context: &[Token], target: Token) -> W {
        let packed = context
            .iter()
            .fold(W::from(0), |packed, &token| self.shift_in(packed, token));
        self.shift_in(packed, target)
    }

    /// Calls `each` with every window of a name.
    pub(crate) fn windows<W: Word>(self, name: &[Token], mut each: impl FnMut(W)) {
        let mask = W::ALL >> (8 * size_of::<W>() as u32 - self.bits());
        let mut window = W::from(END); // it is 0, so this is a window of padding
        for &token in name.iter().chain(&[END]) {
            window = self.shift_in(window, token) & mask;
            each(window);
        }
    }

    /// The table of different windows in ascending order, with their counts.
    pub(crate) fn table<W: Word>(
        self,
        ascending: impl IntoIterator<Item = (W, u64)>,
    ) -> CountedWindows {
        let token = |window: W| (window.low() & ((1 << self.token_bits) - 1)) as Token;
        let mut table = CountedWindows::new(self.vocab_size, self.context_length);
        let mut last = None;
        for (window, count) in ascending {
            let context = window >> self.token_bits;
            if last != Some(context) {
                let places = (0..self.context_length as u32).rev();
                table.begin_row(places.map(|place| token(context >> (place * self.token_bits))));
                last = Some(context);
            }
            table.add_target(token(window), count);
        }
        table
    }
}

fn token_bits(vocab_size: usize) -> u32 {
    usize::BITS - vocab_size.saturating_sub(1).leading_zeros()
}

/// Fewer are compared with each other instead of being dealt out.
const FEW: usize = 1 << 10;
/// Bits by which windows are dealt out at a time.
const DIGIT_BITS: u32 = 11;

/// Sorts by numbers of so many bits: dealt out by one digit after the other, the lowest first.
pub(crate) fn sort_by_window<T: Copy, W: Word>(
    items: &mut Vec<T>,
    bits: u32,
    window: impl Fn(&T) -> W,
) {
    if items.len() < FEW {
        items.sort_unstable_by_key(window);
        return;
    }
    let mut dealt = items.clone();
    for shift in (0..bits).step_by(DIGIT_BITS as usize) {
        let digit = |item: &T| (window(item) >> shift).low() & ((1 << DIGIT_BITS) - 1);
        let mut places = [0usize; 1 << DIGIT_BITS];
        for item in items.iter() {
            places[digit(item)] += 1;
        }
        let mut before = 0;
        for place in &mut places {
            before += std::mem::replace(place, before);
        }
        for item in items.iter() {
            let place = &mut places[digit(item)];
            dealt[*place] = *item;
            *place += 1;
        }
        std::mem::swap(items, &mut dealt);
    }
}

/// Different windows of an ascending list, and how often each stands in it.
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
        fn dealt_out_windows_are_sorted(
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
