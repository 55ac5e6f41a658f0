//! Numbers by an integer: loss by position, names by length.

use plotters::prelude::{ChartBuilder, DrawingBackend, Rectangle, SeriesLabelPosition};
use plotters::style::Color;

use super::{Area, Drawn, Theme};

/// One or two bars at each integer.
pub struct Bars {
    pub title: &'static str,
    pub x_label: &'static str,
    /// The names of the bars, if there are two.
    pub labels: [&'static str; 2],
    pub bars: Vec<(usize, [Option<f64>; 2])>,
}

impl Bars {
    pub fn draw<B: DrawingBackend>(&self, area: &Area<B>, theme: Theme) -> Drawn<B> {
        let values = self
            .bars
            .iter()
            .flat_map(|(_, values)| values.iter().flatten());
        let highest = values.fold(f64::MIN_POSITIVE, |a, &b| a.max(b));
        let first = self.bars.first().map_or(0, |bar| bar.0) as f64;
        let last = self.bars.last().map_or(1, |bar| bar.0) as f64;
        let two = self.bars.iter().any(|(_, values)| values[1].is_some());
        let mut chart = ChartBuilder::on(area)
            .margin(14)
            .caption(self.title, theme.text(20))
            .x_label_area_size(44)
            .y_label_area_size(56)
            .build_cartesian_2d(first - 0.6..last + 0.6, 0.0..highest * 1.08)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(theme.paper())
            .bold_line_style(theme.faint())
            .axis_style(theme.faint())
            .label_style(theme.text(14))
            .x_desc(self.x_label)
            .x_labels(self.bars.len().min(20))
            .x_label_formatter(&|x| match (x - x.round()).abs() < 1e-9 {
                true => format!("{x:.0}"),
                false => String::new(),
            })
            .draw()?;
        let width = if two { 0.38 } else { 0.76 };
        let colors = [theme.first(), theme.second()];
        for (index, color) in colors.into_iter().enumerate() {
            let left = index as f64 * 0.38 - 0.38;
            let bars = self.bars.iter().filter_map(|(at, values)| {
                let from = *at as f64 + left;
                let corners = [(from, 0.0), (from + width, values[index]?)];
                Some(Rectangle::new(corners, color.filled()))
            });
            let series = chart.draw_series(bars)?;
            if two {
                series.label(self.labels[index]).legend(move |(x, y)| {
                    Rectangle::new([(x, y - 5), (x + 14, y + 5)], color.filled())
                });
            }
        }
        if two {
            chart
                .configure_series_labels()
                .position(SeriesLabelPosition::UpperRight)
                .label_font(theme.text(15))
                .background_style(theme.paper())
                .draw()?;
        }
        Ok(())
    }
}
