//! Any model as an n-gram model in back-off form, the form of ARPA files.
//!
//! p(t | h) is stored for some tokens t; for the others it is α(h)·p(t | h′), where h′ is the history h without its
//! first token (Katz 1987). A history begins with one START, represented by an initial [`END`]. Kneser–Ney has this
//! form already. Other models are converted: exactly if every context is given, or pruned (after Seymore and
//! Rosenfeld 1996).

use std::ops::Range;

use crate::counts::kneser_ney::KneserNey;
use crate::counts::levels::history;
use crate::data::{CountedWindows, WindowCounter};
use crate::error::Error;
use crate::executor::Executor;
use crate::language_model::{LanguageModel, State, log_probs_of, row_states};
use crate::text::{END, Token};

/// A model that stores n-grams and backs off to shorter ones.
#[derive(Clone, Debug, PartialEq)]
pub struct BackoffNgram {
    vocab_size: usize,
    token_count: usize,
    levels: Vec<BackoffLevel>,
}

/// The n-grams with histories of one length.
#[derive(Clone, Debug, Default, PartialEq)]
struct BackoffLevel {
    /// [U, length], ascending.
    histories: Vec<Token>,
    /// [U]: ln α.
    weights: Vec<f64>,
    /// [U + 1]: row i owns `targets[starts[i]..starts[i + 1]]`.
    starts: Vec<usize>,
    targets: Vec<Token>,
    /// ln p of each target.
    log_probs: Vec<f64>,
}

/// What is stored for one history.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BackoffRow<'a> {
    /// The history; an initial [`END`] is START.
    pub history: &'a [Token],
    /// ln α: the weight of the shorter history's probability for tokens that are not stored.
    pub weight: f64,
    /// The stored tokens, ascending.
    pub targets: &'a [Token],
    /// Their log-probabilities.
    pub log_probs: &'a [f64],
}

impl From<&KneserNey> for BackoffNgram {
    /// The same model: interpolated probabilities of the tokens that were seen, and the weight of the others.
    fn from(model: &KneserNey) -> Self {
        let vocab_size = model.vocab_size();
        let mut ngram = BackoffNgram::new(vocab_size, model.token_count());
        let mut probs = vec![0.0; vocab_size];
        let all: Vec<Token> = (0..vocab_size as Token).collect();
        for (length, level) in model.levels().iter().enumerate() {
            let mut out = BackoffLevel::default();
            let histories = model.levels().histories(length);
            let history = |row: usize| &histories[row * length..(row + 1) * length];
            let mut rows: Vec<usize> = (0..level.len()).collect();
            rows.sort_unstable_by_key(|&row| history(row));
            for row in rows {
                model.probs_after(history(row), &mut probs);
                // At level 0 there is no shorter history to back off to.
                let targets = if length == 0 {
                    &all
                } else {
                    level.row(row).targets
                };
                let weight = libm::log(model.backoff_mass(length, row));
                let log_prob = |&token: &Token| libm::log(probs[usize::from(token)]);
                out.push(
                    history(row),
                    weight,
                    targets.iter().map(|t| (*t, log_prob(t))),
                );
            }
            ngram.levels.push(out);
        }
        ngram
    }
}

/// Every context that a name can have, each counted once.
///
/// # Errors
/// As [`WindowCounter::new`].
pub fn every_context(vocab_size: usize, length: usize) -> Result<CountedWindows, Error> {
    let mut counter = WindowCounter::new(vocab_size, length)?;
    let mut window = vec![END; length + 1];
    for known in 0..=length {
        let first = length - known;
        window[..first].fill(END);
        window[first..length].fill(1);
        loop {
            counter.add_window(&window, 1);
            // Counts up, with the tokens except END as digits.
            let Some(place) = (first..length)
                .rev()
                .find(|&i| usize::from(window[i]) + 1 < vocab_size)
            else {
                break;
            };
            window[place] += 1;
            window[place + 1..length].fill(1);
        }
    }
    Ok(counter.finish())
}

impl BackoffNgram {
    fn new(vocab_size: usize, token_count: usize) -> Self {
        BackoffNgram {
            vocab_size,
            token_count,
            levels: Vec::new(),
        }
    }

    /// The back-off form of a model, from its predictions after the given contexts, weighted by their counts.
    /// Histories have at most `longest` tokens. An n-gram is stored if dropping it would change the loss by more
    /// than `threshold` nats per character, or if a longer one needs it.
    ///
    /// The form is exact with [every context](every_context), the model's context length as `longest`, and a
    /// threshold of 0.
    ///
    /// # Panics
    /// If the contexts do not have the model's shape.
    pub fn approximate(
        model: &dyn LanguageModel,
        contexts: &CountedWindows,
        longest: usize,
        threshold: f64,
        executor: &dyn Executor,
    ) -> Self {
        let vocab_size = model.vocab_size();
        let dense = gather(model, contexts, longest, executor);
        let kept = choose(&dense, vocab_size, contexts.examples() as f64, threshold);
        let mut ngram = BackoffNgram::new(vocab_size, model.token_count());
        let mut lower = vec![0.0; vocab_size];
        for (length, (dense, kept)) in dense.iter().zip(&kept).enumerate() {
            let mut level = BackoffLevel::default();
            for (place, history) in dense.histories.iter().enumerate() {
                let row = place * vocab_size..(place + 1) * vocab_size;
                let (probs, kept) = (&dense.probs[row.clone()], &kept[row]);
                if !kept.contains(&true) {
                    continue;
                }
                let mut weight = 0.0;
                if length > 0 && kept.contains(&false) {
                    ngram.log_probs_after(&history[1..], &mut lower);
                    let left = |probs: &mut dyn Iterator<Item = f64>| -> f64 {
                        probs
                            .zip(kept)
                            .filter(|(_, kept)| !**kept)
                            .map(|(p, _)| p)
                            .sum()
                    };
                    let own = left(&mut probs.iter().copied());
                    let below = left(&mut lower.iter().map(|&x| libm::exp(x)));
                    weight = libm::log(own / below);
                }
                let tokens = (0..).zip(probs).zip(kept).filter(|(_, kept)| **kept);
                let stored = tokens.map(|((token, &p), _)| (token, libm::log(p)));
                level.push(history, weight, stored);
            }
            ngram.levels.push(level);
        }
        ngram
    }

    /// The longest length of an n-gram: that of the longest history plus one.
    pub fn order(&self) -> usize {
        self.levels.len()
    }

    /// Number of stored n-grams by the length of their history.
    pub fn sizes(&self) -> Vec<usize> {
        self.levels
            .iter()
            .map(|level| level.targets.len())
            .collect()
    }

    /// The rows of all histories of a length, in ascending order.
    ///
    /// # Panics
    /// If `length` is not below [`BackoffNgram::order`].
    pub fn rows(&self, length: usize) -> impl ExactSizeIterator<Item = BackoffRow<'_>> {
        let level = &self.levels[length];
        (0..level.weights.len()).map(move |place| level.row(length, place))
    }

    /// ln α of a history; 0 if nothing is stored for it.
    pub fn weight(&self, history: &[Token]) -> f64 {
        let level = self.levels.get(history.len());
        let row = level.and_then(|level| level.find(history));
        row.map_or(0.0, |row| row.weight)
    }

    fn log_probs_after(&self, history: &[Token], out: &mut [f64]) {
        for (length, level) in self.levels.iter().enumerate().take(history.len() + 1) {
            let Some(row) = level.find(&history[history.len() - length..]) else {
                return; // nothing is stored for longer histories either
            };
            if length > 0 {
                out.iter_mut().for_each(|log_prob| *log_prob += row.weight);
            }
            for (&target, &log_prob) in row.targets.iter().zip(row.log_probs) {
                out[usize::from(target)] = log_prob;
            }
        }
    }
}

impl BackoffLevel {
    fn push(&mut self, history: &[Token], weight: f64, stored: impl Iterator<Item = (Token, f64)>) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        self.histories.extend_from_slice(history);
        self.weights.push(weight);
        for (target, log_prob) in stored {
            self.targets.push(target);
            self.log_probs.push(log_prob);
        }
        self.starts.push(self.targets.len());
    }

    fn row(&self, length: usize, place: usize) -> BackoffRow<'_> {
        let stored: Range<usize> = self.starts[place]..self.starts[place + 1];
        BackoffRow {
            history: &self.histories[place * length..][..length],
            weight: self.weights[place],
            targets: &self.targets[stored.clone()],
            log_probs: &self.log_probs[stored],
        }
    }

    fn find(&self, history: &[Token]) -> Option<BackoffRow<'_>> {
        let length = history.len();
        let (mut low, mut high) = (0, self.weights.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.histories[middle * length..][..length].cmp(history) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(self.row(length, middle)),
            }
        }
        None
    }
}

impl LanguageModel for BackoffNgram {
    fn vocab_size(&self) -> usize {
        self.vocab_size
    }

    fn context_length(&self) -> usize {
        self.levels.len() - 1
    }

    fn token_count(&self) -> usize {
        self.token_count
    }

    fn log_probs(&self, states: &[State], log_probs: &mut [f64]) {
        let (contexts, length) = (self.contexts(states), self.context_length());
        for (index, out) in log_probs.chunks_exact_mut(self.vocab_size).enumerate() {
            self.log_probs_after(history(&contexts[index * length..][..length]), out);
        }
    }
}

/// Full distributions after all histories of one length.
struct Dense<'a> {
    /// Ascending.
    histories: Vec<&'a [Token]>,
    /// [U]: the counts of the contexts that end with each history.
    masses: Vec<f64>,
    /// [U, V]: the model's mean probabilities after those contexts.
    probs: Vec<f64>,
}

/// The mean distribution after every history that is a suffix of a context.
fn gather<'a>(
    model: &dyn LanguageModel,
    contexts: &'a CountedWindows,
    longest: usize,
    executor: &dyn Executor,
) -> Vec<Dense<'a>> {
    let vocab_size = model.vocab_size();
    let suffixes = |length: usize| {
        contexts
            .contexts()
            .chunks_exact(model.context_length())
            .filter_map(move |context| {
                let history = history(context);
                history
                    .len()
                    .checked_sub(length)
                    .map(|start| &history[start..])
            })
    };
    let mut levels: Vec<Dense<'_>> = (0..=longest)
        .map(|length| {
            let mut histories: Vec<&[Token]> = suffixes(length).collect();
            histories.sort_unstable();
            histories.dedup();
            Dense {
                masses: vec![0.0; histories.len()],
                probs: vec![0.0; histories.len() * vocab_size],
                histories,
            }
        })
        .collect();
    let states = row_states(model, contexts, 0..contexts.len());
    let log_probs = log_probs_of(model, &states, executor);
    let rows = log_probs.chunks_exact(vocab_size);
    for (row, log_probs) in contexts.rows().zip(rows) {
        let (history, mass) = (history(row.context), row.total as f64);
        for (length, level) in levels.iter_mut().enumerate().take(history.len() + 1) {
            let suffix = &history[history.len() - length..];
            let place = level
                .histories
                .binary_search(&suffix)
                .expect("every suffix was collected");
            level.masses[place] += mass;
            let sums = &mut level.probs[place * vocab_size..][..vocab_size];
            for (sum, &log_prob) in sums.iter_mut().zip(log_probs) {
                *sum += mass * libm::exp(log_prob);
            }
        }
    }
    for level in &mut levels {
        for (sums, mass) in level.probs.chunks_exact_mut(vocab_size).zip(&level.masses) {
            sums.iter_mut().for_each(|sum| *sum /= mass);
        }
    }
    levels
}

/// Which n-grams are stored, [U, V] for each level.
fn choose(levels: &[Dense<'_>], vocab_size: usize, total: f64, threshold: f64) -> Vec<Vec<bool>> {
    let place = |level: &Dense<'_>, history: &[Token]| {
        level
            .histories
            .binary_search(&history)
            .expect("every suffix was collected")
    };
    let mut kept: Vec<Vec<bool>> = levels
        .iter()
        .map(|level| vec![threshold <= 0.0; level.probs.len()])
        .collect();
    kept[0].fill(true);
    for (pair, kept) in levels.windows(2).zip(&mut kept[1..]) {
        let (below, level) = (&pair[0], &pair[1]);
        for (row, history) in level.histories.iter().enumerate() {
            let shorter = place(below, &history[1..]) * vocab_size;
            for token in 0..vocab_size {
                let index = row * vocab_size + token;
                let (p, q) = (level.probs[index], below.probs[shorter + token]);
                let change = level.masses[row] / total * p * libm::fabs(libm::log(p / q));
                kept[index] |= change > threshold;
            }
        }
    }
    // A stored n-gram needs the n-gram without its first token, and its own history as an n-gram.
    for length in (1..levels.len()).rev() {
        let (shorter, longer) = kept.split_at_mut(length);
        let (below, level) = (&levels[length - 1], &levels[length]);
        for (history, kept) in level
            .histories
            .iter()
            .zip(longer[0].chunks_exact(vocab_size))
        {
            if !kept.contains(&true) {
                continue;
            }
            let row = place(below, &history[1..]) * vocab_size;
            for (token, _) in kept.iter().enumerate().filter(|(_, kept)| **kept) {
                shorter[length - 1][row + token] = true;
            }
            if let (&last, before) = history.split_last().expect("length 1 or more")
                && last != END
            {
                shorter[length - 1][place(below, before) * vocab_size + usize::from(last)] = true;
            }
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::executor::Serial;

    const V: usize = 4;

    /// A model without structure that depends on every token of its context.
    struct Arbitrary {
        length: usize,
    }

    impl LanguageModel for Arbitrary {
        fn vocab_size(&self) -> usize {
            V
        }
        fn context_length(&self) -> usize {
            self.length
        }
        fn log_probs(&self, states: &[State], log_probs: &mut [f64]) {
            let contexts = self.contexts(states);
            for (row, out) in log_probs.chunks_exact_mut(V).enumerate() {
                let context = &contexts[row * self.length..][..self.length];
                let number = context.iter().fold(7u64, |x, &t| x * 31 + u64::from(t));
                let scores =
                    (0..V as u64).map(|t| 1.0 + ((number + 17 * t) * 2_654_435_761 % 97) as f64);
                let scores: Vec<f64> = scores.collect();
                let sum: f64 = scores.iter().sum();
                out.iter_mut()
                    .zip(scores)
                    .for_each(|(out, score)| *out = (score / sum).ln());
            }
        }
    }

    fn differences(one: &dyn LanguageModel, other: &dyn LanguageModel) -> f64 {
        let (long, short) = (one.context_length(), other.context_length());
        let contexts = every_context(V, long).unwrap();
        let rows = contexts.rows();
        let worst = rows.map(|row| {
            let (a, b) = (
                one.next_log_probs(row.context),
                other.next_log_probs(&row.context[long - short..]),
            );
            a.iter()
                .zip(&b)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f64::max)
        });
        worst.fold(0.0, f64::max)
    }

    #[test]
    fn every_context_occurs_once() {
        // Padding alone, then 3 + 9 + 27 contexts with tokens.
        let contexts = every_context(V, 3).unwrap();
        assert_eq!((contexts.len(), contexts.examples()), (40, 40));
        assert!(contexts.rows().all(|row| {
            let padding = row
                .context
                .iter()
                .take_while(|&&token| token == END)
                .count();
            !row.context[padding..].contains(&END)
        }));
    }

    #[test]
    fn a_model_of_every_context_is_exact() {
        for length in 1..4 {
            let model = Arbitrary { length };
            let contexts = every_context(V, length).unwrap();
            let ngram = BackoffNgram::approximate(&model, &contexts, length, 0.0, &Serial);
            assert_eq!(ngram.order(), length + 1);
            assert!(differences(&model, &ngram) < 1e-12);
        }
    }

    #[test]
    fn pruned_models_are_smaller_and_still_distributions() {
        let model = Arbitrary { length: 3 };
        let contexts = every_context(V, 3).unwrap();
        let exact = BackoffNgram::approximate(&model, &contexts, 3, 0.0, &Serial);
        let mut last = f64::INFINITY;
        for threshold in [3e-3, 1e-3, 1e-4] {
            let ngram = BackoffNgram::approximate(&model, &contexts, 3, threshold, &Serial);
            let (fewer, all) = (ngram.sizes(), exact.sizes());
            assert!(
                fewer.iter().sum::<usize>() < all.iter().sum(),
                "{fewer:?} of {all:?}"
            );
            for row in contexts.rows() {
                let sum: f64 = ngram
                    .next_log_probs(row.context)
                    .iter()
                    .map(|x| x.exp())
                    .sum();
                assert!((sum - 1.0).abs() < 1e-12, "{sum}");
            }
            // Every n-gram is also stored without its first token, and its history is an n-gram.
            for length in 1..ngram.order() {
                for row in ngram.rows(length) {
                    let holds = |history: &[Token], target| {
                        let level = &ngram.levels[history.len()];
                        level
                            .find(history)
                            .is_some_and(|row| row.targets.contains(&target))
                    };
                    assert!(
                        row.targets
                            .iter()
                            .all(|&target| holds(&row.history[1..], target))
                    );
                    let (&token, before) = row.history.split_last().unwrap();
                    assert!(token == END || holds(before, token));
                }
            }
            let worst = differences(&model, &ngram);
            assert!(worst < last, "{worst} at {threshold}");
            last = worst;
        }
    }

    proptest! {
        #[test]
        fn kneser_ney_has_back_off_form(
            names in prop::collection::vec(prop::collection::vec(1u16..4, 1..7), 1..40),
            length in 1usize..5,
        ) {
            let counted = names.iter().map(|name| (name.as_slice(), 1));
            let table = CountedWindows::from_names(counted, V, length).unwrap();
            let model = KneserNey::closed_form(&table).unwrap();
            prop_assert!(differences(&model, &BackoffNgram::from(&model)) < 1e-10);
        }
    }
}
