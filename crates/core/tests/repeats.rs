//! Repeat names, checked against every word over a small alphabet.

use nextchar_core::combine::repeats::CLASSES;
use nextchar_core::counts::KneserNey;
use nextchar_core::data::{CountedWindows, Name, NameList, WindowCounter};
use nextchar_core::language_model::row_states;
use nextchar_core::rng::{Purpose, Seed};
use nextchar_core::text::{END, Start, Token, Vocab};
use nextchar_core::{Error, LanguageModel, Mixture, Serial};
use proptest::prelude::*;

const LONGEST: usize = 6;

/// Random names over a, b and c, some of them several times.
fn names(seed: u64) -> NameList {
    let mut rng = Seed::from(seed).stream(Purpose::Batch, 1);
    let mut name = || {
        let length = 1 + rng.below(4);
        let text: String = (0..length)
            .map(|_| char::from(b'a' + rng.below(3) as u8))
            .collect();
        (text, 1 + rng.below(5) * rng.below(2))
    };
    let names: Vec<(String, u64)> = (0..40).map(|_| name()).collect();
    NameList::from_names(names)
}

fn vocab() -> Vocab {
    Vocab::from_characters("abc".chars()).unwrap()
}

fn counting(list: &NameList, context_length: usize) -> Mixture {
    let table = CountedWindows::from_list(list, &vocab(), context_length).unwrap();
    KneserNey::closed_form(&table).unwrap().into()
}

/// The context after a prefix.
fn context(model: &Mixture, prefix: &[Token]) -> Vec<Token> {
    let padded = [&vec![END; model.context_length()], prefix].concat();
    padded[prefix.len()..].to_vec()
}

/// The log-probabilities after a full context, without merging equivalent contexts into one state.
fn unreduced(model: &Mixture, prefix: &[Token]) -> Vec<f64> {
    let mut counter = WindowCounter::new(model.vocab_size(), model.context_length()).unwrap();
    counter.add_window(&[context(model, prefix).as_slice(), &[END]].concat(), 1);
    let mut log_probs = vec![0.0; model.vocab_size()];
    model.log_probs(&row_states(model, &counter.finish(), 0..1), &mut log_probs);
    log_probs
}

/// ln P of a word.
fn log_prob(model: &Mixture, word: &[Token]) -> f64 {
    let ends = (0..=word.len()).map(|place| {
        let next = word.get(place).copied().unwrap_or(END);
        model.next_log_probs(&context(model, &word[..place]))[usize::from(next)]
    });
    ends.sum()
}

/// Every word of at most `LONGEST` characters.
fn words() -> Vec<Vec<Token>> {
    let mut words = vec![Vec::new()];
    let mut place = 0;
    while place < words.len() {
        let word: Vec<Token> = words[place].clone();
        if word.len() < LONGEST {
            words.extend((1..=3).map(|token| [word.as_slice(), &[token]].concat()));
        }
        place += 1;
    }
    words
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Every word has its original probability times the factor of its class, unless it was seen often.
    #[test]
    fn every_name_is_scaled_by_the_factor_of_its_class(seed in 0u64..10_000, length in 0usize..4) {
        let list = names(seed);
        let plain = counting(&list, length);
        let mut scaled = plain.clone();
        scaled.fit_repeats(&list, &vocab(), &Serial).unwrap();
        let factors = scaled.repeats().unwrap().factors();
        for word in words() {
            let text = vocab().decode(&word);
            let times = list.names().find(|name| name.text == text).map(|name| name.count as usize);
            let Some(factor) = times.map_or(Some(factors.new), |times| factors.known[..2].get(times - 1).copied()) else {
                continue;
            };
            let expected = log_prob(&plain, &word) + factor.ln();
            let found = log_prob(&scaled, &word);
            // Counts can make a word impossible, and then a factor must keep it so.
            let is_scaled = found == expected || (found - expected).abs() < 1e-4;
            prop_assert!(is_scaled, "{text}: {found}, not {expected}");
        }
    }

    /// Names seen three times or more have probabilities proportional to r − D, with twenty names by the model's
    /// opinion among them. D is what Good–Turing gives to the names seen twice, in equal parts.
    #[test]
    fn names_seen_often_come_again_in_proportion(seed in 0u64..10_000, length in 0usize..4) {
        let list = names(seed);
        let plain = counting(&list, length);
        let mut scaled = plain.clone();
        scaled.fit_repeats(&list, &vocab(), &Serial).unwrap();
        let often: Vec<_> = list.names().filter(|name| name.count >= 3).collect();
        let p = |model: &Mixture, text: &str| log_prob(model, &vocab().encode(text).unwrap()).exp();
        let sum = |model: &Mixture| often.iter().map(|name| p(model, name.text)).sum::<f64>();
        let (before, after) = (sum(&plain), sum(&scaled));
        prop_assume!(before > 0.0 && often.iter().all(|name| p(&plain, name.text) > 0.0));
        let three = often.iter().filter(|name| name.count == 3).count() as f64;
        let discount = 3.0 * three / often.len() as f64;
        let weight = |name: &Name<'_>| name.count as f64 - discount + 20.0 * p(&plain, name.text) / before;
        let weights: f64 = often.iter().map(weight).sum();
        for name in &often {
            let (expected, found) = (after * weight(name) / weights, p(&scaled, name.text));
            prop_assert!((found / expected - 1.0).abs() < 1e-4, "{}: {found}, not {expected}", name.text);
        }
    }

    /// The classes get their Good–Turing shares, pulled towards the model's own masses by a prior of twenty names.
    #[test]
    fn classes_have_their_good_turing_shares(seed in 0u64..10_000) {
        let list = names(seed);
        let plain = counting(&list, 2);
        let mut scaled = plain.clone();
        scaled.fit_repeats(&list, &vocab(), &Serial).unwrap();
        let seen = |times| list.names().filter(|name| name.count == times).count() as f64;
        let total = list.total() as f64;
        let (new, once, twice) = (seen(1) / total, 2.0 * seen(2) / total, 3.0 * seen(3) / total);
        let good_turing = [once, twice, 1.0 - new - once - twice];
        let mut mass = [[0.0; CLASSES]; 2];
        for name in list.names() {
            let word = vocab().encode(name.text).unwrap();
            let class = name.count.min(CLASSES as u64) as usize - 1;
            mass[0][class] += log_prob(&plain, &word).exp();
            mass[1][class] += log_prob(&scaled, &word).exp();
        }
        prop_assume!(mass[0].iter().all(|&mass| mass > 0.0));
        for class in 0..CLASSES {
            let expected = (total * good_turing[class] + 20.0 * mass[0][class]) / (total + 20.0);
            prop_assert!((mass[1][class] - expected).abs() < 1e-4, "{mass:?} {good_turing:?}");
        }
    }

    /// A state stands for all contexts with identical predictions for every continuation: token by token, names
    /// have the probabilities that their full contexts give.
    #[test]
    fn equivalent_contexts_share_a_state(seed in 0u64..10_000, length in 1usize..4) {
        let list = names(seed);
        let mut model = counting(&list, length);
        model.fit_repeats(&list, &vocab(), &Serial).unwrap();
        let mut reduced = 0;
        for word in words() {
            let short = model.after(&Start::default(), &word);
            reduced += usize::from(model.contexts(&[short]) != context(&model, &word));
            for further in [&[][..], &[1], &[3, 2]] {
                let state = further.iter().fold(short, |state, &token| model.next(state, token));
                let mut found = vec![0.0; model.vocab_size()];
                model.log_probs(&[state], &mut found);
                prop_assert_eq!(found, unreduced(&model, &[word.as_slice(), further].concat()));
            }
        }
        prop_assert!(reduced > 0);
    }
}

#[test]
fn a_list_without_duplicates_is_refused() {
    let list = NameList::from_names(["ab", "ba", "cab"].map(|name| (name, 1)));
    let mut model = counting(&list, 2);
    let error = model.fit_repeats(&list, &vocab(), &Serial).unwrap_err();
    assert!(matches!(error, Error::NoRepeats(_)), "{error}");
}
