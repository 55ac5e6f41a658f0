//! Calls that look into a model: one prediction, the characters as points, and similar characters.

use nextchar::score::{letter_plane, neighbors};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::fault::Fault;
use crate::inside::{Axes, Inspect, inspection, keep_directions, token};
use crate::request::{Given, Slot};
use crate::session::Session;
use crate::shown::symbols;

#[derive(Deserialize)]
struct OfSlot {
    model: Slot,
}

impl Session {
    pub(crate) fn inspect(&self, given: &Given<'_>) -> Result<Answer, Fault> {
        let (of, inspect): (OfSlot, Inspect) = (given.read()?, given.read()?);
        let mut answer = Answer::default();
        let back = inspection(&self.shown(of.model)?, &inspect, &mut answer)?;
        Ok(answer.finish(back))
    }

    pub(crate) fn plane(&mut self, given: &Given<'_>) -> Result<Answer, Fault> {
        let OfSlot { model } = given.read()?;
        let mut answer = Answer::default();
        let back = self.plane_of(model, &mut answer)?;
        Ok(answer.finish(back))
    }

    /// The characters as points.
    pub(crate) fn plane_of(&mut self, slot: Slot, answer: &mut Answer) -> Result<Value, Fault> {
        let shown = self.shown(slot)?;
        let plane = letter_plane(shown.network()?);
        let symbols = symbols(shown.vocab);
        let (mut points, mut explained) = (plane.points, plane.explained);
        if let (Some(shares), Some((last, before))) = (&mut explained, &self.axes.0)
            && *last == slot
            && before.len() == points.len()
            && keep_directions(&mut points, before)
        {
            shares.reverse();
        }
        let numbers = answer.rounded(points.as_flattened());
        self.axes = Axes(Some((slot, points)));
        Ok(json!({
            "symbols": symbols,
            "points": numbers,
            "axes": if explained.is_some() { "principal" } else { "raw" },
            "explained": explained,
        }))
    }

    pub(crate) fn neighbors(&self, given: &Given<'_>) -> Result<Answer, Fault> {
        #[derive(Deserialize)]
        struct Near {
            model: Slot,
            letter: String,
        }
        let Near { model, letter } = given.read()?;
        let shown = self.shown(model)?;
        shown.network()?;
        let token = token(shown.vocab, &letter)?;
        let near = neighbors(shown.networks, token).into_iter().map(
            |near| json!({"token": shown.vocab.symbol(near.token), "similarity": near.similarity}),
        );
        Ok(Answer::default().finish(near.collect()))
    }
}
