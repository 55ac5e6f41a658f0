//! The background model that every verdict uses.

use nextchar_core::score::BackgroundModel;

/// The background model of the embedded list of first names from many languages, for models of a–z. It is made
/// on first use and kept for the rest of the process.
#[cfg(feature = "lists")]
pub fn background_model() -> Option<&'static BackgroundModel> {
    use std::sync::OnceLock;

    use nextchar_core::data::BACKGROUND_NAMES;
    use nextchar_core::text::Vocab;

    static MODEL: OnceLock<BackgroundModel> = OnceLock::new();
    let model = MODEL.get_or_init(|| {
        BackgroundModel::embedded(BACKGROUND_NAMES, Vocab::az())
            .expect("a–z has few enough classes")
    });
    Some(model)
}

/// Nothing: the list is not there without the feature `lists`.
#[cfg(not(feature = "lists"))]
pub fn background_model() -> Option<&'static BackgroundModel> {
    None
}
