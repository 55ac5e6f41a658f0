//! A sample of generated names: how many are new or repeated, and how their lengths compare with the list's.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use crate::data::Split;
use crate::error::Error;
use crate::executor::Executor;
use crate::language_model::LanguageModel;
use crate::rng::Seed;
use crate::sample::{Conditions, Generator, Request};
use crate::score::evaluate::novelty::{NoveltyCounts, novelty};
use crate::text::Vocab;

/// Statistics of generated names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GeneratedNames {
    /// Number of names.
    pub names: u64,
    /// Number of names that had been generated before.
    pub repeated: u64,
    /// How many of them are in the list; `None` if the list is unknown.
    pub novelty: Option<NoveltyCounts>,
    /// Their lengths, and those of the training names.
    pub lengths: Vec<LengthShare>,
    /// Total variation distance of the two length distributions: 0 if they are equal, 1 if they are disjoint.
    pub length_distance: Option<f64>,
    /// The first few names.
    pub first: Vec<String>,
}

/// The frequency of a length.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LengthShare {
    /// Tokens without the end mark.
    pub length: usize,
    /// Share of the generated names.
    pub generated: f64,
    /// Share of the training names, weighted by their counts.
    pub data: Option<f64>,
}

/// Generates names of at most `longest` tokens and counts them.
///
/// # Errors
/// [`Error::Impossible`] if the model has no name of such a length.
pub fn generated_names(
    model: &dyn LanguageModel,
    vocab: &Vocab,
    list: Option<&Split>,
    longest: usize,
    count: usize,
    seed: &Seed,
    executor: &dyn Executor,
) -> Result<GeneratedNames, Error> {
    const SHOWN: usize = 20;
    let request = Request {
        count,
        conditions: Conditions {
            max_length: longest,
            ..Conditions::default()
        },
        ..Request::default()
    };
    let tokens = |name: &str| vocab.encode(name).map_or(0, |tokens| tokens.len());
    let mut seen: HashSet<String> = HashSet::new();
    let (mut drawn, mut repeated, mut first) = (0u64, 0u64, Vec::new());
    let mut novelties = list.map(|_| NoveltyCounts::default());
    let mut lengths: BTreeMap<usize, [f64; 2]> = BTreeMap::new();
    for generated in Generator::new(model, vocab, request, seed, executor)? {
        let name = generated.name;
        if let (Some(counts), Some(list)) = (&mut novelties, list) {
            counts.add(novelty(&name, list));
        }
        lengths.entry(tokens(&name)).or_default()[0] += 1.0;
        if first.len() < SHOWN {
            first.push(name.clone());
        }
        drawn += 1;
        repeated += u64::from(!seen.insert(name));
    }
    let mut total = 0.0;
    for name in list.iter().flat_map(|list| list.train.names()) {
        lengths.entry(tokens(name.text)).or_default()[1] += name.count as f64;
        total += name.count as f64;
    }
    let lengths: Vec<LengthShare> = lengths
        .into_iter()
        .map(|(length, [generated, data])| LengthShare {
            length,
            generated: generated / drawn as f64,
            data: list.map(|_| data / total),
        })
        .collect();
    let apart = |share: &LengthShare| Some((share.generated - share.data?).abs() / 2.0);
    Ok(GeneratedNames {
        names: drawn,
        repeated,
        novelty: novelties,
        length_distance: lengths.iter().map(apart).sum(),
        lengths,
        first,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::AdditiveNgram;
    use crate::data::{CountedWindows, NameList};
    use crate::executor::Serial;

    #[test]
    fn shares_and_counts_add_up() {
        let vocab = Vocab::az();
        let list = Split {
            train: NameList::from_names([("ab", 1), ("abab", 3)]),
            val: NameList::from_names([("aba", 1)]),
            test: NameList::default(),
        };
        let table = CountedWindows::from_list(&list.train, &vocab, 2).unwrap();
        let model = AdditiveNgram::new(table);
        let found =
            generated_names(&model, &vocab, Some(&list), 6, 500, &Seed::from(1), &Serial).unwrap();
        let counts = found.novelty.unwrap();
        assert_eq!(found.names, 500);
        assert_eq!(counts.in_train + counts.in_held_out + counts.new, 500);
        assert!(counts.in_train > 0 && counts.new > 0 && found.repeated > 0);
        let sums = found.lengths.iter().fold([0.0; 2], |[a, b], share| {
            [a + share.generated, b + share.data.unwrap()]
        });
        assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-12));
        let four = found.lengths.iter().find(|share| share.length == 4);
        assert_eq!(four.unwrap().data, Some(0.75));
        assert!((0.0..1.0).contains(&found.length_distance.unwrap()));
        let unknown =
            generated_names(&model, &vocab, None, 6, 50, &Seed::from(1), &Serial).unwrap();
        assert_eq!((unknown.novelty, unknown.length_distance), (None, None));
    }
}
