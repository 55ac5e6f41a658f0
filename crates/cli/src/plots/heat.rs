//! Which character follows which: a square for each pair, the darker the likelier.

use nextchar::data::CountedWindows;
use nextchar::text::{Token, Vocab};
use plotters::prelude::{DrawingBackend, Rectangle, Text};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Area, Drawn, Theme};

/// P(next | previous) of all pairs of characters.
pub struct Heat {
    symbols: Vec<String>,
    /// [V, V].
    probs: Vec<f64>,
}

impl Heat {
    /// From the counts of windows with a context of one.
    pub fn of(bigrams: &CountedWindows, vocab: &Vocab) -> Self {
        let size = vocab.len();
        let mut probs = vec![0.0; size * size];
        for row in bigrams.rows() {
            let previous = usize::from(row.context[row.context.len() - 1]);
            for (&next, &count) in row.targets.iter().zip(row.counts) {
                probs[previous * size + usize::from(next)] += count as f64;
            }
        }
        for row in probs.chunks_mut(size) {
            let total: f64 = row.iter().sum();
            row.iter_mut().for_each(|p| *p /= total.max(1.0));
        }
        Heat {
            symbols: (0..size)
                .map(|token| vocab.symbol(token as Token).to_owned())
                .collect(),
            probs,
        }
    }

    pub fn draw<B: DrawingBackend>(&self, area: &Area<B>, theme: Theme) -> Drawn<B> {
        const TOP: i32 = 64;
        const LEFT: i32 = 44;
        let size = self.symbols.len();
        let (width, height) = area.dim_in_pixel();
        let room = (width as i32 - LEFT - 14).min(height as i32 - TOP - 14);
        let cell = f64::from(room) / size as f64;
        let edge = |index: usize, start: i32| start + (index as f64 * cell).round() as i32;
        let title = "P(next | character); rows: the character, _ is the start; columns: the next, _ is the end";
        area.draw(&Text::new(title, (LEFT, 14), theme.text(17)))?;
        let centre = Pos::new(HPos::Center, VPos::Center);
        let letter = theme.text((cell * 0.8).clamp(6.0, 18.0) as u32).pos(centre);
        for (index, symbol) in self.symbols.iter().enumerate() {
            let middle = |start| edge(index, start) + (cell / 2.0) as i32;
            let places = [(LEFT - 12, middle(TOP)), (middle(LEFT), TOP - 12)];
            for place in places {
                area.draw(&Text::new(symbol.to_string(), place, letter.clone()))?;
            }
        }
        for (row, probs) in self.probs.chunks(size).enumerate() {
            for (column, p) in probs.iter().enumerate() {
                let corners = [
                    (edge(column, LEFT), edge(row, TOP)),
                    (edge(column + 1, LEFT) - 1, edge(row + 1, TOP) - 1),
                ];
                // With the square root, small ones are visible too.
                let shade = theme.shade(p.sqrt()).filled();
                area.draw(&Rectangle::new(corners, shade))?;
            }
        }
        Ok(())
    }
}
