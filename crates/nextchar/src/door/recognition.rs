//! What a text is recognised as, apart from its score: a name of the list, a placeholder, an address, a number.

use std::fmt;
use std::sync::OnceLock;

use nextchar_core::score::Verdict as Judged;
use rustc_hash::FxHashSet;
use serde::{Serialize, Serializer};

use super::known::Known;
use super::model::Model;

/// Why a verdict is what it is. The words are documented in `docs/verdict.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Nothing but blanks: not plausible.
    Empty,
    /// It scores below the share of real names that may be rejected, or is too long for a name: not plausible.
    Improbable,
    /// It has characters that the model does not know: not plausible.
    Characters,
    /// Two or more names in one cell: not plausible.
    Joined,
    /// What is written where there is no name, such as `unknown`: not plausible.
    Placeholder,
    /// An e-mail address: not plausible.
    Email,
    /// A number or a date: not plausible.
    Number,
    /// A name of the model's list: plausible.
    Known,
}

impl Reason {
    /// All reasons, in the order of the documentation.
    pub const ALL: [Reason; 8] = [
        Reason::Empty,
        Reason::Improbable,
        Reason::Characters,
        Reason::Joined,
        Reason::Placeholder,
        Reason::Email,
        Reason::Number,
        Reason::Known,
    ];

    /// Why a score alone rejects a word if this share of real names may be rejected; `None` if it does not.
    pub fn by_score(judged: &Judged, false_rejection: f64) -> Option<Self> {
        match judged.is_plausible(false_rejection) {
            true => None,
            false if judged.is_joined => Some(Reason::Joined),
            false => Some(Reason::Improbable),
        }
    }

    /// Its word in outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Empty => "empty",
            Reason::Improbable => "improbable",
            Reason::Characters => "characters",
            Reason::Joined => "joined",
            Reason::Placeholder => "placeholder",
            Reason::Email => "email",
            Reason::Number => "number",
            Reason::Known => "known",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// The texts that stand where there is no name. Only letters and digits are compared, in lower case; digits at the
/// end are ignored: `N/A`, `n.a.` and `NA` are one placeholder, `Test`, `test 2` and `(test)` another. A text of several
/// words is a placeholder if each word is. A text without letters and digits, such as `-`, always is one.
///
/// ```
/// use nextchar::Placeholders;
///
/// let usual = Placeholders::usual();
/// assert!(["N/A", "test 2", "Unknown", "---"].iter().all(|text| usual.contains(text)));
/// assert!(!usual.contains("Nadia"));
/// let own = Placeholders::from_lines("kein Name\n");
/// assert!(own.contains("Kein Name") && !own.contains("test"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholders {
    /// In the form of [`form`].
    forms: FxHashSet<String>,
    /// For every first byte, a bit for each length that a form has: they rule out most words.
    lengths: [u64; 256],
}

impl Placeholders {
    /// The built-in list, as `docs/verdict.md` shows it.
    pub const USUAL: &[&str] = &[
        "aaa",
        "abc",
        "abcd",
        "admin",
        "anon",
        "anonymous",
        "asd",
        "asdf",
        "bar",
        "baz",
        "blank",
        "client",
        "customer",
        "default",
        "deleted",
        "demo",
        "desconocido",
        "dummy",
        "employee",
        "empty",
        "error",
        "example",
        "fake",
        "first name",
        "foo",
        "foobar",
        "full name",
        "guest",
        "inconnu",
        "invalid",
        "ipsum",
        "jane doe",
        "john doe",
        "last name",
        "lorem",
        "lorem ipsum",
        "missing",
        "my name",
        "n/a",
        "name",
        "nan",
        "nil",
        "nn",
        "no data",
        "no name",
        "nobody",
        "none",
        "not applicable",
        "not available",
        "not given",
        "not known",
        "not provided",
        "not specified",
        "null",
        "person",
        "placeholder",
        "qwer",
        "qwert",
        "qwerty",
        "qwertz",
        "redacted",
        "removed",
        "sample",
        "somebody",
        "someone",
        "string",
        "student",
        "surname",
        "tba",
        "tbc",
        "tbd",
        "temp",
        "test",
        "tester",
        "testing",
        "text",
        "tmp",
        "to do",
        "unbekannt",
        "undefined",
        "unknown",
        "unnamed",
        "unspecified",
        "user",
        "username",
        "void",
        "x",
        "xx",
        "xxx",
        "xxxx",
        "xxxxx",
        "xxxxxx",
        "xyz",
        "your name",
        "yyy",
        "zzz",
    ];

    /// Those of the built-in list.
    pub fn usual() -> &'static Self {
        static USUAL: OnceLock<Placeholders> = OnceLock::new();
        USUAL.get_or_init(|| Self::from_texts(Self::USUAL.iter().copied()))
    }

    /// Those of a list with one placeholder per line.
    pub fn from_lines(text: &str) -> Self {
        Self::from_texts(text.lines())
    }

    fn from_texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let forms: FxHashSet<String> = texts
            .into_iter()
            .map(form)
            .filter(|text| !text.is_empty())
            .collect();
        let mut lengths = [0; 256];
        for form in &forms {
            lengths[usize::from(form.as_bytes()[0])] |= length_bit(form);
        }
        Placeholders { forms, lengths }
    }

    /// Whether a text is a placeholder. A text of blanks alone is none.
    pub fn contains(&self, text: &str) -> bool {
        if text.bytes().all(|byte| byte.is_ascii_lowercase()) {
            // As almost every word of a list is.
            let first = text.bytes().next().unwrap_or(0);
            let may_be = self.lengths[usize::from(first)] & length_bit(text) != 0;
            return may_be && self.forms.contains(text);
        }
        let has = |text: &str| {
            let form = form(text);
            let without_digits = form.trim_end_matches(char::is_numeric);
            self.forms.contains(&form) || self.forms.contains(without_digits)
        };
        let is_separator = |c: char| !c.is_alphanumeric();
        let mut words = text.split(is_separator).filter(|word| !word.is_empty());
        match words.clone().next() {
            None => !text.trim().is_empty(),
            // Numbers between the words decide nothing.
            Some(_) => {
                has(text)
                    || words.clone().any(&has)
                        && words.all(|word| has(word) || word.chars().all(char::is_numeric))
            }
        }
    }
}

/// The bit of a text's length; the last one is that of all longer texts.
fn length_bit(text: &str) -> u64 {
    1 << text.len().min(63)
}

/// The letters and digits of a text, in lower case.
fn form(text: &str) -> String {
    let characters = text.chars().filter(|c| c.is_alphanumeric());
    characters.flat_map(char::to_lowercase).collect()
}

/// Whether a text looks like an e-mail address.
fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else {
        return false;
    };
    let is_part =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c == '@');
    is_part(name)
        && is_part(host)
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
}

/// Whether a text is a number, a date or a telephone number: digits, and signs between them.
fn is_number(text: &str) -> bool {
    text.contains(char::is_numeric) && !text.contains(char::is_alphabetic)
}

/// Recognises what a text is before or in spite of its score.
#[derive(Clone, Debug)]
pub struct Recognition<'m> {
    /// The names of the model's list; `None` if they are unknown, or judged like other words.
    names: Option<Known<'m>>,
    placeholders: &'m Placeholders,
}

impl<'m> Recognition<'m> {
    /// Names of the model's list are known, and these texts are placeholders.
    pub fn new(model: &'m Model, placeholders: &'m Placeholders) -> Self {
        Recognition {
            names: model.names().map(Known::new),
            placeholders,
        }
    }

    /// The same, but the names of the list are judged like other words.
    pub fn judging_known(self) -> Self {
        Recognition {
            names: None,
            ..self
        }
    }

    /// The same, prepared for thousands of words.
    pub fn for_many(self) -> Self {
        Recognition {
            names: self.names.map(Known::indexed),
            ..self
        }
    }

    /// [`Reason::Known`] or [`Reason::Placeholder`] for a word that the model can spell, normalised like its names. A
    /// name of the list is no placeholder.
    pub fn of_word(&self, word: &str) -> Option<Reason> {
        if self
            .names
            .as_ref()
            .is_some_and(|names| names.contains(word))
        {
            return Some(Reason::Known);
        }
        self.placeholders
            .contains(word)
            .then_some(Reason::Placeholder)
    }

    /// Whether a word is a placeholder, which is quicker than [`Recognition::of_word`].
    pub fn is_placeholder(&self, word: &str) -> bool {
        self.placeholders.contains(word)
    }

    /// What a text is that the model cannot spell.
    pub fn of_other(&self, text: &str) -> Reason {
        let text = text.trim();
        match text {
            "" => Reason::Empty,
            _ if is_email(text) => Reason::Email,
            _ if self.placeholders.contains(text) => Reason::Placeholder,
            _ if is_number(text) => Reason::Number,
            _ => Reason::Characters,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_recognised_in_any_form() {
        let usual = Placeholders::usual();
        for text in [
            "test",
            "Test",
            "TEST 1",
            "test123",
            "(unknown)",
            "N/A",
            "n.a.",
            "NA",
            "<none>",
            "-",
            "--",
            "???",
            "...",
            "no name",
            "No-Name",
            "test test",
            "Test User",
            "TEST_USER_12",
            "john doe",
            "xXx",
            "user #3",
        ] {
            assert!(usual.contains(text), "{text}");
        }
        for text in [
            "",
            "  ",
            "nadia",
            "Anna",
            "Testa",
            "Xavier",
            "John",
            "no",
            "12",
            "0",
            "Anna Test",
            "jane austen",
        ] {
            assert!(!usual.contains(text), "{text}");
        }
        assert!(
            !Placeholders::from_lines("").contains("test")
                && Placeholders::from_lines("").contains("-")
        );
    }

    #[test]
    fn texts_that_are_no_words_are_told_apart() {
        let recognition = Recognition {
            names: None,
            placeholders: Placeholders::usual(),
        };
        for (text, reason) in [
            (" \u{3000} ", Reason::Empty),
            ("anna@example.com", Reason::Email),
            ("test@test.de", Reason::Email),
            ("anna@home", Reason::Characters),
            ("@anna.de", Reason::Characters),
            ("a@b.", Reason::Characters),
            ("12", Reason::Number),
            ("-3.5", Reason::Number),
            ("2024-01-31", Reason::Number),
            ("+49 (0)30 123456", Reason::Number),
            ("٣٤", Reason::Number),
            ("user1", Reason::Placeholder),
            ("r2d2", Reason::Characters),
            ("Renée", Reason::Characters),
        ] {
            assert_eq!(recognition.of_other(text), reason, "{text}");
        }
    }
}
