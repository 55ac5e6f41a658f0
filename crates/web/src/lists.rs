//! Lists of names, read and diagnosed as on the command line.

use nextchar::Names;
use nextchar::data::{ListCase, ReadOptions};
use nextchar::text::Alphabet;
use serde::Deserialize;

use crate::fault::Fault;
use crate::request::Bytes;

/// Where names come from. For an embedded list, the page's client adds its bytes and its properties.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Source {
    list: Option<String>,
    text: Option<String>,
    bytes: Option<Bytes>,
    label: Option<String>,
    alphabet: Option<String>,
    #[serde(default)]
    columns: Vec<String>,
}

/// How a list is read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Read {
    column: Option<String>,
    weights: Option<String>,
    #[serde(rename = "where")]
    filter: Option<Filter>,
    alphabet: Option<String>,
    case: Option<String>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    keep_duplicates: bool,
}

#[derive(Clone, Debug, Deserialize)]
struct Filter {
    column: String,
    value: String,
}

impl Source {
    /// Its name in messages and commands.
    pub(crate) fn label(&self) -> String {
        let name = self.list.as_ref().or(self.label.as_ref());
        name.cloned().unwrap_or_else(|| "names.txt".into())
    }

    /// The alphabet: the requested one, otherwise that of the list, otherwise what suits the names.
    fn alphabet(&self, asked: Option<&String>) -> Result<Alphabet, Fault> {
        let name = asked.or(self.alphabet.as_ref());
        name.map_or(Ok(Alphabet::Auto), |name| name.parse().map_err(Fault::new))
    }

    /// Reads the list, which may be empty. `lengths` is a preset's filter.
    pub(crate) fn scan(
        &self,
        read: &Read,
        lengths: Option<(usize, usize)>,
        bytes: &[u8],
    ) -> Result<Names, Fault> {
        let usual = ReadOptions::default();
        let (shortest, longest) = lengths.unwrap_or((usual.min_length, usual.max_length));
        let options = ReadOptions {
            column: read.column.clone().or(self.columns.first().cloned()),
            weights: read.weights.clone(),
            filter: (read.filter.iter())
                .map(|filter| (filter.column.clone(), filter.value.clone()))
                .collect(),
            case: read.case()?,
            tokenizer: usual.tokenizer,
            alphabet: self.alphabet(read.alphabet.as_ref())?,
            min_length: read.min_length.unwrap_or(shortest),
            max_length: read.max_length.unwrap_or(longest),
            keep_duplicates: read.keep_duplicates,
            strict: false,
        };
        let content = match (&self.text, &self.bytes) {
            (Some(text), _) => text.as_bytes(),
            (None, Some(place)) => place.of(bytes)?,
            (None, None) => return Err(Fault::new("the list has no content")),
        };
        let names = Names::scan(self.label(), content, &options)?;
        Ok(names.with_all_lengths().with_own_letters())
    }

    /// Reads the list, which must contain a name.
    pub(crate) fn read(
        &self,
        read: &Read,
        lengths: Option<(usize, usize)>,
        bytes: &[u8],
    ) -> Result<Names, Fault> {
        Ok(self.scan(read, lengths, bytes)?.not_empty()?)
    }
}

impl Read {
    /// What becomes of upper-case letters.
    fn case(&self) -> Result<ListCase, Fault> {
        let named = self.case.as_deref().map(str::parse);
        named.unwrap_or(Ok(ListCase::Auto)).map_err(Fault::new)
    }

    /// The defaults, with this alphabet.
    pub(crate) fn of_alphabet(alphabet: Alphabet) -> Self {
        Read {
            alphabet: Some(alphabet.to_string()),
            ..Read::default()
        }
    }

    /// The equivalent options of the command line.
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut option = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                arguments.extend([name.to_owned(), value]);
            }
        };
        let filter = self.filter.as_ref();
        option("--column", self.column.clone());
        option("--weights", self.weights.clone());
        option(
            "--where",
            filter.map(|f| format!("{}={}", f.column, f.value)),
        );
        option("--alphabet", self.alphabet.clone());
        option("--case", self.case.clone());
        option("--min-length", self.min_length.map(|n| n.to_string()));
        option("--max-length", self.max_length.map(|n| n.to_string()));
        if self.keep_duplicates {
            arguments.push("--keep-duplicates".into());
        }
        arguments
    }
}
