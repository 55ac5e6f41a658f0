//! Names that have a near-duplicate among other names.

use rustc_hash::FxHashSet;

use crate::text::Token;

/// An odd number, so that it has an inverse modulo 2⁶⁴.
const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
const INVERSE: u64 = inverse(BASE);

/// The inverse of an odd number modulo 2⁶⁴, by Newton's method.
const fn inverse(odd: u64) -> u64 {
    let (mut found, mut bits) = (odd, 3); // correct in the lowest 3 bits
    while bits < u64::BITS {
        found = found.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(found)));
        bits *= 2;
    }
    found
}

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
///
/// The hash is a polynomial in [`BASE`], so that of a name without a token follows from those of the tokens before and
/// after it.
fn forms(name: &[Token]) -> impl Iterator<Item = u64> + '_ {
    let after =
        |hash: u64, token: Token| hash.wrapping_mul(BASE).wrapping_add(u64::from(token) + 1);
    let whole = name.iter().fold(0, |hash, &token| after(hash, token));
    // From the last token to the first: BASE to the number of tokens behind, and their hash.
    let (mut power, mut behind, mut before) = (1u64, 0u64, whole);
    let without = name.iter().rev().map(move |&token| {
        // The hash of what is before: without this token and those behind.
        before = before
            .wrapping_sub(u64::from(token) + 1)
            .wrapping_mul(INVERSE);
        let hash = before.wrapping_mul(power).wrapping_add(behind);
        behind = behind.wrapping_add((u64::from(token) + 1).wrapping_mul(power));
        power = power.wrapping_mul(BASE);
        hash
    });
    without.chain([whole]).map(|hash| hash ^ hash >> 32)
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

    /// The hashes are those of the literal forms.
    #[test]
    fn forms_are_the_name_and_the_name_without_each_token() {
        assert_eq!(BASE.wrapping_mul(INVERSE), 1);
        let name: [Token; 5] = [3, 0, 26, 3, 9];
        let whole = |name: &[Token]| forms(name).last();
        let mut found = forms(&name);
        for removed in (0..name.len()).rev() {
            let (before, after) = (&name[..removed], &name[removed + 1..]);
            assert_eq!(found.next(), whole(&[before, after].concat()));
        }
        assert_eq!((found.next(), found.next()), (whole(&name), None));
        assert_eq!(forms(&[]).collect::<Vec<_>>(), [0]);
    }
}
