//! One session: the run that is learning, the model that was opened or finished, and the letters' axes.

use crate::fault::Fault;
use crate::inside::Axes;
use crate::request::Slot;
use crate::shown::{Opened, Shown};
use crate::training::Training;

/// What a session holds between calls.
#[derive(Default)]
pub(crate) struct Session {
    pub(crate) training: Option<Training>,
    pub(crate) file: Option<Opened>,
    pub(crate) axes: Axes,
}

impl Session {
    /// The opened model.
    pub(crate) fn opened(&self) -> Result<&Opened, Fault> {
        let none = || Fault::new("no model is open").help("open one, or finish a run");
        self.file.as_ref().ok_or_else(none)
    }

    /// The model in a slot.
    pub(crate) fn shown(&self, slot: Slot) -> Result<Shown<'_>, Fault> {
        if slot == Slot::Run {
            let none = || Fault::new("there is no run").help("start one");
            return self.training.as_ref().ok_or_else(none)?.shown();
        }
        let file = &self.opened()?.file;
        let networks = file.model.networks();
        let model = &file.model;
        let whole = networks.len() > 1 || model.counts().is_some() || model.returning().is_some();
        Ok(Shown {
            vocab: &file.vocab,
            networks,
            model: &file.model,
            whole: whole.then_some(&file.model),
            step: None,
        })
    }
}
