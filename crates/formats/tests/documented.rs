//! docs/format.md names every tensor and every key that is written; files of every version can be read.

use std::fs;
use std::path::PathBuf;

use nextchar_core::data::CountedWindows;
use nextchar_core::language_model::loss;
use nextchar_core::sample::{Conditions, most_likely};
use nextchar_core::{LanguageModel, Serial};
use nextchar_formats::{Checkpoint, ModelFile};
use safetensors::SafeTensors;
use serde_json::Value;

fn root(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

fn kept(name: &str) -> Vec<u8> {
    fs::read(root("testdata/files").join(name)).unwrap()
}

/// Every key of a value, at any depth, except the keys of maps with free text.
fn keys(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                found.push(key.clone());
                if !(key == "arguments" || key == "options" && value.get("--seed").is_some()) {
                    keys(value, found);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

/// The name of a tensor as on the page: digits are N, a network in a checkpoint is named by its prefix.
fn documented(tensor: &str) -> String {
    let parts = tensor.split('.').filter(|part| *part != "member");
    let named = parts.map(|part| match part.parse::<u32>() {
        Ok(_) => "N",
        Err(_) => part,
    });
    let name = named.collect::<Vec<_>>().join(".");
    let networks = ["embedding", "hidden", "output"];
    match networks.iter().filter_map(|layer| name.find(layer)).min() {
        Some(place) if place > 0 && !name.starts_with("N.") => name[..place].to_owned(),
        _ => name.trim_start_matches("N.").to_owned(),
    }
}

#[test]
fn the_page_names_every_tensor_and_key() {
    let page = fs::read_to_string(root("docs/format.md")).unwrap();
    let mut missing = Vec::new();
    for (file, key) in [
        ("model-1.safetensors", "nextchar"),
        ("counts-1.safetensors", "nextchar"),
        ("returning-1.safetensors", "nextchar"),
        ("checkpoint-1.safetensors", "nextchar.checkpoint"),
    ] {
        let bytes = kept(file);
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        missing.extend(tensors.names().into_iter().map(documented));
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = &header.metadata().as_ref().unwrap()[key];
        keys(&serde_json::from_str(metadata).unwrap(), &mut missing);
    }
    assert!(missing.len() > 100, "{missing:?}");
    missing.retain(|name| !page.contains(&format!("`{name}`")));
    missing.sort();
    missing.dedup();
    assert!(
        missing.is_empty(),
        "docs/format.md does not name {missing:?}"
    );
}

/// A mixture of two networks with counts and names, of version 0.1.0:
/// `train finnish-names --networks 2 --hidden 16,16 --steps 300`.
#[test]
fn the_model_of_version_1_is_read_for_ever() {
    let file = ModelFile::from_bytes(&kept("model-1.safetensors")).unwrap();
    assert_eq!(file.model.networks().len(), 2);
    let names = file.names.as_ref().unwrap();
    let length = file.model.context_length();
    for (part, expected) in [
        (&names.train, file.record.losses.train),
        (&names.val, file.record.losses.val.unwrap()),
        (&names.test, file.record.losses.test.unwrap()),
    ] {
        let table = CountedWindows::from_list(part, &file.vocab, length).unwrap();
        assert_eq!(loss(&file.model, &table, &Serial), expected);
    }
    assert_eq!(file.record.losses.test, Some(TEST_LOSS));
    let likely = likely(&file);
    assert_eq!(likely, LIKELY);
}

const TEST_LOSS: f64 = 1.8394540062471774;
const LIKELY: [&str; 5] = ["mari", "a", "jo", "o", "ja"];

/// Kneser–Ney alone, without names, of version 0.1.0:
/// `train finnish-names --family kneser-ney --counts-context 4 --no-names`.
#[test]
fn the_counts_of_version_1_are_read_for_ever() {
    let file = ModelFile::from_bytes(&kept("counts-1.safetensors")).unwrap();
    assert!(file.names.is_none() && file.model.networks().is_empty());
    assert_eq!(file.model.counts().unwrap().context_length(), 4);
    assert_eq!(likely(&file), LIKELY_COUNTS);
}

const LIKELY_COUNTS: [&str; 5] = ["jo", "mari", "a", "si", "eli"];

/// Kneser–Ney whose names repeat as often as its list suggests, of version 0.1.0:
/// `train LIST --val OTHER --keep-duplicates --good-turing --family kneser-ney --counts-context 3`.
#[test]
fn the_names_that_return_of_version_1_are_read_for_ever() {
    let file = ModelFile::from_bytes(&kept("returning-1.safetensors")).unwrap();
    let factors = file.model.repeats().unwrap().factors();
    assert_eq!((factors.known, factors.new), FACTORS);
    assert_eq!(likely(&file), LIKELY_RETURNING);
}

const FACTORS: ([f64; 3], f64) = (
    [1.3476451066047457, 0.06493506493506493, 1.0],
    0.9705040727708646,
);
const LIKELY_RETURNING: [&str; 5] = ["tari", "nata", "kari", "miso", "navu"];

/// The five most likely names with at most six characters.
fn likely(file: &ModelFile) -> Vec<String> {
    let conditions = Conditions {
        max_length: 6,
        ..Conditions::default()
    };
    let found = most_likely(&file.model, &file.vocab, &conditions, &[], 5)
        .unwrap()
        .names;
    found.into_iter().map(|generated| generated.name).collect()
}

/// Of version 0.1.0, interrupted in the second of two networks:
/// `train finnish-names --networks 2 --hidden 8,8 --steps 3000`.
#[test]
fn the_checkpoint_of_version_1_is_read_for_ever() {
    let checkpoint = Checkpoint::from_bytes(&kept("checkpoint-1.safetensors")).unwrap();
    assert_eq!(checkpoint.finished.len(), 1);
    assert_eq!(checkpoint.options["--hidden"], "8,8");
    let state = checkpoint.state.unwrap();
    assert!((60..3000).contains(&state.progress.steps_done));
    assert!(state.average.is_some() && state.moments.is_some() && !state.pass.is_empty());
}
