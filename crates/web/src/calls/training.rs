//! Calls of a run: begun, led on, watched, finished.

use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::fault::Fault;
use crate::inside::{Inspect, inspection};
use crate::models::info;
use crate::request::{Given, Slot};
use crate::session::Session;
use crate::training::{Start, Training};

/// What a progress event carries beside the losses.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Watch {
    names: usize,
    plane: bool,
    inspect: Option<Inspect>,
}

impl Session {
    pub(crate) fn start(&mut self, given: &Given<'_>) -> Result<Answer, Fault> {
        let start: Start = given.read()?;
        // The old run's memory is free before the new one asks for its own.
        self.training = None;
        let mut training = Training::new(&start, given.bytes)?;
        training.begin(0)?;
        let back = training.describe()?;
        self.training = Some(training);
        Ok(Answer::default().finish(back))
    }

    /// Of a run that is not begun: another module may compute it while this one trains.
    pub(crate) fn baselines(&self, given: &Given<'_>) -> Result<Answer, Fault> {
        let back = Training::new(&given.read()?, given.bytes)?.baselines()?;
        Ok(Answer::default().finish(back))
    }

    pub(crate) fn reset(&mut self) -> Result<Answer, Fault> {
        let training = self.running()?;
        training.begin(0)?;
        let back = training.describe()?;
        Ok(Answer::default().finish(back))
    }

    /// So many steps, or as many as are left.
    pub(crate) fn advance(&mut self, given: &Given<'_>) -> Result<Answer, Fault> {
        #[derive(Deserialize)]
        struct Advance {
            steps: u64,
        }
        let Advance { steps } = given.read()?;
        let training = self.running()?;
        let done = training.advance(steps)?;
        let ended = training.ended().map(|(reason, message)| {
            json!({"reason": reason, "message": message, "step": training.step()})
        });
        Ok(Answer::default().finish(json!({"done": done, "ended": ended})))
    }

    pub(crate) fn progress(&mut self, given: &Given<'_>) -> Result<Answer, Fault> {
        let watch: Watch = given.read()?;
        let mut answer = Answer::default();
        let training = self.running()?;
        let mut back = training.progress();
        training.see();
        if !training.was_seen() {
            return Ok(answer.finish(back));
        }
        if watch.names > 0 {
            back["names"] = training.sample(watch.names)?.into();
        }
        if watch.plane {
            back["plane"] = self.plane_of(Slot::Run, &mut answer)?;
        }
        if let Some(inspect) = &watch.inspect {
            back["inspection"] = inspection(&self.shown(Slot::Run)?, inspect, &mut answer)?;
        }
        Ok(answer.finish(back))
    }

    pub(crate) fn finish(&mut self) -> Result<Answer, Fault> {
        let training = self.running()?;
        let (opened, reports) = training.finish()?;
        let command = training.command_so_far();
        let back = json!({"reports": reports, "model": info(&opened), "command": command});
        self.file = Some(opened);
        Ok(Answer::default().finish(back))
    }

    fn running(&mut self) -> Result<&mut Training, Fault> {
        let none = || Fault::new("there is no run").help("start one");
        self.training.as_mut().ok_or_else(none)
    }
}
