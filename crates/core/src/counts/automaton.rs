//! Kneser–Ney as an automaton over histories: ln p of whole words in one or a few transitions per token.
//!
//! A state is a history that was seen, and a word is always in the state of the longest such history that it
//! currently ends with. The probabilities of the tokens that were seen after a history are stored with its
//! transitions. Any other token is looked up after ever shorter histories (failure links: Aho and Corasick 1975),
//! with the back-off factor of each history that is left. Factors are multiplied from the shortest history up,
//! in the same order as in a whole row, so the results are bit-identical.

use crate::counts::levels::{Discounts, Levels, bucket};
use crate::language_model::WordModel;
use crate::text::{END, Token};

/// The state of the empty history.
const ROOT: u32 = 0;

/// All histories of a model, shortest first, each with the tokens that were seen after it.
#[derive(Clone, Debug)]
pub(crate) struct Automaton {
    /// A state is the index of its head; its transitions follow in ascending order of their tokens, mostly in
    /// the same cache line.
    entries: Vec<Entry>,
    /// The state before the first token of a word.
    start: u32,
    vocab_size: usize,
}

/// The head of a state, or one of its transitions.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Head: the factor of the shorter history's probability. Transition: p of the token.
    value: f64,
    /// Head: the state of the history without its first token. Transition: the state after the token.
    state: u32,
    /// Head: the number of transitions. Transition: the token.
    token: Token,
}

/// A level that was added.
struct Added {
    /// The place of its first head.
    first: usize,
    /// For each pair of a history and a token, the row of both together in the level above, if they are a history.
    appended: Vec<Option<usize>>,
}

impl Automaton {
    /// The model of these counts and discounts. `None` for a table without windows, or with windows that no
    /// names can have, so that some history is unreachable.
    pub(crate) fn new(levels: &Levels, discounts: &[Discounts], vocab_size: usize) -> Option<Self> {
        levels.root()?;
        let size = levels.iter().map(|level| level.len() + level.pairs()).sum();
        u32::try_from(size).ok()?;
        let mut automaton = Automaton {
            entries: Vec::with_capacity(size),
            start: ROOT,
            vocab_size,
        };
        let mut below = None;
        for (length, discounts) in discounts.iter().enumerate() {
            below = Some(automaton.add(levels, length, discounts, below.as_ref())?);
        }
        automaton.start = automaton.transition(ROOT, END)?.state;
        Some(automaton)
    }

    /// Adds the histories of one length, after the level below.
    fn add(
        &mut self,
        levels: &Levels,
        length: usize,
        discounts: &Discounts,
        below: Option<&Added>,
    ) -> Option<Added> {
        let level = levels.level(length);
        let first = self.entries.len();
        let first_above = first + level.len() + level.pairs();
        let mut appended = Vec::with_capacity(level.pairs());
        for (place, suffix) in levels.suffixes(length).into_iter().enumerate() {
            let row = level.row(place);
            let sums = row.sums();
            let mass = sums.backoff_mass(discounts);
            let start = suffix
                + length
                    .checked_sub(1)
                    .map_or(0, |below| levels.level(below).start(suffix));
            let state = below.map_or(0, |below| below.first) + start;
            self.entries.push(Entry {
                value: mass,
                state: state as u32,
                token: Token::try_from(row.targets.len()).ok()?,
            });
            for (&token, count) in row.pairs() {
                let (known, longer) = match below {
                    None => (self.uniform(token), levels.longer(0, place, token)),
                    Some(below) => {
                        // A token that was seen after a history was also seen after its suffix.
                        let known = self.place(state as u32, token)?;
                        let appended = below.appended[known - below.first - suffix - 1];
                        let longer = |row| levels.longer(length, row, level.token(place));
                        (self.entries[known], appended.and_then(longer))
                    }
                };
                let above = |row| first_above + row + levels.level(length + 1).start(row);
                let own = (count as f64 - discounts[bucket(count)]) / sums.total;
                self.entries.push(Entry {
                    value: known.value * mass + own,
                    state: longer.map_or(known.state, |row| above(row) as u32),
                    token,
                });
                appended.push(longer);
            }
        }
        let reached = appended.iter().flatten().count();
        let is_complete = length + 1 == levels.len() || reached == levels.level(length + 1).len();
        is_complete.then_some(Added { first, appended })
    }

    /// p of a token below level 0.
    fn uniform(&self, token: Token) -> Entry {
        Entry {
            value: 1.0 / self.vocab_size as f64,
            state: ROOT,
            token,
        }
    }

    /// The transition of a state with a token, if the token was seen there.
    fn transition(&self, state: u32, token: Token) -> Option<&Entry> {
        Some(&self.entries[self.place(state, token)?])
    }

    /// The place of that transition.
    fn place(&self, state: u32, token: Token) -> Option<usize> {
        let first = state as usize + 1;
        let number = usize::from(self.entries[state as usize].token);
        let transitions = &self.entries[first..first + number];
        let place = transitions.binary_search_by_key(&token, |entry| entry.token);
        Some(first + place.ok()?)
    }

    /// p of a token in a state, and the next state.
    fn p(&self, state: u32, token: Token) -> (f64, u32) {
        if let Some(known) = self.transition(state, token) {
            return (known.value, known.state);
        }
        let head = &self.entries[state as usize];
        let (lower, next) = if state == ROOT {
            (1.0 / self.vocab_size as f64, ROOT)
        } else {
            self.p(head.state, token)
        };
        (lower * head.value, next)
    }
}

impl WordModel for Automaton {
    fn log_probs(&self, word: &[Token], log_probs: &mut Vec<f64>) {
        let mut state = self.start;
        for &token in word.iter().chain(&[END]) {
            assert!(
                usize::from(token) < self.vocab_size,
                "a token that is not in the vocabulary"
            );
            let (p, next) = self.p(state, token);
            log_probs.push(libm::log(p));
            state = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::LanguageModel;
    use crate::counts::KneserNey;
    use crate::data::{CountedWindows, WindowCounter, windows};

    const V: usize = 5;

    /// ln p of a word's tokens and its end mark, one context at a time.
    fn by_contexts(model: &KneserNey, word: &[Token]) -> Vec<f64> {
        windows(word, model.context_length())
            .map(|(context, target)| model.next_log_probs(&context)[usize::from(target)])
            .collect()
    }

    proptest! {
        /// Words with seen and unseen tokens, and with end marks inside, for contexts of all lengths.
        #[test]
        fn words_have_the_models_bits(
            names in prop::collection::vec(prop::collection::vec(1u16..4, 0..8), 1..40),
            words in prop::collection::vec(prop::collection::vec(0u16..5, 0..12), 1..40),
            context_length in 0usize..7,
        ) {
            let counted = names.iter().map(|name| (name.as_slice(), 1));
            let table = CountedWindows::from_names(counted, V, context_length).unwrap();
            let model = KneserNey::closed_form(&table).unwrap();
            let automaton = model.word_model().expect("a table of names");
            let mut log_probs = Vec::new();
            for word in &words {
                automaton.log_probs(word, &mut log_probs);
            }
            let expected: Vec<f64> = words.iter().flat_map(|word| by_contexts(&model, word)).collect();
            prop_assert_eq!(log_probs, expected);
        }

        /// Windows that no names can have give no automaton, or a correct one.
        #[test]
        fn arbitrary_windows_are_represented_or_refused(
            windows in prop::collection::vec(prop::collection::vec(0u16..4, 4..5), 0..20),
            words in prop::collection::vec(prop::collection::vec(0u16..5, 0..8), 1..20),
        ) {
            let mut counter = WindowCounter::new(V, 3).unwrap();
            windows.iter().for_each(|window| counter.add_window(window, 1));
            let model = KneserNey::closed_form(counter.finish()).unwrap();
            let Some(automaton) = model.word_model() else {
                return Ok(());
            };
            for word in &words {
                let mut log_probs = Vec::new();
                automaton.log_probs(word, &mut log_probs);
                prop_assert_eq!(log_probs, by_contexts(&model, word));
            }
        }
    }
}
