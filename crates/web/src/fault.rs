//! What went wrong, described for the user.

use nextchar::Error;
use serde::Serialize;

/// A message that says what went wrong and where, and optionally what to do.
#[derive(Debug, Serialize)]
pub(crate) struct Fault {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Fault {
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            // The page shows which list it is.
            Error::Names { fault, .. } => Fault::new(fault.to_string()),
            other => Fault::new(other.to_string()),
        }
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Fault::new(format!("the request cannot be read: {error}"))
    }
}
