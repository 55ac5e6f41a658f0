//! The normalisation of every text before it is split into pieces: one value, stored in the model file.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::case::Case;

/// How text is normalised: invisible characters are dropped, every kind of blank becomes one space, then Unicode's
/// composed form (NFC), and then the [`Case`].
///
/// A model stores the normaliser of its list, so that words to score and conditions are normalised like its names.
///
/// ```
/// use nextchar_core::text::{Case, Normalizer, Words};
///
/// assert_eq!(Normalizer::default().normalize("Zeel"), "zeel");
/// let keep = Normalizer { case: Case::Keep, ..Normalizer::default() };
/// assert_eq!(keep.normalize("New\u{a0} York\u{200b}"), "New York");
/// let title = Normalizer { case: Case::Title(Words::Blanks), ..Normalizer::default() };
/// assert_eq!(title.normalize("New York"), "new york");
/// assert_eq!(title.restore("new york"), "New York");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Normalizer {
    /// The treatment of upper-case letters.
    #[serde(default)]
    pub case: Case,
    /// Whether I and İ are the upper-case forms of ı and i.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub turkish: bool,
}

impl Normalizer {
    /// Upper-case letters stay as they are.
    pub const KEEP: Normalizer = Normalizer {
        case: Case::Keep,
        turkish: false,
    };

    /// The normalised text; text that is already normalised ASCII is borrowed. Blanks at the ends remain.
    ///
    /// Without the feature `normalization`, the text must already be in NFC.
    pub fn normalize(self, text: &str) -> Cow<'_, str> {
        let text = tidy(text);
        let folds = self.case != Case::Keep;
        match text.is_ascii() {
            true if !self.turkish => {
                if folds && text.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    return text.to_ascii_lowercase().into();
                }
                text
            }
            _ => match folds {
                true => composed(&self.case.fold(&composed(&text), self.turkish)).into(),
                false => composed(&text).into(),
            },
        }
    }

    /// A normalised name as the list writes it.
    pub fn restore(self, text: &str) -> Cow<'_, str> {
        match self.case {
            Case::Lower | Case::Keep => text.into(),
            Case::Upper | Case::Title(_) => self.case.restore(text, self.turkish).into(),
        }
    }
}

/// A word, cleaned like the names of lower-case lists.
pub fn clean(text: &str) -> Cow<'_, str> {
    Normalizer::default().normalize(text)
}

/// Whether a character is dropped: control characters, and format characters that show nothing (marks of direction,
/// soft hyphens, zero-width blanks). Joiners are kept where they join.
pub(crate) fn is_invisible(c: char) -> bool {
    // Unicode's general category Cf, without the joiners and the signs that enclose digits and so are visible.
    (c.is_control() && !c.is_whitespace())
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}' | '\u{e0020}'..='\u{e007f}')
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// The text without invisible characters, and with one space for each run of blanks.
fn tidy(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| (b'!'..=b'~').contains(&byte);
    let mut before = b'.';
    let is_tidy = text.bytes().all(|byte| {
        let fits = is_plain(byte) || byte == b' ' && before != b' ';
        before = byte;
        fits
    });
    if is_tidy {
        return text.into();
    }
    let mut tidied = String::with_capacity(text.len());
    let mut joiner = None;
    for c in text.chars().filter(|&c| !is_invisible(c)) {
        let follows = tidied.chars().next_back();
        if is_joiner(c) {
            joiner = follows.filter(|&before| before != ' ').map(|_| c);
            continue;
        }
        let joiner = joiner.take();
        if !c.is_whitespace() {
            tidied.extend(joiner);
            tidied.push(c);
        } else if follows != Some(' ') {
            tidied.push(' ');
        }
    }
    tidied.into()
}

#[cfg(feature = "normalization")]
fn composed(text: &str) -> String {
    unicode_normalization::UnicodeNormalization::nfc(text).collect()
}

#[cfg(not(feature = "normalization"))]
fn composed(text: &str) -> String {
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_dropped_and_blanks_are_one_space() {
        for (text, tidied) in [
            ("New  York", "New York"),
            ("New\u{a0}\u{3000}York", "New York"),
            ("a\tb", "a b"),
            ("\u{202e}abc\u{202c}", "abc"),
            ("a\u{ad}b\u{200b}c\u{feff}\0", "abc"),
            ("क्\u{200d}ष", "क्\u{200d}ष"),
            ("\u{200d}a\u{200c} b\u{200d}", "a b"),
            ("plain text", "plain text"),
        ] {
            assert_eq!(Normalizer::KEEP.normalize(text), tidied, "{text:?}");
        }
    }

    #[test]
    fn turkish_ascii_is_folded_in_turkish() {
        let turkish = Normalizer {
            case: Case::Upper,
            turkish: true,
        };
        assert_eq!(turkish.normalize("ISPARTA"), "ısparta");
        assert_eq!(turkish.restore("ısparta"), "ISPARTA");
    }
}
