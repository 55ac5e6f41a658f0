//! The product of all automata, and from which of its states a name can still be completed.

use rustc_hash::FxHashMap;

use crate::error::Error;
use crate::sample::conditions::automaton::DEAD;
use crate::sample::conditions::constraint::Constraint;
use crate::text::{END, Token};

/// The product automaton may not have more states than this.
const STATE_LIMIT: usize = 100_000;

/// The reachable states of the product automaton, and the lengths from which each can still accept.
///
/// A state is a number; 0 is the state of an empty name, [`DEAD`] one that accepts nothing.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    /// \[states, V\].
    next: Vec<u32>,
    /// Of every state.
    completions: Vec<Completions>,
    vocab_size: usize,
    min_length: usize,
    max_length: usize,
    /// There are no automata: only lengths are restricted.
    only_lengths: bool,
}

/// How many more tokens can lead to acceptance by the automata.
#[derive(Clone, Debug)]
struct Completions {
    /// Bit r is set if exactly r more tokens can.
    bits: Vec<u64>,
    /// The smallest such r; [`usize::MAX`] if there is none.
    least: usize,
}

impl Completions {
    fn new(bits: Vec<u64>) -> Self {
        let word = bits.iter().position(|&word| word != 0);
        Completions {
            least: word.map_or(usize::MAX, |word| {
                64 * word + bits[word].trailing_zeros() as usize
            }),
            bits,
        }
    }
}

/// The product of some automata: its states, each a state of every automaton, and the edges between them.
struct Product {
    states: Vec<Vec<u32>>,
    /// \[states, V\].
    next: Vec<u32>,
}

impl Product {
    /// The states that names can reach; `None` if there are too many.
    fn new(constraint: &Constraint, vocab_size: usize) -> Option<Self> {
        let mut numbers = FxHashMap::from_iter([(constraint.start(), 0u32)]);
        let mut states = vec![constraint.start()];
        let mut next = Vec::new();
        let mut at = 0;
        while at < states.len() {
            next.push(DEAD); // END leads nowhere
            for token in END + 1..vocab_size as Token {
                let number = constraint.step(&states[at], token).map(|state| {
                    *numbers.entry(state).or_insert_with_key(|state| {
                        states.push(state.clone());
                        states.len() as u32 - 1
                    })
                });
                next.push(number.unwrap_or(DEAD));
            }
            at += 1;
            if states.len() > STATE_LIMIT {
                return None;
            }
        }
        Some(Product { states, next })
    }

    /// For every state, by which numbers of further tokens the automata accept.
    fn completions(&self, constraint: &Constraint, vocab_size: usize) -> Vec<Completions> {
        let longest = constraint.max_length();
        let mut bits = vec![vec![0u64; longest / 64 + 1]; self.states.len()];
        let ends = self.states.iter().map(|state| constraint.ends(state));
        let (mut can, mut is_fixed) = (ends.collect::<Vec<bool>>(), false);
        for tokens in 0..=longest {
            for (bits, &can) in bits.iter_mut().zip(&can) {
                bits[tokens / 64] |= u64::from(can) << (tokens % 64);
            }
            // What one more token does not change, no further token changes.
            if !is_fixed {
                let leads = |&next: &u32| next != DEAD && can[next as usize];
                let rows = self.next.chunks_exact(vocab_size);
                let longer: Vec<bool> = rows.map(|row| row.iter().any(leads)).collect();
                is_fixed = longer == can;
                can = longer;
            }
        }
        bits.into_iter().map(Completions::new).collect()
    }
}

impl Reach {
    /// Follows all automata of a constraint together.
    ///
    /// # Errors
    /// [`Error::TooManyStates`] if the product automaton is too large.
    pub(super) fn new(constraint: &Constraint, vocab_size: usize) -> Result<Self, Error> {
        let product = Product::new(constraint, vocab_size)
            .ok_or(Error::TooManyStates { limit: STATE_LIMIT })?;
        Ok(Reach {
            completions: product.completions(constraint, vocab_size),
            next: product.next,
            vocab_size,
            min_length: constraint.min_length(),
            max_length: constraint.max_length(),
            only_lengths: constraint.is_only_lengths(),
        })
    }

    /// Whether any name satisfies the conditions.
    pub(crate) fn start(&self) -> bool {
        self.open(0, 0)
    }

    /// The state after a token.
    pub(crate) fn step(&self, state: u32, token: Token) -> u32 {
        self.steps(state)[usize::from(token)]
    }

    /// The states after every token, \[V\].
    pub(crate) fn steps(&self, state: u32) -> &[u32] {
        &self.next[state as usize * self.vocab_size..][..self.vocab_size]
    }

    /// Whether a prefix of `length` tokens in this state is, or can be extended to, a name that satisfies the
    /// conditions.
    pub(crate) fn open(&self, state: u32, length: usize) -> bool {
        if state == DEAD || length > self.max_length {
            return false;
        }
        let least = self.min_length.saturating_sub(length);
        any_bit(
            &self.completions[state as usize].bits,
            least,
            self.max_length - length,
        )
    }

    /// As [`Reach::open`], but ignoring the minimum length. If it holds for a length, it holds for every
    /// smaller one too.
    pub(crate) fn completes(&self, state: u32, length: usize) -> bool {
        state != DEAD
            && length <= self.max_length
            && self.completions[state as usize].least <= self.max_length - length
    }

    /// Number of states.
    pub(crate) fn states(&self) -> usize {
        self.completions.len()
    }

    /// Whether lengths are the only conditions.
    pub(crate) fn only_lengths(&self) -> bool {
        self.only_lengths
    }

    /// The minimum and maximum length, in tokens.
    pub(crate) fn lengths(&self) -> (usize, usize) {
        (self.min_length, self.max_length)
    }

    /// Whether a name of `length` tokens may end in this state.
    pub(crate) fn accepts(&self, state: u32, length: usize) -> bool {
        (self.min_length..=self.max_length).contains(&length)
            && bit(&self.completions[state as usize].bits, 0)
    }
}

fn bit(words: &[u64], place: usize) -> bool {
    words[place / 64] >> (place % 64) & 1 == 1
}

/// Whether any bit from `first` to `last` is set.
fn any_bit(words: &[u64], first: usize, last: usize) -> bool {
    if first > last {
        return false;
    }
    (first / 64..=last / 64).any(|word| {
        let low = first.saturating_sub(word * 64);
        let high = (last - word * 64).min(63);
        words[word] & (u64::MAX << low) & (u64::MAX >> (63 - high)) != 0
    })
}
