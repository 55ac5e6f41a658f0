//! Exact samplers against brute force: every word over a small alphabet, enumerated.

use std::collections::BTreeMap;

use nextchar_core::counts::KneserNey;
use nextchar_core::data::{CountedWindows, NameList};
use nextchar_core::model::{Activation, Init, ModelConfig, Network};
use nextchar_core::rng::{Purpose, Seed};
use nextchar_core::sample::{Conditions, Generator, Method, Request, SampleConfig, most_likely};
use nextchar_core::text::{END, Token, Vocab};
use nextchar_core::train::{BatchKind, Engine, Optimizer, Schedule, Tables, TrainConfig, train};
use nextchar_core::{Error, LanguageModel, Mixture, Serial};
use proptest::prelude::*;
use regex::Regex;

const LONGEST: usize = 6;

/// A model of random names over the first letters of the alphabet; of every third one, whole names
/// return as often as Good and Turing say.
fn model(letters: u8, context_length: usize, seed: u64) -> (Vocab, Mixture, NameList) {
    let mut rng = Seed::from(seed).stream(Purpose::Batch, 1);
    let names: Vec<(String, u64)> = (0..30)
        .map(|_| {
            let length = 1 + rng.below(LONGEST as u64);
            let letter = |_| char::from(b'a' + rng.below(letters.into()) as u8);
            ((0..length).map(letter).collect(), 1 + rng.below(4))
        })
        .collect();
    let list = NameList::from_names(names);
    let vocab = Vocab::from_characters("abcde"[..letters.into()].chars()).unwrap();
    let table = CountedWindows::from_list(&list, &vocab, context_length).unwrap();
    let mut model = Mixture::from(KneserNey::closed_form(&table).unwrap());
    if seed.is_multiple_of(3) {
        model.fit_repeats(&list, &vocab, &Serial).unwrap();
    }
    (vocab, model, list)
}

/// Every word of 1 to `LONGEST` letters with its probability after temperature, and its own.
fn words(
    model: &dyn LanguageModel,
    vocab: &Vocab,
    config: SampleConfig,
) -> Vec<(String, f64, f64)> {
    let length = model.context_length();
    let (mut found, mut open) = (Vec::new(), vec![(Vec::<Token>::new(), 1.0, 0.0)]);
    while let Some((word, prob, log_prob)) = open.pop() {
        let padded = [&vec![END; length], word.as_slice()].concat();
        let log_probs = model.next_log_probs(&padded[padded.len() - length..]);
        let mut probs = log_probs.clone();
        config.apply(&mut probs);
        if !word.is_empty() {
            found.push((
                vocab.decode(&word),
                prob * probs[0],
                log_prob + log_probs[0],
            ));
        }
        if word.len() < LONGEST {
            for token in 1..vocab.len() as Token {
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
    let letters = conditions.letters.as_deref().unwrap_or("abcde");
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
    let texts = |most| prop::collection::vec("[abcd]{1,2}", 0..=most);
    let patterns = prop::sample::subsequence(
        vec![
            "(ab|c)*".to_owned(),
            "a.*[bc]".into(),
            "[^b]+".into(),
            "..?.?".into(),
        ],
        0..3,
    );
    let letters = prop::option::of(prop::sample::select(vec!["ab", "acd", "abcde"]));
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
                    graphemes: None,
                    spelling: None,
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

/// Sums of squares over the cells of a test: they lie within six standard deviations.
fn assert_chi_square(
    counts: &BTreeMap<String, f64>,
    expected: impl Iterator<Item = (String, f64)>,
) {
    let (mut chi_square, mut cells, mut rest) = (0.0, 0.0f64, [0.0; 2]);
    let mut cell = |found: f64, expected: f64| {
        chi_square += (found - expected) * (found - expected) / expected;
        cells += 1.0;
    };
    for (word, expected) in expected {
        let found = counts.get(&word).copied().unwrap_or(0.0);
        if expected >= 8.0 {
            cell(found, expected);
        } else {
            rest[0] += found;
            rest[1] += expected;
        }
    }
    if rest[1] >= 8.0 {
        cell(rest[0], rest[1]);
    }
    assert!(
        chi_square < cells + 6.0 * (2.0 * cells).sqrt() + 6.0,
        "{chi_square} for {cells} cells"
    );
}

/// Ways of weakening the unlikely, and none.
fn configs() -> impl Strategy<Value = SampleConfig> {
    let config = |temperature, top_k, top_p| SampleConfig::new(temperature, top_k, top_p).unwrap();
    prop::sample::select(vec![
        config(1.0, None, None),
        config(1.0, None, None),
        config(1.5, None, None),
        config(0.7, Some(2), None),
        config(1.0, Some(3), Some(0.8)),
        config(1.2, None, Some(0.6)),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Every method's samples follow P(word | conditions), and the probability of the conditions is
    /// what is told: exactly, or in the interval.
    #[test]
    fn draws_follow_the_conditional_distribution(
        conditions in conditions(),
        letters in 3u8..6,
        context_length in 1usize..5,
        known in any::<bool>(),
        config in configs(),
        seed in 0u64..1000,
    ) {
        const DRAWS: usize = 4000;
        let (vocab, model, list) = model(letters, context_length, seed);
        let unwanted: Vec<&NameList> = known.then_some(&list).into_iter().collect();
        let all = words(&model, &vocab, config);
        let own: BTreeMap<&str, f64> =
            all.iter().map(|(word, _, log_prob)| (word.as_str(), *log_prob)).collect();
        let fitting: BTreeMap<&str, f64> = all
            .iter()
            .filter(|(word, ..)| fits(&conditions, word) && !(known && list.contains(word)))
            .map(|(word, prob, _)| (word.as_str(), *prob))
            .filter(|(_, prob)| *prob > 0.0)
            .collect();
        let mass: f64 = fitting.values().sum();
        let request = Request {
            count: DRAWS, config, conditions: conditions.clone(), unwanted, ..Request::default()
        };
        for method in [None, Some(Method::Bounds), Some(Method::Draws)] {
            if method == Some(Method::Draws) && mass < 0.02 {
                continue; // it would take long
            }
            let request = Request { method, ..request.clone() };
            let mut generator =
                match Generator::new(&model, &vocab, request, &Seed::from(seed), &Serial) {
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
                prop_assert!(fitting.contains_key(found.name.as_str()), "{} does not fit", found.name);
                prop_assert!((found.log_prob - own[found.name.as_str()]).abs() < 1e-9);
                *counts.entry(found.name).or_default() += 1.0;
            }
            let outcome = generator.outcome();
            prop_assert!(!outcome.gave_up);
            let told = outcome.probability;
            if told.method == Method::Exact {
                prop_assert!((told.estimate - mass).abs() < 1e-9, "{} {}", told.estimate, mass);
                prop_assert!((told.estimate / mass - 1.0).abs() < 1e-9 || mass == 0.0);
            }
            if fitting.is_empty() {
                prop_assert!(outcome.exhausted && counts.is_empty());
                continue;
            }
            prop_assert_eq!(outcome.found as usize, DRAWS);
            prop_assert!(told.low <= told.estimate && told.estimate <= told.high);
            prop_assert!(told.high >= mass * 0.9 && told.low <= mass * 1.1, "{mass} {told:?}");
            prop_assert!((told.estimate / mass - 1.0).abs() < 0.15, "{mass} {told:?}");
            let expected = fitting.iter().map(|(word, p)| ((*word).to_owned(), DRAWS as f64 * p / mass));
            assert_chi_square(&counts, expected);
        }
    }

    /// Without replacement all fitting words come out, once each, and then it is said.
    #[test]
    fn drawing_without_replacement_ends_with_all(
        conditions in conditions(), context_length in 1usize..5, config in configs(),
        known in any::<bool>(), seed in 0u64..1000,
    ) {
        let (vocab, model, list) = model(3, context_length, seed);
        let unwanted: Vec<&NameList> = known.then_some(&list).into_iter().collect();
        let fitting: BTreeMap<String, f64> = words(&model, &vocab, config)
            .into_iter()
            .filter(|(word, prob, _)| fits(&conditions, word) && *prob > 0.0)
            .filter(|(word, ..)| !(known && list.contains(word)))
            .map(|(word, prob, _)| (word, prob))
            .collect();
        for method in [None, Some(Method::Bounds)] {
            let request = Request {
                count: 2000, config, conditions: conditions.clone(), unwanted: unwanted.clone(),
                unique: true, method, ..Request::default()
            };
            let made = Generator::new(&model, &vocab, request, &Seed::from(seed), &Serial);
            let Ok(mut generator) = made else {
                prop_assert!(fitting.is_empty());
                return Ok(());
            };
            let mut found: Vec<String> = generator.by_ref().map(|found| found.name).collect();
            let outcome = generator.outcome();
            prop_assert!(outcome.exhausted && !outcome.gave_up, "{outcome:?}");
            prop_assert!((outcome.probability.high - fitting.values().sum::<f64>()).abs() < 1e-9);
            found.sort();
            prop_assert_eq!(found, fitting.keys().cloned().collect::<Vec<_>>());
        }
    }

    /// The most likely names are those of the enumeration, in its order.
    #[test]
    fn most_likely_is_the_sorted_enumeration(
        conditions in conditions(), context_length in 1usize..4, count in 0usize..40, seed in 0u64..1000,
    ) {
        let (vocab, model, list) = model(3, context_length, seed);
        let mut expected: Vec<(String, f64)> = words(&model, &vocab, SampleConfig::default())
            .into_iter()
            .filter(|(word, prob, _)| fits(&conditions, word) && *prob > 0.0 && !list.contains(word))
            .map(|(word, _, log_prob)| (word, log_prob))
            .collect();
        expected.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        expected.truncate(count);
        let Ok(found) = most_likely(&model, &vocab, &conditions, &[&list], count) else {
            prop_assert!(expected.is_empty());
            return Ok(());
        };
        prop_assert!(found.complete);
        prop_assert_eq!(found.names.len(), expected.len());
        for (found, (_, log_prob)) in found.names.iter().zip(&expected) {
            prop_assert!((found.log_prob - log_prob).abs() < 1e-9, "{found:?} {log_prob}");
        }
    }
}

/// Drawing stops at the last name that is wanted; the share that fits is not counted to there, which would
/// favour it: one name that comes at once is no sure condition.
#[test]
fn few_names_tell_the_share_without_bias() {
    const SEEDS: u64 = 400;
    let (vocab, model, _) = model(5, 3, 1);
    let conditions = Conditions::default().length(1..=LONGEST).containing("bd");
    let all = words(&model, &vocab, SampleConfig::default());
    let fitting = all.iter().filter(|(word, ..)| fits(&conditions, word));
    let mass: f64 = fitting.map(|(_, prob, _)| prob).sum();
    assert!((0.02..0.2).contains(&mass), "{mass}");
    for count in [0, 1, 3] {
        let (mut mean, mut covered) = (0.0, 0);
        for seed in 0..SEEDS {
            let request = Request {
                count,
                conditions: conditions.clone(),
                method: Some(Method::Draws),
                ..Request::default()
            };
            let seed = Seed::from(seed);
            let mut names = Generator::new(&model, &vocab, request, &seed, &Serial).unwrap();
            assert_eq!(names.by_ref().count(), count);
            let told = names.outcome().probability;
            assert_eq!(names.outcome().probability, told);
            mean += told.estimate / SEEDS as f64;
            covered += u64::from((told.low..=told.high).contains(&mass));
        }
        assert!((mean / mass - 1.0).abs() < 0.1, "{count}: {mean} {mass}");
        assert!(covered as f64 > 0.92 * SEEDS as f64, "{count}: {covered}");
    }
}

/// A caller may end the draws: the names until then are the same, and the probability is bounded all the same.
#[test]
fn draws_that_are_ended_keep_their_names() {
    let (vocab, model, _) = model(5, 4, 1);
    let conditions = Conditions::default().length(1..=LONGEST).containing("bd");
    for method in [Method::Draws, Method::Bounds] {
        let request = Request {
            count: 5000,
            conditions: conditions.clone(),
            method: Some(method),
            ..Request::default()
        };
        let seed = Seed::from(7);
        let new = || Generator::new(&model, &vocab, request.clone(), &seed, &Serial).unwrap();
        let all: Vec<_> = new().collect();
        assert_eq!(all.len(), 5000);
        let mut rounds = 0;
        let mut ended = new();
        ended.watch(|waiting| {
            assert!(waiting.found < 5000);
            rounds += 1;
            rounds < 2
        });
        let names: Vec<_> = ended.by_ref().collect();
        let outcome = ended.outcome();
        assert!(outcome.stopped && !outcome.gave_up && !outcome.exhausted);
        assert_eq!(outcome.found as usize, names.len());
        assert_eq!(names, all[..names.len()]);
        assert_eq!(ended.next(), None);
    }
    // Before the first draw.
    let request = Request {
        conditions,
        ..Request::default()
    };
    let mut none = Generator::new(&model, &vocab, request, &Seed::from(7), &Serial).unwrap();
    none.watch(|_| false);
    assert_eq!(none.next_lines(), None);
    let outcome = none.outcome();
    assert!(outcome.stopped && (0.0..1.0).contains(&outcome.probability.high));
}

/// Drawing two words without replacement: the second follows p(word) / (1 − p(first)).
#[test]
fn the_second_of_two_different_words_follows_its_distribution() {
    let (vocab, model, _) = model(3, 2, 7);
    let conditions = Conditions {
        max_length: 2,
        ..Conditions::default()
    };
    let all = words(&model, &vocab, SampleConfig::default());
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
    for method in [None, Some(Method::Exact), Some(Method::Bounds)] {
        let mut counts: BTreeMap<String, f64> = BTreeMap::new();
        for round in 0..ROUNDS {
            let request = Request {
                count: 2,
                conditions: conditions.clone(),
                unique: true,
                method,
                ..Request::default()
            };
            let second = Generator::new(&model, &vocab, request, &Seed::from(round), &Serial)
                .unwrap()
                .nth(1);
            *counts.entry(second.unwrap().name).or_default() += 1.0;
        }
        let expected = expected.iter();
        assert_chi_square(
            &counts,
            expected.map(|(word, share)| ((*word).to_owned(), ROUNDS as f64 * share)),
        );
    }
}

/// Words of up to four letters by free draws from a network, the table's and the lazy ones: chi-square
/// over every word, the longer ones together. The two are the same names.
#[test]
fn free_draws_follow_the_network() {
    const DRAWS: usize = 400_000;
    let (vocab, _, list) = model(5, 3, 1);
    let table = CountedWindows::from_list(&list, &vocab, 3).unwrap();
    let network = network(&vocab, &table);
    let all = words(&network, &vocab, SampleConfig::default());
    let draw = |count: usize| {
        let request = Request {
            count,
            ..Request::default()
        };
        let mut generator =
            Generator::new(&network, &vocab, request, &Seed::from(5), &Serial).unwrap();
        let mut text = String::new();
        while let Some(lines) = generator.next_lines() {
            text.push_str(&lines);
        }
        let outcome = generator.outcome();
        assert_eq!(outcome.probability.method, Method::Draws);
        (text, outcome.evaluations)
    };
    let (text, evaluations) = draw(DRAWS);
    // Every context of a table was asked for: 5³ + 5² + 5 + 1, beside those of the pilot.
    assert!((156..=312).contains(&evaluations), "{evaluations}");
    let (few, evaluations) = draw(9_000);
    assert!(
        text.starts_with(&few) && evaluations <= 156,
        "{evaluations}"
    );
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    for name in text.lines() {
        let name = if name.len() <= 4 { name } else { "longer" };
        *counts.entry(name.to_owned()).or_default() += 1.0;
    }
    let mass = 1.0 - network.next_log_probs(&[END; 3])[0].exp(); // no name is empty
    let short = all.iter().filter(|(word, ..)| word.len() <= 4);
    let mut expected: BTreeMap<String, f64> = short
        .map(|(word, p, _)| (word.clone(), DRAWS as f64 * p / mass))
        .collect();
    let longer = DRAWS as f64 - expected.values().sum::<f64>();
    expected.insert("longer".to_owned(), longer);
    assert_chi_square(&counts, expected.into_iter());
}

fn network(vocab: &Vocab, table: &CountedWindows) -> Network {
    let shape = ModelConfig {
        vocab_size: vocab.len(),
        context_length: 3,
        embedding_dim: 3,
        hidden_sizes: vec![20],
        activation: Activation::Tanh,
        residual: false,
        labels: 0,
    };
    let training = TrainConfig {
        init: Init::Kaiming,
        optimizer: Optimizer::Sgd,
        learning_rate: 0.5,
        schedule: Schedule::Constant,
        batch: BatchKind::Full,
        steps: 200,
        evaluate_every: 200,
        patience: None,
        target_loss: None,
        portable: false,
        dropout: 0.0,
        batch_norm: false,
        averaging: 0.0,
        seed: Seed::from(1),
    };
    let tables = Tables {
        train: table,
        val: None,
    };
    train(&shape, &training, tables, &Engine::new(&Serial), &mut ())
        .unwrap()
        .network
}
