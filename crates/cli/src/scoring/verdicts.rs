//! What a verdict needs besides the model.

use nextchar::Recognition;
use nextchar::score::Judge;

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
