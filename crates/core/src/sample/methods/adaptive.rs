//! Free draws as long as they pay, then the dynamic program or bounds; where bounds do not pay either, a larger dynamic
//! program, or else free draws again.
//!
//! Whether a method pays is decided by what it has drawn. Every method gives every name with its conditional
//! probability, whatever was drawn before, so any such rule keeps the draws exact.

use crate::executor::Executor;
use crate::sample::batch::Batch;
use crate::sample::conditions::Filter;
use crate::sample::methods::Draws;
use crate::sample::methods::bounds::Bounds;
use crate::sample::methods::dynamic::{DynamicProgram, Limits};
use crate::sample::methods::free::Free;
use crate::sample::probability::Probability;
use crate::sample::source::Setup;

/// A method that starts with free draws and hands over to others.
pub(crate) struct Adaptive<'a> {
    setup: Setup<'a>,
    /// Always present, except while it is replaced.
    current: Option<Current<'a>>,
    /// Evaluations by the methods before the current one.
    evaluations: u64,
    /// Of the program that follows bounds.
    limits: Limits,
}

enum Current<'a> {
    Free(Box<Free<'a>>),
    Program(Box<DynamicProgram<'a>>),
    Bounds(Box<Bounds<'a>>),
    /// Free draws again: no other method pays.
    Last(Box<Free<'a>>),
}

impl<'a> Current<'a> {
    fn method(&self) -> &(dyn Draws + 'a) {
        match self {
            Current::Free(free) | Current::Last(free) => &**free,
            Current::Program(program) => &**program,
            Current::Bounds(bounds) => &**bounds,
        }
    }

    fn method_mut(&mut self) -> &mut (dyn Draws + 'a) {
        match self {
            Current::Free(free) | Current::Last(free) => &mut **free,
            Current::Program(program) => &mut **program,
            Current::Bounds(bounds) => &mut **bounds,
        }
    }
}

impl<'a> Adaptive<'a> {
    pub(crate) fn new(setup: Setup<'a>, filter: Filter) -> Self {
        let free = Free::new(setup.clone(), filter);
        Adaptive {
            setup,
            current: Some(Current::Free(Box::new(free))),
            evaluations: 0,
            limits: Limits::LARGE,
        }
    }

    fn current(&self) -> &(dyn Draws + 'a) {
        self.current
            .as_ref()
            .expect("it is replaced at once")
            .method()
    }

    fn current_mut(&mut self) -> &mut (dyn Draws + 'a) {
        self.current
            .as_mut()
            .expect("it is replaced at once")
            .method_mut()
    }
}

impl Draws for Adaptive<'_> {
    fn prepare(&mut self, log_probs: bool, executor: &dyn Executor) {
        let pays = |current: &mut Current<'_>| match current {
            Current::Free(free) => free.pays(),
            Current::Bounds(bounds) => bounds.pays(),
            Current::Program(_) | Current::Last(_) => true,
        };
        let Some(current) = self.current.take_if(|current| !pays(current)) else {
            return;
        };
        self.evaluations += current.method().evaluations();
        let setup = self.setup.clone();
        self.current = Some(match current {
            Current::Free(free) => hand_over(setup, *free, log_probs, executor),
            Current::Bounds(bounds) => last(setup, *bounds, self.limits, log_probs, executor),
            other => other,
        });
    }

    fn draw(&mut self, wanted: usize, log_probs: bool, executor: &dyn Executor) -> Vec<Batch> {
        self.current_mut().draw(wanted, log_probs, executor)
    }

    fn probability(&mut self, executor: &dyn Executor) -> Probability {
        self.current_mut().probability(executor)
    }

    /// Those of the current method.
    fn attempts(&self) -> u64 {
        self.current().attempts()
    }

    fn cost(&self) -> u64 {
        self.current().cost()
    }

    fn evaluations(&self) -> u64 {
        self.evaluations + self.current().evaluations()
    }

    fn remaining(&self) -> f64 {
        self.current().remaining()
    }
}

/// The method that continues after bounds that gave no name: a dynamic program that takes a second, or free draws.
fn last<'a>(
    setup: Setup<'a>,
    bounds: Bounds<'a>,
    limits: Limits,
    log_probs: bool,
    executor: &dyn Executor,
) -> Current<'a> {
    let (attempts, filter) = (bounds.free_attempts(), bounds.into_filter());
    match DynamicProgram::new(setup.clone(), filter, limits, log_probs, executor) {
        Ok(program) => Current::Program(Box::new(program)),
        Err(filter) => Current::Last(Box::new(Free::resumed(setup, filter, attempts))),
    }
}

/// The method that continues after free draws, without the names that they have already drawn.
fn hand_over<'a>(
    setup: Setup<'a>,
    free: Free<'a>,
    log_probs: bool,
    executor: &dyn Executor,
) -> Current<'a> {
    let (kept, attempts) = (free.kept(), free.attempts());
    let (mut filter, seen) = free.into_parts();
    // Other conditions start with free draws only because the dynamic program would be too large.
    if setup.likely {
        match DynamicProgram::new(setup.clone(), filter, Limits::QUICK, log_probs, executor) {
            Ok(mut program) => {
                program.exclude(&[seen.into_batch()]);
                return Current::Program(Box::new(program));
            }
            Err(returned) => filter = returned,
        }
    }
    let mut bounds = Bounds::new(setup, filter);
    bounds.count_free_draws(kept, attempts);
    bounds.exclude_all(seen.names(), executor);
    Current::Bounds(Box::new(bounds))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use super::*;
    use crate::counts::KneserNey;
    use crate::data::{CountedWindows, NameList};
    use crate::executor::Serial;
    use crate::language_model::LanguageModel;
    use crate::rng::{Purpose, Seed};
    use crate::sample::source::Source;
    use crate::sample::{Conditions, Method, SampleConfig};
    use crate::text::{Start, Token, Vocab};

    const CONDITION: &str = ".*cb";

    fn vocab_and_model() -> (Vocab, KneserNey) {
        let vocab = Vocab::from_characters("abc".chars()).unwrap();
        let list = NameList::from_names(["abca", "cab", "bab", "acca"].map(|name| (name, 20)));
        let table = CountedWindows::from_list(&list, &vocab, 4).unwrap();
        (vocab, KneserNey::closed_form(&table).unwrap())
    }

    /// Draws of names of 1 to 5 characters that meet the condition, by bounds that must pay after `trial` attempts, and
    /// then by a program within `limits`.
    fn adaptive<'a>(
        (vocab, model): &'a (Vocab, KneserNey),
        seed: u64,
        unique: bool,
        trial: u64,
        limits: Limits,
    ) -> Adaptive<'a> {
        let conditions = Conditions::default().length(1..=5).matching(CONDITION);
        let setup = Setup {
            likely: false,
            source: Source {
                model,
                start: model.start(&Start::default()),
                config: SampleConfig::default(),
            },
            stream: Seed::from(seed).stream(Purpose::Sample, 0),
            unique,
        };
        let filter = Filter::new(&conditions, &[], vocab).unwrap();
        let bounds = Bounds::new(setup.clone(), filter).with_trial(trial);
        Adaptive {
            setup,
            current: Some(Current::Bounds(Box::new(bounds))),
            evaluations: 0,
            limits,
        }
    }

    /// The next names.
    fn draw(adaptive: &mut Adaptive<'_>) -> Vec<Vec<Token>> {
        loop {
            adaptive.prepare(false, &Serial);
            let batches = adaptive.draw(1, false, &Serial);
            let names: Vec<_> = batches.iter().flat_map(Batch::names).collect();
            if !names.is_empty() {
                return names.into_iter().map(<[Token]>::to_vec).collect();
            }
        }
    }

    /// ln P of every name that meets the condition.
    fn fitting((vocab, model): &(Vocab, KneserNey)) -> BTreeMap<Vec<Token>, f64> {
        let mut words: Vec<String> = vec!["cb".into()];
        for _ in 0..3 {
            let longer = words
                .iter()
                .flat_map(|word| ["a", "b", "c"].map(|c| format!("{c}{word}")));
            words = longer
                .chain(words.iter().cloned())
                .collect::<HashSet<_>>()
                .into_iter()
                .collect();
        }
        assert_eq!(words.len(), 40);
        let mut names = BTreeMap::new();
        for word in words {
            let tokens = vocab.encode(&word).unwrap();
            let p = crate::score::name_log_prob(model, &tokens);
            names.insert(tokens, p);
        }
        names
    }

    /// The first name of many seeds follows the conditional distribution, by whichever method it came.
    #[test]
    fn names_are_exact_where_bounds_do_not_pay() {
        const SEEDS: u64 = 4000;
        let model = vocab_and_model();
        let fitting = fitting(&model);
        let mass: f64 = fitting.values().map(|log_prob| log_prob.exp()).sum();
        assert!(mass < 0.1, "{mass}");
        let (mut counts, mut methods) = (BTreeMap::<Vec<Token>, f64>::new(), [0; 2]);
        let mut covered = 0;
        for seed in 0..SEEDS {
            let mut adaptive = adaptive(&model, seed, false, 8, Limits::NONE);
            let name = draw(&mut adaptive).swap_remove(0);
            *counts.entry(name).or_default() += 1.0;
            let told = adaptive.probability(&Serial);
            methods[usize::from(told.method == Method::Draws)] += 1;
            covered += u64::from(mass <= told.high);
        }
        assert!(
            methods.iter().all(|&times| times > SEEDS / 20),
            "{methods:?}"
        );
        assert!(covered as f64 > 0.97 * SEEDS as f64, "{covered}");
        let (mut chi_square, mut cells) = (0.0, 0.0f64);
        for (name, log_prob) in &fitting {
            let expected = SEEDS as f64 * log_prob.exp() / mass;
            let found = counts.remove(name).unwrap_or(0.0);
            if expected >= 8.0 {
                chi_square += (found - expected).powi(2) / expected;
                cells += 1.0;
            }
        }
        assert!(counts.is_empty(), "{counts:?} do not meet the condition");
        assert!(
            cells > 10.0 && chi_square < cells + 5.0 * (2.0 * cells).sqrt(),
            "{chi_square} {cells}"
        );
    }

    /// Without replacement, the methods after bounds give every name once.
    #[test]
    fn the_last_methods_repeat_no_name() {
        let model = vocab_and_model();
        for limits in [Limits::NONE, Limits::LARGE] {
            let mut adaptive = adaptive(&model, 1, true, 0, limits);
            let mut found = HashSet::new();
            while found.len() < 40 {
                for name in draw(&mut adaptive) {
                    assert!(found.insert(name), "a name came twice");
                }
            }
            assert_eq!(found, fitting(&model).into_keys().collect());
            let method = adaptive.probability(&Serial).method;
            let expected = match adaptive.current.unwrap() {
                Current::Last(_) => Method::Draws,
                Current::Program(_) => Method::Exact,
                _ => panic!("neither"),
            };
            assert_eq!(method, expected);
        }
    }
}
