//! Well-formed names: accents, vowel signs, joiners, blanks and punctuation stand only where they stand in the list.

use std::collections::BTreeSet;

use crate::data::CountedWindows;
use crate::sample::conditions::automaton::{Automaton, DEAD};
use crate::text::{END, Kind, Token, Vocab};

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

impl Spelling {
    /// The spelling of the list with these windows of one character; `None` if it has letters and digits only, which
    /// may stand anywhere.
    pub fn of(bigrams: &CountedWindows, vocab: &Vocab) -> Option<Self> {
        let kinds = |token: Token| match (token != END).then(|| vocab.symbol(token)) {
            Some(piece) if usize::from(token) < vocab.len() => Kind::of_all(piece),
            _ => vec![Kind::End],
        };
        let kinds: Vec<Vec<Kind>> = (0..vocab.token_count())
            .map(|token| kinds(token as Token))
            .collect();
        let classes = &kinds[..vocab.len()];
        if classes.iter().flatten().all(|kind| kind.is_free()) {
            return None;
        }
        let last = |kinds: &[Kind]| kinds.last().copied().unwrap_or(Kind::End);
        let mut seen = BTreeSet::new();
        for row in bigrams.rows() {
            let before = row
                .context
                .last()
                .map_or(Kind::End, |&t| last(&kinds[usize::from(t)]));
            for &target in row.targets {
                seen.extend(neighbours(before, &kinds[usize::from(target)]));
            }
        }
        let allows = |before: Kind, after: Kind| {
            before.is_free() && after.is_free() || seen.contains(&(before, after))
        };
        // A state for every kind of last character; the first is that of an empty name.
        let states: BTreeSet<Kind> = classes.iter().map(|kinds| last(kinds)).collect();
        let states: Vec<Kind> = states.into_iter().collect();
        let number = |kind| states.binary_search(&kind).expect("a kind of the list") as u32;
        let step = |before: Kind, class: usize| {
            let mut pairs = neighbours(before, &classes[class]);
            match pairs.all(|(before, after)| allows(before, after)) {
                true if class != usize::from(END) => number(last(&classes[class])),
                _ => DEAD,
            }
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

/// Each of some characters with the one before it.
fn neighbours(before: Kind, kinds: &[Kind]) -> impl Iterator<Item = (Kind, Kind)> {
    let all_before = [before].into_iter().chain(kinds.iter().copied());
    all_before.zip(kinds.iter().copied())
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
