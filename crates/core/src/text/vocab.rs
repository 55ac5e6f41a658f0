//! Step 1: the classes of the classification. Every character of the alphabet, and one end mark.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The index of one class: [`END`] or a character.
pub type Token = u16;

/// The end mark: it ends every name and pads the context on the left before the first letter.
pub const END: Token = 0;

/// How [`END`] is shown, as on the lecture's board.
pub const END_SYMBOL: char = '_';

/// The set of characters that a model knows, in code point order, and their token numbers.
///
/// Token 0 is [`END`]; token `i + 1` is the `i`-th character.
///
/// ```
/// use nextchar_core::text::Vocab;
///
/// let vocab = Vocab::az();
/// assert_eq!(vocab.len(), 27);
/// assert_eq!(vocab.encode("abb").unwrap(), [1, 2, 2]);
/// assert_eq!(vocab.decode(&[1, 2, 2, 0]), "abb_");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Vocab {
    characters: Vec<char>,
}

/// A character that a [`Vocab`] does not hold, with its place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownCharacter {
    /// What was found.
    pub character: char,
    /// Its place, in characters, counted from 1.
    pub column: usize,
}

impl fmt::Display for UnknownCharacter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} (character {}) is not in the alphabet",
            self.character, self.column
        )
    }
}

impl std::error::Error for UnknownCharacter {}

impl UnknownCharacter {
    /// The error that names the word too.
    pub(crate) fn of(self, name: &str) -> Error {
        Error::UnknownCharacter {
            name: name.to_owned(),
            character: self.character,
            column: self.column,
        }
    }
}

impl Vocab {
    /// The largest number of classes that fit a [`Token`].
    pub const MAX_LEN: usize = Token::MAX as usize + 1;

    /// The lecture's 27 classes: a–z and the end mark.
    pub fn az() -> Self {
        Vocab {
            characters: ('a'..='z').collect(),
        }
    }

    /// The vocabulary of exactly these characters, sorted, each once; [`END_SYMBOL`] is left out.
    ///
    /// Returns `None` where there is no character at all or more than [`Vocab::MAX_LEN`] - 1.
    pub fn from_characters(characters: impl IntoIterator<Item = char>) -> Option<Self> {
        let characters: Vec<char> = characters
            .into_iter()
            .filter(|&c| c != END_SYMBOL)
            .collect::<std::collections::BTreeSet<char>>()
            .into_iter()
            .collect();
        (1..Self::MAX_LEN)
            .contains(&characters.len())
            .then_some(Vocab { characters })
    }

    /// Number of classes V, the end mark included.
    #[allow(clippy::len_without_is_empty)] // never empty: END is always there
    pub fn len(&self) -> usize {
        self.characters.len() + 1
    }

    /// The characters in token order, without the end mark.
    pub fn characters(&self) -> &[char] {
        &self.characters
    }

    /// The token of a character.
    pub fn token(&self, character: char) -> Option<Token> {
        // Most alphabets are a range, or begin with one.
        let guess = (character as usize).wrapping_sub(self.characters[0] as usize);
        let index = match self.characters.get(guess) {
            Some(&found) if found == character => guess,
            _ => self.characters.binary_search(&character).ok()?,
        };
        Some(index as Token + 1)
    }

    /// The character that stands for a token: [`END_SYMBOL`] for [`END`].
    ///
    /// # Panics
    /// If the token is not below [`Vocab::len`].
    pub fn symbol(&self, token: Token) -> char {
        if token == END {
            END_SYMBOL
        } else {
            self.characters[token as usize - 1]
        }
    }

    /// The tokens of a text, without an end mark.
    ///
    /// # Errors
    /// [`UnknownCharacter`] names the first character that is not in the vocabulary.
    pub fn encode(&self, text: &str) -> Result<Vec<Token>, UnknownCharacter> {
        let mut tokens = Vec::new();
        self.encode_into(text, &mut tokens)?;
        Ok(tokens)
    }

    /// [`Vocab::encode`] into memory that is used again; what it held is replaced.
    ///
    /// # Errors
    /// As [`Vocab::encode`].
    pub fn encode_into(&self, text: &str, tokens: &mut Vec<Token>) -> Result<(), UnknownCharacter> {
        tokens.clear();
        for (index, character) in text.chars().enumerate() {
            tokens.push(self.token(character).ok_or(UnknownCharacter {
                character,
                column: index + 1,
            })?);
        }
        Ok(())
    }

    /// The text of a sequence of tokens.
    pub fn decode(&self, tokens: &[Token]) -> String {
        tokens.iter().map(|&token| self.symbol(token)).collect()
    }

    /// The context before the next character of `prefix`: its last `context_length` characters,
    /// padded with [`END`] at the left.
    ///
    /// # Errors
    /// [`UnknownCharacter`], as [`Vocab::encode`]; a leading run of [`END_SYMBOL`] is padding.
    pub fn context(
        &self,
        prefix: &str,
        context_length: usize,
    ) -> Result<Vec<Token>, UnknownCharacter> {
        let padding = prefix.chars().take_while(|&c| c == END_SYMBOL).count();
        let letters = self
            .encode(prefix.trim_start_matches(END_SYMBOL))
            .map_err(|unknown| UnknownCharacter {
                column: unknown.column + padding,
                ..unknown
            })?;
        let kept = &letters[letters.len().saturating_sub(context_length)..];
        let mut context = vec![END; context_length - kept.len()];
        context.extend_from_slice(kept);
        Ok(context)
    }
}

impl From<Vocab> for String {
    fn from(vocab: Vocab) -> String {
        vocab.characters.into_iter().collect()
    }
}

impl TryFrom<String> for Vocab {
    type Error = String;

    /// The inverse of `String::from(vocab)`: strictly ascending characters.
    fn try_from(text: String) -> Result<Self, String> {
        let characters: Vec<char> = text.chars().collect();
        let ascending = characters.windows(2).all(|pair| pair[0] < pair[1]);
        match Vocab::from_characters(characters.iter().copied()) {
            Some(vocab) if ascending && vocab.characters == characters => Ok(vocab),
            _ => Err("an alphabet must be distinct characters in code point order".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_alphabet_is_sorted_and_unique() {
        let vocab = Vocab::from_characters("नमस्ते_नम".chars()).unwrap();
        assert!(vocab.characters().windows(2).all(|p| p[0] < p[1]));
        let tokens = vocab.encode("नमस्ते").unwrap();
        assert_eq!(vocab.decode(&tokens), "नमस्ते");
        assert!(Vocab::from_characters(['_']).is_none());
    }

    #[test]
    fn contexts_are_padded_at_the_left_and_cut_at_the_left() {
        let vocab = Vocab::az();
        assert_eq!(vocab.context("ab", 3).unwrap(), [0, 1, 2]);
        assert_eq!(vocab.context("__ab", 3).unwrap(), [0, 1, 2]);
        assert_eq!(vocab.context("abcde", 3).unwrap(), [3, 4, 5]);
        assert_eq!(vocab.context("", 2).unwrap(), [0, 0]);
        assert_eq!(vocab.context("abc", 0).unwrap(), []);
        let unknown = vocab.context("_a?", 3).unwrap_err();
        assert_eq!((unknown.character, unknown.column), ('?', 3));
    }

    #[test]
    fn text_form_is_checked() {
        assert_eq!(Vocab::try_from("abc".to_string()).unwrap().len(), 4);
        assert!(Vocab::try_from("acb".to_string()).is_err());
        assert!(Vocab::try_from("aab".to_string()).is_err());
        assert!(Vocab::try_from("a_b".to_string()).is_err());
    }
}
