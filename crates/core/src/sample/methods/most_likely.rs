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
use crate::sample::methods::dynamic::{Graph, NOWHERE, START};
use crate::sample::outcome::Generated;
use crate::sample::source::Source;
use crate::text::{END, Start, Token, Vocab};

/// Maximum number of queued prefixes; they take some 200 MB.
const MAX_QUEUED: usize = 2_000_000;
/// Number of queued prefixes from which the heuristic is worth computing.
const MAX_QUEUED_WITHOUT_HEURISTIC: usize = 50_000;

/// A prefix of a name, or a whole name.
#[derive(PartialEq)]
struct Candidate {
    /// An upper bound on ln P of all names with this prefix; the exact value for a whole name.
    bound: f64,
    log_prob: f64,
    /// In the graph of the heuristic.
    node: u32,
    tokens: Vec<Token>,
    /// The model's state after the tokens.
    context: State,
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
/// are queued, which takes some 200 MB.
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
/// let names = most_likely(&model, &vocab, &short, &[&list], 3)?;
/// assert!(names.is_sorted_by(|a, b| a.log_prob >= b.log_prob));
/// assert!(names.iter().all(|found| !list.contains(&found.name)));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// As [`Conditions::compile`]; [`Error::SearchTooLarge`] if it would need too much memory.
pub fn most_likely(
    model: &dyn LanguageModel,
    vocab: &Vocab,
    conditions: &Conditions,
    unwanted: &[&NameList],
    count: usize,
) -> Result<Vec<Generated>, Error> {
    most_likely_after(model, vocab, &Start::default(), conditions, unwanted, count)
}

/// As [`most_likely`], for names with a start of their own, such as a label.
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
) -> Result<Vec<Generated>, Error> {
    let filter = Filter::new(conditions, unwanted, vocab)?;
    if count == 0 {
        return Ok(Vec::new());
    }
    let source = Source {
        model,
        start: model.start(start),
        config: SampleConfig::default(),
    };
    let search = Search {
        source,
        filter: &filter,
        heuristic: None,
        count,
    };
    let found = search.run(MAX_QUEUED_WITHOUT_HEURISTIC).or_else(|_| {
        let heuristic = Heuristic::new(source, &filter.reach);
        let heuristic = heuristic.as_ref();
        Search {
            heuristic,
            ..search
        }
        .run(MAX_QUEUED)
    });
    let found = found.map_err(|found| Error::SearchTooLarge {
        limit: MAX_QUEUED,
        found,
        wanted: count,
    })?;
    let generated = |(tokens, log_prob): (Vec<Token>, f64)| Generated {
        name: vocab.written(&tokens),
        log_prob,
    };
    Ok(found.into_iter().map(generated).collect())
}

/// A best-first search. The heuristic affects its running time and nothing else.
#[derive(Clone, Copy)]
struct Search<'s> {
    source: Source<'s>,
    filter: &'s Filter,
    heuristic: Option<&'s Heuristic<'s>>,
    count: usize,
}

impl Search<'_> {
    /// The names with their ln P; if more than `max_queued` prefixes would be queued, the number of names
    /// found until then.
    fn run(&self, max_queued: usize) -> Result<Vec<(Vec<Token>, f64)>, usize> {
        let model = self.source.model;
        let mut log_probs = vec![0.0; model.vocab_size()];
        let mut found = Vec::new();
        let mut open = BinaryHeap::from([Candidate {
            bound: 0.0,
            log_prob: 0.0,
            node: START,
            tokens: Vec::new(),
            context: self.source.start,
            state: 0,
            excluded: self.filter.excluded.start(),
            whole: false,
        }]);
        while let Some(best) = open.pop() {
            if best.whole {
                found.push((best.tokens, best.log_prob));
                if found.len() == self.count {
                    break;
                }
                continue;
            }
            if open.len() > max_queued {
                return Err(found.len());
            }
            model.log_probs(&[best.context], &mut log_probs);
            for (token, &log_prob) in (END..).zip(&log_probs) {
                open.extend(self.extended(&best, token, log_prob));
            }
        }
        Ok(found)
    }

    /// A prefix with one more token, of which `log_prob` is ln p; `None` if it leads to no name.
    fn extended(&self, prefix: &Candidate, token: Token, log_prob: f64) -> Option<Candidate> {
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
            context: self.source.model.next(prefix.context, token),
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
        let graph = Graph::new(&mut contexts, reach)?;
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
                let filter = &filter;
                Search { source, filter, heuristic, count }.run(MAX_QUEUED).unwrap()
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
        let found = most_likely(&model, &vocab, &rare, &[], 5).unwrap();
        assert!(found.len() == 5 && found.is_sorted_by(|a, b| a.log_prob >= b.log_prob));
        for name in found {
            let places = ["q", "z", "x"].map(|letter| name.name.find(letter).unwrap());
            assert!(places.is_sorted(), "{}", name.name);
        }
    }
}
