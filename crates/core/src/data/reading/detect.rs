//! Step 2, what a list itself tells: the alphabet that suits it, and the rule that its upper-case letters follow.

use crate::data::names::NameList;
use crate::text::{Alphabet, Case, Normalizer, clean};

/// The largest share of names that may be left out for the alphabet a–z: 1 in this number.
const LEFT_OUT: usize = 100;

/// The largest share of names that may break a rule of [`Case`]: 1 in this number.
const EXCEPTIONS: usize = 200;

/// Upper case carries no information if the same names recur in another case: as 1 in this number of names.
const RECURRING: usize = 50;

/// A list is Turkish if 1 in this number of names has a letter that only Turkish (and its relatives) has, ı or İ.
const TURKISH: usize = 100;

/// a–z if nearly all names consist of these letters, in upper or lower case; otherwise the list's own characters.
pub(super) fn alphabet(list: &NameList) -> Alphabet {
    let others = list.names().filter(|name| !is_az(name.text)).count();
    match others * LEFT_OUT <= list.len() {
        true => Alphabet::Az,
        false => Alphabet::Data,
    }
}

/// Whether a name consists of a–z once it is in lower case.
pub(super) fn is_az(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphabetic())
        || Alphabet::Az.first_fault(&clean(name)).is_none()
}

/// Lower case, as the list's language has it.
pub(super) fn lower(list: &NameList) -> Normalizer {
    Normalizer {
        case: Case::Lower,
        turkish: is_turkish(list),
    }
}

/// Whether I and İ are the upper-case forms of ı and i in this list.
pub(super) fn is_turkish(list: &NameList) -> bool {
    let turkish = list.names().filter(|name| name.text.contains(['ı', 'İ']));
    let number = turkish.count();
    number > 0 && number * TURKISH >= list.len()
}

/// The rule that the upper-case letters of a list follow, and the number of names that break it. Of rules that as many
/// names follow, the simplest is taken. If there is no rule, or the script has no upper case, [`Case::Keep`]; unless `may_keep`, the best rule.
pub(super) fn case(list: &NameList, may_keep: bool) -> (Normalizer, u64) {
    let has_case = |name: &str| name.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    let cased = list.names().filter(|name| has_case(name.text)).count();
    if may_keep && 2 * cased < list.len() {
        return (Normalizer::KEEP, 0);
    }
    let turkish = is_turkish(list);
    let follows = |case: Case, name: &str| {
        let rule = Normalizer { case, turkish };
        rule.restore(&rule.normalize(name)) == name
    };
    let broken_by = |case| {
        list.names()
            .filter(|name| !follows(case, name.text))
            .count()
    };
    let mut best = (usize::MAX, Case::Lower);
    for case in Case::RULES {
        let exceptions = broken_by(case);
        if exceptions < best.0 {
            best = (exceptions, case);
        }
        if exceptions == 0 {
            break;
        }
    }
    let (exceptions, case) = best;
    let rule = Normalizer { case, turkish };
    let is_rule = !may_keep || exceptions * EXCEPTIONS <= list.len() || {
        let folded = list.names().map(|name| (rule.normalize(name.text), 1));
        let recurring = list.len() - NameList::from_names(folded).len();
        recurring * RECURRING >= list.len()
    };
    match is_rule {
        true => (rule, exceptions as u64),
        false => (Normalizer::KEEP, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Words;

    fn list(names: &[&str]) -> NameList {
        NameList::from_names(names.iter().map(|name| (name, 1)))
    }

    fn case_of(names: &[&str]) -> Case {
        case(&list(names), true).0.case
    }

    #[test]
    fn a_rule_is_found_and_exceptions_keep_their_case() {
        assert_eq!(case_of(&["meera", "zeel"]), Case::Lower);
        assert_eq!(case_of(&["राम", "सीता"]), Case::Keep);
        assert_eq!(case_of(&["MEERA", "ZEEL"]), Case::Upper);
        assert_eq!(
            case_of(&["Meera", "Rio Grande"]),
            Case::Title(Words::Blanks)
        );
        assert_eq!(
            case_of(&["Xi'an", "Rio Grande"]),
            Case::Title(Words::Blanks)
        );
        assert_eq!(case_of(&["Anne-Marie", "Eve"]), Case::Title(Words::Hyphens));
        assert_eq!(
            case_of(&["O'Brien", "Murphy"]),
            Case::Title(Words::Punctuation)
        );
        assert_eq!(case_of(&["McDonald", "O'Brien", "Murphy"]), Case::Keep);
        assert_eq!(case_of(&["van der Berg", "Smith"]), Case::Keep);
        assert_eq!(case_of(&["Thor", "3-D Man", "iPhone", "NASA"]), Case::Keep);
    }

    #[test]
    fn carelessness_is_not_information() {
        assert_eq!(
            case_of(&["anna", "Anna", "ANNA", "eva", "Eva", "uta"]),
            Case::Lower
        );
        let mut names: Vec<String> = (b'a'..=b'z').map(|c| format!("X{}", c as char)).collect();
        names.extend((0..300).map(|number| format!("N{}", "a".repeat(number))));
        names.push("McX".into());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (rule, exceptions) = case(&list(&names), true);
        assert_eq!((rule.case, exceptions), (Case::Title(Words::Blanks), 1));
    }

    #[test]
    fn a_few_other_names_do_not_change_the_alphabet() {
        let mut names = vec!["Anna"; 1];
        names.push("José");
        assert_eq!(alphabet(&list(&names)), Alphabet::Data);
        let many: Vec<String> = (0..99).map(|number| "a".repeat(number + 1)).collect();
        let mut many: Vec<&str> = many.iter().map(String::as_str).collect();
        many.push("José");
        assert_eq!(alphabet(&list(&many)), Alphabet::Az);
        assert!(is_turkish(&list(&["Işık", "Ali"])) && !is_turkish(&list(&["Ali"])));
    }
}
