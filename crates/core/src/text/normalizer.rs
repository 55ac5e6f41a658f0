//! The normalisation of every text before it is split into pieces: one value, stored in the model file.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The treatment of upper-case letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Case {
    /// They become lower-case.
    #[default]
    Lower,
    /// They are kept.
    Keep,
}

/// How text is normalised: Unicode's composed form (NFC), and then the [`Case`].
///
/// A model stores the normaliser of its list, so that words to score and conditions are normalised like its names.
///
/// ```
/// use nextchar_core::text::{Case, Normalizer};
///
/// assert_eq!(Normalizer::default().normalize("Zeel"), "zeel");
/// let keep = Normalizer { case: Case::Keep };
/// assert_eq!(keep.normalize("Zeel"), "Zeel");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Normalizer {
    /// The treatment of upper-case letters.
    #[serde(default)]
    pub case: Case,
}

impl Normalizer {
    /// The normalised text; ASCII that is already normalised is borrowed.
    ///
    /// Without the feature `normalization`, the text must already be in NFC.
    pub fn normalize(self, text: &str) -> Cow<'_, str> {
        match (self.case, text.is_ascii()) {
            (Case::Keep, true) => text.into(),
            (Case::Keep, false) => composed(text).into(),
            (Case::Lower, false) => composed(&text.to_lowercase()).into(),
            (Case::Lower, true) if text.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                text.to_ascii_lowercase().into()
            }
            (Case::Lower, true) => text.into(),
        }
    }
}

/// A word, cleaned like the names of lists: in NFC and lower case.
pub fn clean(text: &str) -> Cow<'_, str> {
    Normalizer::default().normalize(text)
}

#[cfg(feature = "normalization")]
fn composed(text: &str) -> String {
    unicode_normalization::UnicodeNormalization::nfc(text).collect()
}

#[cfg(not(feature = "normalization"))]
fn composed(text: &str) -> String {
    text.to_owned()
}
