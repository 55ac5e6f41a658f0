//! The most probable names in exact order: best first, since no name is likelier than its beginning.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::constraint::Conditions;
use super::generate::{Generated, excluded};
use crate::data::{END, NameList, Token, Vocab};
use crate::error::Error;
use crate::language_model::LanguageModel;

/// Beginnings that are kept at most, some 200 MB.
const KEPT: usize = 2_000_000;

/// The beginning of a name, or a whole one.
#[derive(PartialEq)]
struct Candidate {
    log_prob: f64,
    tokens: Vec<Token>,
    state: u32,
    excluded: u32,
    whole: bool,
}

impl Eq for Candidate {}

impl Ord for Candidate {
    /// By probability; of equals the alphabetically first, and a whole name before its beginning.
    fn cmp(&self, other: &Self) -> Ordering {
        let by_prob = self.log_prob.total_cmp(&other.log_prob);
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
/// The search is best first and exact. It keeps at most 2,000,000 beginnings of names, some 200 MB.
///
/// ```
/// use nextchar::data::{CountedWindows, NameList, Vocab};
/// use nextchar::ngram::KneserNey;
/// use nextchar::sample::{Conditions, most_likely};
///
/// # fn main() -> Result<(), nextchar::Error> {
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
    let reach = conditions.compile(vocab)?.reach(vocab.len())?;
    let excluded = excluded(unwanted, vocab);
    let length = model.context_length();
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    let mut open = BinaryHeap::from([Candidate {
        log_prob: 0.0,
        tokens: Vec::new(),
        state: 0,
        excluded: excluded.start(),
        whole: false,
    }]);
    while let Some(best) = open.pop() {
        if best.whole {
            found.push(Generated {
                name: vocab.decode(&best.tokens),
                log_prob: best.log_prob,
            });
            if found.len() == count {
                break;
            }
            continue;
        }
        if open.len() > KEPT {
            return Err(Error::Impossible(format!(
                "the {count} most likely names need more than {KEPT} beginnings to be kept: {} were found; \
                 ask for fewer, or for shorter names",
                found.len()
            )));
        }
        let padded = [&vec![END; length], best.tokens.as_slice()].concat();
        let log_probs = model.next_log_probs(&padded[padded.len() - length..]);
        for (token, log_prob) in (END..).zip(log_probs) {
            let log_prob = best.log_prob + log_prob;
            let whole = token == END;
            let (state, node, size) = if whole {
                (best.state, best.excluded, best.tokens.len())
            } else {
                let state = reach.step(best.state, token);
                let node = excluded.step(best.excluded, token);
                (state, node, best.tokens.len() + 1)
            };
            let fits = match whole {
                true => reach.accepts(state, size) && !excluded.contains(node),
                false => reach.open(state, size),
            };
            if !fits || log_prob == f64::NEG_INFINITY {
                continue;
            }
            let mut tokens = best.tokens.clone();
            tokens.extend((!whole).then_some(token));
            open.push(Candidate {
                log_prob,
                tokens,
                state,
                excluded: node,
                whole,
            });
        }
    }
    Ok(found)
}
