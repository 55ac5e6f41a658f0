//! How names are drawn by default: so that they are spelled no more strangely than the names of the list.
//!
//! A model of few names gives every character some probability everywhere, and rightly so: a list of 200 names lacks
//! many pairs of letters that the next real name may have. But the model spreads this probability over all pairs, where
//! a real name has one of a few. Leaving out the least likely characters (top-p) corrects this for generation; scores
//! and losses are not affected.

use std::collections::HashMap;
use std::hash::Hash;

use nextchar_formats::{ModelFile, Sampling};

use super::Training;
use crate::counted::Part;
use crate::door::{Error, Generate, Model};

/// The values of top-p that are tried, the largest first.
const CANDIDATES: [f64; 12] = [
    1.0, 0.98, 0.96, 0.94, 0.92, 0.9, 0.87, 0.84, 0.8, 0.75, 0.7, 0.6,
];

/// Numbers of names for which a value is chosen: fewer tell nothing, and more have nearly all pairs.
const SMALL: std::ops::Range<usize> = 20..2000;

/// Number of names that are drawn with each of them.
const DRAWN: usize = 2000;

/// The largest share of new names with a pair of characters that the list lacks, as a share of the list's own: a model's
/// unusual pairs are any, a real name's are those that can be pronounced.
const OF_OWN: f64 = 0.25;

/// A share that is small enough for any list: one name in fifty.
const FEW: f64 = 0.02;

/// The shares of names with a pair and with a triple of neighbouring characters that no (other) name of a list has.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Strangeness {
    /// With such a pair.
    pairs: f64,
    /// With such a triple.
    triples: f64,
}

/// The pairs and triples of a list, with the number of names that have them.
#[derive(Clone, Debug, Default)]
struct Neighbours {
    pairs: HashMap<[char; 2], u32>,
    triples: HashMap<[char; 3], u32>,
    /// The shares among the list's own names, each beside the others.
    own: Strangeness,
}

impl Neighbours {
    /// Counts the pairs and triples of a list's names.
    fn of<'n>(names: impl Iterator<Item = &'n [char]> + Clone) -> Self {
        let mut found = Neighbours::default();
        for name in names.clone() {
            count(&mut found.pairs, name);
            count(&mut found.triples, name);
        }
        // A name that is the only one with a pair would be strange beside the others.
        found.own = found.shares(names, 1);
        found
    }

    /// The shares among new names.
    fn strangeness<'n>(&self, names: impl Iterator<Item = &'n [char]>) -> Strangeness {
        self.shares(names, 0)
    }

    /// The shares of names that have a pair or triple which at most `known` names of the list have.
    fn shares<'n>(&self, names: impl Iterator<Item = &'n [char]>, known: u32) -> Strangeness {
        let (mut pairs, mut triples, mut all) = (0u32, 0u32, 0u32);
        for name in names {
            pairs += u32::from(has_rare(&self.pairs, name, known));
            triples += u32::from(has_rare(&self.triples, name, known));
            all += 1;
        }
        let share = |number: u32| f64::from(number) / f64::from(all.max(1));
        Strangeness {
            pairs: share(pairs),
            triples: share(triples),
        }
    }
}

/// All runs of N characters of a name.
fn runs_of<const N: usize>(name: &[char]) -> impl Iterator<Item = [char; N]> + '_ {
    name.windows(N)
        .map(|run| run.try_into().expect("N characters"))
}

/// Counts a name once for each of its runs of N characters.
fn count<const N: usize>(counts: &mut HashMap<[char; N], u32>, name: &[char])
where
    [char; N]: Hash + Eq,
{
    let mut runs: Vec<[char; N]> = runs_of(name).collect();
    runs.sort_unstable();
    runs.dedup();
    for run in runs {
        *counts.entry(run).or_default() += 1;
    }
}

fn has_rare<const N: usize>(counts: &HashMap<[char; N], u32>, name: &[char], known: u32) -> bool {
    runs_of::<N>(name).any(|run| counts.get(&run).copied().unwrap_or(0) <= known)
}

impl Training {
    /// For a small list, the largest top-p with which at most one new name in fifty has a pair of characters that no name of the list has,
    /// or a quarter of the share among the list's own names, and no more names have a triple that is new than among
    /// those. The presets that repeat the lecture draw from the unchanged model, and so does one that repeats names as
    /// often as the list.
    pub(super) fn sampling(&self, file: &ModelFile) -> Result<Sampling, Error> {
        let (options, corpus) = (&self.plan.options, &self.corpus);
        let plain = Sampling::default();
        if options.preset.alphabet().is_some()
            || options.good_turing
            || corpus.given_counts().is_some()
        {
            return Ok(plain);
        }
        let mut names: Vec<Vec<char>> = Vec::new();
        for part in [Part::Train, Part::Val, Part::Test] {
            let texts = corpus.names(part).names().map(|name| name.text);
            names.extend(texts.map(|text| text.chars().collect()));
        }
        if !SMALL.contains(&names.len()) {
            return Ok(plain);
        }
        let known = Neighbours::of(names.iter().map(Vec::as_slice));
        let model = Model::from(file.clone());
        let usual = model.usual();
        let draws = Generate::new(model.language_model(), model.vocab(), None, usual)
            .seed(self.plan.config.seed.clone())
            .workers(self.workers)
            .take(DRAWN);
        for top_p in CANDIDATES {
            let mut drawn = draws.clone().top_p(top_p).try_iter()?;
            let drawn: Vec<Vec<char>> = drawn
                .by_ref()
                .filter_map(|found| {
                    let text = model.vocab().normalized(&found.name);
                    let is_new = !corpus.parts().contains(&text);
                    is_new.then(|| text.chars().collect())
                })
                .collect();
            let new = known.strangeness(drawn.iter().map(Vec::as_slice));
            let is_usual = new.pairs <= (OF_OWN * known.own.pairs).max(FEW);
            if is_usual && new.triples <= known.own.triples.max(FEW) {
                return Ok(Sampling { top_p, ..plain });
            }
        }
        let [.., top_p] = CANDIDATES;
        Ok(Sampling { top_p, ..plain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_beside_the_other_names() {
        let names: [Vec<char>; 4] = ["abc", "abd", "bca", "abc"].map(|name| name.chars().collect());
        let known = Neighbours::of(names.iter().map(Vec::as_slice));
        // The pair bd is in one name only, and so is ca; the triples of these names as well.
        assert_eq!(
            known.own,
            Strangeness {
                pairs: 0.5,
                triples: 0.5
            }
        );
        let new: [&[char]; 2] = [&['a', 'b', 'c', 'a'], &['d', 'd']];
        let found = known.strangeness(new.into_iter());
        assert_eq!(
            found,
            Strangeness {
                pairs: 0.5,
                triples: 0.0
            }
        );
    }
}
