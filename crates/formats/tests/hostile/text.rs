//! Lists, tables, and conditions on names.

use std::cell::Cell;

use nextchar_core::Error;
use nextchar_core::data::{MAX_NAME_LENGTH, ReadOptions, scan_names};
use nextchar_core::sample::Conditions;
use nextchar_core::text::Alphabet;
use nextchar_core::text::Vocab;

use crate::hostile;
use crate::mutate::Damage;

/// The memory that reading a list may hold at once: 64 kB, and 60 bytes for each byte of the list.
fn allowed(size: usize) -> u64 {
    (64 << 10) + 60 * size as u64
}

const LISTS: [&str; 8] = [
    "aabid\naadesh\r\nO'Neil\n\nZeel\naabid\n",
    "\u{feff}name,gender,count\n\"aadesh\",m,3\n\"ze,el\",f,2\nravi,m,x\n",
    "name\tcount\nआरव\t12\nसीता\t7\nnan\t1\n",
    "{\"name\": \"Asha\", \"count\": 3}\n{\"name\": [\"x\"], \"id\": null}\n\n{\"id\": \"b\"}\n",
    "\"Asha\"\n\"Zo\\u00eb\"\n",
    "id;name\n1;\"multi\nline\"\n2;ok\n",
    "éèê\nInes\u{0}\n_\n\u{301}\u{301}\nİstanbul\nß\n",
    "",
];

/// Random options for reading a list.
fn options(damage: &mut Damage) -> ReadOptions {
    let text = |text: &str| text.to_owned();
    let column = [
        None,
        Some(text("name")),
        Some(text("")),
        Some(text("id")),
        Some(text("#2")),
    ];
    let weights = [None, None, None, Some(text("count"))];
    let men = vec![(text("gender"), text("m"))];
    let filter = [vec![], vec![], vec![], men];
    let lengths = [
        (1, MAX_NAME_LENGTH),
        (1, MAX_NAME_LENGTH),
        (5, 4),
        (0, usize::MAX),
    ];
    let (min_length, max_length) = *damage.pick(&lengths);
    ReadOptions {
        column: damage.pick(&column).clone(),
        weights: damage.pick(&weights).clone(),
        filter: damage.pick(&filter).clone(),
        alphabet: *damage.pick(&[Alphabet::Az, Alphabet::Data]),
        min_length,
        max_length,
        keep_duplicates: damage.below(2) == 0,
        strict: damage.below(4) == 0,
        ..ReadOptions::default()
    }
}

#[test]
fn damaged_lists_are_read_or_refused() {
    let (read, refused) = (Cell::new(0u64), Cell::new(0u64));
    hostile("lists", 20_000, allowed, |damage, meter| {
        let mut bytes = damage.pick(&LISTS).as_bytes().to_vec();
        for _ in 0..damage.below(3) {
            bytes.extend(bytes.clone());
        }
        damage.bytes(&mut bytes);
        let options = options(damage);
        match meter.read(bytes.len(), || scan_names(bytes.as_slice(), &options)) {
            Ok((names, found)) => {
                read.set(read.get() + 1);
                assert!(names.len() as u64 <= found.accepted, "{found:?}");
                if let Ok(vocab) = names.vocab(options.alphabet) {
                    for name in names.names() {
                        assert!(
                            name.count > 0 && vocab.encode(name.text).is_ok(),
                            "{name:?}"
                        );
                    }
                }
            }
            Err(error) => {
                refused.set(refused.get() + 1);
                let named = matches!(
                    error,
                    Error::NoColumn { .. }
                        | Error::AmbiguousColumn { .. }
                        | Error::LooksLikeCsv { .. }
                        | Error::LooksLikeJson { .. }
                        | Error::NotAList { .. }
                        | Error::OpenQuote { .. }
                        | Error::RowTooLong { .. }
                        | Error::RejectedLine { .. }
                        | Error::Read(_)
                );
                assert!(named, "{error}");
            }
        }
    });
    assert!(
        read.get() > 1000 && refused.get() > 1000,
        "{read:?} {refused:?}"
    );
}

const PATTERNS: [&str; 14] = [
    "a.*b",
    "(ab|cd)+",
    "[a-z]{3,5}",
    "(?i)Abc?",
    "^a$",
    "\\p{Devanagari}+",
    "(a|b)*a(a|b){9}",
    "x{2}{3}{4}",
    "\\bab\\b",
    "[^aeiou]*",
    "(?:(?:a?){9}){9}",
    "a{0,40}b{0,40}",
    "\\w\\d\\s",
    "",
];

/// Pieces that make a pattern larger or break it.
const PIECES: [&str; 14] = [
    "*", "+", "{50}", "{1,200}", "(", ")", "[", "|", ".", "\\", "(?i)", "\\p{L}", "^", "{9999}",
];

/// A random pattern, made of patterns and pieces.
fn pattern(damage: &mut Damage) -> String {
    let mut text = (*damage.pick(&PATTERNS)).to_owned();
    for _ in 0..damage.below(4) {
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
        let place = match places.is_empty() {
            true => 0,
            false => *damage.pick(&places),
        };
        let piece = match damage.below(3) {
            0 => *damage.pick(&PATTERNS),
            _ => *damage.pick(&PIECES),
        };
        text.insert_str(place, piece);
    }
    text
}

#[test]
fn any_conditions_are_compiled_or_refused() {
    let (compiled, refused) = (Cell::new(0u64), Cell::new(0u64));
    let memory = |_: usize| 128 << 20;
    hostile("conditions", 600, memory, |damage, meter| {
        let texts = |damage: &mut Damage| -> Vec<String> {
            let number = damage.below(8) / 6;
            (0..number).map(|_| pattern(damage)).collect()
        };
        let conditions = Conditions {
            graphemes: None,
            spelling: None,
            min_length: damage.below(4),
            max_length: *damage.pick(&[3, 9, 30, 1000]),
            prefixes: texts(damage),
            suffixes: texts(damage),
            contains: texts(damage),
            excludes: texts(damage),
            letters: (damage.below(8) == 0).then(|| pattern(damage)),
            patterns: vec![pattern(damage)],
        };
        let vocab = match damage.below(4) {
            0 => Vocab::from_characters("अआकखग".chars()).unwrap(),
            _ => Vocab::az(),
        };
        let size = conditions.patterns[0].len();
        match meter.read(size, || conditions.compile(&vocab)) {
            Ok(constraint) => {
                compiled.set(compiled.get() + 1);
                constraint.allows(&vocab.encode("ab").unwrap_or_default());
            }
            Err(error) => {
                refused.set(refused.get() + 1);
                let named = matches!(
                    error,
                    Error::BadPattern { .. } | Error::Impossible(_) | Error::TooManyStates { .. }
                );
                assert!(named, "{error}");
            }
        }
    });
    assert!(
        compiled.get() > 50 && refused.get() > 50,
        "{compiled:?} {refused:?}"
    );
}
