//! The tokenizer of the lecture: every character is a token.

use super::tokenizer::Tokenizer;

/// Splits text into its characters (Unicode code points).
#[derive(Clone, Copy, Debug, Default)]
pub struct Characters;

impl Tokenizer for Characters {
    fn pieces<'t>(&self, text: &'t str) -> Box<dyn Iterator<Item = &'t str> + 't> {
        let places = text.char_indices();
        Box::new(places.map(move |(start, c)| &text[start..start + c.len_utf8()]))
    }

    fn join(&self, pieces: &mut dyn Iterator<Item = &str>, out: &mut String) {
        out.extend(pieces);
    }

    fn name(&self) -> &'static str {
        "characters"
    }
}
