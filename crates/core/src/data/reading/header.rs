//! Step 2, tables whose columns are selected by position: is the first row a header?

use csv::ByteRecord;

/// Whether the first row is a header: its cell of the names is a word for them, such as `name` or `last_name`, or
/// another cell is text above a number.
pub(super) fn is_header(first: &ByteRecord, second: Option<&ByteRecord>, names: usize) -> bool {
    let cell = |row: &ByteRecord, place: usize| {
        let bytes = row.get(place).unwrap_or_default();
        String::from_utf8_lossy(bytes).trim().to_lowercase()
    };
    let is_number = |row: &ByteRecord, place: usize| cell(row, place).parse::<f64>().is_ok();
    let above_a_number = |second: &ByteRecord| {
        let is_text = |&place: &usize| !cell(first, place).is_empty() && !is_number(first, place);
        (0..first.len())
            .filter(is_text)
            .any(|place| place != names && is_number(second, place))
    };
    is_word_for_names(&cell(first, names)) || second.is_some_and(above_a_number)
}

/// The only column whose name says that it contains names.
///
/// ```
/// let columns = ["id", "Name"].map(str::to_owned);
/// assert_eq!(nextchar_core::data::names_column(&columns).unwrap(), "Name");
/// ```
pub fn names_column(columns: &[String]) -> Option<&String> {
    let is_word = |column: &&String| is_word_for_names(&column.trim().to_lowercase());
    let mut found = columns.iter().filter(is_word);
    found.next().filter(|_| found.next().is_none())
}

fn is_word_for_names(cell: &str) -> bool {
    const WORDS: [&str; 8] = [
        "name",
        "names",
        "firstname",
        "lastname",
        "surname",
        "forename",
        "nom",
        "nombre",
    ];
    let mut words = cell.split(|c: char| !c.is_alphanumeric());
    WORDS.contains(&cell)
        || words
            .next_back()
            .is_some_and(|word| WORDS[..2].contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_names_and_text_above_numbers_are_headers() {
        let row = |text: &str| ByteRecord::from(text.split(',').collect::<Vec<_>>());
        for (first, second, expected) in [
            ("country,name", Some("IN,Asha"), true),
            ("country,First Name", None, true),
            ("sex,last_name", None, true),
            ("id,nom", None, true),
            ("IN,Asha", Some("IN,Ravi"), false),
            ("IN,Suriname", None, false),
            ("IN,Asha,3", Some("IN,Ravi,2"), false),
            ("land,vorname,anzahl", Some("DE,Anna,12"), true),
            ("IN,Asha,", Some("IN,Ravi,2"), false),
            ("IN", Some("IN,Ravi,2"), false),
            // A number below the names says nothing: some names are numbers.
            ("IN,Asha", Some("IN,7"), false),
        ] {
            let second = second.map(row);
            assert_eq!(
                is_header(&row(first), second.as_ref(), 1),
                expected,
                "{first}"
            );
        }
    }
}
