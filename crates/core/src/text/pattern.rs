//! Texts and sets of characters as regular expressions.

use super::segments::Seen;
use super::vocab::Vocab;
use crate::error::Error;

/// Stands between the graphemes of a name while conditions are checked; no name contains it.
pub(crate) const BORDER: char = '\u{1f}';

/// A text that names are searched for, as a pattern.
///
/// In an alphabet [with segments](Vocab::segments), names are read with a [`BORDER`] after each grapheme, and the pattern
/// matches whole graphemes: क is not part of क्षा.
pub(crate) struct Literal {
    /// The text.
    pub(crate) text: String,
    /// What may precede it within a name.
    pub(crate) before: &'static str,
}

/// A pattern that matches a text literally, after normalising it like names.
pub(crate) fn escape(text: &str, vocab: &Vocab) -> Literal {
    let text = vocab.normalizer().normalize(text);
    if vocab.segments().is_none() {
        return Literal {
            text: text.chars().map(escaped).collect(),
            before: ".*",
        };
    }
    let (mut pattern, mut seen) = (String::new(), Seen::default());
    let (mut is_open, mut joins_left) = (false, false);
    for c in text.chars() {
        let class = vocab.class(c);
        let (next, begins) = seen.step(class);
        if begins && seen == Seen::Nothing {
            // A vowel sign alone is sought in all graphemes that have it.
            joins_left = class.joins_left();
        } else if begins {
            pattern.push(BORDER);
        }
        pattern.push_str(&escaped(c));
        // After a virama, a conjunct of any kind may follow.
        is_open = next == Seen::Linked;
        seen = next;
    }
    if !is_open && !text.is_empty() {
        pattern.push(BORDER);
    }
    Literal {
        text: pattern,
        before: if joins_left { ".*" } else { "(?:.*\u{1f})?" },
    }
}

fn escaped(c: char) -> String {
    format!("\\x{{{:x}}}", u32::from(c))
}

/// `a-mz` as a pattern.
pub(crate) fn letter_class(letters: &str, vocab: &Vocab) -> Result<String, Error> {
    let letters = vocab.normalizer().normalize(letters).into_owned();
    let bad = || Error::BadPattern {
        pattern: letters.clone(),
        what: "it must consist of characters and ranges, such as a-mz".into(),
    };
    let pieces = graphemes(&letters, vocab);
    let (mut class, mut longer) = (String::new(), String::new());
    let mut rest = pieces.as_slice();
    while let Some((first, after)) = rest.split_first() {
        let last = match after {
            [dash, last, ..] if dash == "-" => last,
            _ => first,
        };
        rest = if after.first().is_some_and(|dash| dash == "-") && after.len() > 1 {
            &after[2..]
        } else {
            after
        };
        let single = |piece: &str| {
            let mut characters = piece.chars();
            characters.next().filter(|_| characters.next().is_none())
        };
        match (single(first), single(last)) {
            (Some(first), Some(last)) if first <= last && first != '-' => {
                class.push_str(&format!("{}-{}", escaped(first), escaped(last)));
            }
            (None, None) if first == last => {
                longer.extend(first.chars().map(escaped));
                longer.push('|');
            }
            _ => return Err(bad()),
        }
    }
    if pieces.is_empty() {
        return Err(bad());
    }
    let class = match class.is_empty() {
        true => String::new(),
        false => format!("[{class}]"),
    };
    Ok(match vocab.segments().is_some() {
        true => format!(
            "(?:(?:{}){BORDER})*",
            format!("{longer}{class}").trim_end_matches('|')
        ),
        false => format!("{class}*"),
    })
}

/// The graphemes of a text; its characters in an alphabet without segments.
fn graphemes(text: &str, vocab: &Vocab) -> Vec<String> {
    let (mut pieces, mut seen) = (Vec::new(), Seen::default());
    for c in text.chars() {
        let (next, begins) = seen.step(vocab.class(c));
        seen = next;
        match pieces.last_mut() {
            Some(piece) if !begins => String::push(piece, c),
            _ => pieces.push(c.to_string()),
        }
    }
    pieces
}
