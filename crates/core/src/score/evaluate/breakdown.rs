//! Where a loss comes from: its standard error, the positions and lengths that cost most, and the hardest names.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::data::NameList;
use crate::error::Error;
use crate::executor::Executor;
use crate::language_model::LanguageModel;
use crate::rng::{Purpose, Seed};
use crate::score::evaluate::losses::token_log_probs;
use crate::text::{Token, Vocab};

/// The components of a model's loss on some names.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Breakdown {
    /// Standard error of the loss by bootstrap over names, nats per predicted character.
    pub standard_error: f64,
    /// How far the rival's loss is above the model's.
    pub margin: Option<Margin>,
    /// Loss by position of the predicted character, from 1.
    pub by_position: Vec<Share>,
    /// Loss by the length of the name, in characters without the end mark.
    pub by_length: Vec<Share>,
    /// The names with the most nats per character, in descending order.
    pub hardest: Vec<ScoredName>,
    /// The names with the fewest nats per character, in ascending order.
    pub easiest: Vec<ScoredName>,
}

/// A difference of two losses on the same names.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Margin {
    /// The rival's loss minus the model's, nats per predicted character.
    pub difference: f64,
    /// Its standard error; smaller than that of either loss, because both models see the same names.
    pub standard_error: f64,
}

/// The loss at one position or length.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Share {
    /// The position, or the length.
    pub at: usize,
    /// Number of characters predicted there, end marks included.
    pub characters: u64,
    /// Nats per predicted character.
    pub loss: f64,
}

/// A name with its probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoredName {
    /// The name.
    pub name: String,
    /// ln P(name), the end mark included, in nats.
    pub log_prob: f64,
    /// The same per predicted character.
    pub per_char: f64,
}

/// Breaks down a model's loss on some names, and compares it with a rival's.
///
/// # Errors
/// [`Error::UnknownPiece`] for a name with a character outside the vocabulary.
pub fn breakdown(
    model: &dyn LanguageModel,
    rival: Option<&dyn LanguageModel>,
    names: &NameList,
    vocab: &Vocab,
    executor: &dyn Executor,
) -> Result<Breakdown, Error> {
    const SHOWN: usize = 10;
    let encoded = names.encoded(vocab)?;
    let scored = log_probs_of(model, &encoded, executor);
    let rival = rival.map(|rival| log_probs_of(rival, &encoded, executor));

    let mut by_position: BTreeMap<usize, Sum> = BTreeMap::new();
    let mut by_length: BTreeMap<usize, Sum> = BTreeMap::new();
    let mut observations = Vec::with_capacity(encoded.len());
    let mut ranked = Vec::with_capacity(encoded.len());
    for (index, (name, tokens)) in names.names().zip(&scored).enumerate() {
        for (place, log_prob) in (1..).zip(tokens) {
            let position = by_position.entry(place).or_default();
            position.add(name.count, -log_prob);
            by_length
                .entry(tokens.len() - 1)
                .or_default()
                .add(name.count, -log_prob);
        }
        let total: f64 = tokens.iter().sum();
        let rival: Option<f64> = rival.as_ref().map(|rival| rival[index].iter().sum());
        let count = name.count as f64;
        observations.push(Observation {
            nll: -total * count,
            gain: rival.map_or(0.0, |rival| (total - rival) * count),
            characters: tokens.len() as f64 * count,
        });
        ranked.push((total / tokens.len() as f64, total, name.text));
    }
    ranked.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(b.2)));
    let shown = |(per_char, log_prob, name): &(f64, f64, &str)| ScoredName {
        name: (*name).to_owned(),
        log_prob: *log_prob,
        per_char: *per_char,
    };
    let [error, gain_error] = bootstrap(&observations, executor);
    let all = Observation::sum(observations.iter());
    Ok(Breakdown {
        standard_error: error,
        margin: rival.map(|_| Margin {
            difference: all.gain / all.characters,
            standard_error: gain_error,
        }),
        by_position: shares(by_position),
        by_length: shares(by_length),
        hardest: ranked.iter().take(SHOWN).map(shown).collect(),
        easiest: ranked.iter().rev().take(SHOWN).map(shown).collect(),
    })
}

/// Nats and characters at one position or length.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    nll: f64,
    characters: u64,
}

impl Sum {
    fn add(&mut self, count: u64, nll: f64) {
        self.nll += count as f64 * nll;
        self.characters += count;
    }
}

fn shares(sums: BTreeMap<usize, Sum>) -> Vec<Share> {
    sums.into_iter()
        .map(|(at, sum)| Share {
            at,
            characters: sum.characters,
            loss: sum.nll / sum.characters as f64,
        })
        .collect()
}

/// ln p of every token of every name, the end marks included.
fn log_probs_of(
    model: &dyn LanguageModel,
    names: &[Vec<Token>],
    executor: &dyn Executor,
) -> Vec<Vec<f64>> {
    let mut log_probs: Vec<Vec<f64>> = vec![Vec::new(); names.len()];
    executor.for_each(&mut log_probs, |index, log_probs| {
        *log_probs = token_log_probs(model, &names[index]);
    });
    log_probs
}

/// One name's contribution to a loss.
#[derive(Clone, Copy, Debug, Default)]
struct Observation {
    nll: f64,
    gain: f64,
    characters: f64,
}

impl Observation {
    fn sum<'a>(observations: impl Iterator<Item = &'a Observation>) -> Observation {
        observations.fold(Observation::default(), |sum, one| Observation {
            nll: sum.nll + one.nll,
            gain: sum.gain + one.gain,
            characters: sum.characters + one.characters,
        })
    }
}

/// Standard errors of loss and gain, each a ratio of sums over names (Efron 1979).
fn bootstrap(observations: &[Observation], executor: &dyn Executor) -> [f64; 2] {
    /// The relative error of a standard deviation is then 1/√(2·400) = 3.5 %.
    const RESAMPLES: usize = 400;
    let mut ratios = vec![[0.0; 2]; RESAMPLES];
    executor.for_each(&mut ratios, |index, ratios| {
        let mut rng = Seed::from(0).stream(Purpose::Bootstrap, index as u64);
        let number = observations.len() as u64;
        let drawn = (0..number).map(|_| &observations[rng.below(number) as usize]);
        let sum = Observation::sum(drawn);
        *ratios = [sum.nll / sum.characters, sum.gain / sum.characters];
    });
    [0, 1].map(|of| {
        let mean = ratios.iter().map(|ratio| ratio[of]).sum::<f64>() / RESAMPLES as f64;
        let squares = ratios.iter().map(|ratio| (ratio[of] - mean).powi(2));
        (squares.sum::<f64>() / (RESAMPLES - 1) as f64).sqrt()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::{AdditiveNgram, Uniform};
    use crate::data::CountedWindows;
    use crate::executor::Serial;
    use crate::language_model::loss;

    fn names() -> (NameList, Vocab) {
        let texts = (0..200).map(|number| {
            let stem = ["a", "bb", "cab", "abba"][number % 4];
            (
                format!("{stem}{}", "ab".repeat(number % 7)),
                1 + number as u64 % 3,
            )
        });
        (NameList::from_names(texts), Vocab::az())
    }

    #[test]
    fn the_parts_add_up_to_the_loss() {
        let (names, vocab) = names();
        let table = CountedWindows::from_list(&names, &vocab, 2).unwrap();
        let model = AdditiveNgram::new(table.clone());
        let uniform = Uniform {
            vocab_size: vocab.len(),
        };
        let found = breakdown(&model, Some(&uniform), &names, &vocab, &Serial).unwrap();
        let whole = loss(&model, &table, &Serial);
        for shares in [&found.by_position, &found.by_length] {
            let nll: f64 = shares.iter().map(|s| s.loss * s.characters as f64).sum();
            let characters: u64 = shares.iter().map(|s| s.characters).sum();
            assert_eq!(characters, table.examples());
            assert!((nll / characters as f64 - whole).abs() < 1e-12);
        }
        let margin = found.margin.unwrap();
        assert!((margin.difference - (27f64.ln() - whole)).abs() < 1e-12);
        let scores: Vec<f64> = found.hardest.iter().map(|name| name.per_char).collect();
        assert!(scores.is_sorted() && scores[0] < found.easiest[0].per_char);
    }

    /// The linearised standard error of a ratio of sums is √Σ(x − r·n)² / Σn.
    #[test]
    fn the_bootstrap_agrees_with_the_formula() {
        let observations: Vec<Observation> = (0..3000)
            .map(|index| {
                let characters = 4.0 + f64::from(index % 5);
                let nll = characters * (1.5 + libm::sin(f64::from(index) * 12.9898));
                Observation {
                    nll,
                    gain: nll * nll,
                    characters,
                }
            })
            .collect();
        let all = Observation::sum(observations.iter());
        let formula = |part: fn(&Observation) -> f64| {
            let ratio = part(&all) / all.characters;
            let squares = observations
                .iter()
                .map(|one| (part(one) - ratio * one.characters).powi(2));
            squares.sum::<f64>().sqrt() / all.characters
        };
        let found = bootstrap(&observations, &Serial);
        for (found, formula) in found
            .into_iter()
            .zip([formula(|o| o.nll), formula(|o| o.gain)])
        {
            assert!((found / formula - 1.0).abs() < 0.15, "{found} {formula}");
        }
    }
}
