//! Compiled conditions.

use crate::sample::conditions::automaton::{Automaton, DEAD};
use crate::text::{END, Token};

/// Compiled conditions: automata that run side by side, and the allowed lengths.
#[derive(Clone, Debug)]
pub struct Constraint {
    automata: Vec<Automaton>,
    min_length: usize,
    max_length: usize,
}

impl Constraint {
    /// A constraint on lengths alone.
    pub(super) fn of_lengths(min_length: usize, max_length: usize) -> Self {
        Constraint {
            automata: Vec::new(),
            min_length,
            max_length,
        }
    }

    /// Adds an automaton, which must accept the name too.
    pub(super) fn push(&mut self, automaton: Automaton) {
        self.automata.push(automaton);
    }

    /// The state of an empty name: one state for each automaton.
    pub(super) fn start(&self) -> Vec<u32> {
        vec![0; self.automata.len()]
    }

    /// The state after a token; `None` if an automaton accepts no name with this prefix.
    pub(super) fn step(&self, states: &[u32], token: Token) -> Option<Vec<u32>> {
        let step = |(automaton, &state): (&Automaton, &u32)| {
            let next = automaton.step(state, token);
            (next != DEAD).then_some(next)
        };
        self.automata.iter().zip(states).map(step).collect()
    }

    /// Whether all automata accept in this state.
    pub(super) fn ends(&self, states: &[u32]) -> bool {
        let mut pairs = self.automata.iter().zip(states);
        pairs.all(|(automaton, &state)| automaton.accepts(state))
    }

    /// Whether a name satisfies the conditions.
    pub fn allows(&self, name: &[Token]) -> bool {
        let mut states = self.start();
        for &token in name {
            match self.step(&states, token) {
                Some(next) if token != END => states = next,
                _ => return false,
            }
        }
        (self.min_length..=self.max_length).contains(&name.len()) && self.ends(&states)
    }

    /// The minimum length, in characters.
    pub(super) fn min_length(&self) -> usize {
        self.min_length
    }

    /// The maximum length, in characters.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// Whether lengths are the only conditions.
    pub(super) fn is_only_lengths(&self) -> bool {
        self.automata.is_empty()
    }

    /// Some of the automata alone.
    pub(super) fn only(&self, automata: &[usize]) -> Constraint {
        let automata = automata.iter().map(|&one| self.automata[one].clone());
        Constraint {
            automata: automata.collect(),
            ..*self
        }
    }
}
