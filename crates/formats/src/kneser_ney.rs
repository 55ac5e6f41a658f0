//! Kneser–Ney counts as tensors: windows [pairs, T + 1], their counts \[pairs\], discounts [T + 1, 3].

use std::collections::BTreeMap;

use nextchar::LanguageModel;
use nextchar::data::{Token, Vocab, WindowCounter};
use nextchar::ngram::{Discounts, KneserNey};
use safetensors::tensor::{Dtype, TensorView};

use crate::error::FormatError;
use crate::model_file::{Raw, integers, read_integers, take, wrong_shape};

const WINDOWS: &str = "nextchar.kneser_ney.windows";
const COUNTS: &str = "nextchar.kneser_ney.counts";
const DISCOUNTS: &str = "nextchar.kneser_ney.discounts";

/// The tensors of a model.
pub(crate) fn to_tensors(model: &KneserNey) -> Vec<Raw> {
    let (table, length) = (model.table(), model.context_length());
    let tokens = table.rows().flat_map(|row| {
        let window = |&target| row.context.iter().copied().chain([target]);
        row.targets.iter().flat_map(window)
    });
    vec![
        Raw {
            name: WINDOWS.into(),
            dtype: Dtype::U16,
            shape: vec![table.pairs(), length + 1],
            bytes: tokens.flat_map(Token::to_le_bytes).collect(),
        },
        integers(
            COUNTS.into(),
            vec![table.pairs()],
            table.counts().iter().copied(),
        ),
        Raw {
            name: DISCOUNTS.into(),
            dtype: Dtype::F64,
            shape: vec![length + 1, 3],
            bytes: model
                .discounts()
                .iter()
                .flatten()
                .flat_map(|discount| discount.to_le_bytes())
                .collect(),
        },
    ]
}

/// The model of tensors that are not to be trusted.
///
/// # Errors
/// A [`FormatError`] names the first fault.
pub(crate) fn from_tensors(
    vocab: &Vocab,
    length: usize,
    left: &mut BTreeMap<String, TensorView<'_>>,
) -> Result<KneserNey, FormatError> {
    let mut counter = WindowCounter::new(vocab.len(), length)?; // bounds the length first
    let windows = take(left, WINDOWS, Dtype::U16)?;
    let counts = take(left, COUNTS, Dtype::I64)?;
    let discounts = take(left, DISCOUNTS, Dtype::F64)?;
    let &[pairs] = counts.shape() else {
        return Err(wrong_shape(COUNTS, &counts, "[pairs]"));
    };
    if windows.shape() != [pairs, length + 1] {
        let expected = format!("[{pairs}, {}]", length + 1);
        return Err(wrong_shape(WINDOWS, &windows, &expected));
    }
    if discounts.shape() != [length + 1, 3] {
        let expected = format!("[{}, 3]", length + 1);
        return Err(wrong_shape(DISCOUNTS, &discounts, &expected));
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
    if tokens
        .iter()
        .any(|&token| usize::from(token) >= vocab.len())
    {
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
        return Err(bad("a window stands in it twice"));
    }
    let numbers: Vec<f64> = discounts
        .data()
        .chunks_exact(8)
        .map(|bytes| f64::from_le_bytes(bytes.try_into().expect("eight bytes")))
        .collect();
    let triples = numbers.chunks_exact(3);
    let discounts: Vec<Discounts> = triples.map(|d| [d[0], d[1], d[2]]).collect();
    Ok(KneserNey::with_discounts(&table, discounts)?)
}
