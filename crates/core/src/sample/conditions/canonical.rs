//! One sequence of tokens for each text, where tokens are graphemes.

use crate::data::trie::Trie;
use crate::error::Error;
use crate::sample::conditions::automaton::{Automaton, STATE_LIMIT, explore};
use crate::text::{Seen, Token, Vocab};

/// The grapheme that a sequence ends with.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Last {
    /// It is one token, or there is none: no character may join it.
    Whole,
    /// It is spelled in characters, up to this node of the trie of all graphemes that are tokens.
    Spelled(u32),
}

/// Accepts the sequences that texts are encoded as; `None` if every sequence is one.
///
/// A model of graphemes could write a grapheme as a token or in its characters. A text is always encoded with the token:
/// that sequence is scored, so no other may be drawn.
///
/// # Errors
/// [`Error::TooManyStates`].
pub(super) fn canonical(vocab: &Vocab) -> Result<Option<Automaton>, Error> {
    let mut whole = Trie::default();
    for (_, characters) in vocab.compounds() {
        whole.insert(&characters);
    }
    let Some(segments) = vocab.segments().filter(|_| whole.len() > 0) else {
        return Ok(None);
    };
    let is_leaf = |node: u32| whole.contains(node) && whole.children(node).next().is_none();
    // What follows is the same after every leaf, so one state is enough for all of them.
    let leaf = (0..whole.len() as u32).find(|&node| is_leaf(node));
    let spelled = |node: u32| match leaf {
        Some(leaf) if is_leaf(node) => Last::Spelled(leaf),
        _ => Last::Spelled(node),
    };
    let may_end = |last: Last| match last {
        Last::Whole => true,
        Last::Spelled(node) => !whole.contains(node),
    };
    let step = |state: Option<(Seen, Last)>, token: Token| {
        let (seen, last) = state?;
        let (&first, others) = segments.of(token).split_first()?;
        let (mut seen, begins) = seen.step(first);
        if others.is_empty() {
            let before = match last {
                _ if begins => whole.start(),
                Last::Spelled(node) => node,
                Last::Whole => return None,
            };
            let last = (!begins || may_end(last)).then(|| spelled(whole.step(before, token)));
            return Some((seen, last?));
        }
        let mut is_grapheme = begins && may_end(last);
        for &class in others {
            let (next, begins) = seen.step(class);
            (seen, is_grapheme) = (next, is_grapheme && !begins);
        }
        is_grapheme.then_some((seen, Last::Whole))
    };
    let start = Some((Seen::Nothing, Last::Whole));
    let accepts = |state: Option<(Seen, Last)>| state.is_some_and(|(_, last)| may_end(last));
    let automaton = explore(start, vocab.len(), step, accepts, |state| state.is_none());
    match automaton {
        Some(automaton) => Ok(Some(automaton)),
        None => Err(Error::TooManyStates { limit: STATE_LIMIT }),
    }
}
