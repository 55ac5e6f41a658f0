//! Formats what is printed: numbers, bars, tables, notes.

use std::io::{self, BufWriter, Write};

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::failure::Failure;

/// Headings.
pub const BOLD: Style = Style::new().bold();
/// Secondary text.
pub const DIM: Style = Style::new().dimmed();
const NOTE: Style = AnsiColor::Yellow.on_default();

/// Standard output, buffered; colours only where it is a terminal.
pub fn stdout() -> BufWriter<impl Write> {
    BufWriter::new(anstream::stdout().lock())
}

/// Whether standard output shows colours: it is a terminal, and nothing disables them.
pub fn has_colours() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// The width of the terminal in columns; that of a usual page if standard output is not a terminal.
pub fn terminal_width() -> usize {
    const PAGE: usize = 100;
    terminal_size::terminal_size_of(io::stdout()).map_or(PAGE, |(width, _)| width.0.into())
}

/// A note to the user, on standard error.
pub fn note(text: &str) {
    anstream::eprintln!("{NOTE}note:{NOTE:#} {text}");
}

/// One JSON value on a line of its own.
pub fn json(out: &mut impl Write, value: &impl Serialize) -> Result<(), Failure> {
    serde_json::to_writer(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}

/// An integer with thousands separators: 26,991.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: 1 name, 26,991 names.
pub fn plural(number: u64, thing: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{} {thing}{s}", count(number))
}

/// A number of bytes in readable units.
pub fn bytes(number: u64) -> String {
    match number {
        0..1_000 => format!("{number} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", number as f64 / 1e3),
        _ => format!("{:.1} MB", number as f64 / 1e6),
    }
}

/// A bar of `share` of the width, in eighths of a character.
pub fn bar(share: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

/// The first numbers of a vector, and how many more there are.
pub fn vector(values: &[f64]) -> String {
    const SHOWN: usize = 8;
    let mut text: String = values
        .iter()
        .take(SHOWN)
        .map(|value| format!("{value:8.3}"))
        .collect();
    if values.len() > SHOWN {
        text.push_str(&format!("  … {} more", values.len() - SHOWN));
    }
    text
}

/// The first numbers of a vector as heights, from its smallest (low) to its largest (high).
pub fn heights(values: &[f64]) -> String {
    const SHOWN: usize = 64;
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let height = |x: &f64| ((x - low) / (high - low).max(f64::MIN_POSITIVE) * 8.0) as usize;
    let shown = values.iter().take(SHOWN).map(|x| HEIGHTS[height(x).min(7)]);
    format!("{}  from {low:.2} to {high:.2}", shown.collect::<String>())
}

/// Rows of cells, the first column to the left and the others to the right.
pub fn table(out: &mut impl Write, rows: &[Vec<String>]) -> io::Result<()> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            match column {
                0 => line.push_str(&format!("  {cell:<0$}", width(0))),
                _ => line.push_str(&format!("  {cell:>0$}", width(column))),
            }
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(
            ["0", "999", "1,000", "26,991", "1,234,567"],
            [0, 999, 1000, 26_991, 1_234_567].map(count)
        );
        assert_eq!(
            ["12 bytes", "1.5 kB", "2.0 MB"],
            [12, 1_500, 2_000_000].map(bytes)
        );
        assert_eq!(
            (bar(1.0, 3), bar(0.5, 3), bar(0.0, 3)),
            ("███".into(), "█▌".into(), String::new())
        );
    }
}
