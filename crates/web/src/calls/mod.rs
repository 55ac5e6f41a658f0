//! Dispatches calls by name.

mod inside;
mod lists;
mod models;
mod names;
mod training;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::answer::Answer;
use crate::fault::Fault;
use crate::request::{Given, read};
use crate::session::Session;

/// A request.
#[derive(Deserialize)]
struct Request {
    call: String,
    give: Map<String, Value>,
}

impl Session {
    /// Answers a request.
    pub(crate) fn answer(&mut self, json: &[u8], bytes: &[u8]) -> Answer {
        self.answered(json, bytes).unwrap_or_else(Answer::from)
    }

    fn answered(&mut self, json: &[u8], bytes: &[u8]) -> Result<Answer, Fault> {
        let json = str::from_utf8(json).map_err(|_| Fault::new("the request is not UTF-8"))?;
        let Request { call, give } = read(&serde_json::from_str(json)?)?;
        self.dispatch(&call, &Given { give: &give, bytes })
    }

    fn dispatch(&mut self, call: &str, given: &Given<'_>) -> Result<Answer, Fault> {
        match call {
            "hello" => Ok(self.hello()),
            "check" => self.check(given),
            "names" => self.names(given),
            "start" => self.start(given),
            "baselines" => self.baselines(given),
            "reset" => self.reset(),
            "advance" => self.advance(given),
            "progress" => self.progress(given),
            "refit" => self.refit(given),
            "finish" => self.finish(),
            "open" => self.open(given),
            "save" => self.save(),
            "inspect" => self.inspect(given),
            "plane" => self.plane(given),
            "neighbors" => self.neighbors(given),
            "generate" => self.generate(given),
            "score" => self.score(given),
            _ => Err(Fault::new(format!("there is no call {call:?}"))),
        }
    }
}
