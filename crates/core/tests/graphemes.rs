//! Graphemes as tokens: every text has one sequence of tokens, and no other is drawn.

use std::collections::BTreeMap;

use nextchar_core::counts::KneserNey;
use nextchar_core::data::{CountedWindows, NameList};
use nextchar_core::rng::Seed;
use nextchar_core::sample::{Conditions, Generator, Method, Request, Spelling, most_likely};
use nextchar_core::text::{Alphabet, END, Graphemes, Token, Tokenizer, Vocab};
use nextchar_core::{LanguageModel, Serial};

const LONGEST: usize = 4;

/// Two names have each of कि, मि, क्म and क्मि; only one has म्.
const NAMES: [&str; 8] = ["कि", "किम", "मिक", "मिमि", "क्मक", "क्मिक्म", "कक्मि", "म्"];

fn vocab(names: &[&str]) -> Vocab {
    Vocab::from_texts(&Graphemes, names.iter().copied()).unwrap()
}

/// All sequences of up to `longest` tokens.
fn sequences(vocab: &Vocab, longest: usize) -> Vec<Vec<Token>> {
    let (mut all, mut begun) = (vec![vec![]], 0);
    for _ in 0..longest {
        let end = all.len();
        for place in begun..end {
            for token in END + 1..vocab.len() as Token {
                all.push([all[place].as_slice(), &[token]].concat());
            }
        }
        begun = end;
    }
    all
}

fn is_canonical(vocab: &Vocab, tokens: &[Token]) -> bool {
    vocab.encode(&vocab.decode(tokens)).unwrap() == tokens
}

/// The same vocabulary with other classes of its characters, as its file could have them.
fn with_classes(vocab: &Vocab, letters: &str) -> Vocab {
    let mut record = serde_json::to_value(vocab).unwrap();
    record["segments"] = letters.into();
    serde_json::from_value(record).unwrap()
}

#[test]
fn the_sequences_that_may_be_drawn_are_those_that_texts_are_encoded_as() {
    let devanagari = vocab(&NAMES);
    let pieces: Vec<&str> = devanagari.pieces().collect();
    let expected = ["क", "कि", "क्म", "क्मि", "म", "मि", "ि", "\u{94d}"];
    assert_eq!(pieces, expected);
    let others = [
        // A grapheme that begins with a sign, where it stands alone.
        vec!["ाँ", "ाँक", "काँ", "खाँ"],
        vec!["🇮🇳", "🇮🇳🇳", "a🇮"],
        vec!["👩\u{200d}👧", "👩\u{200d}👧a", "👩\u{200d}", "👧"],
        vec!["각ᄀ", "각", "가", "각가"],
        vec!["\u{600}a", "\u{600}ab", "b\u{600}"],
    ];
    let mut vocabs: Vec<Vocab> = others.iter().map(|names| vocab(names)).collect();
    // Classes under which the tokens are no graphemes, or begin within one.
    for letters in ["ccoo", "cccc", "eeee", "cook", "prsk"] {
        vocabs.push(with_classes(&devanagari, letters));
    }
    vocabs.push(devanagari);
    for vocab in &vocabs {
        let any = Conditions::default().length(0..=LONGEST);
        let constraint = any.compile(vocab).unwrap();
        let (mut drawn, mut total) = (0, 0);
        for tokens in sequences(vocab, LONGEST) {
            let text = vocab.decode(&tokens);
            let allowed = constraint.allows(&tokens);
            assert_eq!(allowed, is_canonical(vocab, &tokens), "{text} {tokens:?}");
            (drawn, total) = (drawn + usize::from(allowed), total + 1);
        }
        assert!(0 < drawn && drawn < total, "{drawn} of {total}");
    }
}

/// The graphemes of a name.
fn cut(name: &str) -> Vec<&str> {
    Graphemes.pieces(name).collect()
}

type Fits = Box<dyn Fn(&str) -> bool>;

/// Conditions, and what they say in graphemes.
fn conditions(spelling: Option<Spelling>) -> Vec<(Conditions, Fits)> {
    let any = || Conditions::default().length(1..=LONGEST);
    let fits = |fits: fn(&[&str]) -> bool| -> Fits { Box::new(move |name| fits(&cut(name))) };
    let two = Conditions {
        graphemes: Some(2..=2),
        ..any()
    };
    let spelled = Conditions { spelling, ..any() };
    vec![
        (any(), fits(|_| true)),
        (any().suffix("मि"), fits(|own| own.ends_with(&["मि"]))),
        (any().prefix("क"), fits(|own| own.starts_with(&["क"]))),
        (any().prefix("क्"), Box::new(|name| name.starts_with("क्"))),
        (any().containing("म"), fits(|own| own.contains(&"म"))),
        (any().excluding("कि"), fits(|own| !own.contains(&"कि"))),
        (
            any().of_letters("मकि"),
            fits(|own| own.iter().all(|one| ["म", "कि"].contains(one))),
        ),
        (
            any().matching("(क|्|म|कि)*"),
            Box::new(|name| {
                let chars: Vec<char> = name.chars().collect();
                (0..chars.len())
                    .all(|place| chars[place] != 'ि' || place > 0 && chars[place - 1] == 'क')
            }),
        ),
        (two, fits(|own| own.len() == 2)),
        // No name of the list begins with a sign or has two vowel signs in a row; one ends in a virama.
        (
            spelled,
            Box::new(|name| {
                let pairs = ["िि", "ि\u{94d}", "\u{94d}ि", "\u{94d}\u{94d}"];
                !name.starts_with(['ि', '\u{94d}']) && !pairs.iter().any(|pair| name.contains(pair))
            }),
        ),
    ]
}

#[test]
fn draws_are_exact_for_the_texts_of_a_model_of_graphemes() {
    let list = NameList::from_names(NAMES.map(|name| (name, 1)));
    let vocab = list.pieces(&Graphemes).unwrap();
    let table = CountedWindows::from_list(&list, &vocab, 2).unwrap();
    let model = KneserNey::closed_form(&table).unwrap();
    let bigrams = CountedWindows::from_list(&list, &vocab, 1).unwrap();
    let all = sequences(&vocab, LONGEST);
    let log_prob = |tokens: &[Token]| {
        let padded = [&[END; 2], tokens, &[END]].concat();
        let windows = padded.windows(3);
        let logs = windows.map(|window| model.next_log_probs(&window[..2])[usize::from(window[2])]);
        logs.sum::<f64>()
    };
    let names = all.iter().filter(|tokens| !tokens.is_empty());
    let names = names.filter(|tokens| is_canonical(&vocab, tokens));
    let names: BTreeMap<String, f64> = names
        .map(|tokens| (vocab.decode(tokens), log_prob(tokens)))
        .collect();
    for (conditions, fits) in conditions(Spelling::of(&bigrams, &vocab)) {
        let fitting: BTreeMap<&str, f64> = names
            .iter()
            .map(|(name, log_prob)| (name.as_str(), *log_prob))
            .filter(|(name, _)| fits(name))
            .collect();
        let mass: f64 = fitting.values().map(|log_prob| log_prob.exp()).sum();
        assert!(mass > 0.0 && fitting.len() > 3, "{conditions:?}");
        for method in [
            None,
            Some(Method::Exact),
            Some(Method::Bounds),
            Some(Method::Draws),
        ] {
            let request = Request {
                count: 3000,
                conditions: conditions.clone(),
                method,
                ..Request::default()
            };
            let seed = Seed::from(7);
            let mut names = Generator::new(&model, &vocab, request, &seed, &Serial).unwrap();
            let mut counts: BTreeMap<String, f64> = BTreeMap::new();
            for found in names.by_ref() {
                let own = fitting.get(found.name.as_str());
                let own =
                    own.unwrap_or_else(|| panic!("{} does not fit {conditions:?}", found.name));
                assert!((found.log_prob - own).abs() < 1e-9, "{}", found.name);
                *counts.entry(found.name).or_default() += 1.0;
            }
            let told = names.outcome().probability;
            match told.method {
                Method::Exact => assert!((told.estimate / mass - 1.0).abs() < 1e-9, "{told:?}"),
                _ => assert!(
                    told.low <= mass * 1.02 && mass * 0.98 <= told.high,
                    "{told:?} {mass}"
                ),
            }
            for (name, log_prob) in &fitting {
                let expected = 3000.0 * log_prob.exp() / mass;
                let found = counts.get(*name).copied().unwrap_or(0.0);
                let deviations = (found - expected).abs() / expected.sqrt();
                assert!(
                    expected < 9.0 || deviations < 6.0,
                    "{name}: {found} of {expected}"
                );
            }
        }
        let mut expected: Vec<f64> = fitting.values().copied().collect();
        expected.sort_by(|a, b| b.total_cmp(a));
        let found = most_likely(&model, &vocab, &conditions, &[], 20).unwrap();
        for (found, expected) in found.names.iter().zip(&expected) {
            assert!(
                (found.log_prob - expected).abs() < 1e-9,
                "{found:?} {expected}"
            );
        }
        assert_eq!(found.names.len(), expected.len().min(20));
    }
}

#[test]
fn english_names_have_the_tokens_of_characters() {
    let list = nextchar_core::data::EmbeddedList::find("english-names").unwrap();
    let names: Vec<&str> = list
        .rows()
        .map(|row| row.split('\t').next().unwrap())
        .collect();
    let names = NameList::from_names(names.iter().map(|name| (name.to_lowercase(), 1)));
    let characters = names.vocab(Alphabet::Data).unwrap();
    assert_eq!(names.pieces(&Graphemes).unwrap(), characters);
}
