//! The descriptions of presets and models.

use nextchar::{Choice, LanguageModel, Preset};
use serde_json::{Value, json};

use crate::shown::{Opened, shape, symbols};

/// `Preset` of the protocol.
pub(crate) fn preset(preset: Preset) -> Value {
    let mut json = json!(preset.options());
    json["name"] = preset.name().into();
    json["lengths"] = json!(preset.lengths());
    json
}

/// `ModelInfo` of the protocol.
pub(crate) fn info(opened: &Opened) -> Value {
    let Opened { model: file, bytes } = opened;
    let (model, record) = (file.language_model(), file.record());
    let (networks, counts) = (model.networks(), model.counts());
    let family = match (networks.is_empty(), counts) {
        (true, _) => "kneser-ney",
        (false, Some(_)) => "mixture",
        (false, None) => "network",
    };
    let parts = file.names().map(|names| {
        json!({"train": names.train.len(), "val": names.val.len(), "test": names.test.len()})
    });
    json!({
        "family": family,
        "networks": networks.len(),
        "shapes": networks.iter().map(|network| shape(network.config())).collect::<Vec<_>>(),
        "counts_context": counts.map(LanguageModel::context_length),
        "weights": model.weights(),
        "good_turing": model.repeats().map(|repeats| repeats.factors()),
        "symbols": symbols(file.vocab()),
        "parameters": model.parameter_count(),
        "longest_name": record.longest_name,
        "has_names": file.names().is_some(),
        "parts": parts,
        "examples": record.examples,
        "contexts": record.contexts,
        "steps": record.steps,
        "losses": record.losses,
        "refitted": record.refitted,
        "curve": record.curve,
        "judges": record.plausibility.is_some(),
        "size": bytes.len(),
    })
}
