//! The names of a model's list, for many look-ups.

use nextchar_core::data::{NameList, Split};

/// The names of all parts of a list.
#[derive(Clone, Debug)]
pub(super) struct Known<'m> {
    names: &'m Split,
    index: Option<Index>,
}

impl<'m> Known<'m> {
    pub(super) fn new(names: &'m Split) -> Self {
        Known { names, index: None }
    }

    /// The same names, indexed if they are few enough.
    pub(super) fn indexed(self) -> Self {
        let number: usize = parts(self.names).iter().map(|part| part.len()).sum();
        Known {
            index: (number <= Index::MOST).then(|| Index::of(self.names, number)),
            ..self
        }
    }

    /// Whether a text is one of them.
    pub(super) fn contains(&self, text: &str) -> bool {
        match (&self.index, key(text)) {
            (Some(index), Some(key)) => index.contains(key),
            _ => parts(self.names).iter().any(|part| part.contains(text)),
        }
    }
}

fn parts(names: &Split) -> [&NameList; 3] {
    [&names.train, &names.val, &names.test]
}

/// A text of at most 15 bytes as an integer, which is not 0.
fn key(text: &str) -> Option<u128> {
    let bytes = text.as_bytes();
    let packed = bytes
        .iter()
        .rev()
        .fold(1, |packed, &byte| packed << 8 | u128::from(byte));
    (bytes.len() < size_of::<u128>()).then_some(packed)
}

/// A hash table that consists of the short names of all parts themselves: one access to memory decides about most
/// texts, where each part of a list takes several.
#[derive(Clone, Debug)]
struct Index {
    /// [Keys](key), at most half as many as slots; 0 if empty.
    slots: Vec<u128>,
}

impl Index {
    /// The most names: this index takes as much memory again as they do.
    const MOST: usize = 1 << 20;

    fn of(names: &Split, number: usize) -> Self {
        let mut index = Index {
            slots: vec![0; (2 * number + 1).next_power_of_two()],
        };
        let names = parts(names).into_iter().flat_map(NameList::names);
        for key in names.filter_map(|name| key(name.text)) {
            let slot = index.slot(key);
            index.slots[slot] = key;
        }
        index
    }

    fn contains(&self, key: u128) -> bool {
        self.slots[self.slot(key)] == key
    }

    /// The slot of a key, or the empty one where it would be.
    fn slot(&self, key: u128) -> usize {
        /// An odd number without a pattern, from the golden ratio: it spreads what differs over all higher bits.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let half = (key as u64).wrapping_mul(SPREAD) ^ (key >> 64) as u64;
        let hash = half.wrapping_mul(SPREAD);
        let mask = self.slots.len() - 1;
        let mut slot = (hash >> 32) as usize & mask;
        while self.slots[slot] != 0 && self.slots[slot] != key {
            slot = (slot + 1) & mask;
        }
        slot
    }
}

#[cfg(test)]
mod tests {
    use nextchar_core::data::{SplitOptions, split};

    use super::*;

    /// Few names and many, also longer ones than the index holds, and those whose hashes share a slot.
    #[test]
    fn an_index_knows_the_same_names() {
        for number in [0, 1, 2, 7, 3000] {
            let text = |name: usize| "n".repeat(name % 40) + &format!(" {name}");
            let texts = (0..number).map(|name| (text(name), 1));
            let names = split(NameList::from_names(texts), &SplitOptions::default());
            let (plain, indexed) = (Known::new(&names), Known::new(&names).indexed());
            assert!(indexed.index.is_some());
            for name in 0..2 * number + 5 {
                let text = text(name);
                assert_eq!(plain.contains(&text), name < number, "{text}");
                assert_eq!(indexed.contains(&text), name < number, "{text}");
            }
            assert!(!indexed.contains("") && !indexed.contains("\0"));
        }
    }
}
