//! Step 2, several lists as one.

use crate::data::names::NameList;
use crate::data::reading::diagnosis::{Chosen, Diagnosis};
use crate::data::reading::lines::ReadOptions;
use crate::text::{Alphabet, Normalizer};

/// A list and what was found while it was read.
pub type Found = (NameList, Diagnosis);

/// Two lists as one; a name of both is a duplicate.
///
/// What the lists tell of their letters is found anew for all names. The rejected lines stay those of the first list: a
/// line number alone would not say which file is meant.
pub fn join_lists(
    (mine, mut found): Found,
    (others, other): Found,
    options: &ReadOptions,
) -> Found {
    let mut list = as_written(&mine, found.chosen.normalizer);
    let others = as_written(&others, other.chosen.normalizer);
    let counts_again = options.again(1) > 0;
    list.extend(&others, counts_again);
    let (normalizer, exceptions) = options.rule(&list);
    let alphabets = [found.chosen.alphabet, other.chosen.alphabet];
    // What the lists have lost of their case is still an exception.
    let lost = found.chosen.case_exceptions + other.chosen.case_exceptions;
    found.chosen = Chosen {
        alphabet: match alphabets == [Alphabet::Az; 2] {
            true => Alphabet::Az,
            false => Alphabet::Data,
        },
        normalizer,
        case_exceptions: exceptions + lost,
    };
    list = options.normalized(list, normalizer).into_sorted();
    for (sum, number) in [
        (&mut found.lines, other.lines),
        (&mut found.blank, other.blank),
        (&mut found.accepted, other.accepted),
        (&mut found.filtered_by_length, other.filtered_by_length),
        (&mut found.filtered_by_column, other.filtered_by_column),
        (&mut found.rejected, other.rejected),
        (&mut found.cleaned, other.cleaned),
    ] {
        *sum += number;
    }
    found.duplicates = found.accepted - list.len() as u64;
    found.count(&list, options.tokenizer);
    (list, found)
}

/// The names of a list in the letters that its rule gives them.
fn as_written(list: &NameList, rule: Normalizer) -> NameList {
    let names = list.names();
    NameList::from_names(names.map(|name| (rule.restore(name.text), name.count)))
}
