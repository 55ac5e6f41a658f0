//! Well-formed names: accents, vowel signs, joiners, blanks and punctuation stand only where they stand in the list.

use std::collections::BTreeSet;

use unicode_normalization::char::is_combining_mark;

use crate::data::CountedWindows;
use crate::sample::conditions::automaton::{Automaton, DEAD};
use crate::text::{END, Token, Vocab};

/// What may stand next to what in a list: a condition on names that nearly every name of its model meets.
///
/// Letters and digits may follow each other freely. For every other character, the list decides: two characters may be
/// neighbours if two of their kinds are neighbours in a name of the list, where the ends of a name are a kind, too. So
/// no name ends in a hyphen, begins with a vowel sign or has two blanks in a row unless a name of the list does.
///
/// Accents, blanks and signs of punctuation are each a kind of their own. In the Indic scripts from Devanagari to
/// Malayalam, whose blocks in Unicode have the order of ISCII, the kinds are consonants, independent vowels, vowel
/// signs, nukta, virama, and the signs for nasals and breath.
///
/// ```
/// use nextchar_core::data::{CountedWindows, NameList};
/// use nextchar_core::sample::{Conditions, Spelling};
///
/// let list = NameList::from_names([("anne-marie", 1), ("lou", 1)]);
/// let vocab = list.vocab(Default::default()).unwrap();
/// let bigrams = CountedWindows::from_list(&list, &vocab, 1).unwrap();
/// let spelled = Conditions { spelling: Spelling::of(&bigrams, &vocab), ..Conditions::default() };
/// let constraint = spelled.compile(&vocab).unwrap();
/// let allows = |name: &str| constraint.allows(&vocab.encode(name).unwrap());
/// assert!(allows("lou-anne") && !allows("lou-") && !allows("a--a"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spelling(Automaton);

/// A kind of characters whose neighbours are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// The beginning or the end of a name.
    End,
    /// A letter or a digit.
    Letter,
    Consonant,
    Vowel,
    VowelSign,
    Nukta,
    Virama,
    /// A sign for a nasal or for breath.
    Sign,
    /// One character.
    One(char),
}

impl Kind {
    fn of(c: char) -> Self {
        if ('\u{900}'..'\u{d80}').contains(&c) {
            match u32::from(c) & 0x7f {
                0x00..=0x03 => return Kind::Sign,
                0x05..=0x14 => return Kind::Vowel,
                0x15..=0x39 => return Kind::Consonant,
                0x3c => return Kind::Nukta,
                0x3e..=0x4c => return Kind::VowelSign,
                0x4d => return Kind::Virama,
                _ => {}
            }
        }
        match c.is_alphanumeric() && !is_combining_mark(c) {
            true => Kind::Letter,
            false => Kind::One(c),
        }
    }

    /// Whether it may stand next to everything that is free, too.
    fn is_free(self) -> bool {
        use Kind::{Consonant, End, Letter, Vowel};
        matches!(self, End | Letter | Consonant | Vowel)
    }
}

impl Spelling {
    /// The spelling of the list with these windows of one character; `None` if it has letters and digits only, which
    /// may stand anywhere.
    pub fn of(bigrams: &CountedWindows, vocab: &Vocab) -> Option<Self> {
        let kinds = |token: Token| match (token != END).then(|| vocab.symbol(token)) {
            Some(piece) if usize::from(token) < vocab.len() => {
                let (mut first, mut last) = (piece.chars(), piece.chars().rev());
                let kind = |c: Option<char>| c.map_or(Kind::End, Kind::of);
                [kind(first.next()), kind(last.next())]
            }
            _ => [Kind::End; 2],
        };
        let kinds: Vec<[Kind; 2]> = (0..vocab.token_count())
            .map(|token| kinds(token as Token))
            .collect();
        let classes = &kinds[..vocab.len()];
        if classes.as_flattened().iter().all(|kind| kind.is_free()) {
            return None;
        }
        let mut seen = BTreeSet::new();
        for row in bigrams.rows() {
            let before = row
                .context
                .last()
                .map_or(Kind::End, |&t| kinds[usize::from(t)][1]);
            let after = row.targets.iter().map(|&t| kinds[usize::from(t)][0]);
            seen.extend(after.map(|after| (before, after)));
        }
        let allows = |before: Kind, after: Kind| {
            before.is_free() && after.is_free() || seen.contains(&(before, after))
        };
        // A state for every kind of last character; the first is that of an empty name.
        let states: BTreeSet<Kind> = classes.iter().map(|kind| kind[1]).collect();
        let states: Vec<Kind> = states.into_iter().collect();
        let number = |kind| states.binary_search(&kind).expect("a kind of the list") as u32;
        let step = |before: Kind, class: usize| match allows(before, classes[class][0]) {
            true if class != usize::from(END) => number(classes[class][1]),
            _ => DEAD,
        };
        let next = states
            .iter()
            .flat_map(|&before| (0..classes.len()).map(move |class| (before, class)))
            .map(|(before, class)| step(before, class));
        let accepting = states.iter().map(|&kind| allows(kind, Kind::End));
        Some(Spelling(Automaton::new(
            next.collect(),
            accepting.collect(),
        )))
    }

    pub(super) fn automaton(&self) -> &Automaton {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::NameList;
    use crate::sample::Conditions;
    use crate::text::Alphabet;

    /// Which of some names a list's spelling allows.
    fn allowed<'n>(list: &[&str], names: &[&'n str]) -> Vec<&'n str> {
        let list = NameList::from_names(list.iter().map(|name| (name, 1)));
        let vocab = list.vocab(Alphabet::Data).unwrap();
        let bigrams = CountedWindows::from_list(&list, &vocab, 1).unwrap();
        let conditions = Conditions {
            spelling: Spelling::of(&bigrams, &vocab),
            ..Conditions::default()
        };
        let constraint = conditions.compile(&vocab).unwrap();
        let allows = |name: &&&str| constraint.allows(&vocab.encode(name).unwrap());
        names.iter().filter(allows).copied().collect()
    }

    #[test]
    fn letters_stand_anywhere() {
        let list = NameList::from_names([("asha", 1), ("zoë", 1), ("r2d2", 1)]);
        let vocab = list.vocab(Alphabet::Data).unwrap();
        let bigrams = CountedWindows::from_list(&list, &vocab, 1).unwrap();
        assert_eq!(Spelling::of(&bigrams, &vocab), None);
    }

    #[test]
    fn blanks_and_punctuation_stand_where_the_list_has_them() {
        let list = ["new york", "st. ives", "o'neil-may"];
        let names = [
            "york",
            "o-'n",
            "new ",
            "new  york",
            "may. ives",
            "may.ives",
            " may",
            "n'e-w",
        ];
        assert_eq!(allowed(&list, &names), ["york", "may. ives", "n'e-w"]);
    }

    #[test]
    fn indic_syllables_are_well_formed() {
        let list = ["क्षमा", "अंजलि", "राम", "ज़ोया"];
        let names = [
            "रमा",
            "ामर",
            "रम्",
            "अाम",
            "रांम",
            "रिंम",
            "र्मा",
            "रिा",
            "मंजिल",
        ];
        // The list has no nasal sign after a vowel sign, no vowel sign after an independent vowel or another one, and
        // no name that begins with a sign or ends in a virama. That य and ल take other signs there does not matter.
        assert_eq!(allowed(&list, &names[..4]), ["रमा"]);
        assert_eq!(allowed(&list, &names[6..8]), ["र्मा"]);
    }
}
