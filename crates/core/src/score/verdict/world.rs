//! What names sound like elsewhere. A list of three hundred names knows little of its own kind, and one of five
//! thousand little of names from abroad that stand in it; first names of many languages know more.
//!
//! Their model is Kneser–Ney with context 3, counted from the embedded list `world-names` and kept as one table,
//! for verdicts are asked for by the million.

use std::sync::OnceLock;

use rustc_hash::FxHashSet;

use crate::counts::KneserNey;
use crate::data::{CountedWindows, NameList, WORLD_NAMES};
use crate::error::Error;
use crate::language_model::LanguageModel;
use crate::text::{END, Start, Token, Vocab};

/// Tokens that are looked back.
const CONTEXT: usize = 3;

/// ln p(t | c) in nats for every context c of three tokens of a–z: [27³, 27].
#[derive(Clone, Debug)]
pub(crate) struct World {
    log_probs: Vec<f32>,
}

impl World {
    /// Of all names, counted when it is first asked for.
    pub fn whole() -> &'static World {
        static WHOLE: OnceLock<World> = OnceLock::new();
        WHOLE.get_or_init(|| {
            World::without(&NameList::from_names([("", 0); 0])).expect("an embedded list is sound")
        })
    }

    /// Of all names but these: whoever is to be judged must not be known already.
    ///
    /// # Errors
    /// None for the list as it is; those of counting it.
    pub fn without(names: &NameList) -> Result<World, Error> {
        let left_out: FxHashSet<&str> = names.names().map(|name| name.text).collect();
        let others = WORLD_NAMES.rows().filter(|name| !left_out.contains(name));
        let others = NameList::from_names(others.map(|name| (name, 1)));
        let table = CountedWindows::from_list(&others, &Vocab::az(), CONTEXT)?;
        Ok(World {
            log_probs: log_probs(&KneserNey::closed_form(&table)?),
        })
    }

    /// ln P(word) in nats, the end mark included.
    pub fn log_prob(&self, word: &[Token]) -> f64 {
        const KINDS: usize = 27;
        let mut context = 0; // END is 0, so this is padding
        let mut sum = 0.0;
        for &token in word.iter().chain(&[END]) {
            let window = context * KINDS + usize::from(token);
            sum += f64::from(self.log_probs[window]);
            context = window % KINDS.pow(CONTEXT as u32);
        }
        sum
    }
}

/// Every context's row. Contexts that were not seen differ from one another by what the model looks at, which is
/// their last two tokens, so one of them is asked for each pair. Those with an end mark after a letter are none.
fn log_probs(model: &KneserNey) -> Vec<f32> {
    let kinds = model.vocab_size() as Token;
    let mut rows = vec![f32::NEG_INFINITY; usize::from(kinds).pow(CONTEXT as u32 + 1)];
    let row = |first: Token, second: Token, third: Token| {
        let place = [first, second, third].iter().fold(0, |place, &token| {
            place * usize::from(kinds) + usize::from(token)
        });
        place * usize::from(kinds)..(place + 1) * usize::from(kinds)
    };
    let mut exact = vec![0.0; usize::from(kinds)];
    for second in 0..kinds {
        for third in (0..kinds).filter(|&third| second == END || third != END) {
            let mut unseen = None;
            for first in (0..kinds).filter(|&first| first == END || second != END) {
                let context = [first, second, third];
                let is_seen = first == END || model.table().place(&context).is_some();
                if let (false, Some(from)) = (is_seen, unseen.clone()) {
                    rows.copy_within(from, row(first, second, third).start);
                    continue;
                }
                model.log_probs(&[model.after(&Start::default(), &context)], &mut exact);
                let own = row(first, second, third);
                for (rounded, &exact) in rows[own.clone()].iter_mut().zip(&exact) {
                    *rounded = exact as f32;
                }
                if !is_seen {
                    unseen = Some(own);
                }
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ReadOptions;
    use crate::score::name_log_prob;

    /// The table is the model: names of all kinds, with contexts seen and not, get its numbers.
    #[test]
    fn the_table_is_the_model() {
        let without = NameList::from_names(["maria", "anna"].map(|name| (name, 1)));
        let world = World::without(&without).unwrap();
        let (mut others, _) = WORLD_NAMES.read(&ReadOptions::default()).unwrap();
        assert!(others.names().any(|name| name.text == "maria"));
        others.retain(|name| !["maria", "anna"].contains(&name));
        let vocab = Vocab::az();
        let table = CountedWindows::from_list(&others, &vocab, CONTEXT).unwrap();
        let model = KneserNey::closed_form(&table).unwrap();
        for word in [
            "maria",
            "a",
            "",
            "qxqzvvk",
            "guillaume",
            "zzzzzzzz",
            "bqa",
            "aadesh",
        ] {
            let word = vocab.encode(word).unwrap();
            let (found, expected) = (world.log_prob(&word), name_log_prob(&model, &word));
            assert!(
                (found - expected).abs() < 1e-5,
                "{word:?}: {found} but {expected}"
            );
        }
        let maria = vocab.encode("maria").unwrap();
        assert!(World::whole().log_prob(&maria) > world.log_prob(&maria));
    }

    /// Every row of a context that words can come to adds up to 1.
    #[test]
    fn rows_add_up_to_one() {
        let rows = &World::whole().log_probs;
        let sums = rows
            .chunks(27)
            .map(|row| row.iter().map(|&x| f64::from(x).exp()).sum::<f64>());
        let mut contexts = 0;
        for sum in sums.filter(|&sum| sum != 0.0) {
            assert!((sum - 1.0).abs() < 1e-5, "{sum}");
            contexts += 1;
        }
        assert_eq!(contexts, 26_usize.pow(3) + 26 * 26 + 26 + 1);
    }
}
