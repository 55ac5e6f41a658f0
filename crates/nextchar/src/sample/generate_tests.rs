//! Names against exact enumeration, and the promises of the loop.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::data::{END, windows};
use crate::ngram::Uniform;
use crate::rng::Purpose;
use crate::sample::apply_temperature;

/// Random distributions with some zeros, fixed by a seed.
struct RandomModel {
    vocab_size: usize,
    context_length: usize,
    seed: Seed,
}

impl LanguageModel for RandomModel {
    fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    fn context_length(&self) -> usize {
        self.context_length
    }

    fn log_probs(&self, contexts: &[Token], log_probs: &mut [f64]) {
        for (row, out) in log_probs.chunks_exact_mut(self.vocab_size).enumerate() {
            let context = &contexts[row * self.context_length..][..self.context_length];
            let number = context.iter().fold(0, |number, &token| {
                number * self.vocab_size as u64 + u64::from(token)
            });
            let mut rng = self.seed.stream(Purpose::Init, number);
            for weight in out.iter_mut() {
                *weight = rng.uniform();
            }
            let zero = rng.below(self.vocab_size as u64) as usize;
            if zero != usize::from(END) {
                out[zero] = 0.0;
            }
            let total: f64 = out.iter().sum();
            for weight in out {
                *weight = (*weight / total).ln();
            }
        }
    }
}

fn random_model(seed: u64) -> RandomModel {
    RandomModel {
        vocab_size: 4,
        context_length: 2,
        seed: Seed::from(seed),
    }
}

fn abc() -> Vocab {
    Vocab::from_characters("abc".chars()).unwrap()
}

/// P of every possible name that a request allows, by plain enumeration, adding up to 1.
fn enumerate(model: &RandomModel, sampling: &SampleConfig) -> BTreeMap<String, f64> {
    let mut names: Vec<Vec<Token>> = vec![vec![]];
    let mut start = 0;
    for _ in 0..sampling.max_length {
        let end = names.len();
        for index in start..end {
            for token in 1..model.vocab_size as Token {
                let mut longer = names[index].clone();
                longer.push(token);
                names.push(longer);
            }
        }
        start = end;
    }
    let prob = |name: &Vec<Token>| -> f64 {
        windows(name, model.context_length)
            .map(|(context, target)| {
                let mut log_probs = model.next_log_probs(&context);
                apply_temperature(&mut log_probs, sampling.temperature.unwrap_or(1.0));
                log_probs[usize::from(target)].exp()
            })
            .product()
    };
    let probs: BTreeMap<String, f64> = names
        .iter()
        .filter(|name| name.len() >= sampling.min_length && prob(name) > 0.0)
        .map(|name| (abc().decode(name), prob(name)))
        .collect();
    let total: f64 = probs.values().sum();
    probs.into_iter().map(|(name, prob)| (name, prob / total)).collect()
}

#[test]
fn names_have_exactly_the_models_probabilities() {
    const DRAWS: usize = 40_000;
    for (seed, temperature, min_length) in [(1, None, 1), (2, Some(0.6), 2), (3, Some(1.7), 0)] {
        let model = random_model(seed);
        let request = Request {
            sampling: SampleConfig {
                temperature,
                min_length,
                max_length: 3,
            },
            ..Request::new(DRAWS, 3)
        };
        let expected = enumerate(&model, &request.sampling);
        let vocab = abc();
        let mut found: BTreeMap<String, f64> = BTreeMap::new();
        for generated in Generator::new(&model, &vocab, request, &Seed::from(seed)).unwrap() {
            *found.entry(generated.name).or_default() += 1.0;
        }
        assert!(found.keys().all(|name| expected.contains_key(name)));

        let (mut chi_square, mut cells) = (0.0, 0.0);
        for (name, prob) in expected {
            let wanted = prob * DRAWS as f64;
            if wanted >= 5.0 {
                let difference = found.get(&name).copied().unwrap_or(0.0) - wanted;
                chi_square += difference * difference / wanted;
                cells += 1.0;
            }
        }
        // Mean and standard deviation of chi-square are f and √(2f) at f degrees of freedom.
        let freedom: f64 = cells - 1.0;
        assert!(freedom > 5.0);
        assert!(chi_square < freedom + 4.0 * (2.0 * freedom).sqrt(), "{chi_square} of {freedom}");
    }
}

#[test]
fn log_prob_is_the_models_own_at_any_temperature() {
    let (model, vocab) = (random_model(4), abc());
    let mut request = Request::new(50, 8);
    request.sampling.temperature = Some(0.5);
    for generated in Generator::new(&model, &vocab, request, &Seed::from(1)).unwrap() {
        let name = vocab.encode(&generated.name).unwrap();
        let expected: f64 = windows(&name, 2)
            .map(|(context, target)| model.next_log_probs(&context)[usize::from(target)])
            .sum();
        assert!((generated.log_prob - expected).abs() < 1e-12);
    }
}

#[test]
fn giving_up_is_told_with_the_reasons() {
    let (model, vocab) = (Uniform { vocab_size: 4 }, abc());
    let known = |name: &str| name == "a";
    let request = Request {
        unique: true,
        known: Some(&known),
        tries: 1000,
        ..Request::new(10, 1)
    };
    let mut generator = Generator::new(&model, &vocab, request, &Seed::from(1)).unwrap();
    let mut names: Vec<String> = generator.by_ref().map(|generated| generated.name).collect();
    names.sort();
    assert_eq!(names, ["b", "c"]);
    assert_eq!(generator.next(), None);
    let outcome = generator.outcome();
    assert!(outcome.gave_up);
    assert_eq!((outcome.accepted, outcome.rejected.dead_end), (2, 0));
    assert_eq!(outcome.draws, outcome.accepted + outcome.rejected.total());
    let reasons = outcome.rejected;
    assert!([reasons.too_short, reasons.too_long, reasons.repeated, reasons.known]
        .iter()
        .all(|&count| count > 100));
}

#[test]
fn a_model_of_no_possible_token_is_given_up() {
    struct Broken;
    impl LanguageModel for Broken {
        fn vocab_size(&self) -> usize {
            4
        }
        fn context_length(&self) -> usize {
            1
        }
        fn log_probs(&self, _: &[Token], log_probs: &mut [f64]) {
            log_probs.fill(f64::NAN);
        }
    }
    let vocab = abc();
    let request = Request {
        tries: 7,
        ..Request::new(1, 5)
    };
    let mut generator = Generator::new(&Broken, &vocab, request, &Seed::from(1)).unwrap();
    assert_eq!(generator.next(), None);
    assert_eq!(generator.outcome().rejected.dead_end, 7);
}

#[test]
fn requests_that_cannot_be_are_refused() {
    let (model, vocab) = (Uniform { vocab_size: 4 }, abc());
    let refused = |change: fn(&mut Request)| {
        let mut request = Request::new(1, 5);
        change(&mut request);
        let made = Generator::new(&model, &vocab, request, &Seed::from(1));
        matches!(made.err(), Some(Error::BadSampling(_)))
    };
    assert!(!refused(|_| ()));
    assert!(refused(|request| request.sampling.min_length = 6));
    assert!(refused(|request| request.sampling.max_length = usize::MAX));
    assert!(refused(|request| request.sampling.temperature = Some(0.0)));
    assert!(refused(|request| request.tries = 0));
    let other = Generator::new(&model, &Vocab::az(), Request::new(1, 5), &Seed::from(1)).err();
    assert!(matches!(other, Some(Error::BadSampling(_))));
}

proptest! {
    /// Whatever is asked for: lengths hold, unique and novel are guarantees, the same seed gives
    /// the same names, and a shorter request the first of them.
    #[test]
    fn every_name_fits_and_a_prefix_is_a_prefix(
        seed in 0u64..1000,
        min_length in 0usize..3,
        span in 0usize..4,
        unique: bool,
        novel: bool,
        count in 0usize..30,
        fewer in 0usize..30,
    ) {
        let (model, vocab) = (random_model(seed), abc());
        let known = |name: &str| name.starts_with('a');
        let names = |count| -> Vec<Generated> {
            let request = Request {
                sampling: SampleConfig {
                    min_length,
                    ..SampleConfig::new(min_length + span)
                },
                unique,
                known: novel.then_some(&known),
                tries: 500,
                ..Request::new(count, 0)
            };
            Generator::new(&model, &vocab, request, &Seed::from(seed)).unwrap().collect()
        };
        let all = names(count);
        prop_assert!(all.len() <= count);
        let lengths = min_length..=min_length + span;
        prop_assert!(all.iter().all(|n| lengths.contains(&n.name.chars().count())));
        prop_assert!(!novel || all.iter().all(|n| !known(&n.name)));
        let different: FxHashSet<&str> = all.iter().map(|n| n.name.as_str()).collect();
        prop_assert!(!unique || different.len() == all.len());
        let some = names(fewer.min(count));
        prop_assert_eq!(&some[..], &all[..some.len()]);
        prop_assert!(some.len() == fewer.min(count) || some.len() == all.len());
    }
}
