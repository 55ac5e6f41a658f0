//! What a verdict needs besides the model.

use nextchar::score::Judge;
use nextchar::{Reason, Recognition};

/// How words are judged, and which of them are shown.
pub struct Verdicts<'m> {
    /// `None` if the model was made from too few names.
    pub judge: Option<Judge>,
    /// Share of real names that may be rejected.
    pub false_rejection: f64,
    /// Names of the list, and placeholders.
    pub recognition: Recognition<'m>,
    /// Show only words that are not plausible.
    pub only_failing: bool,
}

impl Verdicts<'_> {
    /// What a word is recognised as whose score passes or does not.
    pub fn recognized(&self, word: &str, passes: bool) -> Option<Reason> {
        // A name of the list passes in any case, so most words need not be looked up if they are not shown.
        let is_hidden = passes && self.only_failing && !self.recognition.is_placeholder(word);
        (!is_hidden)
            .then(|| self.recognition.of_word(word))
            .flatten()
    }
}
