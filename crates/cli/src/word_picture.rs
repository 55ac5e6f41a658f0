//! The picture of `explain --word`: a heat line over the letters, then a row for each.

use std::io::{self, Write};

use anstyle::{Ansi256Color, Color, Style};
use nextchar::score::{LetterExplanation, WordExplanation};

use crate::output::{BOLD, DIM, bar};

/// Likely characters that are shown beside each letter.
pub const SHOWN: usize = 5;
/// A surprise of this many bits, as much as uniform letters would be, has the deepest colour.
const HOT: f64 = 10.0;
const CELL: usize = 6;

/// Prints the whole picture.
pub fn print(out: &mut impl Write, found: &WordExplanation) -> io::Result<()> {
    heat_line(out, &found.letters)?;
    let width = found.letters[0].context.chars().count().max(7);
    let most = found
        .letters
        .iter()
        .map(|letter| letter.bits)
        .fold(1.0, f64::max);
    writeln!(
        out,
        "\n{DIM}  {:<width$}        p  rank   bits                     likeliest here{DIM:#}",
        "context"
    )?;
    for letter in &found.letters {
        row(out, letter, width, most)?;
    }
    writeln!(
        out,
        "\nln P({}) = {:.2}; {:.2} bits a character, the end mark _ counted",
        found.text, found.log_prob, found.bits_per_char
    )?;
    conclusion(out, found)
}

/// The letters with their surprise: number, height and, on a terminal, colour.
fn heat_line(out: &mut impl Write, letters: &[LetterExplanation]) -> io::Result<()> {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const CELLS: usize = 12;
    for line in letters.chunks(CELLS) {
        write!(out, "  {:5}", "")?;
        for letter in line {
            let style = heat(letter.bits);
            write!(out, "{style}{BOLD}{:^CELL$}{BOLD:#}{style:#}", letter.token)?;
        }
        write!(out, "\n  {DIM}{:<5}{DIM:#}", "bits")?;
        for letter in line {
            write!(out, "{:^CELL$}", format!("{:.1}", letter.bits))?;
        }
        write!(out, "\n  {:5}", "")?;
        for letter in line {
            let height = (letter.bits / HOT * 8.0).min(7.0) as usize;
            let block: String = [HEIGHTS[height]; 3].iter().collect();
            write!(out, "{block:^CELL$}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// From cold to hot in steps of the 256-colour palette; light ink on the dark ones.
fn heat(bits: f64) -> Style {
    /// Background and ink.
    const STEPS: [(u8, u8); 6] = [
        (195, 16),
        (229, 16),
        (222, 16),
        (215, 16),
        (203, 16),
        (160, 231),
    ];
    let step = (bits / HOT * STEPS.len() as f64).max(0.0) as usize;
    let (background, ink) = STEPS[step.min(STEPS.len() - 1)];
    let color = |index: u8| Some(Color::Ansi256(Ansi256Color(index)));
    Style::new()
        .bg_color(color(background))
        .fg_color(color(ink))
}

fn row(
    out: &mut impl Write,
    letter: &LetterExplanation,
    width: usize,
    most: f64,
) -> io::Result<()> {
    const BAR: usize = 16;
    write!(
        out,
        "  {:<width$} → {BOLD}{}{BOLD:#}  {:6.4}  {:>3}.  {:5.1} {:<BAR$}  {DIM}",
        letter.context,
        letter.token,
        letter.log_prob.exp(),
        letter.rank,
        letter.bits,
        bar(letter.bits / most, BAR)
    )?;
    let likely = letter.likely.iter();
    let likely: Vec<String> = likely
        .map(|other| format!("{} {:.2}", other.token, other.p))
        .collect();
    writeln!(out, "{}{DIM:#}", likely.join("  "))
}

/// Where the surprise lies, in a sentence.
fn conclusion(out: &mut impl Write, found: &WordExplanation) -> io::Result<()> {
    let letter = &found.letters[found.most_surprising];
    let what = match letter.token {
        '_' => "that it ends there".to_owned(),
        token => format!("{token} as letter {}", found.most_surprising + 1),
    };
    let before = letter.context.trim_start_matches('_');
    let place = match before {
        "" => "at the beginning".to_owned(),
        before => format!("after {before}"),
    };
    let share = 100.0 * letter.log_prob / found.log_prob;
    write!(
        out,
        "the greatest surprise: {what}, {:.1} bits, {share:.0} % of all",
        letter.bits
    )?;
    let likelier = |other: &&nextchar::score::LikelyToken| other.p > letter.log_prob.exp();
    let instead = letter.likely.iter().take_while(likelier);
    let instead: Vec<String> = instead
        .take(3)
        .map(|other| match other.token {
            '_' => format!("the end ({:.0} %)", 100.0 * other.p),
            token => format!("{token} ({:.0} %)", 100.0 * other.p),
        })
        .collect();
    match letter.rank {
        1 => writeln!(out, "; yet nothing was likelier {place}"),
        _ => writeln!(out, "; likelier {place}: {}", instead.join(", ")),
    }
}
