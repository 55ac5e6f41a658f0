//! Interpolated modified Kneser–Ney: the strongest model that consists of counts alone.
//!
//! For a history h, let h′ be h without its first token, c the adjusted count of the level, and Nᵢ(h) the number of
//! tokens that follow h with a count in bucket i. Then
//!
//! p(t | h) = (c(h, t) − D_c)⁺ / c(h) + (Σ Dᵢ·Nᵢ(h) / c(h)) · p(t | h′)
//!
//! with 1 / V below level 0 (Chen and Goodman 1998, section 4.1.6).

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use nextchar_kernels::{Arithmetic, Kernels};

use crate::counts::automaton::Automaton;
use crate::counts::counting::{levels, levels_of_names};
use crate::counts::discount;
use crate::counts::distributions::{Distributions, Shortest, interpolate};
use crate::counts::levels::{Discounts, Levels, history};
use crate::data::{CountedWindows, NameList, folds};
use crate::error::Error;
use crate::executor::Executor;
use crate::language_model::{LanguageModel, State, WordModel, packing};
use crate::setting::{Allowed, Setting};
use crate::text::{END, Token, Vocab};

/// Up to this context length, every context is a state of its own.
const FEW_CONTEXTS: usize = 3;

/// A Kneser–Ney model.
///
/// ```
/// use nextchar_core::LanguageModel;
/// use nextchar_core::counts::KneserNey;
/// use nextchar_core::data::{CountedWindows, NameList};
/// use nextchar_core::text::Vocab;
///
/// let names = NameList::from_names(["asha", "usha", "isha", "nisha"].map(|name| (name, 1)));
/// let table = CountedWindows::from_list(&names, &Vocab::az(), 3).unwrap();
/// let model = KneserNey::closed_form(&table).unwrap();
/// let after_sh = model.next_log_probs(&Vocab::az().context("ush", 3).unwrap());
/// assert!(after_sh.iter().all(|&log_prob| log_prob <= after_sh[1])); // token 1 is a
/// ```
#[derive(Clone, Debug)]
pub struct KneserNey {
    levels: Levels,
    discounts: Vec<Discounts>,
    /// The windows, once someone asks for them.
    table: OnceLock<CountedWindows>,
    /// Whether every history continues one that was seen, so that contexts with the same longest history stay
    /// equivalent, once it is known.
    is_closed: OnceLock<bool>,
    shortest: OnceLock<Shortest>,
}

impl PartialEq for KneserNey {
    fn eq(&self, other: &Self) -> bool {
        (&self.levels, &self.discounts) == (&other.levels, &other.discounts)
    }
}

impl KneserNey {
    fn new(levels: Levels, discounts: Vec<Discounts>) -> Self {
        KneserNey {
            levels,
            discounts,
            table: OnceLock::new(),
            is_closed: OnceLock::new(),
            shortest: OnceLock::new(),
        }
    }

    /// The model of a table with closed-form discounts.
    ///
    /// # Errors
    /// [`Error::ContextTooLong`], [`Error::TooManyCounts`].
    pub fn closed_form<'t>(table: impl Into<Cow<'t, CountedWindows>>) -> Result<Self, Error> {
        let levels = levels(&table.into())?;
        let discounts = levels.iter().map(discount::closed_form).collect();
        Ok(Self::new(levels, discounts))
    }

    /// The model of a table with cross-fitted discounts: those that predict each of its folds best from the
    /// others. With fewer than two folds, the closed form.
    ///
    /// # Errors
    /// [`Error::ContextTooLong`], [`Error::TooManyCounts`].
    ///
    /// # Panics
    /// If the folds' vocabularies or context lengths differ.
    pub fn cross_fitted(
        table: &CountedWindows,
        folds: &[CountedWindows],
        executor: &dyn Executor,
    ) -> Result<Self, Error> {
        let mut model = Self::closed_form(table)?;
        if folds.len() > 1 {
            model.discounts = discount::cross_fitted(table, &model.discounts, folds, executor)?;
        }
        Ok(model)
    }

    /// The model of a list, with discounts that are cross-fitted in ten folds.
    ///
    /// # Errors
    /// As [`CountedWindows::from_list`].
    pub fn fit(
        list: &NameList,
        vocab: &Vocab,
        context_length: usize,
        executor: &dyn Executor,
    ) -> Result<Self, Error> {
        const FOLDS: usize = 10;
        let folds = folds(list, FOLDS)
            .iter()
            .filter(|fold| !fold.is_empty())
            .map(|fold| CountedWindows::from_list(fold, vocab, context_length))
            .collect::<Result<Vec<_>, Error>>()?;
        let table = CountedWindows::from_list(list, vocab, context_length)?;
        Self::cross_fitted(&table, &folds, executor)
    }

    /// The model of a table with given discounts, one triple for each level 0 … T.
    ///
    /// # Errors
    /// [`Error::WrongDiscounts`] for another number of triples; [`Error::OutOfRange`] unless the discounts of a
    /// triple are within 0 to 1, 0 to 2 and 0 to 3.
    pub fn with_discounts<'t>(
        table: impl Into<Cow<'t, CountedWindows>>,
        discounts: Vec<Discounts>,
    ) -> Result<Self, Error> {
        let table = table.into();
        check(&discounts, table.context_length())?;
        Ok(Self::new(levels(&table)?, discounts))
    }

    /// [`KneserNey::with_discounts`] of a list's windows, which are counted without a table of their own.
    ///
    /// # Errors
    /// As [`KneserNey::with_discounts`] and [`CountedWindows::from_list`].
    pub fn of_list(
        list: &NameList,
        vocab: &Vocab,
        context_length: usize,
        discounts: Vec<Discounts>,
    ) -> Result<Self, Error> {
        check(&discounts, context_length)?;
        let levels = levels_of_names(list, vocab, context_length)?;
        Ok(Self::new(levels, discounts))
    }

    /// The windows that it was counted from. They are put together from the levels at the first call.
    pub fn table(&self) -> &CountedWindows {
        self.table.get_or_init(|| self.levels.table())
    }

    /// The discounts of each level.
    pub fn discounts(&self) -> &[Discounts] {
        &self.discounts
    }

    pub(crate) fn levels(&self) -> &Levels {
        &self.levels
    }

    /// The probability mass that the history at a row of level `length` passes on to the level below.
    pub(crate) fn backoff_mass(&self, length: usize, row: usize) -> f64 {
        let sums = self.levels.level(length).row(row).sums();
        sums.backoff_mass(&self.discounts[length])
    }

    /// p(· | history), where padding is reduced to one START.
    pub(crate) fn probs_after(&self, history: &[Token], probs: &mut [f64]) {
        let mut shorter = vec![1.0 / probs.len() as f64; probs.len()];
        let path = self.levels.path(history.iter().rev().copied());
        for (length, row) in path.enumerate() {
            let row = self.levels.level(length).row(row);
            interpolate(row, &self.discounts[length], &shorter, probs);
            shorter.copy_from_slice(probs);
        }
        probs.copy_from_slice(&shorter);
    }

    /// The distributions of the shortest histories, which most contexts share.
    fn shortest(&self) -> &Shortest {
        self.shortest
            .get_or_init(|| Shortest::of(&self.levels, &self.discounts))
    }

    fn distributions(&self) -> Distributions<'_> {
        Distributions::new(&self.levels, &self.discounts, self.shortest())
    }

    /// The state after a token in a model that also sees the last `tokens` tokens otherwise.
    ///
    /// Contexts with the same longest history that was seen have the same predictions for every continuation: they
    /// share a state, in which other tokens replace those before that history. So there are no more states than
    /// histories. Short contexts are few anyway, and a label stands in every context, seen with the others or not.
    pub(crate) fn next_beside(&self, state: State, token: Token, tokens: usize) -> State {
        let packing = packing(self);
        let next = packing.next_context(state.packed(), token, state.held());
        let longest = self.context_length();
        if longest <= FEW_CONTEXTS || tokens >= longest || state.held() > 0 || !self.is_closed() {
            return state.with_packed(next);
        }
        let mut context = packing.unpack_context(next);
        self.forget_unseen(&mut context, tokens);
        state.with_packed(packing.pack_context(&context))
    }

    /// Replaces the tokens of a context before the longest history that was seen, or before the last `tokens` if they
    /// are more, by tokens that depend on nothing else: first one with which no history was seen.
    fn forget_unseen(&self, context: &mut [Token], tokens: usize) {
        let history = history(context);
        let path = self.levels.path(history.iter().rev().copied());
        let Some((seen, row)) = path.enumerate().last() else {
            return;
        };
        let known = seen.max(tokens);
        if known >= history.len() {
            return;
        }
        let unseen = context.len() - known - 1;
        // Beyond the longest history that was seen, any token is one with which no history was seen.
        let is_unseen =
            |&token: &Token| known > seen || self.levels.longer(seen, row, token).is_none();
        let other = (END + 1..self.vocab_size() as Token).find(is_unseen);
        if let Some(other) = other {
            context[..unseen].fill(END + 1);
            context[unseen] = other;
        }
    }

    fn is_closed(&self) -> bool {
        *self.is_closed.get_or_init(|| self.levels.are_closed())
    }
}

/// # Errors
/// As [`KneserNey::with_discounts`].
fn check(discounts: &[Discounts], context_length: usize) -> Result<(), Error> {
    let (found, levels) = (discounts.len(), context_length + 1);
    if found != levels {
        return Err(Error::WrongDiscounts { found, levels });
    }
    for (most, &discount) in discounts.iter().flat_map(|triple| (1..).zip(triple)) {
        Setting::Discount.check(discount, Allowed::Within(0.0, f64::from(most)))?;
    }
    Ok(())
}

impl LanguageModel for KneserNey {
    fn vocab_size(&self) -> usize {
        self.levels.shape().vocab_size
    }

    fn context_length(&self) -> usize {
        self.levels.shape().context_length
    }

    fn token_count(&self) -> usize {
        self.levels.shape().token_count
    }

    fn log_probs(&self, states: &[State], log_probs: &mut [f64]) {
        let mut distributions = self.distributions();
        let rows = log_probs.chunks_exact_mut(self.vocab_size());
        for (state, out) in states.iter().zip(rows) {
            out.copy_from_slice(distributions.after(state.packed()));
        }
        Kernels::best(Arithmetic::Unfused).log_f64(log_probs);
    }

    fn next(&self, state: State, token: Token) -> State {
        self.next_beside(state, token, 0)
    }

    fn word_model(&self) -> Option<Box<dyn WordModel + '_>> {
        let automaton = Automaton::new(&self.levels, &self.discounts, self.vocab_size())?;
        Some(Box::new(automaton))
    }

    fn total_nll(&self, table: &CountedWindows, rows: Range<usize>) -> f64 {
        let (packing, mut distributions) = (packing(self), self.distributions());
        let mut total = 0.0;
        for index in rows {
            let row = table.row(index);
            let probs = distributions.after(packing.pack_context(row.context));
            for (&target, &count) in row.targets.iter().zip(row.counts) {
                total -= count as f64 * libm::log(probs[usize::from(target)]);
            }
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::*;
    use crate::text::{END, Start};

    /// Kneser–Ney computed from the names themselves, directly from its definition.
    struct BruteForce {
        order: usize,
        raw: HashMap<Vec<Token>, u64>,
        /// Left neighbours of each n-gram.
        left: HashMap<Vec<Token>, HashSet<Token>>,
        grams: Vec<HashSet<Vec<Token>>>,
        discounts: Vec<Discounts>,
    }

    const START: Token = 999;

    impl BruteForce {
        fn new(names: &[Vec<Token>], context_length: usize) -> Self {
            let order = context_length + 1;
            let mut brute = BruteForce {
                order,
                raw: HashMap::new(),
                left: HashMap::new(),
                grams: vec![HashSet::new(); order + 1],
                discounts: Vec::new(),
            };
            for name in names {
                let sentence: Vec<Token> = [START]
                    .into_iter()
                    .chain(name.iter().copied())
                    .chain([END])
                    .collect();
                for end in 2..=sentence.len() {
                    for n in 1..=order.min(end) {
                        let gram = sentence[end - n..end].to_vec();
                        *brute.raw.entry(gram.clone()).or_default() += 1;
                        if end > n {
                            let left = brute.left.entry(gram.clone()).or_default();
                            left.insert(sentence[end - n - 1]);
                        }
                        brute.grams[n].insert(gram);
                    }
                }
            }
            for n in 1..=order {
                let number = |i: u64| {
                    brute.grams[n]
                        .iter()
                        .filter(|g| brute.count(g) == i)
                        .count() as f64
                };
                let (n1, n2, n3, n4) = (number(1), number(2), number(3), number(4));
                let y = n1 / (n1 + 2.0 * n2);
                let found = [
                    1.0 - 2.0 * y * n2 / n1,
                    2.0 - 3.0 * y * n3 / n2,
                    3.0 - 4.0 * y * n4 / n3,
                ];
                let mut discounts = [0.5, 1.0, 1.5];
                for i in 0..3 {
                    if found[i].is_finite() && found[i] >= 0.0 && found[i] <= (i + 1) as f64 {
                        discounts[i] = found[i];
                    }
                }
                brute.discounts.push(discounts);
            }
            brute
        }

        fn count(&self, gram: &[Token]) -> u64 {
            if gram.len() == self.order || gram[0] == START {
                return self.raw.get(gram).copied().unwrap_or(0);
            }
            self.left.get(gram).map_or(0, |left| left.len() as u64)
        }

        fn prob(&self, history: &[Token], target: Token, vocab_size: usize) -> f64 {
            let follow = |t: Token| self.count(&[history, &[t]].concat());
            let total: u64 = (0..vocab_size as Token).map(follow).sum();
            let below = match history.len() {
                0 => 1.0 / vocab_size as f64,
                _ => self.prob(&history[1..], target, vocab_size),
            };
            if total == 0 {
                return below;
            }
            let discount = |c: u64| match c {
                0 => 0.0,
                c => self.discounts[history.len()][(c.min(3) - 1) as usize],
            };
            let given: f64 = (0..vocab_size as Token).map(|t| discount(follow(t))).sum();
            let count = follow(target);
            (count as f64 - discount(count) + given * below) / total as f64
        }
    }

    fn table(names: &[Vec<Token>], context_length: usize) -> CountedWindows {
        let counted = names.iter().map(|name| (name.as_slice(), 1));
        CountedWindows::from_names(counted, 4, context_length).unwrap()
    }

    proptest! {
        #[test]
        fn equals_the_definition(
            names in prop::collection::vec(prop::collection::vec(1u16..4, 1..7), 1..40),
            context_length in 1usize..5,
            asked in prop::collection::vec(1u16..4, 0..6),
        ) {
            let model = KneserNey::closed_form(table(&names, context_length)).unwrap();
            let brute = BruteForce::new(&names, context_length);
            for end in 0..=asked.len() {
                let mut context = vec![END; context_length];
                context.extend(&asked[..end]);
                let context = &context[end..];
                let sentence: Vec<Token> =
                    [START].into_iter().chain(asked[..end].iter().copied()).collect();
                let history = &sentence[sentence.len().saturating_sub(context_length)..];
                let found = model.next_log_probs(context);
                let sum: f64 = found.iter().map(|p| p.exp()).sum();
                prop_assert!((sum - 1.0).abs() < 1e-12);
                for (target, log_prob) in found.iter().enumerate() {
                    let expected = brute.prob(history, target as Token, 4);
                    prop_assert!((log_prob.exp() - expected).abs() < 1e-12,
                        "{history:?} {target}: {} but {expected}", log_prob.exp());
                }
            }
        }
    }

    /// ln p(· | history): every level in turn, straight from the formula.
    fn level_by_level(model: &KneserNey, history: &[Token]) -> Vec<f64> {
        let mut probs = vec![0.0; 4];
        model.probs_after(history, &mut probs);
        probs.into_iter().map(libm::log).collect()
    }

    proptest! {
        /// Reusing the levels shared with the context before does not change the bits.
        #[test]
        fn other_contexts_change_nothing(
            names in prop::collection::vec(prop::collection::vec(1u16..4, 1..7), 1..40),
            mut contexts in prop::collection::vec(prop::collection::vec(0u16..4, 3..4), 1..60),
            sorted: bool,
        ) {
            let model = KneserNey::closed_form(table(&names, 3)).unwrap();
            if sorted {
                contexts.sort_by_key(|context| context.iter().rev().copied().collect::<Vec<_>>());
            }
            let mut together = vec![0.0; 4 * contexts.len()];
            let states: Vec<State> =
                contexts.iter().map(|context| model.after(&Start::default(), context)).collect();
            model.log_probs(&states, &mut together);
            let alone: Vec<f64> =
                contexts.iter().flat_map(|c| level_by_level(&model, history(c))).collect();
            prop_assert_eq!(together, alone);
        }
    }

    proptest! {
        /// Contexts that share a state have the same predictions, to the last bit, and keep them; and there are no
        /// more states than histories.
        #[test]
        fn states_are_histories(
            names in prop::collection::vec(prop::collection::vec(1u16..4, 1..7), 1..8),
            words in prop::collection::vec(prop::collection::vec(1u16..4, 0..9), 1..60),
            context_length in 4usize..6,
            hole in any::<bool>(),
        ) {
            let whole = table(&names, context_length);
            let mut windows = CountedWindows::new(whole.shape);
            for row in whole.rows().filter(|row| !hole || row.context.last() != Some(&1)) {
                for (&target, &count) in row.targets.iter().zip(row.counts) {
                    windows.push(row.context, target, count);
                }
            }
            let model = KneserNey::closed_form(&windows).unwrap();
            let mut states = HashSet::new();
            for word in &words {
                let mut state = model.start(&Start::default());
                for length in 0..=word.len() {
                    let before = [&vec![END; context_length], &word[..length]].concat();
                    let context = &before[before.len() - context_length..];
                    let expected = level_by_level(&model, history(context));
                    let mut found = vec![0.0; 4];
                    model.log_probs(&[state], &mut found);
                    prop_assert_eq!(&found, &expected);
                    states.insert(state);
                    if let Some(&token) = word.get(length) {
                        state = model.next(state, token);
                    }
                }
            }
            let histories: usize = model.levels.iter().map(|level| level.len()).sum();
            // The contexts with padding before them may differ.
            prop_assert!(!model.is_closed() || states.len() <= 2 * histories);
        }
    }

    #[test]
    fn cross_fitting_predicts_folds_better() {
        use crate::counts::discount::NEAREST;
        use crate::executor::Serial;
        use crate::language_model::loss;
        let names: Vec<Vec<Token>> = (0..400u32)
            .map(|i| {
                let mut x = i.wrapping_mul(2_654_435_761);
                let length = 2 + x % 5;
                (0..length)
                    .map(|_| {
                        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        1 + (x >> 28) as Token % 3
                    })
                    .collect()
            })
            .collect();
        let fold = |f: usize| {
            let part: Vec<Vec<Token>> = names.iter().skip(f).step_by(5).cloned().collect();
            table(&part, 4)
        };
        let folds: Vec<CountedWindows> = (0..5).map(fold).collect();
        let whole = table(&names, 4);
        let fitted = KneserNey::cross_fitted(&whole, &folds, &Serial).unwrap();
        let held_out = |discounts: &[Discounts]| -> f64 {
            let of = |fold: &CountedWindows| {
                let others = whole.without(fold);
                let model = KneserNey::with_discounts(&others, discounts.to_vec()).unwrap();
                loss(&model, fold, &Serial) * fold.examples() as f64
            };
            folds.iter().map(of).sum::<f64>() / whole.examples() as f64
        };
        let best = held_out(fitted.discounts());
        for level in 0..5 {
            for index in 0..3 {
                for shift in [-0.02, 0.02] {
                    let mut moved = fitted.discounts().to_vec();
                    let limit = 1.0 + index as f64;
                    moved[level][index] = (moved[level][index] + shift)
                        .clamp(NEAREST * limit, (1.0 - NEAREST) * limit);
                    assert!(
                        held_out(&moved) > best - 1e-6,
                        "level {level}, place {index}"
                    );
                }
            }
        }
        let closed = KneserNey::closed_form(&whole).unwrap();
        assert!(best < held_out(closed.discounts()));
    }
}
