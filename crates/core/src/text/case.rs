//! Upper case that follows a rule: names are learnt without it, and written with it.

use serde::{Deserialize, Serialize};

/// How the names of a list use upper-case letters.
///
/// All but [`Case::Keep`] are rules: names are learnt in lower case, and the rule restores how they are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// They are written in lower case.
    #[default]
    Lower,
    /// They follow no rule: upper- and lower-case letters are different characters.
    Keep,
    /// They are written in upper case.
    Upper,
    /// Every word begins with an upper-case letter.
    Title(Words),
}

/// Where a new word begins in [`Case::Title`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Words {
    /// After a blank: Rio Grande, Xi'an, Bordj-el-kiffan.
    Blanks,
    /// After a blank or a hyphen: Anne-Marie, Xi'an.
    Hyphens,
    /// After everything that is neither a letter, a digit nor an accent: O'Brien, St.John.
    Punctuation,
}

impl Case {
    /// Every rule, the simplest first.
    pub const RULES: [Case; 5] = [
        Case::Lower,
        Case::Title(Words::Blanks),
        Case::Title(Words::Hyphens),
        Case::Title(Words::Punctuation),
        Case::Upper,
    ];

    /// The form in which a text is learnt. In Turkish, I and İ are the upper-case forms of ı and i.
    pub(super) fn fold(self, text: &str, turkish: bool) -> String {
        if self == Case::Keep {
            return text.to_owned();
        }
        if turkish {
            return text.replace('I', "ı").replace('İ', "i").to_lowercase();
        }
        text.to_lowercase()
    }

    /// How a text that was [folded](Case::fold) is written.
    pub(super) fn restore(self, text: &str, turkish: bool) -> String {
        let words = match self {
            Case::Lower | Case::Keep => return text.to_owned(),
            Case::Upper => return text.chars().map(|c| upper(c, turkish)).collect(),
            Case::Title(words) => words,
        };
        let mut begins = true;
        let write = |c: char| {
            let written = if begins { upper(c, turkish) } else { c };
            begins = words.begin_after(c) || begins && !c.is_alphanumeric();
            written
        };
        text.chars().map(write).collect()
    }
}

impl Words {
    fn begin_after(self, c: char) -> bool {
        match self {
            Words::Blanks => c.is_whitespace(),
            Words::Hyphens => c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}'),
            Words::Punctuation => {
                !c.is_alphanumeric()
                    && !matches!(c, '\u{300}'..='\u{36f}' | '\u{200c}' | '\u{200d}')
            }
        }
    }
}

/// The upper-case letter, if it is one character: ß has none, and remains.
fn upper(c: char, turkish: bool) -> char {
    if turkish && c == 'i' {
        return 'İ';
    }
    let mut letters = c.to_uppercase();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => letter,
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(case: Case, turkish: bool, text: &str) -> String {
        case.restore(&case.fold(text, turkish), turkish)
    }

    #[test]
    fn a_rule_restores_what_follows_it() {
        let title = Case::Title;
        for (case, text) in [
            (Case::Lower, "meera"),
            (Case::Keep, "McDonald"),
            (Case::Upper, "O'NEIL STRAßE"),
            (title(Words::Blanks), "Xi'an"),
            (title(Words::Blanks), "Rio Grande"),
            (title(Words::Blanks), "4th Street"),
            (title(Words::Hyphens), "Anne-Marie"),
            (title(Words::Punctuation), "O'Brien"),
            (title(Words::Punctuation), "Ærø"),
            (title(Words::Punctuation), "Ḿary"),
        ] {
            assert_eq!(written(case, false, text), text, "{case:?}");
        }
        assert_eq!(written(title(Words::Blanks), false, "McDonald"), "Mcdonald");
        assert_eq!(
            written(title(Words::Blanks), false, "'s-Hertogen"),
            "'S-hertogen"
        );
    }

    #[test]
    fn turkish_has_two_letters_i() {
        let title = Case::Title(Words::Blanks);
        for (case, text, folded) in [
            (title, "İstanbul", "istanbul"),
            (title, "Iğdır", "ığdır"),
            (Case::Upper, "DİYARBAKIR", "diyarbakır"),
        ] {
            assert_eq!(case.fold(text, true), folded);
            assert_eq!(written(case, true, text), text);
        }
    }
}
