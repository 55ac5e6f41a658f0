//! Kneser–Ney as an automaton over histories: ln p of whole words, in a step or a few for each token.
//!
//! A state is a history that was seen; a word is in that of the longest history that it ends with so
//! far. A token that was seen there has its probability stored. Any other is looked for after the shorter
//! histories in turn (failure links: Aho and Corasick 1975), and each history that is left gives its
//! factor. Factors are multiplied from the shortest history up, as a whole row's are: the bits are the same.

use crate::counts::discount::Discounts;
use crate::counts::levels::{Level, bucket};
use crate::data::CountedRow;
use crate::language_model::WordModel;
use crate::text::{END, Token};

/// The state of the empty history.
const ROOT: u32 = 0;

/// All histories of a model, the shortest first, each with the tokens that were seen after it.
#[derive(Clone, Debug)]
pub(crate) struct Automaton {
    /// A state is the place of its head; its steps stand behind it, tokens ascending, so that both are
    /// mostly in one cache line.
    entries: Vec<Entry>,
    /// The state of a word that has not begun.
    start: u32,
    vocab_size: usize,
}

/// The head of a state, or one of its steps.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Of a head, what the history gives to the shorter one's probability; of a step, p of the token.
    value: f64,
    /// Of a head, the state of the history without its first token; of a step, the state after the token.
    state: u32,
    /// Of a head, the number of steps; of a step, the token.
    token: Token,
}

impl Automaton {
    /// The model of these counts and discounts. None where there is nothing to stand on: a table without
    /// windows, or one of windows that no names have, so that no step leads to a history.
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
        automaton.start = automaton.step(ROOT, END)?.state;
        Some(automaton)
    }

    /// Adds a level, the states of whose shorter histories are known, and tells those of the level above.
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
        // Histories ascend, and so they do with one token more: both levels are gone through once.
        let longer = above.map(|level| level.counts.rows());
        let mut longer = longer.into_iter().flatten().peekable();
        let mut place_above = (self.entries.len() + counts.len() + counts.pairs()) as u32;
        let mut shorter_above = Vec::new();
        for (place, (row, &shorter)) in counts.rows().zip(shorter).enumerate() {
            let given = level.given(place, discounts);
            self.entries.push(Entry {
                value: given,
                state: shorter,
                token: Token::try_from(row.targets.len()).ok()?,
            });
            for (&token, &count) in row.targets.iter().zip(row.counts) {
                let below = match is_lowest {
                    true => Entry {
                        value: 1.0 / self.vocab_size as f64,
                        state: ROOT,
                        token,
                    },
                    // What was seen after a history was seen after the shorter one, too.
                    false => *self.step(shorter, token)?,
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
                    value: below.value * given + own,
                    state,
                    token,
                });
            }
        }
        Some(shorter_above)
    }

    /// The step of a token that was seen in a state.
    fn step(&self, state: u32, token: Token) -> Option<&Entry> {
        let first = state as usize + 1;
        let number = usize::from(self.entries[state as usize].token);
        let steps = &self.entries[first..first + number];
        let place = steps.binary_search_by_key(&token, |step| step.token).ok()?;
        Some(&steps[place])
    }

    /// p of a token in a state, and the state after it.
    fn p(&self, state: u32, token: Token) -> (f64, u32) {
        if let Some(step) = self.step(state, token) {
            return (step.value, step.state);
        }
        let head = &self.entries[state as usize];
        let (lower, next) = match state {
            ROOT => (1.0 / self.vocab_size as f64, ROOT),
            _ => self.p(head.state, token),
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

    /// ln p of a word's tokens and its end, a context at a time.
    fn by_contexts(model: &KneserNey, word: &[Token]) -> Vec<f64> {
        windows(word, model.context_length())
            .map(|(context, target)| model.next_log_probs(&context)[usize::from(target)])
            .collect()
    }

    proptest! {
        /// Words of known and unknown letters, and with end marks within, however long the context.
        #[test]
        fn words_have_the_models_own_bits(
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

        /// Windows that no names have give no automaton, or one that tells the truth.
        #[test]
        fn any_windows_are_understood_or_refused(
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
