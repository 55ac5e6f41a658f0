//! Which context follows another after a token, for the few continuations of each context that draws take.

use crate::text::Token;

/// In place of a number: not known.
const UNKNOWN: u32 = u32::MAX;
/// A table has at least 2^this slots.
const LEAST_BITS: u32 = 10;

/// A hash table with linear probing, so that a look-up mostly costs one cache line.
pub(crate) struct Edges {
    /// Context · V + token, and the number of the context that follows. The number of slots is a power of two.
    slots: Vec<(u32, u32)>,
    used: usize,
    vocab_size: u32,
}

impl Edges {
    pub(crate) fn new(vocab_size: usize) -> Self {
        Edges {
            slots: vec![(UNKNOWN, UNKNOWN); 1 << LEAST_BITS],
            used: 0,
            vocab_size: vocab_size as u32,
        }
    }

    /// Memory of a context that is followed by one or two others, in bytes.
    pub(crate) const BYTES_EACH: usize = 32;

    #[inline]
    fn key(&self, context: u32, token: Token) -> u32 {
        context * self.vocab_size + u32::from(token)
    }

    /// The slot of a key, or the empty one where it would be.
    #[inline]
    fn place(&self, key: u32) -> usize {
        let last = self.slots.len() - 1;
        let hash = key.wrapping_mul(0x9e37_79b9) >> (32 - self.slots.len().trailing_zeros());
        let mut place = hash as usize;
        loop {
            let (found, _) = self.slots[place & last];
            if found == key || found == UNKNOWN {
                return place & last;
            }
            place += 1;
        }
    }

    /// The context after a token; `u32::MAX` if it is not known.
    #[inline]
    pub(crate) fn get(&self, context: u32, token: Token) -> u32 {
        self.slots[self.place(self.key(context, token))].1
    }

    /// Sets the context after a token, which was not known.
    pub(crate) fn insert(&mut self, context: u32, token: Token, next: u32) {
        if self.used * 4 >= self.slots.len() * 3 {
            let more = vec![(UNKNOWN, UNKNOWN); 2 * self.slots.len()];
            self.refill(more, |_| true);
        }
        let key = self.key(context, token);
        self.put((key, next));
    }

    /// Forgets all contexts from a number on.
    pub(crate) fn truncate(&mut self, contexts: u32) {
        let (number, vocab_size) = (self.slots.len(), self.vocab_size);
        self.refill(vec![(UNKNOWN, UNKNOWN); number], |(key, next)| {
            key / vocab_size < contexts && next < contexts
        });
    }

    fn put(&mut self, edge: (u32, u32)) {
        let place = self.place(edge.0);
        self.slots[place] = edge;
        self.used += 1;
    }

    fn refill(&mut self, slots: Vec<(u32, u32)>, keep: impl Fn((u32, u32)) -> bool) {
        let before = std::mem::replace(&mut self.slots, slots);
        self.used = 0;
        for edge in before {
            if edge.0 != UNKNOWN && keep(edge) {
                self.put(edge);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::rng::{Purpose, Seed};

    #[test]
    fn edges_are_those_of_a_map() {
        let mut rng = Seed::from(1).stream(Purpose::Batch, 0);
        let (mut edges, mut expected) = (Edges::new(27), HashMap::new());
        for round in 0..20_000 {
            let edge = (rng.below(900) as u32, rng.below(27) as Token);
            let known = expected.get(&edge).copied();
            assert_eq!(edges.get(edge.0, edge.1), known.unwrap_or(UNKNOWN));
            if known.is_none() {
                let next = rng.below(900) as u32;
                edges.insert(edge.0, edge.1, next);
                expected.insert(edge, next);
            }
            if round % 6_000 == 5_999 {
                edges.truncate(500);
                expected.retain(|&(context, _), &mut next| context < 500 && next < 500);
            }
        }
        assert!(expected.len() > 5_000);
    }
}
