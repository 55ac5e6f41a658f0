//! Names as tokens, as the methods of drawing return them.

use crate::text::{END, Token, Vocab};

/// Some names, in the order in which they were drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// All names, each followed by [`END`].
    pub(crate) tokens: Vec<Token>,
    pub(crate) names: usize,
    /// ln P of each name by the model itself; empty if not requested.
    pub(crate) log_probs: Vec<f64>,
}

impl Batch {
    /// Number of names.
    pub fn len(&self) -> usize {
        self.names
    }

    /// Whether there are no names.
    pub fn is_empty(&self) -> bool {
        self.names == 0
    }

    /// The names, without their end marks.
    pub fn names(&self) -> impl Iterator<Item = &[Token]> {
        let whole = self.tokens.strip_suffix(&[END]).unwrap_or(&self.tokens);
        let names = whole.split(|&token| token == END);
        names.take(self.names)
    }

    /// The tokens of all names, each name followed by its end mark.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Appends the names as lines.
    ///
    /// # Panics
    /// If a token is not below the vocabulary's size.
    pub fn write_lines(&self, vocab: &Vocab, lines: &mut String) {
        if let Some(bytes) = vocab.line_bytes() {
            let bytes = self.tokens.iter().map(|&token| bytes[usize::from(token)]);
            let text = String::from_utf8(bytes.collect()).expect("ASCII is UTF-8");
            return lines.push_str(&vocab.normalizer().restore(&text));
        }
        for name in self.names() {
            vocab.write_into(name, lines);
            lines.push('\n');
        }
    }

    pub(crate) fn push(&mut self, name: &[Token]) {
        self.tokens.extend_from_slice(name);
        self.tokens.push(END);
        self.names += 1;
    }

    /// Keeps the first `count` names only.
    pub(crate) fn truncate(&mut self, count: usize) {
        if count < self.names {
            let ends = self
                .tokens
                .iter()
                .enumerate()
                .filter(|(_, token)| **token == END);
            let cut = count.checked_sub(1).map_or(0, |last| {
                ends.map(|(place, _)| place + 1)
                    .nth(last)
                    .expect("as many names as counted")
            });
            self.tokens.truncate(cut);
            self.names = count;
            self.log_probs.truncate(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_apart() {
        let vocab = Vocab::az();
        let mut batch = Batch::default();
        assert_eq!(batch.names().count(), 0);
        for name in ["asha", "u", "isha"] {
            batch.push(&vocab.encode(name).unwrap());
        }
        let mut lines = String::from("x\n");
        batch.write_lines(&vocab, &mut lines);
        assert_eq!(lines, "x\nasha\nu\nisha\n");
        batch.truncate(2);
        let names: Vec<String> = batch.names().map(|name| vocab.decode(name)).collect();
        assert_eq!(
            (names.as_slice(), batch.len()),
            (["asha", "u"].map(String::from).as_slice(), 2)
        );
        batch.truncate(0);
        assert_eq!(batch, Batch::default());
        let vocab = Vocab::from_characters("aéअ".chars()).unwrap();
        batch.push(&vocab.encode("éaअ").unwrap());
        let mut lines = String::new();
        batch.write_lines(&vocab, &mut lines);
        assert_eq!(lines, "éaअ\n");
    }
}
