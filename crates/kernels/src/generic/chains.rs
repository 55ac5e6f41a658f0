//! chains.rs: sixteen chains that walk through alias tables side by side, without a branch that depends on the
//! tokens drawn: such a branch would be mispredicted once per chain between two zeros, and with side-by-side chains
//! the waits for memory overlap.

use crate::kernels::Kernels;
use crate::vector::{Kernel, LANES, Vector};

/// Alias tables of 2^`bits` entries, one for each state; an entry is (threshold << bits) | alias. The highest `bits`
/// of a random word choose the slot; if the rest is below the threshold, the slot is drawn, otherwise the alias.
///
/// The number of a state is made of the last tokens, `bits` bits each; after token 0 comes state 0.
#[derive(Clone, Copy, Debug)]
pub struct AliasTables<'a> {
    /// \[states, 2^bits\]; the number of states is a power of two.
    pub entries: &'a [u32],
    /// 1 to 15.
    pub bits: u32,
}

/// The positions of sixteen chains: the state of each, and the number of tokens since the last token 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chains {
    /// Below the number of states.
    pub contexts: [u32; LANES],
    /// Tokens since the last token 0.
    pub lengths: [u32; LANES],
}

/// Written instead of a token that would exceed the largest number of tokens between two zeros; the chain continues
/// in state 0.
pub const TOO_LONG: u16 = u16::MAX;

/// Some steps of sixteen chains.
#[derive(Debug)]
pub struct Steps<'a> {
    /// The positions before, and afterwards the new ones.
    pub chains: &'a mut Chains,
    /// \[steps\]: random words.
    pub words: &'a [[u32; LANES]],
    /// \[steps\]: the tokens drawn.
    pub tokens: &'a mut [[u16; LANES]],
}

impl Kernels {
    /// Draws a token of every chain for each row of random words. There are two groups of sixteen chains: while one
    /// waits for memory, the other continues.
    ///
    /// # Panics
    /// If the number of tables is not a power of two, a table is incomplete, or the numbers of steps differ.
    pub fn walk(self, tables: AliasTables<'_>, longest: u32, pair: [Steps<'_>; 2]) {
        let AliasTables { entries, bits } = tables;
        assert!((1..16).contains(&bits), "tables of 2^{bits} entries");
        assert!(
            entries.len().is_power_of_two()
                && entries.len() >= 1 << bits
                && entries.len() <= 1 << 31,
            "{} entries: not a power of two, or incomplete tables",
            entries.len()
        );
        let steps = pair[0].words.len();
        let same = |one: &Steps<'_>| one.words.len() == steps && one.tokens.len() == steps;
        assert!(pair.iter().all(same), "as many rows of words as of tokens");
        self.run(Walk {
            tables,
            longest,
            pair,
        });
    }
}

struct Walk<'a> {
    tables: AliasTables<'a>,
    longest: u32,
    pair: [Steps<'a>; 2],
}

/// Integers only: plain loops, which the compiler translates to the instructions of the instance.
impl Kernel for Walk<'_> {
    #[inline(always)]
    fn run<V: Vector>(self, _zero: V) {
        let [one, two] = self.pair;
        let (mut first, mut second) = (*one.chains, *two.chains);
        let ones = one.words.iter().zip(one.tokens);
        let twos = two.words.iter().zip(two.tokens);
        for ((words, tokens), (other_words, other_tokens)) in ones.zip(twos) {
            *tokens = first.step(self.tables, self.longest, words);
            *other_tokens = second.step(self.tables, self.longest, other_words);
        }
        (*one.chains, *two.chains) = (first, second);
    }
}

impl Chains {
    #[inline(always)]
    fn step(
        &mut self,
        tables: AliasTables<'_>,
        longest: u32,
        words: &[u32; LANES],
    ) -> [u16; LANES] {
        let AliasTables { entries, bits } = tables;
        let place = entries.len() as u32 - 1;
        let last = (entries.len() >> bits) as u32 - 1;
        let alias = (1 << bits) - 1;
        let slots = words.map(|word| word >> (32 - bits));
        let mut found = [0; LANES];
        for lane in 0..LANES {
            let entry = (self.contexts[lane] << bits | slots[lane]) & place;
            // SAFETY: `place` is one less than the number of entries, a power of two: `walk` checks it.
            found[lane] = unsafe { *entries.get_unchecked(entry as usize) };
        }
        let mut tokens = [0; LANES];
        for lane in 0..LANES {
            let (word, entry) = (words[lane], found[lane]);
            let own = word << bits >> bits < entry >> bits;
            let token = if own { slots[lane] } else { entry & alias };
            let length = self.lengths[lane] + 1;
            let too_long = length > longest;
            let over = token == 0 || too_long;
            tokens[lane] = if token != 0 && too_long {
                TOO_LONG
            } else {
                token as u16
            };
            self.contexts[lane] = if over {
                0
            } else {
                (self.contexts[lane] << bits | token) & last
            };
            self.lengths[lane] = if over { 0 } else { length };
        }
        tokens
    }
}
