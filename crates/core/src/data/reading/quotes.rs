//! Step 2, tables: where double quotes open and close cells, byte by byte, as the parser sees them.

/// Follows a table's cells through its bytes and knows the line of an open double quote.
pub(super) struct Quotes {
    delimiter: u8,
    place: Place,
    line: u64,
    /// The line of the last double quote that opened a cell.
    opened: u64,
    broken: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    CellStart,
    Plain,
    Quoted,
    /// After a double quote within a quoted cell: its end, or the first of two.
    Closing,
}

impl Quotes {
    /// At the first byte of a table.
    pub(super) fn new(delimiter: u8) -> Self {
        Quotes {
            delimiter,
            place: Place::CellStart,
            line: 1,
            opened: 0,
            broken: None,
        }
    }

    /// Processes the next bytes.
    pub(super) fn watch(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.place = self.after(byte);
            self.line += u64::from(byte == b'\n');
        }
    }

    fn after(&mut self, byte: u8) -> Place {
        let ends = byte == self.delimiter || byte == b'\n' || byte == b'\r';
        match (self.place, byte) {
            (Place::CellStart, b'"') => {
                self.opened = self.line;
                Place::Quoted
            }
            (Place::Quoted, b'"') => Place::Closing,
            (Place::Quoted, _) | (Place::Closing, b'"') => Place::Quoted,
            _ if ends => Place::CellStart,
            (Place::Closing, _) => {
                // Text after a closing quote that is on a later line than the opening one: two stray quotes.
                if self.opened < self.line {
                    self.broken.get_or_insert(self.opened);
                }
                Place::Plain
            }
            _ => Place::Plain,
        }
    }

    /// The line of the double quote that is open now.
    pub(super) fn open_line(&self) -> Option<u64> {
        (self.place == Place::Quoted).then_some(self.opened)
    }

    /// The line of a double quote whose closing one is on a later line and does not end the cell.
    pub(super) fn broken_line(&self) -> Option<u64> {
        self.broken
    }
}
