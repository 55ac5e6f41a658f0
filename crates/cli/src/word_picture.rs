//! The picture of `explain --word`: bars and a heat map over the characters, then a row for each, in the width
//! of the terminal.

use std::io::{self, Write};

use anstyle::{Ansi256Color, AnsiColor, Color, Style};
use nextchar::score::{CharacterExplanation, WordExplanation};

use crate::output::{DIM, bar, terminal_width};

/// The most likely characters that are shown next to each character, at most.
pub const SHOWN: usize = 5;
/// A surprise of this many bits has the deepest colour and the highest bar: twice that of uniform characters.
const HOT: f64 = 10.0;
/// Columns of a character in the heat map.
const CELL: usize = 6;
/// Columns before the first of them.
const MARGIN: usize = 7;

/// Prints the picture.
pub fn print(out: &mut impl Write, found: &WordExplanation) -> io::Result<()> {
    let columns = terminal_width();
    let heat = Heat::of_terminal();
    heat_lines(out, &found.characters, columns, heat)?;
    Rows::new(found, columns).print(out, &found.characters, heat)?;
    writeln!(
        out,
        "\nln P({}) = {:.2}; {:.2} bits per character, including the end _",
        found.text, found.log_prob, found.bits_per_char
    )?;
    conclusion(out, found)
}

/// The characters, with their surprise above them as a bar and below as a number; coloured on a terminal.
fn heat_lines(
    out: &mut impl Write,
    letters: &[CharacterExplanation],
    columns: usize,
    heat: Heat,
) -> io::Result<()> {
    let cells = (columns.saturating_sub(MARGIN) / CELL).max(1);
    for line in letters.chunks(cells) {
        bars(out, line)?;
        write!(out, "{:MARGIN$}", "")?;
        for letter in line {
            let style = heat.style(letter.bits).bold();
            write!(out, "{style}{:^CELL$}{style:#}", letter.token)?;
        }
        write!(out, "\n  {DIM}{:<1$}{DIM:#}", "bits", MARGIN - 2)?;
        for letter in line {
            write!(out, "{:^CELL$}", format!("{:.1}", letter.bits))?;
        }
        writeln!(out, "\n")?;
    }
    Ok(())
}

/// The bars of a line of characters: as many lines as the highest needs, each with eight steps.
fn bars(out: &mut impl Write, line: &[CharacterExplanation]) -> io::Result<()> {
    const STEPS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const LINES: usize = 4;
    let steps = |letter: &CharacterExplanation| {
        let height = letter.bits / HOT * (8 * LINES) as f64;
        (height.round() as usize).clamp(1, 8 * LINES)
    };
    let highest = line.iter().map(steps).max().unwrap_or(0).div_ceil(8);
    for below in (0..highest).rev() {
        let mut text = " ".repeat(MARGIN);
        for letter in line {
            let block = STEPS[steps(letter).saturating_sub(8 * below).min(8)];
            text.push_str(&format!("{:^CELL$}", [block; 3].iter().collect::<String>()));
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}

/// From cold to hot, in the colours that a terminal has.
#[derive(Clone, Copy, PartialEq)]
enum Heat {
    Sixteen,
    Many,
}

impl Heat {
    /// What the terminal declares to support.
    fn of_terminal() -> Self {
        let told = |name: &str| std::env::var(name).unwrap_or_default();
        match told("TERM").contains("256") || !told("COLORTERM").is_empty() {
            true => Heat::Many,
            false => Heat::Sixteen,
        }
    }

    /// Background and ink for a surprise: a step per bit, or per two bits.
    fn style(self, bits: f64) -> Style {
        const MANY: [u8; 10] = [117, 153, 195, 230, 229, 222, 215, 209, 203, 160];
        const SIXTEEN: [AnsiColor; 5] = [
            AnsiColor::BrightCyan,
            AnsiColor::BrightWhite,
            AnsiColor::BrightYellow,
            AnsiColor::Yellow,
            AnsiColor::Red,
        ];
        let step = |steps: usize| ((bits / HOT * steps as f64).max(0.0) as usize).min(steps - 1);
        let (background, hottest): (Color, bool) = match self {
            Heat::Many => (Ansi256Color(MANY[step(10)]).into(), step(10) == 9),
            Heat::Sixteen => (SIXTEEN[step(5)].into(), step(5) == 4),
        };
        let ink = match hottest {
            true => AnsiColor::BrightWhite,
            false => AnsiColor::Black,
        };
        Style::new()
            .bg_color(Some(background))
            .fg_color(Some(ink.into()))
    }
}

/// The layout of the rows, one per character: the widths of their parts.
struct Rows {
    context: usize,
    bar: usize,
    likely: usize,
    most: f64,
}

impl Rows {
    /// Columns of a row besides context, bar and likely characters; and of one of those.
    const FIXED: usize = 30;
    const LIKELY: usize = 8;

    fn new(found: &WordExplanation, columns: usize) -> Self {
        let context = found.characters[0].context.chars().count().max(7);
        let likely = |bar| columns.saturating_sub(Self::FIXED + context + bar) / Self::LIKELY;
        let bar = match likely(16) {
            SHOWN.. => 16,
            _ => columns.saturating_sub(Self::FIXED + context).min(8),
        };
        let bits = found.characters.iter().map(|letter| letter.bits);
        Rows {
            context,
            bar,
            likely: likely(bar).min(SHOWN),
            most: bits.fold(1.0, f64::max),
        }
    }

    fn print(
        &self,
        out: &mut impl Write,
        letters: &[CharacterExplanation],
        heat: Heat,
    ) -> io::Result<()> {
        let (context, bars) = (self.context, self.bar + 1);
        write!(
            out,
            "{DIM}  {:<context$}      p       rank   bits {:bars$}",
            "context", ""
        )?;
        match self.likely {
            0 => writeln!(out, "{DIM:#}")?,
            1 => writeln!(out, " likely{DIM:#}")?,
            _ => writeln!(out, " likeliest here{DIM:#}")?,
        }
        for letter in letters {
            self.row(out, letter, heat.style(letter.bits))?;
        }
        Ok(())
    }

    fn row(
        &self,
        out: &mut impl Write,
        letter: &CharacterExplanation,
        heat: Style,
    ) -> io::Result<()> {
        let (context, bars) = (self.context, self.bar);
        write!(
            out,
            "  {:<context$} →{heat} {} {heat:#} {:6.4}  {:>3}.  {:5.1} {:<bars$} {DIM}",
            letter.context,
            letter.token,
            letter.log_prob.exp(),
            letter.rank,
            letter.bits,
            bar(letter.bits / self.most, bars)
        )?;
        for other in letter.likely.iter().take(self.likely) {
            write!(out, "  {} {:.2}", other.token, other.p)?;
        }
        writeln!(out, "{DIM:#}")
    }
}

/// Where the surprise is, and what was likelier there.
fn conclusion(out: &mut impl Write, found: &WordExplanation) -> io::Result<()> {
    let letter = &found.characters[found.most_surprising];
    let what = match letter.token.as_str() {
        "_" => "that it ends there".to_owned(),
        token => format!("{token} as character {}", found.most_surprising + 1),
    };
    let before = letter.context.trim_start_matches('_');
    let place = match before {
        "" => "at the start".to_owned(),
        before => format!("after {before}"),
    };
    let share = 100.0 * letter.log_prob / found.log_prob;
    writeln!(
        out,
        "the greatest surprise: {what}, {:.1} bits, {share:.0} % of the total",
        letter.bits
    )?;
    let likelier = |other: &&nextchar::score::LikelyToken| other.p > letter.log_prob.exp();
    let instead = letter.likely.iter().take_while(likelier);
    let instead: Vec<String> = instead
        .take(3)
        .map(|other| match other.token.as_str() {
            "_" => format!("the end ({:.0} %)", 100.0 * other.p),
            token => format!("{token} ({:.0} %)", 100.0 * other.p),
        })
        .collect();
    match letter.rank {
        1 => writeln!(out, "but nothing was likelier {place}"),
        _ => writeln!(out, "likelier {place}: {}", instead.join(", ")),
    }
}
