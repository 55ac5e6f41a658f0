//! Calls that open and save a model, and that describe the engine.

use nextchar::{Choice, Model, Preset};
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
            "presets": <Preset as Choice>::ALL.iter().map(|(value, ..)| preset(*value)).collect::<Vec<_>>(),
        }))
    }

    pub(crate) fn open(&mut self, given: &Given<'_>) -> Result<Answer, Fault> {
        #[derive(Deserialize)]
        struct Open {
            bytes: Bytes,
            /// The default preset's names, if the file was stored without them.
            source: Option<Source>,
        }
        let Open { bytes, source } = given.read()?;
        let mut bytes = bytes.of(given.bytes)?.to_vec();
        if let Some(source) = source {
            let names = source.read(&Read::default(), None, given.bytes)?;
            bytes.extend(names.corpus(Preset::default())?.last_bytes_of_all());
        }
        let model = Model::from_bytes(&bytes)?;
        let opened = Opened { model, bytes };
        let back = info(&opened);
        self.opened = Some(opened);
        Ok(Answer::default().finish(back))
    }

    pub(crate) fn save(&self) -> Result<Answer, Fault> {
        let mut answer = Answer::default();
        let back = answer.bytes(&self.opened()?.bytes);
        Ok(answer.finish(back))
    }
}
