//! The classes of the classification: all pieces of the vocabulary, and the end mark.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::characters::Characters;
use super::graphemes::{Graphemes, cut};
use super::normalizer::Normalizer;
use super::segments::{Class, Segments};
use super::start::Start;
use super::token::{END, END_SYMBOL, Token};
use super::tokenizer::Tokenizer;
use crate::error::Error;

/// The sorted pieces that a model knows, their token numbers, and how text becomes pieces.
///
/// Token 0 is [`END`] and token `i + 1` the `i`-th piece: these are the V classes of the next token.
/// Labels have the numbers from V on. They occur only in a [`Start`] and are never predicted.
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
#[serde(try_from = "VocabRecord", into = "VocabRecord")]
pub struct Vocab {
    tokenizer: &'static dyn Tokenizer,
    normalizer: Normalizer,
    /// Ascending.
    pieces: Vec<Box<str>>,
    labels: Vec<Box<str>>,
    /// Tokens of the pieces that are one ASCII character; [`END`] for all others.
    ascii: [Token; 128],
    /// The classes of the characters, if a grapheme may consist of several of them.
    segments: Option<Segments>,
}

/// A piece that a [`Vocab`] does not contain, with its position in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPiece {
    /// The piece.
    pub piece: String,
    /// Its position, in pieces from 1.
    pub column: usize,
}

impl fmt::Display for UnknownPiece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnknownPiece { piece, column } = self;
        let piece = piece.escape_debug();
        write!(f, "'{piece}' (character {column}) is not in the alphabet")
    }
}

impl std::error::Error for UnknownPiece {}

impl UnknownPiece {
    /// The error with the word.
    pub(crate) fn of(self, name: &str) -> Error {
        Error::UnknownPiece {
            name: name.to_owned(),
            piece: self.piece,
            column: self.column,
        }
    }
}

impl Vocab {
    /// The largest number of tokens, including the end mark and labels.
    pub const MAX_LEN: usize = Token::MAX as usize + 1;

    /// The built-in tokenizers.
    pub const TOKENIZERS: &'static [&'static dyn Tokenizer] = &[&Characters, &Graphemes];

    /// The lecture's 27 classes: a–z and the end mark.
    pub fn az() -> Self {
        Self::from_characters('a'..='z').expect("26 letters")
    }

    /// The vocabulary of exactly these characters, sorted and without duplicates; [`END_SYMBOL`] is dropped.
    ///
    /// Returns `None` if there are no characters or more than [`Vocab::MAX_LEN`] - 1.
    pub fn from_characters(characters: impl IntoIterator<Item = char>) -> Option<Self> {
        let mut pieces: Vec<char> = characters.into_iter().collect();
        pieces.sort_unstable();
        pieces.dedup();
        Self::from_pieces(&Characters, pieces.into_iter().map(|c| c.to_string()))
    }

    /// The vocabulary of all pieces that a tokenizer finds in some texts; that of [`Graphemes`] for some distinct names.
    ///
    /// Where no grapheme of several characters is worth a token, graphemes are cut as characters are: the vocabulary is
    /// that of [`Characters`].
    ///
    /// Returns `None` in the same cases as [`Vocab::from_characters`].
    pub fn from_texts<'t>(
        tokenizer: &'static dyn Tokenizer,
        texts: impl IntoIterator<Item = &'t str>,
    ) -> Option<Self> {
        if tokenizer.name() == Graphemes.name() {
            let pieces = Graphemes::vocabulary(texts);
            let is_plain = pieces.iter().all(|piece| single(piece).is_some());
            let tokenizer = if is_plain { &Characters } else { tokenizer };
            return Self::from_pieces(tokenizer, pieces);
        }
        let mut pieces = std::collections::BTreeSet::new();
        for text in texts {
            for piece in tokenizer.pieces(text) {
                if !pieces.contains(piece) {
                    pieces.insert(piece);
                }
            }
        }
        Self::from_pieces(tokenizer, pieces)
    }

    /// The vocabulary of ascending pieces. Those that contain [`END_SYMBOL`] are dropped.
    fn from_pieces(
        tokenizer: &'static dyn Tokenizer,
        pieces: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Option<Self> {
        let pieces = pieces.into_iter();
        let pieces: Vec<Box<str>> = pieces
            .filter(|piece| !piece.as_ref().contains(END_SYMBOL))
            .map(|piece| piece.as_ref().into())
            .collect();
        let mut vocab = Vocab {
            tokenizer,
            normalizer: Normalizer::default(),
            pieces,
            labels: Vec::new(),
            ascii: [END; 128],
            segments: None,
        };
        if !(1..Self::MAX_LEN).contains(&vocab.pieces.len()) {
            return None;
        }
        for (token, piece) in (1..).zip(&vocab.pieces) {
            if let [byte @ ..128] = *piece.as_bytes() {
                vocab.ascii[usize::from(byte)] = token;
            }
        }
        if vocab.is_by_character() || vocab.is_by_grapheme() {
            let segments = Segments::new(vocab.pieces(), Class::of);
            vocab.segments = segments.are_needed().then_some(segments);
        }
        Some(vocab)
    }

    /// The same vocabulary with labels, which are numbered after all pieces, in this order.
    ///
    /// Returns `None` if two labels are equal, if one is empty, or if there are not enough token numbers.
    pub fn with_labels<L: AsRef<str>>(self, labels: impl IntoIterator<Item = L>) -> Option<Self> {
        let labels = labels.into_iter().map(|label| label.as_ref().into());
        let labels: Vec<Box<str>> = labels.collect();
        let is_new =
            |place: usize| !labels[place].is_empty() && !labels[..place].contains(&labels[place]);
        let fits = self.len() + labels.len() <= Self::MAX_LEN;
        (fits && (0..labels.len()).all(is_new)).then_some(Vocab { labels, ..self })
    }

    /// The same vocabulary with another normaliser.
    pub fn with_normalizer(self, normalizer: Normalizer) -> Self {
        Vocab { normalizer, ..self }
    }

    /// Number of classes V, including the end mark.
    #[expect(clippy::len_without_is_empty, reason = "the end mark is always there")]
    pub fn len(&self) -> usize {
        self.pieces.len() + 1
    }

    /// Number of all tokens: the classes, and the labels, which occur only in a [`Start`].
    pub fn token_count(&self) -> usize {
        self.len() + self.labels.len()
    }

    /// How text becomes pieces.
    pub fn tokenizer(&self) -> &'static dyn Tokenizer {
        self.tokenizer
    }

    /// Whether a character that a reader sees can consist of several pieces, as in the Indic scripts.
    pub fn has_segments(&self) -> bool {
        self.segments.is_some()
    }

    /// The classes by which characters form graphemes; `None` if every character is a grapheme of its own, or the
    /// tokenizer is neither that of characters nor that of graphemes.
    pub(crate) fn segments(&self) -> Option<&Segments> {
        self.segments.as_ref()
    }

    /// The class of a character by which it joins others to a grapheme.
    pub(crate) fn class(&self, c: char) -> Class {
        let known = self.segments.as_ref().zip(self.token_of(c));
        known.map_or(Class::Other, |(segments, token)| segments.of(token)[0])
    }

    /// The characters of a token, each a text of its own.
    pub(crate) fn characters(&self, token: Token) -> impl Iterator<Item = &str> {
        Characters.pieces(self.symbol(token))
    }

    /// The tokens of graphemes of several characters, each with the tokens of its characters. There are none where every
    /// text has one sequence of tokens only.
    pub(crate) fn compounds(&self) -> impl Iterator<Item = (Token, Vec<Token>)> {
        let places = 0..self.pieces.len() * usize::from(self.is_by_grapheme());
        let compounds = places.map(|place| place as Token + 1);
        let compounds = compounds.filter(|&token| single(self.symbol(token)).is_none());
        compounds.map(|token| {
            let characters = self.characters(token).map(|one| self.token(one));
            let characters = characters.map(|one| one.expect("all characters are pieces"));
            (token, characters.collect())
        })
    }

    /// How text is normalised before it is split.
    pub fn normalizer(&self) -> Normalizer {
        self.normalizer
    }

    /// A word as its pieces are known: trimmed and [normalised](Normalizer::normalize).
    pub fn normalized<'t>(&self, word: &'t str) -> Cow<'t, str> {
        match self.normalizer.normalize(word.trim()) {
            Cow::Borrowed(text) => text.into(),
            // Dropping an invisible character may have left a blank at an end.
            Cow::Owned(text) => text.trim().to_owned().into(),
        }
    }

    /// The pieces in token order, without the end mark.
    pub fn pieces(&self) -> impl ExactSizeIterator<Item = &str> {
        self.pieces.iter().map(|piece| &**piece)
    }

    /// The labels in token order.
    pub fn labels(&self) -> impl ExactSizeIterator<Item = &str> {
        self.labels.iter().map(|label| &**label)
    }

    /// The token of a piece.
    pub fn token(&self, piece: &str) -> Option<Token> {
        if let [byte @ ..128] = *piece.as_bytes() {
            let token = self.ascii[usize::from(byte)];
            return (token != END).then_some(token);
        }
        let place = self.pieces.binary_search_by(|known| (**known).cmp(piece));
        place.ok().map(|place| place as Token + 1)
    }

    /// All characters in token order, for a vocabulary of characters without labels: the alphabet in formats that
    /// know nothing else.
    pub fn alphabet(&self) -> Option<String> {
        let is_plain = self.is_by_character() && self.labels.is_empty();
        is_plain.then(|| self.pieces().collect())
    }

    /// The token of a label.
    pub fn label(&self, label: &str) -> Option<Token> {
        let place = self.labels().position(|known| known == label)?;
        Some((self.len() + place) as Token)
    }

    /// The piece (or label) that stands for a token: [`END_SYMBOL`] for [`END`].
    ///
    /// # Panics
    /// If the token is not below [`Vocab::token_count`].
    pub fn symbol(&self, token: Token) -> &str {
        match usize::from(token).checked_sub(1) {
            None => END_SYMBOL,
            Some(place) => match place.checked_sub(self.pieces.len()) {
                None => &self.pieces[place],
                Some(label) => &self.labels[label],
            },
        }
    }

    /// The tokens of a text, without an end mark.
    ///
    /// # Errors
    /// [`UnknownPiece`] names the first piece that is not in the vocabulary.
    pub fn encode(&self, text: &str) -> Result<Vec<Token>, UnknownPiece> {
        let mut tokens = Vec::new();
        self.encode_into(text, &mut tokens)?;
        Ok(tokens)
    }

    /// [`Vocab::encode`] into reused memory, whose contents are replaced.
    ///
    /// # Errors
    /// As [`Vocab::encode`].
    pub fn encode_into(&self, text: &str, tokens: &mut Vec<Token>) -> Result<(), UnknownPiece> {
        tokens.clear();
        let unknown = |piece: &str, index| UnknownPiece {
            piece: piece.to_owned(),
            column: index + 1,
        };
        if self.is_by_character() {
            // The same tokens without an allocation for each text and virtual calls for each piece.
            for (index, character) in text.chars().enumerate() {
                let token = self.token_of(character);
                tokens.push(token.ok_or_else(|| unknown(&character.to_string(), index))?);
            }
            return Ok(());
        }
        if self.is_by_grapheme() {
            let mut characters = text.chars().enumerate();
            let bad = characters.find(|&(_, c)| self.token_of(c).is_none());
            if let Some((index, character)) = bad {
                return Err(unknown(&character.to_string(), index));
            }
            for grapheme in cut(text, |c| self.class(c)) {
                match self.token(grapheme) {
                    Some(token) => tokens.push(token),
                    None => tokens.extend(grapheme.chars().filter_map(|c| self.token_of(c))),
                }
            }
            return Ok(());
        }
        for (index, piece) in self.tokenizer.pieces(text).enumerate() {
            let token = self.token(piece);
            tokens.push(token.ok_or_else(|| unknown(piece, index))?);
        }
        Ok(())
    }

    /// Whether all pieces of a text are in the vocabulary.
    pub fn knows(&self, text: &str) -> bool {
        if self.is_by_character() || self.is_by_grapheme() {
            return text
                .chars()
                .all(|character| self.token_of(character).is_some());
        }
        let mut pieces = self.tokenizer.pieces(text);
        pieces.all(|piece| self.token(piece).is_some())
    }

    /// The token of a character that is a piece.
    fn token_of(&self, character: char) -> Option<Token> {
        match self.ascii.get(character as usize) {
            Some(&token) => (token != END).then_some(token),
            None => self.token(character.encode_utf8(&mut [0; 4])),
        }
    }

    /// Whether its pieces are characters, cut by the built-in tokenizer.
    fn is_by_character(&self) -> bool {
        self.tokenizer.name() == Characters.name()
    }

    /// Whether its pieces are graphemes and characters, cut by itself.
    fn is_by_grapheme(&self) -> bool {
        self.tokenizer.name() == Graphemes.name()
    }

    /// The classes of its characters from the letters in a file, one for each piece of one character.
    fn segments_of(&self, letters: &str) -> Option<Segments> {
        let characters: Vec<char> = self.pieces().filter_map(single).collect();
        let classes: Vec<Class> = letters
            .chars()
            .map(Class::of_letter)
            .collect::<Option<_>>()?;
        let class = |c: char| {
            characters
                .binary_search(&c)
                .map_or(Class::Other, |place| classes[place])
        };
        (classes.len() == characters.len()).then(|| Segments::new(self.pieces(), class))
    }

    /// The text of a sequence of tokens.
    pub fn decode(&self, tokens: &[Token]) -> String {
        let mut text = String::new();
        self.decode_into(tokens, &mut text);
        text
    }

    /// Appends the text of a sequence of tokens.
    pub fn decode_into(&self, tokens: &[Token], text: &mut String) {
        let mut pieces = tokens.iter().map(|&token| self.symbol(token));
        self.tokenizer.join(&mut pieces, text);
    }

    /// Appends a name as the list writes it: decoded, with its upper-case letters restored.
    pub fn write_into(&self, name: &[Token], text: &mut String) {
        let start = text.len();
        self.decode_into(name, text);
        if let Cow::Owned(written) = self.normalizer.restore(&text[start..]) {
            text.truncate(start);
            text.push_str(&written);
        }
    }

    /// A name as the list writes it.
    pub fn written(&self, name: &[Token]) -> String {
        let mut text = String::new();
        self.write_into(name, &mut text);
        text
    }

    /// By token, the byte of each piece and a line feed for [`END`]: the fastest way to write lines of ASCII names.
    /// `None` if a piece is longer or is joined in another way.
    pub(crate) fn line_bytes(&self) -> Option<Vec<u8>> {
        let byte = |piece: &str| match *piece.as_bytes() {
            [byte @ ..128] => Some(byte),
            _ => None,
        };
        let bytes = [Some(b'\n')].into_iter().chain(self.pieces().map(byte));
        self.is_by_character().then(|| bytes.collect()).flatten()
    }

    /// The context before the next token of `prefix`: its last `context_length` tokens, padded with
    /// [`END`] on the left.
    ///
    /// # Errors
    /// [`UnknownPiece`], as [`Vocab::encode`]; a leading run of [`END_SYMBOL`] is padding.
    pub fn context(&self, prefix: &str, context_length: usize) -> Result<Vec<Token>, UnknownPiece> {
        let text = prefix.trim_start_matches(END_SYMBOL);
        let padding = prefix.len() - text.len();
        let before = self.encode(text).map_err(|unknown| UnknownPiece {
            column: unknown.column + padding,
            ..unknown
        })?;
        Ok(Start::default().context(&before, context_length))
    }
}

/// The character of a piece that is one.
fn single(piece: &str) -> Option<char> {
    let mut characters = piece.chars();
    characters.next().filter(|_| characters.next().is_none())
}

/// A vocabulary in a file: a text of all characters in the usual case, otherwise a table.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum VocabRecord {
    /// Ascending characters, without labels and with the default normaliser.
    Characters(String),
    /// Any other vocabulary.
    Pieces {
        /// [`Tokenizer::name`].
        tokenizer: String,
        /// How text is normalised.
        #[serde(default)]
        normalizer: Normalizer,
        /// Ascending.
        pieces: Vec<String>,
        /// In token order.
        #[serde(default)]
        labels: Vec<String>,
        /// How characters form graphemes: a letter for each piece of one character.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        segments: Option<String>,
    },
}

/// Why a [`VocabRecord`] is not a vocabulary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadVocab {
    /// The tokenizer is unknown.
    #[error("the tokenizer {0:?} is unknown")]
    UnknownTokenizer(String),
    /// Pieces that are not ascending, or a text that is not ascending characters.
    #[error("an alphabet must consist of distinct characters in code point order")]
    Unsorted,
    /// Labels that are empty, equal or too many.
    #[error("labels must be distinct and not empty")]
    BadLabels,
    /// A grapheme with a character that is no piece.
    #[error("every character of a grapheme must be a piece of its own, too")]
    MissingCharacter,
    /// Classes of graphemes that are unknown, or not one for each character.
    #[error("the classes of graphemes must be one known letter for each character")]
    BadSegments,
}

impl VocabRecord {
    /// The vocabulary, with a tokenizer that is built in or one of `tokenizers`.
    ///
    /// # Errors
    /// [`BadVocab`].
    pub fn resolve(self, tokenizers: &[&'static dyn Tokenizer]) -> Result<Vocab, BadVocab> {
        let (tokenizer, normalizer, pieces, labels, segments) = match self {
            VocabRecord::Characters(text) => {
                let pieces = text.chars().map(String::from).collect();
                let name = Characters.name().to_owned();
                (name, Normalizer::default(), pieces, Vec::new(), None)
            }
            VocabRecord::Pieces {
                tokenizer,
                normalizer,
                pieces,
                labels,
                segments,
            } => (tokenizer, normalizer, pieces, labels, segments),
        };
        let mut known = Vocab::TOKENIZERS.iter().chain(tokenizers);
        let Some(&known) = known.find(|known| known.name() == tokenizer) else {
            return Err(BadVocab::UnknownTokenizer(tokenizer));
        };
        let is_ascending = pieces.is_sorted_by(|a: &String, b| a < b);
        let vocab = Vocab::from_pieces(known, &pieces)
            .filter(|vocab| is_ascending && vocab.pieces.len() == pieces.len())
            .ok_or(BadVocab::Unsorted)?;
        let mut vocab = vocab.with_labels(labels).ok_or(BadVocab::BadLabels)?;
        if vocab.is_by_grapheme() && !vocab.pieces().all(|piece| vocab.knows(piece)) {
            return Err(BadVocab::MissingCharacter);
        }
        if let Some(letters) = segments {
            vocab.segments = Some(vocab.segments_of(&letters).ok_or(BadVocab::BadSegments)?);
        }
        Ok(vocab.with_normalizer(normalizer))
    }
}

impl From<Vocab> for VocabRecord {
    fn from(vocab: Vocab) -> Self {
        let is_plain = vocab.labels.is_empty()
            && vocab.normalizer == Normalizer::default()
            && vocab.segments.is_none();
        if is_plain && vocab.tokenizer.name() == Characters.name() {
            return VocabRecord::Characters(vocab.pieces().collect());
        }
        VocabRecord::Pieces {
            tokenizer: vocab.tokenizer.name().to_owned(),
            normalizer: vocab.normalizer,
            pieces: vocab.pieces().map(str::to_owned).collect(),
            labels: vocab.labels().map(str::to_owned).collect(),
            segments: vocab.segments.as_ref().map(Segments::letters),
        }
    }
}

impl TryFrom<VocabRecord> for Vocab {
    type Error = BadVocab;

    fn try_from(record: VocabRecord) -> Result<Self, BadVocab> {
        record.resolve(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vocab, BadVocab> {
        VocabRecord::Characters(text.to_owned()).resolve(&[])
    }

    #[test]
    fn data_alphabet_is_sorted_and_unique() {
        let vocab = Vocab::from_characters("नमस्ते_नम".chars()).unwrap();
        assert!(vocab.pieces().is_sorted_by(|a, b| a < b));
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
        assert!(vocab.context("abc", 0).unwrap().is_empty());
        let unknown = vocab.context("_a?", 3).unwrap_err();
        assert_eq!((unknown.piece.as_str(), unknown.column), ("?", 3));
    }

    #[test]
    fn text_form_is_checked() {
        assert_eq!(read("abc").unwrap().len(), 4);
        for bad in ["acb", "aab", "a_b", ""] {
            assert_eq!(read(bad), Err(BadVocab::Unsorted), "{bad}");
        }
    }

    #[test]
    fn classes_of_graphemes_are_those_of_the_file() {
        let vocab = Vocab::from_characters("क्षाम".chars()).unwrap();
        assert!(vocab.has_segments() && !Vocab::az().has_segments());
        let record = VocabRecord::from(vocab.clone());
        assert_eq!(record.clone().resolve(&[]).unwrap(), vocab);
        let with = |letters: &str| {
            let mut record = record.clone();
            if let VocabRecord::Pieces { segments, .. } = &mut record {
                *segments = Some(letters.to_owned());
            }
            record.resolve(&[])
        };
        // No later table of Unicode changes what the file says.
        assert!(with("ooooo").unwrap().class('ा') == Class::Other);
        for bad in ["", "oooo", "oooo?"] {
            assert_eq!(with(bad), Err(BadVocab::BadSegments), "{bad}");
        }
    }

    /// The pieces that a text is encoded as.
    fn cut_by<'v>(vocab: &'v Vocab, text: &str) -> Vec<&'v str> {
        let tokens = vocab.encode(text).unwrap();
        tokens.iter().map(|&token| vocab.symbol(token)).collect()
    }

    #[test]
    fn graphemes_of_two_names_are_tokens_and_others_are_spelled() {
        let names = ["क्षमा", "क्षेम", "रमा", "राम"];
        let vocab = Vocab::from_texts(&Graphemes, names).unwrap();
        let pieces: Vec<&str> = vocab.pieces().collect();
        assert_eq!(pieces, ["क", "म", "मा", "र", "ष", "ा", "े", "\u{94d}"]);
        assert_eq!(
            cut_by(&vocab, "क्षमा"),
            ["क", "\u{94d}", "ष", "मा"],
            "क्ष is in no two names"
        );
        assert_eq!(cut_by(&vocab, "मार"), ["मा", "र"]);
        assert!(vocab.knows("षे") && !vocab.knows("षी"));
        let unknown = vocab.encode("मारी").unwrap_err();
        assert_eq!((unknown.piece.as_str(), unknown.column), ("ी", 4));
        assert_eq!(vocab.alphabet(), None);
        let compounds: Vec<_> = vocab.compounds().collect();
        assert_eq!(compounds, [(3, vec![2, 6])]);
    }

    #[test]
    fn graphemes_of_single_characters_are_characters() {
        let names = ["zoë", "anna", "zoë-anna"];
        let characters = Vocab::from_texts(&Characters, names);
        assert_eq!(Vocab::from_texts(&Graphemes, names), characters);
    }

    #[test]
    fn graphemes_are_cut_by_the_classes_of_the_file() {
        let vocab = Vocab::from_texts(&Graphemes, ["रमा", "मा"]).unwrap();
        let record = VocabRecord::from(vocab.clone());
        assert_eq!(record.clone().resolve(&[]).unwrap(), vocab);
        let with = |change: &dyn Fn(&mut Vec<String>, &mut String)| {
            let mut record = record.clone();
            if let VocabRecord::Pieces {
                pieces,
                segments: Some(segments),
                ..
            } = &mut record
            {
                change(pieces, segments);
            }
            record.resolve(&[])
        };
        assert_eq!(cut_by(&vocab, "रमा"), ["र", "मा"]);
        // No later table of Unicode changes what the file says: here ा joins nothing.
        let apart = with(&|_, segments| *segments = "ooo".into()).unwrap();
        assert_eq!(cut_by(&apart, "रमा"), ["र", "म", "ा"]);
        for bad in ["", "oo", "oooo", "oo?"] {
            let error = with(&|_, segments| *segments = bad.into());
            assert_eq!(error, Err(BadVocab::BadSegments), "{bad}");
        }
        let without = with(&|pieces, segments| {
            pieces.retain(|piece| piece != "ा");
            segments.pop();
        });
        assert_eq!(without, Err(BadVocab::MissingCharacter));
    }

    #[test]
    fn labels_have_numbers_that_no_text_has() {
        let vocab = Vocab::az().with_labels(["f", "m"]).unwrap();
        assert_eq!((vocab.len(), vocab.token_count()), (27, 29));
        assert_eq!((vocab.label("m"), vocab.symbol(28)), (Some(28), "m"));
        assert_eq!(vocab.encode("m").unwrap(), [13]);
        assert!(Vocab::az().with_labels(["f", "f"]).is_none());
        let record = VocabRecord::from(vocab.clone());
        assert_eq!(record.resolve(&[]).unwrap(), vocab);
    }
}
