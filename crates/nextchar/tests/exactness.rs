//! Exact samplers against brute force: every word over a small alphabet, enumerated.

use std::collections::BTreeMap;

use nextchar::data::{CountedWindows, END, NameList, Token, Vocab};
use nextchar::ngram::KneserNey;
use nextchar::rng::{Purpose, Seed};
use nextchar::sample::{Conditions, Generator, Request, Temperature, most_likely};
use nextchar::{Error, LanguageModel};
use proptest::prelude::*;
use regex::Regex;

const LONGEST: usize = 5;

/// A model of random names over a, b, c.
fn model(context_length: usize, seed: u64) -> (Vocab, KneserNey, NameList) {
    let mut rng = Seed::from(seed).stream(Purpose::Batch, 1);
    let names: Vec<(String, u64)> = (0..30)
        .map(|_| {
            let length = 1 + rng.below(LONGEST as u64);
            let letter = |_| char::from(b'a' + rng.below(3) as u8);
            ((0..length).map(letter).collect(), 1 + rng.below(4))
        })
        .collect();
    let list = NameList::from_names(names);
    let vocab = Vocab::from_characters("abc".chars()).unwrap();
    let table = CountedWindows::from_list(&list, &vocab, context_length).unwrap();
    (vocab, KneserNey::closed_form(&table).unwrap(), list)
}

/// Every word of 1 to `LONGEST` letters with its probability after temperature, and its own.
fn words(model: &KneserNey, vocab: &Vocab, temperature: Temperature) -> Vec<(String, f64, f64)> {
    let length = model.context_length();
    let (mut found, mut open) = (Vec::new(), vec![(Vec::<Token>::new(), 1.0, 0.0)]);
    while let Some((word, prob, log_prob)) = open.pop() {
        let padded = [&vec![END; length], word.as_slice()].concat();
        let log_probs = model.next_log_probs(&padded[padded.len() - length..]);
        let mut probs = log_probs.clone();
        temperature.apply(&mut probs);
        if !word.is_empty() {
            found.push((
                vocab.decode(&word),
                prob * probs[0],
                log_prob + log_probs[0],
            ));
        }
        if word.len() < LONGEST {
            for token in 1..4 {
                let longer = [word.as_slice(), &[token]].concat();
                let place = usize::from(token);
                open.push((longer, prob * probs[place], log_prob + log_probs[place]));
            }
        }
    }
    found
}

/// What the conditions say, in plain string functions.
fn fits(conditions: &Conditions, word: &str) -> bool {
    let letters = conditions.letters.as_deref().unwrap_or("abc");
    let any = |texts: &[String], test: &dyn Fn(&str) -> bool| {
        texts.is_empty() || texts.iter().any(|text| test(text))
    };
    (conditions.min_length..=conditions.max_length).contains(&word.len())
        && any(&conditions.prefixes, &|text| word.starts_with(text))
        && any(&conditions.suffixes, &|text| word.ends_with(text))
        && conditions.contains.iter().all(|text| word.contains(text))
        && !conditions.excludes.iter().any(|text| word.contains(text))
        && word.chars().all(|letter| letters.contains(letter))
        && any(&conditions.patterns, &|pattern| {
            Regex::new(&format!("^(?:{pattern})$"))
                .unwrap()
                .is_match(word)
        })
}

fn conditions() -> impl Strategy<Value = Conditions> {
    let texts = |most| prop::collection::vec("[abc]{1,2}", 0..=most);
    let patterns = prop::sample::subsequence(
        vec![
            "(ab|c)*".to_owned(),
            "a.*[bc]".into(),
            "[^b]+".into(),
            "..?.?".into(),
        ],
        0..3,
    );
    let letters = prop::option::of(prop::sample::select(vec!["ab", "ac", "abc"]));
    (
        1usize..4,
        3usize..=LONGEST,
        texts(2),
        texts(2),
        texts(1),
        texts(1),
        letters,
        patterns,
    )
        .prop_map(
            |(
                min_length,
                max_length,
                prefixes,
                suffixes,
                contains,
                excludes,
                letters,
                patterns,
            )| {
                Conditions {
                    min_length,
                    max_length,
                    prefixes,
                    suffixes,
                    contains,
                    excludes,
                    letters: letters.map(Into::into),
                    patterns,
                }
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Samples follow P(word | conditions), and its probability lies in the interval that is told.
    #[test]
    fn draws_follow_the_conditional_distribution(
        conditions in conditions(),
        context_length in 1usize..4,
        known in any::<bool>(),
        hot in any::<bool>(),
        seed in 0u64..1000,
    ) {
        const DRAWS: usize = 4000;
        let (vocab, model, list) = model(context_length, seed);
        let temperature = Temperature::new(if hot { 1.5 } else { 1.0 }).unwrap();
        let unwanted: Vec<&NameList> = known.then_some(&list).into_iter().collect();
        let all = words(&model, &vocab, temperature);
        let fitting: BTreeMap<&str, f64> = all
            .iter()
            .filter(|(word, ..)| fits(&conditions, word) && !(known && list.contains(word)))
            .map(|(word, prob, _)| (word.as_str(), *prob))
            .collect();
        let mass: f64 = fitting.values().sum();
        let request = Request {
            count: DRAWS, temperature, conditions: conditions.clone(), unwanted, ..Request::default()
        };
        let mut generator = match Generator::new(&model, &vocab, request, &Seed::from(seed)) {
            Ok(generator) => generator,
            Err(Error::Impossible(_)) => {
                // Said before drawing, and true even of names that are known.
                prop_assert!(!all.iter().any(|(word, ..)| fits(&conditions, word)));
                return Ok(());
            }
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let mut counts: BTreeMap<String, f64> = BTreeMap::new();
        for found in generator.by_ref() {
            let own = all.iter().find(|(word, ..)| *word == found.name).unwrap().2;
            prop_assert!((found.log_prob - own).abs() < 1e-9);
            *counts.entry(found.name).or_default() += 1.0;
        }
        let outcome = generator.outcome();
        prop_assert!(!outcome.gave_up);
        if fitting.is_empty() {
            prop_assert!(outcome.exhausted && counts.is_empty());
            return Ok(());
        }
        prop_assert_eq!(outcome.found as usize, DRAWS);
        let told = outcome.probability;
        prop_assert!(told.high >= mass * 0.9 && told.low <= mass * 1.1, "{mass} {told:?}");
        prop_assert!((told.estimate / mass - 1.0).abs() < 0.15, "{mass} {told:?}");
        let (mut chi_square, mut cells) = (0.0, 0.0f64);
        for (word, found) in &counts {
            prop_assert!(fitting.contains_key(word.as_str()), "{word} does not fit");
            let expected = DRAWS as f64 * fitting[word.as_str()] / mass;
            if expected >= 8.0 {
                chi_square += (found - expected) * (found - expected) / expected;
                cells += 1.0;
            }
        }
        // Six standard deviations of a chi-square.
        prop_assert!(chi_square < cells + 6.0 * (2.0 * cells).sqrt() + 6.0, "{chi_square} for {cells}");
    }

    /// Without replacement all fitting words come out, once each, and then it is said.
    #[test]
    fn drawing_without_replacement_ends_with_all(
        conditions in conditions(), context_length in 1usize..4, seed in 0u64..1000,
    ) {
        let (vocab, model, _) = model(context_length, seed);
        let mut fitting: Vec<String> = words(&model, &vocab, Temperature::default())
            .into_iter()
            .filter_map(|(word, ..)| fits(&conditions, &word).then_some(word))
            .collect();
        let request = Request { count: 1000, conditions, unique: true, ..Request::default() };
        let Ok(mut generator) = Generator::new(&model, &vocab, request, &Seed::from(seed)) else {
            prop_assert!(fitting.is_empty());
            return Ok(());
        };
        let mut found: Vec<String> = generator.by_ref().map(|found| found.name).collect();
        let outcome = generator.outcome();
        prop_assert!(outcome.exhausted && !outcome.gave_up, "{outcome:?}");
        found.sort();
        fitting.sort();
        prop_assert_eq!(found, fitting);
    }

    /// The most likely names are those of the enumeration, in its order.
    #[test]
    fn most_likely_is_the_sorted_enumeration(
        conditions in conditions(), context_length in 1usize..4, count in 1usize..40, seed in 0u64..1000,
    ) {
        let (vocab, model, list) = model(context_length, seed);
        let mut expected: Vec<(String, f64)> = words(&model, &vocab, Temperature::default())
            .into_iter()
            .filter(|(word, ..)| fits(&conditions, word) && !list.contains(word))
            .map(|(word, _, log_prob)| (word, log_prob))
            .collect();
        expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        expected.truncate(count);
        let Ok(found) = most_likely(&model, &vocab, &conditions, &[&list], count) else {
            prop_assert!(expected.is_empty());
            return Ok(());
        };
        prop_assert_eq!(found.len(), expected.len());
        for (found, (_, log_prob)) in found.iter().zip(&expected) {
            prop_assert!((found.log_prob - log_prob).abs() < 1e-9, "{found:?} {log_prob}");
        }
    }
}

/// Drawing two words without replacement: the second follows p(word) / (1 − p(first)).
#[test]
fn the_second_of_two_different_words_follows_its_distribution() {
    let (vocab, model, _) = model(2, 7);
    let conditions = Conditions {
        max_length: 2,
        ..Conditions::default()
    };
    let all = words(&model, &vocab, Temperature::default());
    let all: BTreeMap<String, f64> = all
        .into_iter()
        .filter(|(word, ..)| word.len() <= 2)
        .map(|(word, prob, _)| (word, prob))
        .collect();
    let mass: f64 = all.values().sum();
    let mut expected: BTreeMap<&str, f64> = BTreeMap::new();
    for (first, p) in &all {
        for (second, q) in all.iter().filter(|(second, _)| *second != first) {
            *expected.entry(second).or_default() += p / mass * q / (mass - p);
        }
    }
    const ROUNDS: u64 = 4000;
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    for round in 0..ROUNDS {
        let request = Request {
            count: 2,
            conditions: conditions.clone(),
            unique: true,
            ..Request::default()
        };
        let second = Generator::new(&model, &vocab, request, &Seed::from(round))
            .unwrap()
            .nth(1);
        *counts.entry(second.unwrap().name).or_default() += 1.0;
    }
    let (mut chi_square, mut cells) = (0.0, 0.0f64);
    for (word, share) in expected {
        let expected = ROUNDS as f64 * share;
        let found = counts.get(word).copied().unwrap_or(0.0);
        chi_square += (found - expected) * (found - expected) / expected;
        cells += 1.0;
    }
    assert!(
        chi_square < cells + 6.0 * (2.0 * cells).sqrt(),
        "{chi_square} for {cells}"
    );
}

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
    assert!(said.contains("the prefix a1"), "{said}");
    let said = fault(Conditions {
        prefixes: vec!["ab".into()],
        excludes: vec!["b".into()],
        ..none()
    });
    assert!(
        said.contains("not to contain b") && said.contains("the other conditions"),
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
}
