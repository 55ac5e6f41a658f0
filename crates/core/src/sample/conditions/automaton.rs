//! Conditions on a name as finite automata over its tokens.
//!
//! Every condition on the letters is a regular language: a prefix is `ab.*`, a substring `.*ab.*`.
//! Patterns are compiled by `regex-automata` and walked by characters instead of bytes; a condition
//! that excludes accepts where the pattern does not.

use std::collections::VecDeque;

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::{primitives::StateID, syntax};
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Hir, Look};
use rustc_hash::FxHashMap;

use crate::error::Error;
use crate::text::{END, Token, Vocab};

/// A pattern with its repetitions written out may not need more memory than this, in bytes.
const EXPANDED_LIMIT: usize = 2 << 20;
/// A pattern may not need more memory than this, in bytes, while it is compiled.
const COMPILE_LIMIT: usize = 8 << 20;
/// Nor have more states than this, over the vocabulary.
const STATE_LIMIT: usize = 50_000;

const TOO_LARGE: &str = "it needs too many states: fewer or smaller repetitions are possible";
const WORD_BOUNDARY: &str = "\\b knows the letters a to z only, as (?-u:\\b); a pattern is about the whole name, which needs none";

/// A deterministic automaton over tokens; state 0 is the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Automaton {
    /// \[states, V\]; [`DEAD`] where no name can go on. Column [`END`] is not used.
    next: Vec<u32>,
    accepting: Vec<bool>,
    vocab_size: usize,
}

/// The state from which nothing is accepted.
pub const DEAD: u32 = u32::MAX;

impl Automaton {
    /// The names that match one of some regular expressions as a whole, or if not `wanted`, none.
    ///
    /// # Errors
    /// [`Error::BadPattern`] where an expression cannot be read or is too large.
    pub fn matching(patterns: &[String], wanted: bool, vocab: &Vocab) -> Result<Self, Error> {
        let bad = |what: String| Error::BadPattern {
            pattern: patterns.join(" | "),
            what,
        };
        let mut whole = Vec::with_capacity(patterns.len());
        for pattern in patterns {
            let letters =
                syntax::parse_with(pattern, &syntax::Config::new().dot_matches_new_line(true));
            let letters = letters.map_err(|error| bad(reason(&error)))?;
            whole.push(Hir::concat(vec![letters, Hir::look(Look::End)]));
        }
        let nfa = thompson::Compiler::new()
            .configure(
                thompson::Config::new()
                    .which_captures(thompson::WhichCaptures::None)
                    .nfa_size_limit(Some(EXPANDED_LIMIT)),
            )
            .build_many_from_hir(&whole)
            .map_err(|error| match error.size_limit() {
                Some(_) => bad(TOO_LARGE.into()),
                None => bad(reason(&error)),
            })?;
        if nfa.look_set_any().contains_word_unicode() {
            return Err(bad(WORD_BOUNDARY.into()));
        }
        let dfa = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    .dfa_size_limit(Some(COMPILE_LIMIT))
                    .determinize_size_limit(Some(COMPILE_LIMIT)),
            )
            .build_from_nfa(&nfa)
            .map_err(|error| match error.is_size_limit_exceeded() {
                true => bad(TOO_LARGE.into()),
                false => bad(reason(&error)),
            })?;
        let start = dfa
            .start_state_forward(&Input::new("").anchored(Anchored::Yes))
            .map_err(|error| bad(error.to_string()))?;
        let spelt: Vec<&str> = vocab.pieces().collect();
        let step = |state: StateID, token: Token| {
            let bytes = spelt[usize::from(token) - 1].bytes();
            bytes.fold(state, |state, byte| dfa.next_state(state, byte))
        };
        let accepts = |state| dfa.is_match_state(dfa.next_eoi_state(state)) == wanted;
        let dead = |state| wanted && dfa.is_dead_state(state);
        explore(start, vocab.len(), step, accepts, dead).ok_or_else(|| bad(TOO_LARGE.into()))
    }

    /// The state after a token; [`DEAD`] stays dead.
    pub fn step(&self, state: u32, token: Token) -> u32 {
        match state {
            DEAD => DEAD,
            _ => self.next[state as usize * self.vocab_size + usize::from(token)],
        }
    }

    /// Whether a name may end here.
    pub fn accepts(&self, state: u32) -> bool {
        state != DEAD && self.accepting[state as usize]
    }
}

/// The first line that says something, without the drawing of where.
fn reason(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = error.to_string();
        source = error.source();
    }
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    last.unwrap_or("it cannot be read")
        .trim_start_matches("error: ")
        .to_owned()
}

/// Numbers the states that names can reach; `None` where there are too many.
fn explore(
    start: StateID,
    vocab_size: usize,
    step: impl Fn(StateID, Token) -> StateID,
    accepts: impl Fn(StateID) -> bool,
    dead: impl Fn(StateID) -> bool,
) -> Option<Automaton> {
    let mut numbers = FxHashMap::from_iter([(start, 0u32)]);
    let mut open = VecDeque::from([start]);
    let mut automaton = Automaton {
        next: Vec::new(),
        accepting: Vec::new(),
        vocab_size,
    };
    while let Some(state) = open.pop_front() {
        automaton.accepting.push(accepts(state));
        automaton.next.push(DEAD); // END leads nowhere
        for token in END + 1..vocab_size as Token {
            let next = step(state, token);
            if dead(next) {
                automaton.next.push(DEAD);
                continue;
            }
            let fresh = numbers.len() as u32;
            let number = *numbers.entry(next).or_insert_with(|| {
                open.push_back(next);
                fresh
            });
            automaton.next.push(number);
        }
        if numbers.len() > STATE_LIMIT {
            return None;
        }
    }
    Some(automaton)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Many conditions at once multiply their states, so each must have few.
    #[test]
    fn a_text_needs_a_state_for_each_letter_and_one() {
        for (pattern, wanted, states) in [
            (".*a.*", true, 2),
            (".*a.*", false, 2),
            (".*abc", true, 4),
            ("abc.*", true, 4),
        ] {
            let found = Automaton::matching(&[pattern.into()], wanted, &Vocab::az()).unwrap();
            assert_eq!(found.accepting.len(), states, "{pattern}");
        }
    }
}
