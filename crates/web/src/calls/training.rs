//! Calls that start, advance, watch and finish a training run.

use serde::Deserialize;
use serde_json::json;

use crate::answer::Answer;
use crate::fault::Fault;
use crate::inside::{Inspect, inspection};
use crate::models::info;
use crate::request::{Given, Slot};
use crate::session::Session;
use crate::shown::Opened;
use crate::training::{Run, Start};

/// What a progress event contains besides the losses.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Watch {
    names: usize,
    plane: bool,
    inspect: Option<Inspect>,
}

#[derive(Deserialize)]
struct Advance {
    steps: u64,
}

impl Session {
    pub(crate) fn start(&mut self, given: &Given<'_>) -> Result<Answer, Fault> {
        let start: Start = given.read()?;
        // The memory of the old run is released before the new one allocates its own.
        self.run = None;
        let run = Run::begin(start.plan(given.bytes)?)?;
        let back = run.describe();
        self.run = Some(run);
        Ok(Answer::default().finish(back))
    }

    /// For a run that is not started: another module can compute the baselines while this one trains.
    pub(crate) fn baselines(&self, given: &Given<'_>) -> Result<Answer, Fault> {
        let (training, _) = given.read::<Start>()?.plan(given.bytes)?;
        let (baselines, part) = training.baselines()?;
        let back = json!({"baselines": baselines, "part": part});
        Ok(Answer::default().finish(back))
    }

    pub(crate) fn reset(&mut self) -> Result<Answer, Fault> {
        let run = self.running()?;
        run.restart()?;
        let back = run.describe();
        Ok(Answer::default().finish(back))
    }

    /// Does this many steps, or as many as remain.
    pub(crate) fn advance(&mut self, given: &Given<'_>) -> Result<Answer, Fault> {
        let Advance { steps } = given.read()?;
        let run = self.running()?;
        let done = run.advance(steps)?;
        let ended = run.ended().map(
            |(reason, message)| json!({"reason": reason, "message": message, "step": run.step()}),
        );
        Ok(Answer::default().finish(json!({"done": done, "ended": ended})))
    }

    pub(crate) fn progress(&mut self, given: &Given<'_>) -> Result<Answer, Fault> {
        let watch: Watch = given.read()?;
        let mut answer = Answer::default();
        let run = self.running()?;
        let mut back = run.progress();
        if !run.was_seen() {
            return Ok(answer.finish(back));
        }
        if watch.names > 0 {
            back["names"] = run.sample(watch.names)?.into();
        }
        if watch.plane {
            back["plane"] = self.plane_of(Slot::Run, &mut answer)?;
        }
        if let Some(inspect) = &watch.inspect {
            back["inspection"] = inspection(&self.shown(Slot::Run)?, inspect, &mut answer)?;
        }
        Ok(answer.finish(back))
    }

    /// Ends the run and does this many steps on all names, or as many as remain.
    pub(crate) fn refit(&mut self, given: &Given<'_>) -> Result<Answer, Fault> {
        let Advance { steps } = given.read()?;
        let done = self.running()?.refit(steps)?;
        Ok(Answer::default().finish(json!({"done": done})))
    }

    pub(crate) fn finish(&mut self) -> Result<Answer, Fault> {
        let run = self.running()?;
        let (model, reports) = run.finish()?;
        let command = run.command_so_far();
        let opened = Opened {
            bytes: model.to_bytes()?,
            model,
        };
        let back = json!({"reports": reports, "model": info(&opened), "command": command});
        self.opened = Some(opened);
        Ok(Answer::default().finish(back))
    }

    fn running(&mut self) -> Result<&mut Run, Fault> {
        let none = || Fault::new("no training run has been started").help("start one");
        self.run.as_mut().ok_or_else(none)
    }
}
