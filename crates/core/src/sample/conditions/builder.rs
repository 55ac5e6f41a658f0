//! What a name must be: conditions on letters and length, all of which must hold.

use std::ops::RangeInclusive;

use crate::data::MAX_NAME_LENGTH;
use crate::error::Error;
use crate::sample::conditions::automaton::{Automaton, DEAD};
use crate::setting::{Allowed, Setting};
use crate::text::{END, Normalizer, Token, Vocab, escape, letter_class};

/// Conditions, as a user says them. The default allows every name of 1 to 1000 characters.
///
/// Texts and letters are [cleaned](crate::data::clean) as names are, so `Sh` is `sh`. Regular expressions
/// are taken as they are, in the syntax of the crate `regex`: without look-around, back-references and
/// Unicode's word boundaries; a capital letter matches no name, unless `(?i)` stands before it.
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
    /// Shortest name, in characters.
    pub min_length: usize,
    /// Longest name, in characters; at most 1000.
    pub max_length: usize,
    /// One of these begins the name, if there are any.
    pub prefixes: Vec<String>,
    /// One of these ends it, if there are any.
    pub suffixes: Vec<String>,
    /// All of these stand in it.
    pub contains: Vec<String>,
    /// None of these stands in it.
    pub excludes: Vec<String>,
    /// It is made of these letters only: characters and ranges, such as `a-mz`.
    pub letters: Option<String>,
    /// It matches one of these regular expressions as a whole, if there are any.
    pub patterns: Vec<String>,
}

impl Default for Conditions {
    fn default() -> Self {
        Conditions {
            min_length: 1,
            max_length: MAX_NAME_LENGTH,
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            contains: Vec::new(),
            excludes: Vec::new(),
            letters: None,
            patterns: Vec::new(),
        }
    }
}

/// More states than this of all automata together are not followed.
const PRODUCT_LIMIT: usize = 100_000;

/// Compiled conditions: automata that run side by side, and the length.
#[derive(Clone, Debug)]
pub struct Constraint {
    automata: Vec<Automaton>,
    min_length: usize,
    max_length: usize,
}

/// One condition more, as often as wanted.
impl Conditions {
    /// Names of these lengths, in characters.
    pub fn length(mut self, characters: RangeInclusive<usize>) -> Self {
        (self.min_length, self.max_length) = characters.into_inner();
        self
    }

    /// Names that begin so; of several prefixes, one does.
    pub fn prefix(mut self, text: impl Into<String>) -> Self {
        self.prefixes.push(text.into());
        self
    }

    /// Names that end so; of several suffixes, one does.
    pub fn suffix(mut self, text: impl Into<String>) -> Self {
        self.suffixes.push(text.into());
        self
    }

    /// Names in which this stands, and all others that are asked for.
    pub fn containing(mut self, text: impl Into<String>) -> Self {
        self.contains.push(text.into());
        self
    }

    /// Names in which this does not stand.
    pub fn excluding(mut self, text: impl Into<String>) -> Self {
        self.excludes.push(text.into());
        self
    }

    /// Names of these letters only: characters and ranges, such as `a-mz`.
    pub fn of_letters(mut self, letters: impl Into<String>) -> Self {
        self.letters = Some(letters.into());
        self
    }

    /// Names that match as a whole; of several regular expressions, one.
    pub fn matching(mut self, pattern: impl Into<String>) -> Self {
        self.patterns.push(pattern.into());
        self
    }
}

impl Conditions {
    /// The automata of the conditions.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for lengths beyond the longest name, [`Error::BadPattern`] for an expression that
    /// cannot be used, [`Error::Impossible`] where one
    /// condition, or all together, allow no name at all; it names the condition.
    pub fn compile(&self, vocab: &Vocab) -> Result<Constraint, Error> {
        if self.min_length > self.max_length || self.max_length == 0 {
            return Err(Error::Impossible(format!(
                "no name has at least {} and at most {} characters",
                self.min_length, self.max_length
            )));
        }
        Setting::MaxLength
            .check_integer(self.max_length, Allowed::AtMost(MAX_NAME_LENGTH as f64))?;
        let mut constraint = Constraint {
            automata: Vec::new(),
            min_length: self.min_length,
            max_length: self.max_length,
        };
        let parts = self.parts(vocab.normalizer())?;
        for (what, patterns, wanted) in &parts {
            let automaton = Automaton::matching(patterns, *wanted, vocab)?;
            constraint.automata.push(automaton);
            let last = constraint.automata.len() - 1;
            let of = |automata: &[usize]| Constraint {
                automata: automata
                    .iter()
                    .map(|&one| constraint.automata[one].clone())
                    .collect(),
                ..constraint
            };
            let lengths = format!("{} to {} characters", self.min_length, self.max_length);
            if !of(&[last]).reach(vocab.len())?.start() {
                let hint = match self.needs_small_letters(patterns, vocab) {
                    true => ": names are in small letters, and (?i) before a pattern takes either",
                    false => "",
                };
                return Err(Error::Impossible(format!(
                    "no name of {lengths} of this alphabet {what}{hint}"
                )));
            }
            if constraint.reach(vocab.len())?.start() {
                continue;
            }
            for (other, (before, ..)) in parts[..last].iter().enumerate() {
                if !of(&[other, last]).reach(vocab.len())?.start() {
                    return Err(Error::Impossible(format!(
                        "no name of {lengths} {before} and {what}"
                    )));
                }
            }
            return Err(Error::Impossible(format!(
                "no name of {lengths} {what} and fits the other conditions too"
            )));
        }
        Ok(constraint)
    }

    /// Whether the user's patterns would match a name if their letters were not capitals.
    fn needs_small_letters(&self, patterns: &[String], vocab: &Vocab) -> bool {
        let either = |pattern: &String| format!("(?i){pattern}");
        let either: Vec<String> = patterns.iter().map(either).collect();
        let fits = |automaton| {
            let constraint = Constraint {
                automata: vec![automaton],
                min_length: self.min_length,
                max_length: self.max_length,
            };
            constraint
                .reach(vocab.len())
                .is_ok_and(|reach| reach.start())
        };
        patterns == self.patterns && Automaton::matching(&either, true, vocab).is_ok_and(fits)
    }

    /// Each condition in words, as patterns of which one must match, and whether it is wanted.
    fn parts(&self, normalizer: Normalizer) -> Result<Vec<(String, Vec<String>, bool)>, Error> {
        let any = |texts: &[String], before: &str, after: &str| -> Vec<String> {
            let escaped = texts.iter().map(|text| escape(text, normalizer));
            escaped
                .map(|text| format!("{before}{text}{after}"))
                .collect()
        };
        let mut parts: Vec<(String, Vec<String>, bool)> = Vec::new();
        let shown = |text: &String| match text.is_empty() {
            true => "the empty text".to_owned(),
            false => text.clone(),
        };
        let either = |texts: &[String]| texts.iter().map(shown).collect::<Vec<_>>().join(" or ");
        if !self.prefixes.is_empty() {
            let what = format!("begins with {}", either(&self.prefixes));
            parts.push((what, any(&self.prefixes, "", ".*"), true));
        }
        if !self.suffixes.is_empty() {
            let what = format!("ends with {}", either(&self.suffixes));
            parts.push((what, any(&self.suffixes, ".*", ""), true));
        }
        for text in &self.contains {
            let one = any(std::slice::from_ref(text), ".*", ".*");
            parts.push((format!("contains {}", shown(text)), one, true));
        }
        for text in &self.excludes {
            let one = any(std::slice::from_ref(text), ".*", ".*");
            parts.push((format!("is without {}", shown(text)), one, false));
        }
        if let Some(letters) = &self.letters {
            let class = letter_class(letters, normalizer)?;
            parts.push((
                format!("is made of the letters {letters}"),
                vec![class],
                true,
            ));
        }
        if !self.patterns.is_empty() {
            let what = format!("matches {}", either(&self.patterns));
            parts.push((what, self.patterns.clone(), true));
        }
        Ok(parts)
    }
}

impl Constraint {
    /// The state of an empty name: one state for each automaton.
    pub(crate) fn start(&self) -> Vec<u32> {
        vec![0; self.automata.len()]
    }

    /// The state after a token, or `None` where an automaton is dead.
    pub(crate) fn step(&self, states: &[u32], token: Token) -> Option<Vec<u32>> {
        let step = |(automaton, &state): (&Automaton, &u32)| {
            let next = automaton.step(state, token);
            (next != DEAD).then_some(next)
        };
        self.automata.iter().zip(states).map(step).collect()
    }

    /// Whether a name of `length` may end in this state.
    pub(crate) fn accepts(&self, states: &[u32], length: usize) -> bool {
        (self.min_length..=self.max_length).contains(&length) && self.ends(states)
    }

    fn ends(&self, states: &[u32]) -> bool {
        let mut pairs = self.automata.iter().zip(states);
        pairs.all(|(automaton, &state)| automaton.accepts(state))
    }

    /// Whether a whole name fits.
    pub fn allows(&self, name: &[Token]) -> bool {
        let mut states = self.start();
        for &token in name {
            match self.step(&states, token) {
                Some(next) if token != END => states = next,
                _ => return false,
            }
        }
        self.accepts(&states, name.len())
    }

    /// The longest name, in characters.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// From which states, with how many letters, a fitting name can still come.
    ///
    /// # Errors
    /// [`Error::Impossible`] where the automata together have too many states.
    pub(crate) fn reach(&self, vocab_size: usize) -> Result<Reach, Error> {
        Reach::new(self, vocab_size).ok_or_else(|| {
            Error::Impossible(format!(
                "the conditions together need more than {PRODUCT_LIMIT} states: ask for fewer at once"
            ))
        })
    }
}

/// The product of the automata, as far as names reach it, and what can still be accepted.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    /// \[states, V\].
    next: Vec<u32>,
    /// Of every state.
    left: Vec<Left>,
    vocab_size: usize,
    min_length: usize,
    max_length: usize,
    /// There is no automaton.
    anything: bool,
}

/// How many more letters can bring a name that the automata accept.
#[derive(Clone, Debug)]
struct Left {
    /// Bit r: exactly r letters can.
    bits: Vec<u64>,
    /// The fewest; [`usize::MAX`] where no number of them can.
    least: usize,
}

impl Left {
    fn new(bits: Vec<u64>) -> Self {
        let word = bits.iter().position(|&word| word != 0);
        Left {
            least: word.map_or(usize::MAX, |word| {
                64 * word + bits[word].trailing_zeros() as usize
            }),
            bits,
        }
    }
}

impl Reach {
    fn new(constraint: &Constraint, vocab_size: usize) -> Option<Self> {
        let mut numbers = rustc_hash::FxHashMap::from_iter([(constraint.start(), 0u32)]);
        let mut states = vec![constraint.start()];
        let mut next = Vec::new();
        let mut at = 0;
        while at < states.len() {
            next.push(DEAD);
            for token in END + 1..vocab_size as Token {
                let number = constraint.step(&states[at], token).map(|state| {
                    *numbers.entry(state).or_insert_with_key(|state| {
                        states.push(state.clone());
                        states.len() as u32 - 1
                    })
                });
                next.push(number.unwrap_or(DEAD));
            }
            at += 1;
            if states.len() > PRODUCT_LIMIT {
                return None;
            }
        }
        let words = constraint.max_length / 64 + 1;
        let mut left = vec![vec![0u64; words]; states.len()];
        for (state, left) in states.iter().zip(&mut left) {
            left[0] = u64::from(constraint.ends(state));
        }
        for letters in 1..=constraint.max_length {
            for state in 0..states.len() {
                let row = &next[state * vocab_size..][..vocab_size];
                let reached = row
                    .iter()
                    .any(|&next| next != DEAD && bit(&left[next as usize], letters - 1));
                left[state][letters / 64] |= u64::from(reached) << (letters % 64);
            }
        }
        Some(Reach {
            next,
            left: left.into_iter().map(Left::new).collect(),
            vocab_size,
            min_length: constraint.min_length,
            max_length: constraint.max_length,
            anything: constraint.automata.is_empty(),
        })
    }

    /// Whether any name fits.
    pub(crate) fn start(&self) -> bool {
        self.open(0, 0)
    }

    /// The product's state after a token.
    pub(crate) fn step(&self, state: u32, token: Token) -> u32 {
        self.steps(state)[usize::from(token)]
    }

    /// The product's states after every token, \[V\].
    pub(crate) fn steps(&self, state: u32) -> &[u32] {
        &self.next[state as usize * self.vocab_size..][..self.vocab_size]
    }

    /// Whether a name that is `length` long and in this state can become, or is, one that fits.
    pub(crate) fn open(&self, state: u32, length: usize) -> bool {
        if state == DEAD || length > self.max_length {
            return false;
        }
        let least = self.min_length.saturating_sub(length);
        any_bit(
            &self.left[state as usize].bits,
            least,
            self.max_length - length,
        )
    }

    /// Whether a name that is `length` long and in this state can be completed to one that the automata
    /// accept and that is not too long. What can be with more letters can be with fewer.
    pub(crate) fn completes(&self, state: u32, length: usize) -> bool {
        state != DEAD
            && length <= self.max_length
            && self.left[state as usize].least <= self.max_length - length
    }

    /// Number of the product's states.
    pub(crate) fn states(&self) -> usize {
        self.left.len()
    }

    /// Whether only the length is asked for.
    pub(crate) fn only_lengths(&self) -> bool {
        self.anything
    }

    /// The shortest and the longest name, in characters.
    pub(crate) fn lengths(&self) -> (usize, usize) {
        (self.min_length, self.max_length)
    }

    /// Whether it may end now.
    pub(crate) fn accepts(&self, state: u32, length: usize) -> bool {
        (self.min_length..=self.max_length).contains(&length)
            && bit(&self.left[state as usize].bits, 0)
    }
}

fn bit(words: &[u64], place: usize) -> bool {
    words[place / 64] >> (place % 64) & 1 == 1
}

/// Whether any bit from `first` to `last` is set.
fn any_bit(words: &[u64], first: usize, last: usize) -> bool {
    if first > last {
        return false;
    }
    (first / 64..=last / 64).any(|word| {
        let low = first.saturating_sub(word * 64);
        let high = (last - word * 64).min(63);
        words[word] & (u64::MAX << low) & (u64::MAX >> (63 - high)) != 0
    })
}
