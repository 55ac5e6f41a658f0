//! The tokenizer of graphemes: what a reader sees as one character is a token, if the list has it twice.

use std::collections::{BTreeMap, BTreeSet};

use unicode_segmentation::UnicodeSegmentation;

use super::segments::{Class, Seen};
use super::tokenizer::Tokenizer;

/// Splits text into graphemes: क्षा is one, although it is four characters.
///
/// Its vocabulary has every character of a list, and every grapheme that at least two names have. All other graphemes
/// are spelled in characters, so that every name in known characters has tokens, and a probability. A
/// [`Vocab`](super::Vocab) cuts text by the classes that are stored with it, so that no later version of Unicode's
/// tables changes what an existing model does; [`Tokenizer::pieces`], which has no vocabulary, is only used while a
/// list is read.
///
/// ```
/// use nextchar_core::text::{Graphemes, Vocab};
///
/// let vocab = Vocab::from_texts(&Graphemes, ["मीरा", "मीना", "नीला"]).unwrap();
/// let pieces = |name: &str| -> Vec<&str> {
///     let tokens = vocab.encode(name).unwrap();
///     tokens.into_iter().map(|token| vocab.symbol(token)).collect()
/// };
/// assert_eq!(pieces("मीना"), ["मी", "न", "ा"], "no other name has ना");
/// assert_eq!(pieces("नीरा"), ["न", "ी", "र", "ा"]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Graphemes;

impl Graphemes {
    /// The least number of names that a grapheme of several characters must have to be a token.
    const LEAST_NAMES: usize = 2;

    /// The pieces of some distinct names, ascending.
    pub(super) fn vocabulary<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<&'t str> {
        let mut classes: BTreeMap<char, Class> = BTreeMap::new();
        let (mut pieces, mut names) = (BTreeSet::new(), BTreeMap::<&str, usize>::new());
        for text in texts {
            let class = |c| *classes.entry(c).or_insert_with(|| Class::of(c));
            let own: BTreeSet<&str> = cut(text, class).collect();
            for grapheme in own {
                for (place, c) in grapheme.char_indices() {
                    pieces.insert(&grapheme[place..place + c.len_utf8()]);
                }
                *names.entry(grapheme).or_default() += 1;
            }
        }
        let often = names.into_iter();
        let often = often.filter(|&(_, number)| number >= Self::LEAST_NAMES);
        pieces.extend(often.map(|(grapheme, _)| grapheme));
        pieces.into_iter().collect()
    }
}

impl Tokenizer for Graphemes {
    fn pieces<'t>(&self, text: &'t str) -> Box<dyn Iterator<Item = &'t str> + 't> {
        Box::new(text.graphemes(true))
    }

    fn join(&self, pieces: &mut dyn Iterator<Item = &str>, out: &mut String) {
        out.extend(pieces);
    }

    fn name(&self) -> &'static str {
        "graphemes"
    }
}

/// The graphemes of a text, by the classes of its characters.
pub(super) fn cut(text: &str, mut class: impl FnMut(char) -> Class) -> impl Iterator<Item = &str> {
    let (mut seen, mut start) = (Seen::default(), 0);
    let mut characters = text.char_indices();
    std::iter::from_fn(move || {
        for (place, c) in characters.by_ref() {
            let (next, begins) = seen.step(class(c));
            seen = next;
            if begins && place > start {
                return Some(&text[std::mem::replace(&mut start, place)..place]);
            }
        }
        let last = &text[std::mem::replace(&mut start, text.len())..];
        (!last.is_empty()).then_some(last)
    })
}
