//! The embedding as a map: every character at its position in the plane, with vowels in their own colour.

use nextchar::model::Network;
use nextchar::score::{Plane, embedding_plane};
use nextchar::text::{Token, Vocab};
use plotters::prelude::{ChartBuilder, DrawingBackend, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::{Area, Drawn, Theme};

/// The characters of a network in the plane.
pub struct Letters {
    plane: Plane,
    symbols: Vec<String>,
}

impl Letters {
    pub fn of(network: &Network, vocab: &Vocab) -> Self {
        Letters {
            plane: embedding_plane(network),
            symbols: (0..vocab.len())
                .map(|token| vocab.symbol(token as Token).to_owned())
                .collect(),
        }
    }

    pub fn draw<B: DrawingBackend>(&self, area: &Area<B>, theme: Theme) -> Drawn<B> {
        let points = &self.plane.points;
        let range = |axis: usize| {
            let values = points.iter().map(|point| point[axis]);
            let low = values.clone().fold(f64::INFINITY, f64::min);
            let high = values.fold(f64::NEG_INFINITY, f64::max);
            let margin = 0.08 * (high - low).max(1e-6);
            low - margin..high + margin
        };
        let title = match self.plane.explained {
            None => "The embedding: every character where training placed it".to_owned(),
            Some([first, second]) => format!(
                "The embedding, its two principal components ({:.0} % and {:.0} % of the variance)",
                100.0 * first,
                100.0 * second
            ),
        };
        let mut chart = ChartBuilder::on(area)
            .margin(14)
            .caption(title, theme.text(20))
            .x_label_area_size(30)
            .y_label_area_size(44)
            .build_cartesian_2d(range(0), range(1))?;
        chart
            .configure_mesh()
            .light_line_style(theme.paper())
            .bold_line_style(theme.faint())
            .axis_style(theme.faint())
            .label_style(theme.text(13))
            .draw()?;
        let centre = Pos::new(HPos::Center, VPos::Center);
        chart.draw_series(points.iter().zip(&self.symbols).map(|(point, symbol)| {
            let color = match symbol.as_str() {
                "a" | "e" | "i" | "o" | "u" => theme.second(),
                "_" => theme.ink(),
                _ => theme.first(),
            };
            let style = theme.text_in(26, color).pos(centre);
            Text::new(symbol.to_string(), (point[0], point[1]), style)
        }))?;
        Ok(())
    }
}
