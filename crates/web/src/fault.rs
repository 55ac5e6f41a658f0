//! What went wrong, described for the user.

use nextchar::Error;
use nextchar::error::Hint;
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

    /// All of it as one text.
    pub(crate) fn text(&self) -> String {
        match &self.help {
            Some(help) => format!("{}. {help}", self.message),
            None => self.message.clone(),
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
            Error::Names { fault, .. } | Error::Core(fault) => Fault {
                message: fault.to_string(),
                help: fault.hint().and_then(words).map(str::to_owned),
            },
            other => Fault::new(other.to_string()),
        }
    }
}

/// What to do, for somebody at the page.
fn words(hint: Hint) -> Option<&'static str> {
    Some(match hint {
        Hint::NameColumn | Hint::NameKey => "Choose the column that holds the names.",
        Hint::RenameColumn => "Give one of them another name.",
        Hint::AnyCharacter | Hint::SkipLinesOrAnyCharacter => {
            "Take all characters that the list has."
        }
        Hint::CloseQuote => {
            "Close it; within a cell in double quotes a double quote is written twice."
        }
        Hint::CountDuplicates => "Count duplicates, or choose a column of counts.",
        Hint::KeepNames => "Keep the names in the model.",
        Hint::Context(_) => "Choose a shorter context.",
        Hint::UseAdamW => "Choose AdamW.",
        Hint::Unpack(_) => "Unpack it first.",
        Hint::SaveAsCsv => "Save the table as CSV.",
        Hint::JsonLines => "Give one JSON value a line.",
        Hint::SaveAsUtf8 => "Save it as UTF-8.",
        Hint::UseAsModel => "Open it as a model.",
        Hint::Parquet | Hint::OneNameALine => "Give one name a line, or a CSV file with a header.",
        _ => return None,
    })
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Fault::new(format!("the request cannot be read: {error}"))
    }
}
