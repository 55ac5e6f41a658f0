//! The most probable names in exact order: best first, since no name is likelier than its beginning.
//!
//! Where contexts are few the most that a beginning can still come to is known, too (products of the
//! largest p, from the ends back), and the search goes straight to names that fit, however rare they are.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::data::NameList;
use crate::data::trie::Trie;
use crate::error::Error;
use crate::executor::Serial;
use crate::language_model::{LanguageModel, State};
use crate::sample::conditions::builder::{Conditions, Reach};
use crate::sample::config::SampleConfig;
use crate::sample::contexts::interner::{Contexts, Keep};
use crate::sample::generator::{Generated, excluded};
use crate::sample::methods::dynamic::graph::{Graph, NOWHERE, START};
use crate::sample::source::Source;
use crate::text::{END, Start, Token, Vocab};

/// Beginnings that are kept at most, some 200 MB.
const KEPT: usize = 2_000_000;
/// Those that are kept before a ceiling is worth its making.
const KEPT_AT_FIRST: usize = 50_000;

/// The beginning of a name, or a whole one.
#[derive(PartialEq)]
struct Candidate {
    /// No name that begins so has a larger ln P; that of a whole name.
    most: f64,
    log_prob: f64,
    /// In the graph of the ceiling.
    node: u32,
    tokens: Vec<Token>,
    /// The model's state after the tokens.
    context: State,
    /// That of the conditions.
    state: u32,
    excluded: u32,
    whole: bool,
}

impl Eq for Candidate {}

impl Ord for Candidate {
    /// By the probability that is possible; of equals the alphabetically first, and a whole name before its beginning.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_prob = self.most.total_cmp(&other.most);
        let by_text = other.tokens.cmp(&self.tokens);
        by_prob.then(by_text).then(self.whole.cmp(&other.whole))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The `count` most probable names that fit, the likeliest first; fewer where no more exist. Equally
/// probable ones come in the vocabulary's order.
///
/// The search is best first and exact. For models that look back no further than about three letters it knows
/// what a beginning can come to; else it knows only that no name is likelier than its beginning. It keeps at most 2,000,000 beginnings of names, some 200 MB.
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
/// As [`Conditions::compile`]; [`Error::Impossible`] where the search would need too much memory.
pub fn most_likely(
    model: &dyn LanguageModel,
    vocab: &Vocab,
    conditions: &Conditions,
    unwanted: &[&NameList],
    count: usize,
) -> Result<Vec<Generated>, Error> {
    most_likely_after(model, vocab, &Start::default(), conditions, unwanted, count)
}

/// [`most_likely`] for names with a start of their own.
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
    let reach = conditions.compile(vocab)?.reach(vocab.len())?;
    let excluded = excluded(unwanted, vocab);
    if count == 0 {
        return Ok(Vec::new());
    }
    let source = Source {
        model,
        start: model.start(start),
        config: SampleConfig::default(),
    };
    let search = |ceiling: Option<&Ceiling<'_>>, kept| {
        search(source, &reach, &excluded, ceiling, count, kept)
    };
    let found = search(None, KEPT_AT_FIRST).or_else(|_| {
        let ceiling = Ceiling::new(source, &reach);
        search(ceiling.as_ref(), KEPT)
    });
    let found = found.map_err(|found| {
        Error::Impossible(format!(
            "gave up after {KEPT} partial names: {}; fewer or shorter names may be found",
            match found {
                0 => "no name that fits was found".to_owned(),
                found => format!("{found} of the {count} most likely names were found"),
            }
        ))
    })?;
    let generated = |(tokens, log_prob): (Vec<Token>, f64)| Generated {
        name: vocab.decode(&tokens),
        log_prob,
    };
    Ok(found.into_iter().map(generated).collect())
}

/// The names with their ln P; how many were found where more than `kept` beginnings would have to be kept.
/// The ceiling changes how long it takes, and nothing else.
fn search(
    source: Source<'_>,
    reach: &Reach,
    excluded: &Trie,
    ceiling: Option<&Ceiling<'_>>,
    count: usize,
    kept: usize,
) -> Result<Vec<(Vec<Token>, f64)>, usize> {
    let model = source.model;
    let mut log_probs = vec![0.0; model.vocab_size()];
    let mut found = Vec::new();
    let mut open = BinaryHeap::from([Candidate {
        most: 0.0,
        log_prob: 0.0,
        node: START,
        tokens: Vec::new(),
        context: source.start,
        state: 0,
        excluded: excluded.start(),
        whole: false,
    }]);
    while let Some(best) = open.pop() {
        if best.whole {
            found.push((best.tokens, best.log_prob));
            if found.len() == count {
                break;
            }
            continue;
        }
        if open.len() > kept {
            return Err(found.len());
        }
        model.log_probs(&[best.context], &mut log_probs);
        for (token, &log_prob) in (END..).zip(&log_probs) {
            let log_prob = best.log_prob + log_prob;
            let whole = token == END;
            let (state, on_trie, size) = if whole {
                (best.state, best.excluded, best.tokens.len())
            } else {
                let state = reach.step(best.state, token);
                let on_trie = excluded.step(best.excluded, token);
                (state, on_trie, best.tokens.len() + 1)
            };
            let fits = match whole {
                true => reach.accepts(state, size) && !excluded.contains(on_trie),
                false => reach.open(state, size),
            };
            let (node, more) = match ceiling {
                Some(ceiling) if fits && !whole => ceiling.after(best.node, token, size),
                _ => (START, 0.0),
            };
            let most = log_prob + more;
            if !fits || most == f64::NEG_INFINITY {
                continue;
            }
            let mut tokens = best.tokens.clone();
            tokens.extend((!whole).then_some(token));
            open.push(Candidate {
                most,
                log_prob,
                node,
                tokens,
                context: model.next(best.context, token),
                state,
                excluded: on_trie,
                whole,
            });
        }
    }
    Ok(found)
}

/// ln of the most that the probability of a beginning can still be multiplied by.
struct Ceiling<'a> {
    contexts: Contexts<'a>,
    graph: Graph,
    /// By the letters that may still follow; \[nodes\] that a name with so many left can stand at.
    levels: Vec<Vec<f64>>,
}

impl<'a> Ceiling<'a> {
    /// Sums in another order may differ by their rounding, which must not make a ceiling too low.
    const ROUNDING: f64 = 1e-9;

    /// `None` where contexts are too many to ask for all of them.
    fn new(source: Source<'a>, reach: &Reach) -> Option<Self> {
        let keep = Keep {
            log_probs: true,
            ..Keep::default()
        };
        let mut contexts = Contexts::new(source, keep);
        let graph = Graph::new(&mut contexts, reach)?;
        contexts.evaluate(&Serial);
        let mut ceiling = Ceiling {
            contexts,
            graph,
            levels: Vec::new(),
        };
        let longest = reach.lengths().1;
        for left in 0..=longest {
            let lengths = &ceiling.graph.lengths;
            let nodes = lengths.partition_point(|&first| first as usize <= longest - left);
            let level = (0..nodes as u32).map(|node| ceiling.most(node, left, reach));
            let level = level.collect();
            ceiling.levels.push(level);
        }
        Some(ceiling)
    }

    /// The largest of all ways on from a node with so many letters left, from the level below.
    fn most(&self, node: u32, left: usize, reach: &Reach) -> f64 {
        let (state, length) = (self.graph.states[node as usize], reach.lengths().1 - left);
        if node == NOWHERE || !reach.open(state, length) {
            return f64::NEG_INFINITY;
        }
        let log_probs = self.contexts.log_probs(self.graph.contexts[node as usize]);
        let end = match reach.accepts(state, length) {
            true => log_probs[usize::from(END)],
            false => f64::NEG_INFINITY,
        };
        let Some(below) = left.checked_sub(1).map(|left| &self.levels[left]) else {
            return end;
        };
        let letters = (END..).zip(log_probs).skip(1);
        let ways = letters.map(|(token, log_prob)| {
            log_prob + below[self.graph.after(node, token, log_probs.len()) as usize]
        });
        ways.fold(end, f64::max)
    }

    /// The node after a letter, and its ceiling; `size` letters lead to it.
    fn after(&self, node: u32, token: Token, size: usize) -> (u32, f64) {
        let next = self
            .graph
            .after(node, token, self.contexts.model.vocab_size());
        let left = self.levels.len() - 1 - size;
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
        /// With a ceiling and without, the same names in the same order, to the last bit.
        #[test]
        fn a_ceiling_changes_nothing(
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
            let Ok(reach) = conditions.compile(&vocab).and_then(|compiled| compiled.reach(vocab.len())) else {
                return Ok(());
            };
            let known = NameList::from_names(known.iter().map(|word| (word, 1)));
            let excluded = excluded(&[&known], &vocab);
            let source = Source {
                model: &model,
                start: model.start(&Start::default()),
                config: SampleConfig::default(),
            };
            let ceiling = Ceiling::new(source, &reach).unwrap();
            let with = search(source, &reach, &excluded, Some(&ceiling), count, KEPT).unwrap();
            let without = search(source, &reach, &excluded, None, count, KEPT).unwrap();
            prop_assert_eq!(with, without);
        }
    }

    /// What no plain search finds: letters that are rare in an order that is rarer.
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
