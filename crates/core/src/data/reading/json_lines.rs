//! Step 2, JSON Lines: a file with an object or a string on each line.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::data::reading::decode::Decoded;
use crate::data::reading::table::MAX_ROW_BYTES;
use crate::error::{Error, Hint};

/// What the lines of a text are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Names, or the rows of a table.
    Text,
    /// JSON strings.
    Strings,
    /// JSON objects.
    Objects,
}

impl Shape {
    /// The shape that the first line shows; nothing is consumed.
    ///
    /// # Errors
    /// [`Error::NotAList`] if it is JSON that is not one value on each line; [`Error::Read`] if the input fails.
    pub fn of<R: Read>(input: &mut Decoded<R>) -> Result<Self, Error> {
        let line = input.first_line()?.trim_ascii();
        let after = |open: u8| {
            let inside = line.strip_prefix(&[open])?.trim_ascii_start();
            Some(inside.first().copied())
        };
        let is_object = matches!(after(b'{'), Some(None | Some(b'"' | b'}')));
        let is_array = matches!(after(b'['), Some(None | Some(b'"' | b'{' | b'[')));
        if is_object && serde_json::from_slice::<IgnoredAny>(line).is_ok() {
            Ok(Shape::Objects)
        } else if is_object || is_array {
            Err(Error::NotAList {
                what: "JSON that is not one value on each line",
                hint: Hint::JsonLines,
            })
        } else if line.starts_with(b"\"") && serde_json::from_slice::<String>(line).is_ok() {
            Ok(Shape::Strings)
        } else {
            Ok(Shape::Text)
        }
    }
}

/// The lines of a JSON Lines file, one at a time.
///
/// ```
/// use nextchar_core::data::JsonLines;
///
/// let file = "{\"name\": \"Asha\", \"count\": 3}\n{\"name\": null}\n";
/// let mut lines = JsonLines::new(file.as_bytes());
/// let mut names = Vec::new();
/// while lines.read().unwrap() {
///     names.push(lines.object().unwrap().cell("name").unwrap());
/// }
/// assert_eq!(names, [Some("Asha".into()), None]);
/// ```
pub struct JsonLines<R> {
    input: R,
    line: Vec<u8>,
    number: u64,
}

impl<R: BufRead> JsonLines<R> {
    /// The lines of an input.
    pub fn new(input: R) -> Self {
        JsonLines {
            input,
            line: Vec::new(),
            number: 0,
        }
    }

    /// Reads the next line; returns false at the end.
    ///
    /// # Errors
    /// [`Error::Read`] if the input fails; [`Error::RowTooLong`] for a line of more than a million bytes.
    pub fn read(&mut self) -> Result<bool, Error> {
        self.line.clear();
        self.number += 1;
        let mut part = self.input.by_ref().take(MAX_ROW_BYTES);
        let read = part.read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| Error::Read(format!("line {}: {error}", self.number)))?;
        if read as u64 == MAX_ROW_BYTES && !self.line.ends_with(b"\n") {
            return Err(Error::RowTooLong {
                line: self.number,
                quote: None,
            });
        }
        Ok(read > 0)
    }

    /// The number of the line, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The line, without surrounding white space.
    pub fn line(&self) -> &[u8] {
        self.line.trim_ascii()
    }

    /// The line as an object.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn object(&self) -> Result<JsonObject<'_>, JsonFault> {
        Ok(JsonObject(parsed(self.line())?))
    }

    /// The line as a string.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn string(&self) -> Result<String, JsonFault> {
        parsed(self.line())
    }

    /// What it reads from.
    pub fn input(&self) -> &R {
        &self.input
    }
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonFault {
    /// Where, in bytes of the line from 1.
    pub column: usize,
    /// What.
    pub what: String,
}

fn parsed<'a, T: serde::Deserialize<'a>>(line: &'a [u8]) -> Result<T, JsonFault> {
    serde_json::from_slice(line).map_err(|error| {
        let text = error.to_string();
        let what = text.split(" at line ").next().unwrap_or_default();
        JsonFault {
            column: error.column().max(1),
            what: what.to_owned(),
        }
    })
}

/// The object of a line; its values are still JSON.
pub struct JsonObject<'a>(BTreeMap<String, &'a RawValue>);

impl JsonObject<'_> {
    /// Its keys, in alphabetical order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The key that is meant, as for the columns of a table: case and surrounding white space do not matter, but a
    /// key that is exactly the same has precedence.
    pub fn find(&self, wanted: &str) -> Option<&str> {
        let same = |key: &str| key.trim().to_lowercase() == wanted.trim().to_lowercase();
        match self.0.get_key_value(wanted) {
            Some((key, _)) => Some(key),
            None => self.keys().find(|key| same(key)),
        }
    }

    /// The value of a key as text; `None` if it is missing or null.
    ///
    /// # Errors
    /// If it is an array or an object.
    pub fn cell(&self, wanted: &str) -> Result<Option<String>, JsonFault> {
        let Some(value) = self.find(wanted).and_then(|key| self.0.get(key)) else {
            return Ok(None);
        };
        match value.get().as_bytes()[0] {
            b'"' => parsed(value.get().as_bytes()).map(Some),
            b'n' => Ok(None),
            b'[' | b'{' => Err(JsonFault {
                column: 1,
                what: format!("the value of {wanted:?} is not a string or a number"),
            }),
            _ => Ok(Some(value.get().to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Result<Shape, Error> {
        Shape::of(&mut Decoded::open(text.as_bytes()).unwrap())
    }

    #[test]
    fn the_first_line_shows_the_shape() {
        for (text, expected) in [
            ("aadesh\n", Shape::Text),
            ("", Shape::Text),
            ("{a}\n", Shape::Text),
            ("[aadesh]\n", Shape::Text),
            ("\"a\" b\n", Shape::Text),
            ("\"name\",\"n\"\n", Shape::Text),
            ("\n \"a\\u0062\"\n", Shape::Strings),
            ("\u{feff}{\"name\": \"a\"}\n", Shape::Objects),
            ("{}\n", Shape::Objects),
        ] {
            assert_eq!(shape(text), Ok(expected), "{text}");
        }
        for text in [
            "[\n\"a\"\n]\n",
            "[\"a\", \"b\"]",
            "{\n \"a\": 1}",
            "{\"a\": [\n1]}",
        ] {
            let error = shape(text).unwrap_err();
            assert_eq!(error.hint(), Some(Hint::JsonLines), "{text}");
        }
    }

    #[test]
    fn cells_are_text() {
        let mut lines = JsonLines::new(
            &b"{\"Name\": \"Zo\\u00eb\", \"n\": 3.0, \"ok\": true, \"no\": null, \"x\": [1], \"name\": \"b\"}\n"[..],
        );
        assert!(lines.read().unwrap());
        let object = lines.object().unwrap();
        let cell = |key| object.cell(key).map(Option::unwrap_or_default);
        assert_eq!(cell("Name"), Ok("Zoë".into()));
        assert_eq!(cell("name"), Ok("b".into()));
        assert_eq!(cell(" NAME"), Ok("Zoë".into()));
        assert_eq!(
            (cell("n"), cell("ok")),
            (Ok("3.0".into()), Ok("true".into()))
        );
        assert_eq!(
            (object.cell("no"), object.cell("nom")),
            (Ok(None), Ok(None))
        );
        assert!(
            cell("x")
                .unwrap_err()
                .what
                .contains("\"x\" is not a string")
        );
    }

    #[test]
    fn faults_have_a_place() {
        let mut lines = JsonLines::new(&b"{\"name\": \"a\"}\n{\"name\" \"a\"}"[..]);
        assert!(lines.read().unwrap() && lines.object().is_ok() && lines.read().unwrap());
        let fault = lines.object().err().unwrap();
        assert_eq!(
            (lines.number(), fault.column, &fault.what[..]),
            (2, 9, "expected `:`")
        );
        assert!(!lines.read().unwrap());
        let long = vec![b' '; 2 << 20];
        let error = JsonLines::new(&long[..]).read().unwrap_err();
        assert!(
            matches!(error, Error::RowTooLong { line: 1, .. }),
            "{error}"
        );
    }
}
