//! Models as files: opened, described, saved; and what the engine is.

use nextchar::LanguageModel;
use nextchar::data::{SplitOptions, split};
use nextchar_formats::{ModelFile, last_bytes};
use nextchar_recipe::{PRESETS, Preset};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::fault::Fault;
use crate::inside::{shape, symbols};
use crate::lists::{Read, Source};
use crate::session::{Bytes, Given, Opened, Session};

impl Session {
    pub(crate) fn hello(&self) -> Answer {
        let instructions = nextchar::optim::Engine::new(&nextchar::Serial).instruction_set;
        Answer::default().finish(json!({
            "version": env!("CARGO_PKG_VERSION"),
            "instructions": instructions.to_string(),
            "presets": PRESETS.iter().map(preset).collect::<Vec<_>>(),
        }))
    }

    pub(crate) fn open(&mut self, given: &Given<'_>) -> Result<Answer, Fault> {
        #[derive(Deserialize)]
        struct Open {
            bytes: Bytes,
            /// The default preset's names, where the file was kept without them.
            source: Option<Source>,
        }
        let Open { bytes, source } = given.read()?;
        let mut bytes = bytes.of(given.bytes)?.to_vec();
        if let Some(source) = source {
            let listed = source.read(&Read::default(), PRESETS[0].lengths, given.bytes)?;
            bytes.extend(last_bytes(&split(listed.names, &SplitOptions::default())));
        }
        let file = ModelFile::from_bytes(&bytes)?;
        let opened = Opened { file, bytes };
        let back = info(&opened);
        self.file = Some(opened);
        Ok(Answer::default().finish(back))
    }

    pub(crate) fn save(&self) -> Result<Answer, Fault> {
        let mut answer = Answer::default();
        let back = answer.bytes(&self.opened()?.bytes);
        Ok(answer.finish(back))
    }
}

fn preset(preset: &Preset) -> Value {
    let (batch, draw) = preset.rows();
    json!({
        "name": preset.name,
        "lengths": preset.lengths,
        "family": preset.family,
        "networks": preset.networks,
        "context": preset.context,
        "embedding": preset.embedding,
        "hidden": preset.hidden,
        "residual": preset.residual,
        "activation": preset.activation,
        "init": preset.init,
        "optimizer": preset.optimizer,
        "learning_rate": preset.learning_rate,
        "weight_decay": preset.weight_decay,
        "schedule": preset.schedule,
        "dropout": preset.dropout,
        "averaging": preset.averaging,
        "batch": batch,
        "draw": draw,
        "steps": preset.steps,
    })
}

/// What `ModelInfo` of the protocol says.
pub(crate) fn info(opened: &Opened) -> Value {
    let Opened { file, bytes } = opened;
    let (model, record) = (&file.model, &file.record);
    let (networks, counts) = (model.networks(), model.counts());
    let family = match (networks.is_empty(), counts) {
        (true, _) => "kneser-ney",
        (false, Some(_)) => "mixture",
        (false, None) => "network",
    };
    let parts = file.names.as_ref().map(|names| {
        json!({"train": names.train.len(), "val": names.val.len(), "test": names.test.len()})
    });
    json!({
        "family": family,
        "networks": networks.len(),
        "shapes": networks.iter().map(|network| shape(network.config())).collect::<Vec<_>>(),
        "counts_context": counts.map(LanguageModel::context_length),
        "weights": model.weights(),
        "good_turing": model.returning().map(|returning| returning.factors()),
        "symbols": symbols(&file.vocab),
        "parameters": model.parameter_count(),
        "longest_name": record.longest_name,
        "has_names": file.names.is_some(),
        "parts": parts,
        "examples": record.examples,
        "contexts": record.contexts,
        "steps": record.steps,
        "losses": record.losses,
        "curve": record.curve,
        "judges": record.plausibility.is_some(),
        "size": bytes.len(),
    })
}
