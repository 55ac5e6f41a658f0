//! Characters as a reader sees them: क्षा is one, although it is four code points.
//!
//! Unicode's extended grapheme clusters (Unicode Standard Annex 29) are found by an automaton over classes of
//! characters. The classes of a model's characters are stored in its file, so that no version of a library's tables
//! changes what an existing model does.

use unicode_segmentation::UnicodeSegmentation;

use super::token::Token;

/// What matters about a character when text is cut into graphemes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    Other,
    /// Joins the character before it, also within a conjunct.
    Extend,
    /// Joins the character before it, and ends a conjunct.
    Break,
    /// A virama that joins consonants to a conjunct.
    Linker,
    /// The zero-width joiner.
    Joiner,
    /// A vowel sign with a place of its own.
    Spacing,
    Prepend,
    /// A consonant that can be part of a conjunct.
    Consonant,
    Pictograph,
    Regional,
    /// Letters and syllables of Hangul: leading, vowel, trailing; syllables without and with a trailing consonant.
    L,
    V,
    T,
    Lv,
    Lvt,
}

use Class::*;

/// Every class with its letter in model files.
const LETTERS: [(Class, char); 15] = [
    (Other, 'o'),
    (Extend, 'e'),
    (Break, 'b'),
    (Linker, 'k'),
    (Joiner, 'j'),
    (Spacing, 's'),
    (Prepend, 'p'),
    (Consonant, 'c'),
    (Pictograph, 'x'),
    (Regional, 'r'),
    (L, 'l'),
    (V, 'v'),
    (T, 't'),
    (Lv, 'w'),
    (Lvt, 'y'),
];

impl Class {
    /// The class of a character in this version of Unicode's tables, found by what it joins.
    pub(crate) fn of(c: char) -> Self {
        if c.is_ascii() {
            return Other;
        }
        let joins =
            |before: &str, after: &str| format!("{before}{c}{after}").graphemes(true).count() == 1;
        let (before_v, before_t) = (joins("", "\u{1161}"), joins("", "\u{11a8}"));
        if joins("\u{11a8}", "") && !joins("a", "") {
            T
        } else if joins("a", "") {
            match (joins("क", "क"), joins("क", "\u{94d}क")) {
                (true, _) => Linker,
                (_, true) if c == '\u{200d}' => Joiner,
                (_, true) => Extend,
                _ if joins("😀", "\u{200d}😀") => Break,
                _ => Spacing,
            }
        } else if joins("", "a") {
            Prepend
        } else if joins("", "\u{94d}क") {
            Consonant
        } else if joins("", "\u{200d}😀") {
            Pictograph
        } else if joins("\u{1f1e6}", "") {
            Regional
        } else if joins("", "\u{1100}") {
            L
        } else if joins("\u{1161}", "") {
            V
        } else if before_v && before_t {
            Lv
        } else if before_t {
            Lvt
        } else {
            Other
        }
    }

    pub(super) fn letter(self) -> char {
        let mut letters = LETTERS.into_iter();
        let (_, letter) = letters
            .find(|(class, _)| *class == self)
            .expect("all are there");
        letter
    }

    pub(super) fn of_letter(letter: char) -> Option<Self> {
        let mut letters = LETTERS.into_iter();
        Some(letters.find(|(_, known)| *known == letter)?.0)
    }

    /// Whether it joins whatever is before it.
    pub(crate) fn joins_left(self) -> bool {
        matches!(self, Extend | Break | Linker | Joiner | Spacing)
    }
}

/// What a text has ended with so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Seen {
    /// No text.
    #[default]
    Nothing,
    Plain,
    Prepended,
    /// A consonant, or a conjunct of some.
    Consonants,
    /// The same, and a virama.
    Linked,
    Pictographs,
    /// The same, and a joiner.
    Joined,
    /// An odd number of regional indicators.
    HalfFlag,
    Leading,
    Vowel,
    Trailing,
}

impl Seen {
    /// After another character: what was seen, and whether the character begins a new grapheme.
    pub(crate) fn step(self, class: Class) -> (Self, bool) {
        let begins = match (self, class) {
            (Seen::Nothing, _) => true,
            (_, class) if class.joins_left() => false,
            (Seen::Prepended, _)
            | (Seen::Linked, Consonant)
            | (Seen::Joined, Pictograph)
            | (Seen::HalfFlag, Regional)
            | (Seen::Leading, L | V | Lv | Lvt)
            | (Seen::Vowel, V | T)
            | (Seen::Trailing, T) => false,
            _ => true,
        };
        let seen = match (class, self) {
            (Linker, Seen::Consonants | Seen::Linked) => Seen::Linked,
            (Extend | Joiner, Seen::Consonants | Seen::Linked) => self,
            (Joiner, Seen::Pictographs) => Seen::Joined,
            (Extend | Linker | Break, Seen::Pictographs) => Seen::Pictographs,
            (Extend | Linker | Break | Joiner | Spacing | Other, _) => Seen::Plain,
            (Prepend, _) => Seen::Prepended,
            (Consonant, _) => Seen::Consonants,
            (Pictograph, _) => Seen::Pictographs,
            (Regional, Seen::HalfFlag) => Seen::Plain,
            (Regional, _) => Seen::HalfFlag,
            (L, _) => Seen::Leading,
            (V | Lv, _) => Seen::Vowel,
            (T | Lvt, _) => Seen::Trailing,
        };
        (seen, begins)
    }
}

/// The classes of the characters of every piece of a vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segments(Vec<Box<[Class]>>);

impl Segments {
    /// Those of some pieces, in token order.
    pub(super) fn new<'p>(
        pieces: impl Iterator<Item = &'p str>,
        class: impl Fn(char) -> Class,
    ) -> Self {
        Segments(
            pieces
                .map(|piece| piece.chars().map(&class).collect())
                .collect(),
        )
    }

    /// Those of the characters of a token.
    pub(crate) fn of(&self, token: Token) -> &[Class] {
        &self.0[usize::from(token) - 1]
    }

    /// Whether any grapheme can have more than one character, or any piece has.
    pub(super) fn are_needed(&self) -> bool {
        let is_joined = |class: &Class| {
            let joins = class.joins_left() || *class == Prepend;
            joins || matches!(class, Regional | L | V | T)
        };
        let mut pieces = self.0.iter();
        pieces.any(|classes| classes.len() > 1 || classes.iter().any(is_joined))
    }

    /// A letter for each piece of one character, as in model files.
    pub(super) fn letters(&self) -> String {
        let single = self.0.iter().filter(|classes| classes.len() == 1);
        single.map(|classes| classes[0].letter()).collect()
    }
}

/// Number of characters of a text as a reader sees them.
pub fn graphemes(text: &str) -> usize {
    match text.is_ascii() {
        true => text.len(),
        false => text.graphemes(true).count(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The first byte of every grapheme.
    fn cut(text: &str) -> Vec<usize> {
        let mut seen = Seen::default();
        let places = text.char_indices().filter(|&(_, c)| {
            let (next, begins) = seen.step(Class::of(c));
            seen = next;
            begins
        });
        places.map(|(place, _)| place).collect()
    }

    #[test]
    fn conjuncts_are_one() {
        for (text, expected) in [
            ("क्षा", 1),
            ("हिन्दी", 2),
            ("ঝিল্লি", 2),
            ("zoë", 3),
            ("नमस्ते", 3),
            ("👨\u{200d}👩\u{200d}👧🇮🇳", 2),
            ("각ᄀ", 2),
        ] {
            assert_eq!(cut(text).len(), expected, "{text}");
            assert_eq!(graphemes(text), expected, "{text}");
        }
    }

    #[test]
    fn every_class_has_its_letter() {
        for (class, letter) in LETTERS {
            assert_eq!(
                (class.letter(), Class::of_letter(letter)),
                (letter, Some(class))
            );
        }
        assert_eq!(Class::of_letter('?'), None);
    }

    proptest! {
        /// The automaton cuts where the library cuts.
        #[test]
        fn texts_are_cut_as_unicode_cuts_them(
            text in "[a0é\u{301}\u{93c}\u{94d}\u{9cd}कषजिींঝল\u{ba3}\u{bcd}\u{200c}\u{200d}\u{600}😀👩\u{fe0f}🇮🇳ᄀ가각ᅡᆨ\u{e33}กา]{0,12}"
        ) {
            let expected: Vec<usize> = text.grapheme_indices(true).map(|(place, _)| place).collect();
            prop_assert_eq!(cut(&text), expected);
        }
    }
}
