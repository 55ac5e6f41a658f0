//! One session: the training run, the model that was opened or finished, and the axes of the embedding map.

use crate::fault::Fault;
use crate::inside::Axes;
use crate::request::Slot;
use crate::shown::{Opened, Shown};
use crate::training::Run;

/// The state of a session between calls.
#[derive(Default)]
pub(crate) struct Session {
    pub(crate) run: Option<Run>,
    pub(crate) opened: Option<Opened>,
    pub(crate) axes: Axes,
}

impl Session {
    /// The opened model.
    pub(crate) fn opened(&self) -> Result<&Opened, Fault> {
        let none = || Fault::new("no model is open").help("open one, or finish a run");
        self.opened.as_ref().ok_or_else(none)
    }

    /// The model in a slot.
    pub(crate) fn shown(&self, slot: Slot) -> Result<Shown<'_>, Fault> {
        if slot == Slot::Run {
            let none = || Fault::new("no training run has been started").help("start one");
            return self.run.as_ref().ok_or_else(none)?.shown();
        }
        let model = &self.opened()?.model;
        let whole = model.language_model();
        Ok(Shown {
            vocab: model.vocab(),
            networks: whole.networks(),
            model: whole,
            whole: model.is_more_than_a_network().then_some(whole),
            step: None,
            parts: model.names(),
            usual: model.usual(),
        })
    }
}
