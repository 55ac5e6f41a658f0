//! Texts and sets of characters as regular expressions.

use super::normalizer::Normalizer;
use crate::error::Error;

/// A pattern that matches a text literally, after normalising it like names.
pub(crate) fn escape(text: &str, normalizer: Normalizer) -> String {
    normalizer
        .normalize(text)
        .chars()
        .map(|c| format!("\\x{{{:x}}}", u32::from(c)))
        .collect()
}

/// `a-mz` as a pattern.
pub(crate) fn letter_class(letters: &str, normalizer: Normalizer) -> Result<String, Error> {
    let letters: Vec<char> = normalizer.normalize(letters).chars().collect();
    let bad = || Error::BadPattern {
        pattern: letters.iter().collect(),
        what: "it must consist of characters and ranges, such as a-mz".into(),
    };
    let mut class = String::new();
    let mut rest = letters.as_slice();
    while let Some((&first, after)) = rest.split_first() {
        let last = match after {
            ['-', last, ..] => *last,
            _ => first,
        };
        rest = if after.first() == Some(&'-') && after.len() > 1 {
            &after[2..]
        } else {
            after
        };
        if last < first || first == '-' {
            return Err(bad());
        }
        class.push_str(&format!(
            "\\x{{{:x}}}-\\x{{{:x}}}",
            first as u32, last as u32
        ));
    }
    match class.is_empty() {
        true => Err(bad()),
        false => Ok(format!("[{class}]*")),
    }
}
