//! The most probable names in exact order, by best-first search: no name is more probable than its prefixes.
//!
//! Once the search has queued many prefixes, a backward max-product pass over the graph of the dynamic program
//! provides an admissible heuristic (A*), if that graph is small. The search then goes straight to the names
//! that satisfy the conditions, however rare they are.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::data::NameList;
use crate::error::Error;
use crate::executor::Serial;
use crate::language_model::{LanguageModel, State};
use crate::sample::conditions::{Conditions, Filter, Reach};
use crate::sample::config::SampleConfig;
use crate::sample::contexts::{Contexts, Keep};
use crate::sample::methods::dynamic::{Graph, Limits, NOWHERE, START};
use crate::sample::outcome::{Generated, MostLikely, Waiting};
use crate::sample::source::Source;
use crate::text::{END, Start, Token, Vocab};

/// Maximum number of queued prefixes; they take some 200 MB.
const MAX_QUEUED: usize = 2_000_000;
/// Number of queued prefixes from which the heuristic is worth computing.
const MAX_QUEUED_WITHOUT_HEURISTIC: usize = 50_000;
/// Number of extended prefixes after which the caller is asked whether to go on.
const WATCHED: u64 = 1024;

/// A prefix of a name, or a whole name.
#[derive(PartialEq)]
struct Candidate {
    /// An upper bound on ln P of all names with this prefix; the exact value for a whole name.
    bound: f64,
    log_prob: f64,
    /// In the graph of the heuristic.
    node: u32,
    tokens: Vec<Token>,
    /// The model's state before the last token.
    before: State,
    /// The conditions' state after the tokens.
    state: u32,
    /// In the trie of excluded names.
    excluded: u32,
    whole: bool,
}

impl Eq for Candidate {}

impl Ord for Candidate {
    /// By the bound; of equals the first in the vocabulary's order, and a whole name before its own prefix.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_bound = self.bound.total_cmp(&other.bound);
        let by_text = other.tokens.cmp(&self.tokens);
        by_bound.then(by_text).then(self.whole.cmp(&other.whole))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The `count` most probable names that satisfy the conditions and are not in an unwanted list, most
/// probable first; fewer if no more exist. Equally probable names are in the vocabulary's order.
///
/// The search is best first and exact. For models with contexts of up to about three tokens, an exact bound
/// on completions is used; otherwise the probability of the prefix is the bound. At most 2,000,000 prefixes
/// are queued, which takes some 200 MB; a search that needs more ends early, with the names that it has found.
///
/// ```
/// use nextchar_core::data::{CountedWindows, NameList};
/// use nextchar_core::text::Vocab;
/// use nextchar_core::counts::KneserNey;
/// use nextchar_core::sample::{Conditions, most_likely};
///
/// # fn main() -> Result<(), nextchar_core::Error> {
/// let (vocab, list) = (Vocab::az(), ["asha", "usha", "isha", "nisha"].map(|name| (name, 1)));
/// let list = NameList::from_names(list);
/// let model = KneserNey::closed_form(&CountedWindows::from_list(&list, &vocab, 3)?)?;
/// let short = Conditions::default().length(1..=5);
/// let found = most_likely(&model, &vocab, &short, &[&list], 3)?;
/// assert!(found.complete && found.names.is_sorted_by(|a, b| a.log_prob >= b.log_prob));
/// assert!(found.names.iter().all(|found| !list.contains(&found.name)));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`Conditions::compile`].
pub fn most_likely(
    model: &dyn LanguageModel,
    vocab: &Vocab,
    conditions: &Conditions,
    unwanted: &[&NameList],
    count: usize,
) -> Result<MostLikely, Error> {
    let start = Start::default();
    let mut goes_on = |_| true;
    most_likely_after(
        model,
        vocab,
        &start,
        conditions,
        unwanted,
        count,
        &mut goes_on,
    )
}

/// As [`most_likely`], for names with a start of their own, such as a label; and `goes_on` is asked many times a
/// second whether to go on.
///
/// # Errors
/// As [`most_likely`].
pub fn most_likely_after(
    model: &dyn LanguageModel,
    vocab: &Vocab,
    start: &Start,
    conditions: &Conditions,
    unwanted: &[&NameList],
    count: usize,
    goes_on: &mut dyn FnMut(Waiting) -> bool,
) -> Result<MostLikely, Error> {
    let filter = Filter::new(conditions, unwanted, vocab)?;
    let source = Source {
        model,
        start: model.start(start),
        config: SampleConfig::default(),
    };
    let mut search = Search::new(source, &filter, None, count);
    let mut end = search.run(MAX_QUEUED_WITHOUT_HEURISTIC, goes_on);
    let heuristic;
    if end == End::Full {
        heuristic = Heuristic::new(source, &filter.reach);
        if heuristic.is_some() {
            search = Search::new(source, &filter, heuristic.as_ref(), count);
        }
        end = search.run(MAX_QUEUED, goes_on);
    }
    let next = search.open.peek().map(|best| best.bound);
    let generated = |(tokens, log_prob): (Vec<Token>, f64)| Generated {
        name: vocab.written(&tokens),
        log_prob,
    };
    Ok(MostLikely {
        others: next.map_or(search.dropped, |bound| bound.max(search.dropped)),
        complete: end == End::Complete,
        names: search.found.into_iter().map(generated).collect(),
    })
}

/// A best-first search. The heuristic affects its running time and nothing else.
struct Search<'s> {
    source: Source<'s>,
    filter: &'s Filter,
    heuristic: Option<&'s Heuristic<'s>>,
    count: usize,
    open: BinaryHeap<Candidate>,
    found: Vec<(Vec<Token>, f64)>,
    /// −ln P of the `count` most probable whole names so far, found or queued, as bits in the order of the numbers.
    wholes: BinaryHeap<u64>,
    /// The largest bound of the prefixes that are less probable than all of those.
    dropped: f64,
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// All names are found.
    Complete,
    /// Too many prefixes are queued.
    Full,
    /// The caller wanted no more.
    Stopped,
}

impl<'s> Search<'s> {
    fn new(
        source: Source<'s>,
        filter: &'s Filter,
        heuristic: Option<&'s Heuristic<'s>>,
        count: usize,
    ) -> Self {
        let empty = Candidate {
            bound: 0.0,
            log_prob: 0.0,
            node: START,
            tokens: Vec::new(),
            before: source.start,
            state: 0,
            excluded: filter.excluded.start(),
            whole: false,
        };
        Search {
            source,
            filter,
            heuristic,
            count,
            open: BinaryHeap::from([empty]),
            found: Vec::new(),
            wholes: BinaryHeap::new(),
            dropped: f64::NEG_INFINITY,
        }
    }

    /// Searches on, until more than `max_queued` prefixes would be queued.
    fn run(&mut self, max_queued: usize, goes_on: &mut dyn FnMut(Waiting) -> bool) -> End {
        let mut log_probs = vec![0.0; self.source.model.vocab_size()];
        let (mut extended, mut failed) = (0u64, 0);
        while self.found.len() < self.count {
            if self.open.len() > max_queued {
                self.drop_least(self.least());
                // Most of them are still needed: it would soon be full again.
                if self.open.len() > max_queued / 4 * 3 {
                    return End::Full;
                }
            }
            let Some(best) = self.open.pop() else { break };
            if best.whole {
                self.found.push((best.tokens, best.log_prob));
                failed = 0;
                continue;
            }
            (extended, failed) = (extended + 1, failed + 1);
            let found = self.found.len() as u64;
            if extended.is_multiple_of(WATCHED) && !goes_on(Waiting { found, failed }) {
                self.open.push(best);
                return End::Stopped;
            }
            let model = self.source.model;
            let context = match best.tokens.last() {
                Some(&last) => model.next(best.before, last),
                None => best.before,
            };
            model.log_probs(&[context], &mut log_probs);
            for (token, &log_prob) in (END..).zip(&log_probs) {
                if let Some(candidate) = self.extended(&best, context, token, log_prob) {
                    self.queue(candidate);
                }
            }
        }
        End::Complete
    }

    /// The smallest ln P that a name may have to be among the names wanted, as far as is known.
    fn least(&self) -> f64 {
        match self.wholes.peek() {
            Some(&bits) if self.wholes.len() == self.count => -f64::from_bits(bits),
            _ => f64::NEG_INFINITY,
        }
    }

    /// Queues a candidate, unless enough names are more probable than any that it leads to.
    fn queue(&mut self, candidate: Candidate) {
        if candidate.bound < self.least() {
            self.dropped = self.dropped.max(candidate.bound);
            return;
        }
        if candidate.whole {
            self.wholes.push(candidate.log_prob.abs().to_bits());
            if self.wholes.len() > self.count {
                self.wholes.pop();
            }
        }
        self.open.push(candidate);
    }

    /// Drops the queued candidates that lead to no name of at least this ln P.
    fn drop_least(&mut self, least: f64) {
        let dropped = &mut self.dropped;
        self.open.retain(|candidate| {
            let is_needed = candidate.bound >= least;
            if !is_needed {
                *dropped = dropped.max(candidate.bound);
            }
            is_needed
        });
    }

    /// A prefix with one more token, of which `log_prob` is ln p in this context; `None` if it leads to no name.
    fn extended(
        &self,
        prefix: &Candidate,
        context: State,
        token: Token,
        log_prob: f64,
    ) -> Option<Candidate> {
        let Filter { reach, excluded } = self.filter;
        let whole = token == END;
        let (mut state, mut on_trie) = (prefix.state, prefix.excluded);
        let mut length = prefix.tokens.len();
        if !whole {
            state = reach.step(state, token);
            on_trie = excluded.step(on_trie, token);
            length += 1;
        }
        let fits = if whole {
            reach.accepts(state, length) && !excluded.contains(on_trie)
        } else {
            reach.open(state, length)
        };
        if !fits {
            return None;
        }
        let (node, completion) = match self.heuristic {
            Some(heuristic) if !whole => heuristic.after(prefix.node, token, length),
            _ => (START, 0.0),
        };
        let log_prob = prefix.log_prob + log_prob;
        let bound = log_prob + completion;
        if bound == f64::NEG_INFINITY {
            return None;
        }
        let mut tokens = prefix.tokens.clone();
        tokens.extend((!whole).then_some(token));
        Some(Candidate {
            bound,
            log_prob,
            node,
            tokens,
            before: context,
            state,
            excluded: on_trie,
            whole,
        })
    }
}

/// An upper bound on ln of the probability with which a prefix is completed to a single name.
struct Heuristic<'a> {
    contexts: Contexts<'a>,
    graph: Graph,
    /// By the number of tokens that may follow: \[nodes\] that a prefix with this many tokens left can lead to.
    levels: Vec<Vec<f64>>,
}

impl<'a> Heuristic<'a> {
    /// Sums in another order may differ by rounding, which must not make a bound too low.
    const ROUNDING: f64 = 1e-9;

    /// `None` if there are too many contexts to evaluate them all.
    fn new(source: Source<'a>, reach: &Reach) -> Option<Self> {
        let keep = Keep {
            log_probs: true,
            ..Keep::default()
        };
        let mut contexts = Contexts::new(source, keep);
        let graph = Graph::new(&mut contexts, reach, Limits::LARGE)?;
        contexts.evaluate(&Serial);
        let mut heuristic = Heuristic {
            contexts,
            graph,
            levels: Vec::new(),
        };
        let longest = reach.lengths().1;
        for left in 0..=longest {
            let nodes = heuristic.graph.nodes_within(longest - left) as u32;
            let level = (0..nodes).map(|node| heuristic.largest(node, left, reach));
            let level = level.collect();
            heuristic.levels.push(level);
        }
        Some(heuristic)
    }

    /// The maximum over all continuations of a node with `left` tokens left, from the level below.
    fn largest(&self, node: u32, left: usize, reach: &Reach) -> f64 {
        let (state, length) = (self.graph.states[node as usize], reach.lengths().1 - left);
        if node == NOWHERE || !reach.open(state, length) {
            return f64::NEG_INFINITY;
        }
        let log_probs = self.contexts.log_probs(self.graph.contexts[node as usize]);
        let end = if reach.accepts(state, length) {
            log_probs[usize::from(END)]
        } else {
            f64::NEG_INFINITY
        };
        let Some(below) = left.checked_sub(1).map(|left| &self.levels[left]) else {
            return end;
        };
        let edges = (END..).zip(log_probs).skip(1);
        let sums = edges.map(|(token, log_prob)| {
            log_prob + below[self.graph.after(node, token, log_probs.len()) as usize]
        });
        sums.fold(end, f64::max)
    }

    /// The node after a token, and the bound there; the prefix then has `length` tokens.
    fn after(&self, node: u32, token: Token, length: usize) -> (u32, f64) {
        let vocab_size = self.contexts.model.vocab_size();
        let next = self.graph.after(node, token, vocab_size);
        let left = self.levels.len() - 1 - length;
        (next, self.levels[left][next as usize] + Self::ROUNDING)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::counts::KneserNey;
    use crate::data::CountedWindows;

    proptest! {
        /// With and without the heuristic, the same names in the same order, to the last bit.
        #[test]
        fn the_heuristic_changes_nothing(
            words in prop::collection::vec("[a-d]{1,6}", 3..30),
            context_length in 0usize..4,
            pattern in prop::sample::select(vec![".*", ".*a.*b.*c.*", "(ab|ba)*", ".*dd", "[^a]+"]),
            longest in 1usize..7,
            known in prop::collection::vec("[a-d]{1,4}", 0..20),
            count in 1usize..40,
        ) {
            let vocab = Vocab::from_characters("abcd".chars()).unwrap();
            let list = NameList::from_names(words.iter().map(|word| (word, 1)));
            let table = CountedWindows::from_list(&list, &vocab, context_length).unwrap();
            let model = KneserNey::closed_form(&table).unwrap();
            let conditions = Conditions::default().length(0..=longest).matching(pattern);
            let known = NameList::from_names(known.iter().map(|word| (word, 1)));
            let Ok(filter) = Filter::new(&conditions, &[&known], &vocab) else {
                return Ok(());
            };
            let source = Source {
                model: &model,
                start: model.start(&Start::default()),
                config: SampleConfig::default(),
            };
            let heuristic = Heuristic::new(source, &filter.reach).unwrap();
            let search = |heuristic| {
                let mut search = Search::new(source, &filter, heuristic, count);
                assert_eq!(search.run(MAX_QUEUED, &mut |_| true), End::Complete);
                search.found
            };
            prop_assert_eq!(search(Some(&heuristic)), search(None));
        }
    }

    /// Without the heuristic the search would not find them: rare characters in an even rarer order.
    #[test]
    fn rare_names_are_found() {
        let vocab = Vocab::az();
        let list = crate::data::EmbeddedList::find("indian-names").unwrap();
        let (list, _) = list.read(&crate::data::ReadOptions::default()).unwrap();
        let table = CountedWindows::from_list(&list, &vocab, 2).unwrap();
        let model = KneserNey::closed_form(&table).unwrap();
        let rare = Conditions::default().length(1..=12).matching(".*q.*z.*x.*");
        let found = most_likely(&model, &vocab, &rare, &[], 5).unwrap().names;
        assert!(found.len() == 5 && found.is_sorted_by(|a, b| a.log_prob >= b.log_prob));
        for name in found {
            let places = ["q", "z", "x"].map(|letter| name.name.find(letter).unwrap());
            assert!(places.is_sorted(), "{}", name.name);
        }
    }

    /// A search that ends early returns the first names, and no other name is more probable than it says.
    #[test]
    fn a_search_that_ends_early_keeps_its_names() {
        const MANY: usize = 2000;
        let vocab = Vocab::az();
        let list = crate::data::EmbeddedList::find("finnish-names").unwrap();
        let (list, _) = list.read(&crate::data::ReadOptions::default()).unwrap();
        let table = CountedWindows::from_list(&list, &vocab, 4).unwrap();
        let model = KneserNey::closed_form(&table).unwrap();
        let short = Conditions::default().length(1..=8);
        let filter = Filter::new(&short, &[], &vocab).unwrap();
        let source = Source {
            model: &model,
            start: model.start(&Start::default()),
            config: SampleConfig::default(),
        };
        let mut whole = Search::new(source, &filter, None, MANY);
        assert_eq!(whole.run(usize::MAX, &mut |_| true), End::Complete);
        // It was never full, so it dropped nothing that was queued.
        let queued = whole.open.len();
        let mut full = Search::new(source, &filter, None, MANY);
        assert_eq!(full.run(queued / 4, &mut |_| true), End::Full);
        assert!(!full.found.is_empty() && full.found.len() < MANY);
        assert_eq!(full.found, whole.found[..full.found.len()]);
        // It can go on where it stopped.
        assert_eq!(full.run(usize::MAX, &mut |_| true), End::Complete);
        assert_eq!(full.found, whole.found);

        let start = Start::default();
        let mut asked = 0;
        let mut few = |waiting: Waiting| {
            assert!(waiting.found < MANY as u64);
            asked += 1;
            asked < 2
        };
        let stopped = most_likely_after(&model, &vocab, &start, &short, &[], MANY, &mut few);
        let stopped = stopped.unwrap();
        assert!(!stopped.complete && stopped.names.len() < MANY);
        for (name, (tokens, log_prob)) in stopped.names.iter().zip(&whole.found) {
            assert_eq!(
                (&name.name, name.log_prob),
                (&vocab.decode(tokens), *log_prob)
            );
        }
        assert!(whole.found[stopped.names.len()].1 <= stopped.others);
    }

    /// What is told of the other names is true, also of those that were never queued.
    #[test]
    fn the_other_names_are_no_more_probable_than_is_told() {
        let vocab = Vocab::from_characters("ab".chars()).unwrap();
        let list = NameList::from_names(["ab", "ba", "abba"].map(|name| (name, 1)));
        let table = CountedWindows::from_list(&list, &vocab, 2).unwrap();
        let model = KneserNey::closed_form(&table).unwrap();
        let short = Conditions::default().length(1..=4);
        let search = |count| most_likely(&model, &vocab, &short, &[], count).unwrap();
        let all = search(usize::MAX);
        assert!(all.complete && all.names.len() == 30);
        assert_eq!(all.others, f64::NEG_INFINITY);
        for count in 0..30 {
            let found = search(count);
            assert_eq!(found.names, all.names[..count]);
            assert!(found.complete && found.others >= all.names[count].log_prob);
        }
    }
}
