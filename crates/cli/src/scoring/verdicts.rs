//! What a verdict needs besides the model.

use nextchar::score::Judge;

/// How words are judged, and which of them are shown.
pub struct Verdicts {
    /// `None` if the model was made from too few names.
    pub judge: Option<Judge>,
    /// Share of real names that may be rejected.
    pub false_rejection: f64,
    /// Show only words that are not plausible.
    pub only_failing: bool,
}
