//! Names that have a near-duplicate among other names.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashSet, FxHasher};

use crate::text::Token;

/// For each name, whether it equals one of the others after at most one token is removed from each: spelling variants
/// such as sandhya and sandhaya.
pub(crate) fn have_near_duplicates(
    names: &[Vec<Token>],
    others: impl Iterator<Item = Vec<Token>>,
) -> Vec<bool> {
    // The forms of the few names are kept and those of the many stream by, so memory follows the few.
    let known: FxHashSet<u64> = names.iter().flat_map(|name| forms(name)).collect();
    let mut met = FxHashSet::default();
    for other in others {
        met.extend(forms(&other).filter(|form| known.contains(form)));
    }
    let is_near = |name: &Vec<Token>| forms(name).any(|form| met.contains(&form));
    names.iter().map(is_near).collect()
}

/// The hashes of a name, and of the name without each of its tokens.
fn forms(name: &[Token]) -> impl Iterator<Item = u64> + '_ {
    (0..=name.len()).map(move |removed| {
        let mut hasher = FxHasher::default();
        for (place, token) in name.iter().enumerate() {
            if place != removed {
                token.hash(&mut hasher);
            }
        }
        hasher.finish()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Vocab;

    #[test]
    fn spelling_variants_are_near() {
        let vocab = Vocab::az();
        let encoded = |names: &[&str]| -> Vec<Vec<Token>> {
            names
                .iter()
                .map(|name| vocab.encode(name).unwrap())
                .collect()
        };
        let names = encoded(&["sandhya", "anna", "mira", "om", "priya", "ravi"]);
        let others = encoded(&["sandhaya", "anne", "maria", "usha", "piyush", "arvi"]);
        let near = have_near_duplicates(&names, others.into_iter());
        assert_eq!(near, [true, true, false, false, false, true]);
    }
}
