//! What conditions mean, and what is said of those that cannot hold.

use nextchar_core::Error;
use nextchar_core::sample::Conditions;
use nextchar_core::text::Vocab;

#[test]
fn what_cannot_be_is_said_before_drawing() {
    let vocab = Vocab::az();
    let fault = |conditions: Conditions| conditions.compile(&vocab).unwrap_err().to_string();
    let none = Conditions::default;
    let said = fault(Conditions {
        min_length: 5,
        max_length: 3,
        ..none()
    });
    assert!(said.contains("at least 5 and at most 3"), "{said}");
    let said = fault(Conditions {
        prefixes: vec!["a1".into()],
        ..none()
    });
    assert!(said.contains("of this alphabet begins with a1"), "{said}");
    let said = fault(Conditions {
        prefixes: vec!["ab".into()],
        excludes: vec!["b".into()],
        ..none()
    });
    assert!(
        said.contains("no name of 1 to 1000 characters begins with ab and is without b"),
        "{said}"
    );
    let said = fault(Conditions {
        prefixes: vec!["ab".into()],
        suffixes: vec!["cd".into()],
        contains: vec!["e".into()],
        max_length: 4,
        ..none()
    });
    assert!(
        said.contains("contains e and satisfies the other conditions"),
        "{said}"
    );
    for pattern in ["(", "a)(b", "[z-a]", "(?<x"] {
        let said = fault(Conditions {
            patterns: vec![pattern.into()],
            ..none()
        });
        assert!(said.contains("cannot be used"), "{said}");
    }
    let said = fault(Conditions {
        patterns: vec![".{900}{900}".into()],
        ..none()
    });
    assert!(said.contains("cannot be used"), "{said}");
    let said = fault(none().matching(r"\bab.*"));
    assert!(said.contains(r"(?-u:\b)"), "{said}");
    let said = fault(none().matching("A.*"));
    assert!(
        said.ends_with(
            "matches A.*: names are in lower case; (?i) before the pattern matches either case"
        ),
        "{said}"
    );
    let said = fault(none().matching("[a&&b]").prefix("a"));
    assert!(said.ends_with("matches [a&&b]"), "{said}");
    let said = fault(none().excluding(""));
    assert!(said.ends_with("is without the empty text"), "{said}");
    let said = fault(none().length(1..=1 << 40));
    assert!(
        said.contains("the max length must be at most 1000 (got 1.099511627776e12)"),
        "{said}"
    );
}

/// Signs that mean something in a pattern are letters in a text, and texts are cleaned as names are.
#[test]
fn texts_mean_themselves() {
    let letters = r"<>\.*#-&~ aé";
    let vocab = Vocab::from_characters(letters.chars()).unwrap();
    let allows = |conditions: Conditions, name: &str| {
        let constraint = conditions.compile(&vocab).unwrap();
        constraint.allows(&vocab.encode(name).unwrap())
    };
    for letter in letters.chars() {
        let (alone, others) = (letter.to_string(), letters.replace(letter, ""));
        let none = Conditions::default;
        for conditions in [
            none().prefix(letter),
            none().suffix(letter),
            none().containing(letter),
        ] {
            assert!(allows(conditions.clone(), &alone), "{letter}");
            assert!(!allows(conditions, &others), "{letter}");
        }
        assert!(
            !allows(none().excluding(letter), &alone) && allows(none().excluding(letter), &others)
        );
    }
    let decomposed = Conditions::default()
        .prefix("E\u{301}")
        .of_letters("E\u{301}a");
    assert!(allows(decomposed.clone(), "éa") && !allows(decomposed, "a"));
}

/// A pattern matches the whole name by whatever of its ways does, and stands by itself beside others.
#[test]
fn patterns_are_about_whole_names() {
    let vocab = Vocab::az();
    let matches = |patterns: &[&str], name: &str| {
        let none = Conditions::default();
        let conditions = patterns
            .iter()
            .fold(none, |all, &pattern| all.matching(pattern));
        let constraint = conditions.compile(&vocab).unwrap();
        constraint.allows(&vocab.encode(name).unwrap())
    };
    for (pattern, yes, no) in [
        ("a|ab|abc.*", "ab", "abd"),
        ("a*?", "aa", "ab"),
        ("^an.*$", "anna", "hanna"),
        ("(?m)^a$", "a", "ba"),
        ("(?i)A.A", "aba", "abb"),
        ("(?x) a .* # it begins so", "ab", "b"),
        (r"(?-u:\b)an.*", "anna", "nan"),
        (r"\p{L}{3}", "abc", "abcd"),
    ] {
        for patterns in [&[pattern][..], &["z+", pattern, "[xy]"]] {
            assert!(matches(patterns, yes), "{pattern}");
            assert!(!matches(patterns, no), "{pattern}");
        }
    }
}

#[test]
fn many_classes_allow_lengths_and_refuse_other_conditions() {
    let vocab = Vocab::from_characters('一'..='鿿').unwrap();
    let vocab_size = vocab.len();
    assert!(vocab_size > 4096);
    let lengths = Conditions::default().length(1..=3);
    assert!(lengths.compile(&vocab).is_ok());
    let error = lengths.prefix("一").compile(&vocab).unwrap_err();
    assert!(
        matches!(error, Error::TooManyClasses { classes, limit: 4096 } if classes == vocab_size),
        "{error}"
    );
}
