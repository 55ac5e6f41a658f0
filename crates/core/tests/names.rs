//! Reading lists: what is accepted, what is rejected and how it is said.

use nextchar_core::Error;
use nextchar_core::data::{
    ListCase, MAX_NAME_LENGTH, NameList, ReadOptions, RejectReason, SplitOptions, read_names, split,
};
use nextchar_core::error::Hint;
use nextchar_core::text::{Alphabet, Case};
use proptest::prelude::*;

fn texts(list: &NameList) -> Vec<(&str, u64)> {
    list.names().map(|name| (name.text, name.count)).collect()
}

/// The lecture's: a–z in lower case.
fn options() -> ReadOptions {
    ReadOptions {
        alphabet: Alphabet::Az,
        case: ListCase::Lower,
        ..ReadOptions::default()
    }
}

#[test]
fn bom_crlf_blanks_and_case_are_cleaned() {
    let file = b"\xef\xbb\xbfAabid\r\n\r\n  NAN \r\nzeel";
    let (list, found) = read_names(&file[..], &options()).unwrap();
    assert_eq!(texts(&list), [("aabid", 1), ("nan", 1), ("zeel", 1)]);
    assert_eq!(
        (found.lines, found.blank, found.accepted, found.rejected),
        (4, 1, 3, 0)
    );
    assert_eq!(found.lengths[&3], 1);
    assert_eq!(found.letters["a"], 3);
}

#[test]
fn rejected_lines_say_where_and_why() {
    let file = b"ok\nJos\xc3\xa9\nab\0c\n\xff\xfe\na_b\nx y\n";
    let (list, found) = read_names(&file[..], &options()).unwrap();
    assert_eq!(texts(&list), [("abc", 1), ("ok", 1)]);
    assert_eq!(found.cleaned, 1);
    let reasons: Vec<_> = found
        .rejected_lines
        .iter()
        .map(|r| (r.line, r.column, r.reason.clone()))
        .collect();
    assert_eq!(
        reasons,
        [
            (2, 4, RejectReason::OutsideAz("é".into())),
            (4, 1, RejectReason::InvalidUtf8),
            (5, 2, RejectReason::EndMark),
            (6, 2, RejectReason::OutsideAz(" ".into())),
        ]
    );
}

#[test]
fn strict_refuses_the_first() {
    let strict = ReadOptions {
        strict: true,
        ..options()
    };
    let error = read_names(&b"ok\nJos\xc3\xa9\n"[..], &strict).unwrap_err();
    assert!(
        matches!(
            error,
            Error::RejectedLine {
                line: 2,
                column: 4,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(error.hint(), Some(Hint::SkipLinesOrAnyCharacter));
}

#[test]
fn any_letters_of_the_data() {
    let data = ReadOptions {
        alphabet: Alphabet::Data,
        ..options()
    };
    // The second is the first with a combining accent: one name after composition.
    let (list, found) = read_names("José\nJose\u{301}\nनमन\n".as_bytes(), &data).unwrap();
    assert_eq!(texts(&list), [("josé", 1), ("नमन", 1)]);
    assert_eq!(found.duplicates, 1);
    assert_eq!(list.vocab(Alphabet::Data).unwrap().len(), 1 + 6);
}

#[test]
fn a_list_tells_its_alphabet_and_its_case() {
    let read = |file: &str| read_names(file.as_bytes(), &ReadOptions::default()).unwrap();
    // Nearly all names consist of a–z, so the others are rejected; their line numbers remain in order.
    let mut az: Vec<String> = (1..=120).map(|n| format!("A{}", "b".repeat(n))).collect();
    az.insert(60, "Zoë".into());
    az.insert(70, "a_b".into());
    let (list, found) = read(&az.join("\n"));
    assert_eq!((list.len(), found.accepted, found.rejected), (120, 120, 2));
    let lines: Vec<u64> = found.rejected_lines.iter().map(|line| line.line).collect();
    assert_eq!((lines, found.chosen.alphabet), (vec![61, 71], Alphabet::Az));
    assert_eq!(found.chosen.normalizer.restore("abb"), "Abb");
    // Upper and lower case differ where they do not follow a rule.
    let (list, found) = read("McDonald\nvan Berg\nSmith\nZoë\n");
    assert_eq!(list.len(), 4);
    assert_eq!(
        (found.chosen.alphabet, found.chosen.normalizer.case),
        (Alphabet::Data, Case::Keep)
    );
    // Names that become equal are one, and all their lines are counted.
    let counted = ReadOptions {
        keep_duplicates: true,
        ..ReadOptions::default()
    };
    let file = "ana\nAna\nANA\nuta\nUta\nida\n";
    let (list, found) = read_names(file.as_bytes(), &counted).unwrap();
    assert_eq!(texts(&list), [("ana", 3), ("ida", 1), ("uta", 2)]);
    assert_eq!((found.accepted, found.duplicates), (6, 3));
}

#[test]
fn columns_weights_and_filters() {
    let file = "Name , gender,n\nasha,f,3\nravi,m,2\nAsha,f,4.0\nmina,f,zero\n";
    let mut table = ReadOptions {
        column: Some("NAME".into()),
        weights: Some("n".into()),
        ..options()
    };
    let (list, found) = read_names(file.as_bytes(), &table).unwrap();
    assert_eq!(texts(&list), [("asha", 7), ("ravi", 2)]);
    assert_eq!(found.rejected_lines[0].line, 5);
    assert_eq!(
        found.rejected_lines[0].reason,
        RejectReason::BadWeight("zero".into())
    );
    table.weights = None;
    table.filter = vec![("gender".into(), "m".into())];
    let (list, found) = read_names(file.as_bytes(), &table).unwrap();
    assert_eq!(
        (texts(&list), found.filtered_by_column),
        (vec![("ravi", 1)], 3)
    );
    table.column = Some("nom".into());
    let error = read_names(file.as_bytes(), &table).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no column \"nom\"; its columns are: Name, gender, n"
    );
    let error = read_names(&b""[..], &table).unwrap_err();
    assert_eq!(error.to_string(), "there is no column \"nom\"; it is empty");
}

#[test]
fn the_column_of_the_names_is_not_guessed() {
    let file = "id,name,gender\n1,asha,f\n2,ravi,m\n";
    let women = ReadOptions {
        filter: vec![("gender".into(), "f".into())],
        ..options()
    };
    let error = read_names(file.as_bytes(), &women).unwrap_err();
    assert!(matches!(error, Error::LooksLikeCsv { .. }), "{error}");
    assert_eq!(error.hint(), Some(Hint::NameColumn));
    // With the filter's column there is only one other.
    let (list, _) = read_names(&b"gender,name\nf,asha\nm,ravi\n"[..], &women).unwrap();
    assert_eq!(texts(&list), [("asha", 1)]);
}

#[test]
fn files_of_other_kinds_are_named() {
    let gzip = read_names(&b"\x1f\x8b\x08\0\0\0"[..], &options()).unwrap_err();
    assert_eq!(gzip.to_string(), "it is a gzip file, not a list of names");
    assert_eq!(gzip.hint(), Some(Hint::Unpack("gunzip")));
}

#[test]
fn duplicates_count_only_when_asked() {
    let keep = ReadOptions {
        keep_duplicates: true,
        ..options()
    };
    let (list, _) = read_names(&b"a\nb\na\n"[..], &keep).unwrap();
    assert_eq!(texts(&list), [("a", 2), ("b", 1)]);
    let (list, found) = read_names(&b"a\nb\na\n"[..], &options()).unwrap();
    assert_eq!(
        (texts(&list), found.duplicates),
        (vec![("a", 1), ("b", 1)], 1)
    );
}

#[test]
fn lengths_filter_in_characters() {
    let lecture = ReadOptions {
        min_length: 5,
        max_length: 9,
        ..options()
    };
    let (list, found) = read_names(&b"zeel\naabid\nabcdefghij\n"[..], &lecture).unwrap();
    assert_eq!(
        (texts(&list), found.filtered_by_length),
        (vec![("aabid", 1)], 2)
    );
}

#[test]
fn a_line_of_a_million_letters_is_rejected() {
    let mut file = vec![b'a'; 1_000_000];
    file.extend_from_slice(b"\nok\n");
    let (list, found) = read_names(&file[..], &options()).unwrap();
    assert_eq!(texts(&list), [("ok", 1)]);
    assert_eq!(found.rejected_lines[0].reason, RejectReason::TooLong);
    assert_eq!(found.rejected_lines[0].text.len(), 40);
    let longest = "a".repeat(MAX_NAME_LENGTH);
    assert!(read_names(longest.as_bytes(), &options()).is_ok());
}

#[test]
fn nothing_left_says_why() {
    let message =
        |file: &[u8], options: &ReadOptions| read_names(file, options).unwrap_err().to_string();
    assert_eq!(
        message(b"", &options()),
        "it contains no names: it is empty"
    );
    assert_eq!(
        message(b"\n \n", &options()),
        "it contains no names: all of its lines are blank"
    );
    let long = ReadOptions {
        min_length: 5,
        ..options()
    };
    assert!(message(b"abc\n", &long).contains("none of its 1 names has 5 to 1000 characters"));
    assert!(
        message("É1\n".as_bytes(), &options())
            .contains("line 1, character 1: 'é' is not one of a–z")
    );
    let table = read_names(&b"name,sex\nasha,f\n"[..], &options()).unwrap_err();
    assert!(
        table.to_string().contains("(its columns: name, sex)"),
        "{table}"
    );
    assert_eq!(table.hint(), Some(Hint::NameColumn));
    let other = read_names("É1\n".as_bytes(), &options()).unwrap_err();
    assert_eq!(other.hint(), Some(Hint::AnyCharacter));
}

#[test]
fn a_list_and_its_parts_do_not_depend_on_the_order_of_the_lines() {
    let lines: Vec<String> = (0..200u32).map(|i| format!("{:x}", i * 7919)).collect();
    let parts = |lines: &mut dyn Iterator<Item = &String>| {
        let text: Vec<&str> = lines.map(String::as_str).collect();
        let data = ReadOptions {
            alphabet: Alphabet::Data,
            ..options()
        };
        let (list, _) = read_names(text.join("\n").as_bytes(), &data).unwrap();
        (split(list.clone(), &SplitOptions::default()), list)
    };
    let (there, back) = (parts(&mut lines.iter()), parts(&mut lines.iter().rev()));
    assert!(there == back);
    // Nor do those of a list that was never read.
    let split_of = |names: Vec<&String>| {
        let list = NameList::from_names(names.into_iter().map(|name| (name, 1)));
        split(list, &SplitOptions::default())
    };
    assert!(split_of(lines.iter().collect()) == split_of(lines.iter().rev().collect()));
    assert!(there.0 == split_of(lines.iter().collect()));
}

#[test]
fn the_digest_does_not_depend_on_the_order() {
    let digest = |file: &[u8]| read_names(file, &options()).unwrap().0.digest();
    assert_eq!(digest(b"a\nb\n"), digest(b"b\na\nb\n"));
    assert_ne!(digest(b"a\nb\n"), digest(b"a\nc\n"));
    assert_eq!(digest(b"a\n").len(), 64);
}

proptest! {
    /// No bytes and no options make the reader panic, and what it accepts it can encode.
    #[test]
    fn any_bytes_are_read_or_refused(
        bytes in prop::collection::vec(prop_oneof![
            any::<u8>(), Just(b'\n'), Just(b','), Just(b'\t'), Just(b'"'), b'a'..=b'z'], 0..300),
        column in prop::option::of("[a-z]{0,2}"),
        alphabet in prop::sample::select(&[Alphabet::Auto, Alphabet::Az, Alphabet::Data][..]),
        strict in any::<bool>(),
        min_length in 0usize..4,
    ) {
        let options = ReadOptions {
            column,
            alphabet,
            strict,
            min_length,
            ..ReadOptions::default()
        };
        if let Ok((list, found)) = read_names(&bytes[..], &options) {
            let vocab = list.vocab(found.chosen.alphabet).unwrap();
            let letters: usize = list.names().map(|name| vocab.encode(name.text).unwrap().len()).sum();
            prop_assert_eq!(letters as u64, found.letters.values().sum::<u64>());
            prop_assert_eq!(found.accepted - found.duplicates, list.len() as u64);
            prop_assert_eq!(found.lines,
                found.blank + found.accepted + found.filtered_by_length + found.rejected);
        }
    }
}
