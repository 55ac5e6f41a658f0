//! The conditions on a name: on its characters and its length. All of them must hold.

use std::ops::RangeInclusive;

use crate::data::MAX_NAME_LENGTH;
use crate::error::{Error, Impossible};
use crate::sample::conditions::automaton::Automaton;
use crate::sample::conditions::canonical::canonical;
use crate::sample::conditions::constraint::Constraint;
use crate::sample::conditions::reach::Reach;
use crate::sample::conditions::spelling::Spelling;
use crate::setting::{Allowed, Setting};
use crate::text::{Literal, Vocab, escape, letter_class};

/// The most classes that exact conditions are possible with. An automaton has a row of edges, one for each class,
/// for each of its states, and so has every method that draws through it.
const CLASS_LIMIT: usize = 4096;

/// Lengths in graphemes need a state for each length.
const GRAPHEME_STATES: usize = 50_000;

/// Conditions as a user states them. The default allows every name of 1 to 1000 characters.
///
/// Texts and letters are [normalised](crate::text::Normalizer) as names are, so `Sh` means `sh`. Regular expressions
/// are used unchanged, in the syntax of the crate `regex`: without look-around, back-references and Unicode
/// word boundaries. An upper-case letter in them matches no name unless `(?i)` precedes it.
///
/// ```
/// use nextchar_core::text::Vocab;
/// use nextchar_core::sample::Conditions;
///
/// let six_letters_in_ya = Conditions::default().length(6..=6).suffix("ya");
/// let constraint = six_letters_in_ya.compile(&Vocab::az()).unwrap();
/// assert!(constraint.allows(&Vocab::az().encode("aditya").unwrap()));
/// assert!(!constraint.allows(&Vocab::az().encode("aditi").unwrap()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// Minimum length, in tokens: characters (code points) in most models.
    pub min_length: usize,
    /// Maximum length, in tokens; at most 1000.
    pub max_length: usize,
    /// The number of characters as a reader sees them ([graphemes](crate::text::graphemes)), where it differs.
    pub graphemes: Option<RangeInclusive<usize>>,
    /// The name starts with one of these, if there are any.
    pub prefixes: Vec<String>,
    /// The name ends with one of these, if there are any.
    pub suffixes: Vec<String>,
    /// The name contains all of these.
    pub contains: Vec<String>,
    /// The name contains none of these.
    pub excludes: Vec<String>,
    /// The name consists of these characters only: characters and ranges, such as `a-mz`.
    pub letters: Option<String>,
    /// The whole name matches one of these regular expressions, if there are any.
    pub patterns: Vec<String>,
    /// The name is spelled like the names of a list.
    pub spelling: Option<Spelling>,
}

impl Default for Conditions {
    fn default() -> Self {
        Conditions {
            min_length: 1,
            max_length: MAX_NAME_LENGTH,
            graphemes: None,
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            contains: Vec::new(),
            excludes: Vec::new(),
            letters: None,
            patterns: Vec::new(),
            spelling: None,
        }
    }
}

/// Each method adds a condition and may be called several times.
impl Conditions {
    /// Only names of these lengths, in characters.
    pub fn length(mut self, characters: RangeInclusive<usize>) -> Self {
        (self.min_length, self.max_length) = characters.into_inner();
        self
    }

    /// Only names that start with this prefix, or with another one that was given.
    pub fn prefix(mut self, text: impl Into<String>) -> Self {
        self.prefixes.push(text.into());
        self
    }

    /// Only names that end with this suffix, or with another one that was given.
    pub fn suffix(mut self, text: impl Into<String>) -> Self {
        self.suffixes.push(text.into());
        self
    }

    /// Only names that contain this text.
    pub fn containing(mut self, text: impl Into<String>) -> Self {
        self.contains.push(text.into());
        self
    }

    /// Only names that do not contain this text.
    pub fn excluding(mut self, text: impl Into<String>) -> Self {
        self.excludes.push(text.into());
        self
    }

    /// Only names that consist of these characters: characters and ranges, such as `a-mz`. A second call
    /// replaces the first.
    pub fn of_letters(mut self, letters: impl Into<String>) -> Self {
        self.letters = Some(letters.into());
        self
    }

    /// Only names that match this regular expression as a whole, or another one that was given.
    pub fn matching(mut self, pattern: impl Into<String>) -> Self {
        self.patterns.push(pattern.into());
        self
    }
}

/// One condition on the characters of a name.
struct Part {
    /// In words, as a predicate: "begins with a".
    what: String,
    /// Regular expressions, of which a name matches one.
    patterns: Vec<String>,
    /// Whether a name must match; otherwise it must not.
    wanted: bool,
    /// Whether they match whole graphemes, where graphemes consist of several characters.
    by_grapheme: bool,
}

impl Conditions {
    /// Compiles the conditions to automata. Where tokens are graphemes, it is a condition, too, that a name has the tokens
    /// that its text is encoded as.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for a maximum length above 1000, [`Error::BadPattern`] for an unusable regular
    /// expression, [`Error::Impossible`] if one condition, or all together, exclude every name; the message
    /// names the condition. [`Error::TooManyClasses`] for more than 4,096 classes.
    pub fn compile(&self, vocab: &Vocab) -> Result<Constraint, Error> {
        self.check_lengths()?;
        let mut constraint = Constraint::of_lengths(self.min_length, self.max_length);
        let parts = self.parts(vocab)?;
        let has_compounds = vocab.compounds().next().is_some();
        if vocab.len() > CLASS_LIMIT && (has_compounds || !parts.is_empty()) {
            return Err(Error::TooManyClasses {
                classes: vocab.len(),
                limit: CLASS_LIMIT,
            });
        }
        for (last, part) in parts.iter().enumerate() {
            let automaton =
                Automaton::matching(&part.patterns, part.wanted, part.by_grapheme, vocab)?;
            constraint.push(automaton);
            if !allows_any(&constraint.only(&[last]), vocab)? {
                return Err(self.never(part, vocab));
            }
            if !allows_any(&constraint, vocab)? {
                return Err(self.conflict(&constraint, &parts[..=last], vocab)?);
            }
        }
        if let Some(canonical) = canonical(vocab)? {
            constraint.push(canonical);
            if !allows_any(&constraint, vocab)? {
                return Err(self.together("is written in graphemes"));
            }
        }
        if let Some(lengths) = self
            .graphemes
            .clone()
            .filter(|_| vocab.segments().is_some())
        {
            let automaton = Automaton::of_graphemes(lengths.clone(), vocab);
            constraint.push(automaton.ok_or(Error::TooManyStates {
                limit: GRAPHEME_STATES,
            })?);
            if !allows_any(&constraint, vocab)? {
                let (shortest, longest) = lengths.into_inner();
                return Err(Error::Impossible(Impossible::Lengths { shortest, longest }));
            }
        }
        if let Some(spelling) = self
            .spelling
            .as_ref()
            .filter(|_| vocab.len() <= CLASS_LIMIT)
        {
            constraint.push(spelling.automaton().clone());
            if !allows_any(&constraint, vocab)? {
                return Err(self.together("is spelled like the names of the list"));
            }
        }
        Ok(constraint)
    }

    fn check_lengths(&self) -> Result<(), Error> {
        if self.min_length > self.max_length || self.max_length == 0 {
            return Err(Error::Impossible(Impossible::Lengths {
                shortest: self.min_length,
                longest: self.max_length,
            }));
        }
        let allowed = Allowed::AtMost(MAX_NAME_LENGTH as f64);
        Ok(Setting::MaxLength.check_integer(self.max_length, allowed)?)
    }

    /// The error for a condition that no name satisfies.
    fn never(&self, part: &Part, vocab: &Vocab) -> Error {
        Error::Impossible(Impossible::One {
            shortest: self.min_length,
            longest: self.max_length,
            condition: part.what.clone(),
            ignores_case: part.patterns == self.patterns && self.needs_lower_case(vocab),
        })
    }

    /// The error for a condition that no name satisfies together with all others.
    fn together(&self, condition: &str) -> Error {
        Error::Impossible(Impossible::Together {
            shortest: self.min_length,
            longest: self.max_length,
            condition: condition.into(),
        })
    }

    /// The error if no name satisfies all of some conditions, whose last one conflicts with those before it.
    fn conflict(
        &self,
        constraint: &Constraint,
        parts: &[Part],
        vocab: &Vocab,
    ) -> Result<Error, Error> {
        let (shortest, longest) = (self.min_length, self.max_length);
        let last = parts.len() - 1;
        let condition = &parts[last].what;
        for (other, part) in parts[..last].iter().enumerate() {
            if !allows_any(&constraint.only(&[other, last]), vocab)? {
                return Ok(Error::Impossible(Impossible::Two {
                    shortest,
                    longest,
                    first: part.what.clone(),
                    second: condition.clone(),
                }));
            }
        }
        Ok(self.together(condition))
    }

    /// Whether the user's patterns would match a name if they ignored case.
    fn needs_lower_case(&self, vocab: &Vocab) -> bool {
        let ignoring_case = |pattern: &String| format!("(?i){pattern}");
        let patterns: Vec<String> = self.patterns.iter().map(ignoring_case).collect();
        Automaton::matching(&patterns, true, false, vocab).is_ok_and(|automaton| {
            let mut constraint = Constraint::of_lengths(self.min_length, self.max_length);
            constraint.push(automaton);
            allows_any(&constraint, vocab).unwrap_or(false)
        })
    }

    /// The conditions on characters, each by itself.
    fn parts(&self, vocab: &Vocab) -> Result<Vec<Part>, Error> {
        let begins = |text: &String| escape(text, vocab).text + ".*";
        let ends = |text: &String| {
            let Literal { text, before } = escape(text, vocab);
            format!("{before}{text}")
        };
        let contains = |text: &String| ends(text) + ".*";
        let mut parts = Vec::new();
        let mut push = |what: String, patterns: Vec<String>, wanted: bool| {
            parts.push(Part {
                what,
                patterns,
                wanted,
                by_grapheme: true,
            });
        };
        if !self.prefixes.is_empty() {
            let what = format!("begins with {}", either(&self.prefixes));
            push(what, self.prefixes.iter().map(begins).collect(), true);
        }
        if !self.suffixes.is_empty() {
            let what = format!("ends with {}", either(&self.suffixes));
            push(what, self.suffixes.iter().map(ends).collect(), true);
        }
        for text in &self.contains {
            let what = format!("contains {}", shown(text));
            push(what, vec![contains(text)], true);
        }
        for text in &self.excludes {
            let what = format!("is without {}", shown(text));
            push(what, vec![contains(text)], false);
        }
        if let Some(letters) = &self.letters {
            let what = format!("has only the characters {letters}");
            push(what, vec![letter_class(letters, vocab)?], true);
        }
        if !self.patterns.is_empty() {
            parts.push(Part {
                what: format!("matches {}", either(&self.patterns)),
                patterns: self.patterns.clone(),
                wanted: true,
                by_grapheme: false,
            });
        }
        Ok(parts)
    }
}

/// Whether any name satisfies a constraint.
fn allows_any(constraint: &Constraint, vocab: &Vocab) -> Result<bool, Error> {
    Ok(Reach::new(constraint, vocab.len())?.start())
}

fn shown(text: &str) -> String {
    if text.is_empty() {
        "the empty text".to_owned()
    } else {
        text.to_owned()
    }
}

fn either(texts: &[String]) -> String {
    texts
        .iter()
        .map(|text| shown(text))
        .collect::<Vec<_>>()
        .join(" or ")
}
