//! A distribution as an alias table of integers (Walker 1977, Vose 1991): a draw takes 32 random bits, one
//! look-up and one comparison.
//!
//! Probabilities are quantised to multiples of 2⁻³² that add up to exactly 1. Everything after that is integer
//! arithmetic, so draws follow the quantised distribution exactly, and a token with p = 0 is never drawn.

use crate::text::Token;

/// The shape of the tables for a vocabulary: 2^`bits` slots, each of which stands for 2^(32 − bits) random words.
///
/// An entry is (threshold << bits) | alias: below the threshold, the slot's own token is drawn, else the alias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slots {
    pub(crate) bits: u32,
}

impl Slots {
    pub(crate) fn new(vocab_size: usize) -> Self {
        Slots {
            bits: vocab_size.next_power_of_two().trailing_zeros().max(1),
        }
    }

    /// Number of slots of a table.
    pub(crate) fn count(self) -> usize {
        1 << self.bits
    }

    /// The token that a table assigns to a random word.
    #[inline(always)]
    pub(crate) fn draw(self, table: &[u32], word: u32) -> Token {
        let slot = word >> (32 - self.bits);
        let within = word & (u32::MAX >> self.bits);
        let entry = table[slot as usize];
        let alias = entry & ((1 << self.bits) - 1);
        let token = if within < entry >> self.bits {
            slot
        } else {
            alias
        };
        token as Token
    }

    /// Fills a table with a distribution; `probs` [V] add up to 1.
    pub(crate) fn fill(self, probs: &[f64], table: &mut [u32], scratch: &mut Scratch) {
        let capacity = 1u64 << (32 - self.bits);
        let Scratch {
            weights,
            poor,
            rich,
        } = scratch;
        weights.clear();
        weights.resize(self.count(), 0);
        quantise(probs, weights);
        // The order of both stacks is fixed, and so is the table.
        poor.clear();
        rich.clear();
        for (slot, &weight) in weights.iter().enumerate() {
            if weight < capacity {
                poor.push(slot);
            } else {
                rich.push(slot);
            }
        }
        while let (Some(slot), Some(&giver)) = (poor.pop(), rich.last()) {
            table[slot] = (weights[slot] as u32) << self.bits | giver as u32;
            weights[giver] -= capacity - weights[slot];
            if weights[giver] < capacity {
                rich.pop();
                poor.push(giver);
            }
        }
        // With integers, the remaining slots are exactly full: they are their own alias.
        for &slot in rich.iter() {
            table[slot] = slot as u32;
        }
    }
}

/// Memory for filling tables, which is reused from table to table.
#[derive(Default)]
pub(crate) struct Scratch {
    weights: Vec<u64>,
    /// Slots with less weight than a slot holds, and those with as much or more.
    poor: Vec<usize>,
    rich: Vec<usize>,
}

/// Integers proportional to `probs` that add up to 2³². The largest absorbs the rounding errors.
fn quantise(probs: &[f64], weights: &mut [u64]) {
    const ONE: u64 = 1 << 32;
    let (mut sum, mut largest) = (0, 0);
    for (place, (&p, weight)) in probs.iter().zip(weights.iter_mut()).enumerate() {
        // Signed, because that conversion is one instruction.
        *weight = (p * ONE as f64 + 0.5) as i64 as u64;
        sum += *weight;
        if p > probs[largest] {
            largest = place;
        }
    }
    weights[largest] = (weights[largest] + ONE) - sum;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Purpose, Seed};

    /// How many of all 2³² words draw each token, computed from the entries.
    fn shares(slots: Slots, table: &[u32]) -> Vec<u64> {
        let mut shares = vec![0u64; slots.count()];
        for (slot, entry) in table.iter().enumerate() {
            let threshold = u64::from(entry >> slots.bits);
            shares[slot] += threshold;
            shares[(entry & ((1 << slots.bits) - 1)) as usize] +=
                (1u64 << (32 - slots.bits)) - threshold;
        }
        shares
    }

    #[test]
    fn tables_are_the_distribution() {
        let mut rng = Seed::from(1).stream(Purpose::Batch, 0);
        for round in 0..300 {
            let vocab_size = 2 + rng.below(70) as usize;
            let mut probs: Vec<f64> = (0..vocab_size)
                .map(|_| match rng.below(3) {
                    0 => 0.0,
                    1 => rng.uniform() * 1e-9,
                    _ => rng.uniform().powi(3),
                })
                .collect();
            probs[round % vocab_size] += 1e-6;
            let sum: f64 = probs.iter().sum();
            probs.iter_mut().for_each(|p| *p /= sum);
            let slots = Slots::new(vocab_size);
            let mut table = vec![u32::MAX; slots.count()];
            slots.fill(&probs, &mut table, &mut Scratch::default());
            let shares = shares(slots, &table);
            assert_eq!(shares.iter().sum::<u64>(), 1 << 32);
            for (token, &share) in shares.iter().enumerate() {
                let p = probs.get(token).copied().unwrap_or(0.0);
                assert!(
                    p > 0.0 || share == 0,
                    "a token of probability 0 can be drawn"
                );
                assert!((share as f64 / 4_294_967_296.0 - p).abs() < 40.0 / 4_294_967_296.0);
            }
        }
    }

    #[test]
    fn one_token_alone_is_always_drawn() {
        let slots = Slots::new(27);
        let mut table = vec![0; slots.count()];
        let mut probs = vec![0.0; 27];
        probs[26] = 1.0;
        slots.fill(&probs, &mut table, &mut Scratch::default());
        for word in [0, 1, 1 << 27, u32::MAX - 1, u32::MAX] {
            assert_eq!(slots.draw(&table, word), 26);
        }
    }
}
