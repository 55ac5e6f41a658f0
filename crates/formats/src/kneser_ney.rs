//! Kneser–Ney counts as tensors: discounts [T + 1, 3]; windows [pairs, T + 1] and their counts
//! \[pairs\] only in files without names (otherwise they are counted from the names).

use std::collections::BTreeMap;

use nextchar_core::LanguageModel;
use nextchar_core::counts::{Discounts, KneserNey};
use nextchar_core::data::{CountedWindows, NameList, WindowCounter};
use nextchar_core::text::{Token, Vocab};
use safetensors::tensor::{Dtype, TensorView};

use crate::error::FormatError;
use crate::tensors::{Raw, integers, read_integers, take, wrong_shape};

const WINDOWS: &str = "nextchar.kneser_ney.windows";
const COUNTS: &str = "nextchar.kneser_ney.counts";
const DISCOUNTS: &str = "nextchar.kneser_ney.discounts";

/// The discounts of a model, and its windows unless the file contains the names.
pub(crate) fn to_tensors(model: &KneserNey, with_windows: bool) -> Vec<Raw> {
    let (table, length) = (model.table(), model.context_length());
    let mut raw = vec![Raw {
        name: DISCOUNTS.into(),
        dtype: Dtype::F64,
        shape: vec![length + 1, 3],
        bytes: model
            .discounts()
            .iter()
            .flatten()
            .flat_map(|discount| discount.to_le_bytes())
            .collect(),
    }];
    if with_windows {
        let tokens = table.rows().flat_map(|row| {
            let window = |&target| row.context.iter().copied().chain([target]);
            row.targets.iter().flat_map(window)
        });
        raw.push(Raw {
            name: WINDOWS.into(),
            dtype: Dtype::U16,
            shape: vec![table.pairs(), length + 1],
            bytes: tokens.flat_map(Token::to_le_bytes).collect(),
        });
        let counts = table.counts().iter().copied();
        raw.push(integers(COUNTS.into(), vec![table.pairs()], counts));
    }
    raw
}

/// Reads a model from untrusted tensors; its windows are those of `names` if given, otherwise they are
/// tensors as well.
///
/// # Errors
/// A [`FormatError`] names the first fault.
pub(crate) fn from_tensors(
    vocab: &Vocab,
    held: usize,
    length: usize,
    names: Option<&NameList>,
    left: &mut BTreeMap<String, TensorView<'_>>,
) -> Result<KneserNey, FormatError> {
    let counter = WindowCounter::holding(vocab, held, length)?; // checks the length first
    let discounts = read_discounts(length, left)?;
    Ok(match names {
        Some(names) => KneserNey::of_list(names, vocab, length, discounts)?,
        None => KneserNey::with_discounts(read_windows(counter, vocab, length, left)?, discounts)?,
    })
}

fn read_discounts(
    length: usize,
    left: &mut BTreeMap<String, TensorView<'_>>,
) -> Result<Vec<Discounts>, FormatError> {
    let discounts = take(left, DISCOUNTS, Dtype::F64)?;
    if discounts.shape() != [length + 1, 3] {
        let expected = format!("[{}, 3]", length + 1);
        return Err(wrong_shape(DISCOUNTS, &discounts, &expected));
    }
    let numbers: Vec<f64> = discounts
        .data()
        .chunks_exact(8)
        .map(|bytes| f64::from_le_bytes(bytes.try_into().expect("eight bytes")))
        .collect();
    let triples = numbers.chunks_exact(3);
    Ok(triples.map(|d| [d[0], d[1], d[2]]).collect())
}

fn read_windows(
    mut counter: WindowCounter,
    vocab: &Vocab,
    length: usize,
    left: &mut BTreeMap<String, TensorView<'_>>,
) -> Result<CountedWindows, FormatError> {
    let windows = take(left, WINDOWS, Dtype::U16)?;
    let counts = take(left, COUNTS, Dtype::I64)?;
    let &[pairs] = counts.shape() else {
        return Err(wrong_shape(COUNTS, &counts, "[pairs]"));
    };
    if windows.shape() != [pairs, length + 1] {
        let expected = format!("[{pairs}, {}]", length + 1);
        return Err(wrong_shape(WINDOWS, &windows, &expected));
    }
    let bad = |what: &str| FormatError::BadList {
        name: WINDOWS.into(),
        what: what.into(),
    };
    let tokens: Vec<Token> = windows
        .data()
        .chunks_exact(2)
        .map(|bytes| Token::from_le_bytes(bytes.try_into().expect("two bytes")))
        .collect();
    let is_known = |window: &[Token]| {
        let (target, context) = window.split_last().expect("a context and a target");
        let mut context = context.iter();
        usize::from(*target) < vocab.len()
            && context.all(|&token| usize::from(token) < vocab.token_count())
    };
    if !tokens.chunks_exact(length + 1).all(is_known) {
        return Err(bad("a token is not in the alphabet"));
    }
    let mut sum = 0u64;
    for (window, count) in tokens.chunks_exact(length + 1).zip(read_integers(&counts)) {
        if count == 0 || count > i64::MAX as u64 {
            return Err(bad("a count is out of range"));
        }
        sum = sum
            .checked_add(count)
            .ok_or_else(|| bad("its counts are too large"))?;
        counter.add_window(window, count);
    }
    let table = counter.finish();
    if table.pairs() != pairs {
        return Err(bad("a window occurs twice"));
    }
    Ok(table)
}
