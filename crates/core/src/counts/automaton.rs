//! Kneser–Ney as an automaton over histories: ln p of whole words in one or a few transitions per token.
//!
//! A state is a history that was seen, and a word is always in the state of the longest such history that it
//! currently ends with. The probabilities of the tokens that were seen after a history are stored with its
//! transitions. Any other token is looked up after ever shorter histories (failure links: Aho and Corasick 1975),
//! with the back-off factor of each history that is left. Factors are multiplied from the shortest history up,
//! in the same order as in a whole row, so the results are bit-identical.

use crate::counts::discount::Discounts;
use crate::counts::levels::{Level, bucket};
use crate::data::CountedRow;
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

impl Automaton {
    /// The model of these counts and discounts. `None` for a table without windows, or with windows that no
    /// names can have, so that some history is unreachable.
    pub(crate) fn new(
        levels: &[Level],
        discounts: &[Discounts],
        vocab_size: usize,
    ) -> Option<Self> {
        let histories: usize = levels.iter().map(|level| level.counts.len()).sum();
        let pairs: usize = levels.iter().map(|level| level.counts.pairs()).sum();
        u32::try_from(histories + pairs).ok()?;
        let mut automaton = Automaton {
            entries: Vec::with_capacity(histories + pairs),
            start: ROOT,
            vocab_size,
        };
        let mut shorter = vec![ROOT];
        for (length, level) in levels.iter().enumerate() {
            shorter = automaton.add(level, levels.get(length + 1), &discounts[length], &shorter)?;
        }
        automaton.start = automaton.transition(ROOT, END)?.state;
        Some(automaton)
    }

    /// Adds the histories of one level. `shorter` holds the states of the same histories without their first
    /// tokens; returns those for the level above.
    fn add(
        &mut self,
        level: &Level,
        above: Option<&Level>,
        discounts: &Discounts,
        shorter: &[u32],
    ) -> Option<Vec<u32>> {
        let (counts, is_lowest) = (&level.counts, self.entries.is_empty());
        if shorter.len() != counts.len() {
            return None;
        }
        // Both levels are sorted, so a single pass pairs each history with its extensions.
        let longer = above.map(|level| level.counts.rows());
        let mut longer = longer.into_iter().flatten().peekable();
        let mut place_above = (self.entries.len() + counts.len() + counts.pairs()) as u32;
        let mut shorter_above = Vec::new();
        for (place, (row, &shorter)) in counts.rows().zip(shorter).enumerate() {
            let mass = level.backoff_mass(place, discounts);
            self.entries.push(Entry {
                value: mass,
                state: shorter,
                token: Token::try_from(row.targets.len()).ok()?,
            });
            for (&token, &count) in row.targets.iter().zip(row.counts) {
                let below = if is_lowest {
                    Entry {
                        value: 1.0 / self.vocab_size as f64,
                        state: ROOT,
                        token,
                    }
                } else {
                    // A token that was seen after a history was also seen after the shorter one.
                    *self.transition(shorter, token)?
                };
                let follows = |longer: &CountedRow<'_>| {
                    longer.context.split_last() == Some((&token, row.context))
                };
                let mut state = below.state;
                if let Some(longer) = longer.next_if(follows) {
                    shorter_above.push(below.state);
                    state = place_above;
                    place_above += 1 + longer.targets.len() as u32;
                }
                let own = (count as f64 - discounts[bucket(count)]) / row.total as f64;
                self.entries.push(Entry {
                    value: below.value * mass + own,
                    state,
                    token,
                });
            }
        }
        Some(shorter_above)
    }

    /// The transition of a state with a token, if the token was seen there.
    fn transition(&self, state: u32, token: Token) -> Option<&Entry> {
        let first = state as usize + 1;
        let number = usize::from(self.entries[state as usize].token);
        let transitions = &self.entries[first..first + number];
        let place = transitions.binary_search_by_key(&token, |entry| entry.token);
        Some(&transitions[place.ok()?])
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
