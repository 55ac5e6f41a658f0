//! Calls about a list independent of a run: what was found in it, and its first names.

use nextchar::data::Diagnosis;
use serde::Deserialize;
use serde_json::Value;

use crate::answer::Answer;
use crate::fault::Fault;
use crate::lists::{Read, Source};
use crate::request::Given;
use crate::session::Session;

#[derive(Deserialize)]
struct Check {
    source: Source,
    #[serde(default)]
    read: Read,
    #[serde(default)]
    count: usize,
}

impl Session {
    pub(crate) fn check(&self, given: &Given<'_>) -> Result<Answer, Fault> {
        let check: Check = given.read()?;
        let names = match check.source.scan(&check.read, None, given.bytes) {
            Ok(names) => names,
            // A missing column is a property of the list as well.
            Err(fault) => return Ok(Answer::default().finish(without_names(&fault))),
        };
        let mut back = serde_json::to_value(names.diagnosis())?;
        back["names"] = names.len().into();
        if let Err(fault) = names.not_empty() {
            back["problem"] = Fault::from(fault).text().into();
        }
        Ok(Answer::default().finish(back))
    }

    pub(crate) fn names(&self, given: &Given<'_>) -> Result<Answer, Fault> {
        let check: Check = given.read()?;
        let names = check.source.read(&check.read, None, given.bytes)?;
        let first = names.names().take(check.count);
        Ok(Answer::default().finish(first.map(|name| Value::from(name.text)).collect()))
    }
}

/// The diagnosis of a list that could not be scanned at all.
fn without_names(fault: &Fault) -> Value {
    let mut back = serde_json::to_value(Diagnosis::default()).expect("a diagnosis is JSON");
    back["names"] = 0.into();
    back["problem"] = fault.text().into();
    back
}
