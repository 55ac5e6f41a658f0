//! Conditions on a name as finite automata over its tokens.
//!
//! Every condition on the characters is a regular language: a prefix is `ab.*`, a substring `.*ab.*`.
//! `regex-automata` compiles patterns to automata over bytes; following all bytes of a token at once turns
//! them into automata over tokens. A condition that excludes a pattern accepts where the pattern does not.

use std::collections::VecDeque;
use std::hash::Hash;
use std::ops::RangeInclusive;

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::{primitives::StateID, syntax};
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Hir, Look};
use rustc_hash::FxHashMap;

use crate::error::Error;
use crate::text::{BORDER, END, Seen, Token, Vocab};

/// Memory limit for a pattern whose repetitions are expanded, in bytes.
const EXPANDED_LIMIT: usize = 2 << 20;
/// Memory limit while a pattern is compiled, in bytes.
const COMPILE_LIMIT: usize = 8 << 20;
/// An automaton over the vocabulary may not have more states than this.
pub(super) const STATE_LIMIT: usize = 50_000;

const TOO_LARGE: &str = "it needs too many states: use fewer or smaller repetitions";
const WORD_BOUNDARY: &str = "only the ASCII word boundary (?-u:\\b) is supported; a pattern always matches the whole name, so it needs no boundary at its ends";

/// A deterministic automaton over tokens; state 0 is the initial one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Automaton {
    /// \[states, V\]; [`DEAD`] where no continuation is accepted. Column [`END`] is not used.
    next: Vec<u32>,
    accepting: Vec<bool>,
    vocab_size: usize,
}

/// The state from which no name is accepted.
pub(crate) const DEAD: u32 = u32::MAX;

impl Automaton {
    /// An automaton with these edges, \[states, V\], and these states in which a name may end.
    pub(super) fn new(next: Vec<u32>, accepting: Vec<bool>) -> Self {
        Automaton {
            vocab_size: next.len() / accepting.len(),
            next,
            accepting,
        }
    }

    /// Accepts the names that match one of some regular expressions as a whole; if not `wanted`, all others. With
    /// `by_grapheme`, names are read with a [`BORDER`] after each grapheme, in an alphabet with segments.
    ///
    /// # Errors
    /// [`Error::BadPattern`] if an expression cannot be parsed or is too large.
    pub(crate) fn matching(
        patterns: &[String],
        wanted: bool,
        by_grapheme: bool,
        vocab: &Vocab,
    ) -> Result<Self, Error> {
        let bad = |what: String| Error::BadPattern {
            pattern: patterns.join(" | "),
            what,
        };
        let mut whole = Vec::with_capacity(patterns.len());
        for pattern in patterns {
            let parsed =
                syntax::parse_with(pattern, &syntax::Config::new().dot_matches_new_line(true));
            let parsed = parsed.map_err(|error| bad(reason(&error)))?;
            whole.push(Hir::concat(vec![parsed, Hir::look(Look::End)]));
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
            .map_err(|error| {
                if error.is_size_limit_exceeded() {
                    bad(TOO_LARGE.into())
                } else {
                    bad(reason(&error))
                }
            })?;
        let start = dfa
            .start_state_forward(&Input::new("").anchored(Anchored::Yes))
            .map_err(|error| bad(error.to_string()))?;
        let read = |state, text: &str| {
            text.bytes()
                .fold(state, |state, byte| dfa.next_state(state, byte))
        };
        // Between graphemes, the automaton also reads their border.
        let segments = vocab.segments().filter(|_| by_grapheme);
        let border = |state| dfa.next_state(state, BORDER as u8);
        let step = |(state, seen): (StateID, Seen), token: Token| {
            let Some(segments) = segments else {
                return (read(state, vocab.symbol(token)), seen);
            };
            let parts = vocab.characters(token).zip(segments.of(token));
            parts.fold((state, seen), |(mut state, seen), (text, &class)| {
                let (next, begins) = seen.step(class);
                if begins && seen != Seen::Nothing {
                    state = border(state);
                }
                (read(state, text), next)
            })
        };
        let accepts = |(state, seen): (StateID, Seen)| {
            let last = match segments {
                Some(_) if seen != Seen::Nothing => border(state),
                _ => state,
            };
            dfa.is_match_state(dfa.next_eoi_state(last)) == wanted
        };
        let dead = |(state, _): (StateID, Seen)| wanted && dfa.is_dead_state(state);
        explore((start, Seen::Nothing), vocab.len(), step, accepts, dead)
            .ok_or_else(|| bad(TOO_LARGE.into()))
    }

    /// Accepts the names with this number of graphemes; `None` if there are too many states.
    pub(super) fn of_graphemes(lengths: RangeInclusive<usize>, vocab: &Vocab) -> Option<Self> {
        let segments = vocab.segments()?;
        let longest = *lengths.end();
        let step = |start: (usize, Seen), token: Token| {
            let classes = segments.of(token).iter();
            classes.fold(start, |(number, seen), &class| {
                let (next, begins) = seen.step(class);
                (number + usize::from(begins), next)
            })
        };
        let accepts = |(number, _)| lengths.contains(&number);
        let dead = |(number, _)| number > longest;
        explore((0, Seen::Nothing), vocab.len(), step, accepts, dead)
    }

    /// The state after a token; [`DEAD`] stays dead.
    pub(crate) fn step(&self, state: u32, token: Token) -> u32 {
        if state == DEAD {
            return DEAD;
        }
        self.next[state as usize * self.vocab_size + usize::from(token)]
    }

    /// Whether a name may end here.
    pub(crate) fn accepts(&self, state: u32) -> bool {
        state != DEAD && self.accepting[state as usize]
    }
}

/// The last line of the innermost error: the message, without the excerpt that marks its place.
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

/// Numbers the states that names can reach, in discovery order; `None` if there are too many.
pub(super) fn explore<S: Copy + Eq + Hash>(
    start: S,
    vocab_size: usize,
    step: impl Fn(S, Token) -> S,
    accepts: impl Fn(S) -> bool,
    dead: impl Fn(S) -> bool,
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

    /// The product of several automata multiplies their numbers of states, so each must be small.
    #[test]
    fn a_text_needs_one_state_more_than_it_has_characters() {
        for (pattern, wanted, states) in [
            (".*a.*", true, 2),
            (".*a.*", false, 2),
            (".*abc", true, 4),
            ("abc.*", true, 4),
        ] {
            let found = Automaton::matching(&[pattern.into()], wanted, true, &Vocab::az()).unwrap();
            assert_eq!(found.accepting.len(), states, "{pattern}");
        }
    }
}
