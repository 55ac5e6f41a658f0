//! Calls that open and save a model, and what the engine is.

use nextchar::PRESETS;
use nextchar::data::{SplitOptions, split};
use nextchar_formats::{ModelFile, last_bytes};
use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::fault::Fault;
use crate::lists::{Read, Source};
use crate::models::{info, preset};
use crate::request::{Bytes, Given};
use crate::session::Session;
use crate::shown::Opened;

impl Session {
    pub(crate) fn hello(&self) -> Answer {
        let instructions = nextchar::train::Engine::new(&nextchar::Serial).instruction_set;
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
