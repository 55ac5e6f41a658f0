//! The loss during training, with the losses of counting as lines.

use nextchar::LanguageModel;
use nextchar::{Model, Workers};
use nextchar_formats::CurvePoint;
use plotters::element::DashedPathElement;
use plotters::prelude::{
    ChartBuilder, DashedLineSeries, DrawingBackend, LineSeries, PathElement, SeriesLabelPosition,
};
use plotters::style::Color;

use super::{Area, Drawn, Theme};
use crate::failure::Failure;

/// A loss curve.
pub struct Curves {
    pub points: Vec<CurvePoint>,
    /// Losses to compare with, and their names.
    pub lines: Vec<(String, f64)>,
}

impl Curves {
    /// The curve in the model file, with ln V, and Kneser–Ney on val if the file contains the names.
    pub fn of(model: &Model, threads: &Workers, label: &str) -> Result<Curves, Failure> {
        let record = model.record();
        if record.curve.len() < 2 {
            return Err(Failure::failed(format!("{label} contains no loss curve"))
                .help("`nextchar train` saves one, unless the model only counts"));
        }
        let size = model.language_model().vocab_size();
        let mut lines = vec![(format!("ln {size} ="), (size as f64).ln())];
        if let Some(loss) = model.counts_on_val(threads)? {
            lines.push(("Kneser–Ney on val".into(), loss));
        }
        if let Some(loss) = record.losses.val
            && (model.language_model().networks().len() > 1
                || model.language_model().counts().is_some())
        {
            lines.push(("the whole model on val".into(), loss));
        }
        Ok(Curves {
            points: record.curve.clone(),
            lines,
        })
    }

    pub fn draw<B: DrawingBackend>(&self, area: &Area<B>, theme: Theme) -> Drawn<B> {
        let vals = self.points.iter().filter_map(|point| point.val_loss);
        // The losses of the first batches can be so high that they would flatten all the others.
        let highest = self.lines.iter().map(|line| line.1).fold(0.0, f64::max);
        let trains = self.points.iter().map(|point| point.train_loss);
        let lowest = vals
            .chain(trains)
            .chain(self.lines.iter().map(|line| line.1));
        let lowest = lowest.fold(f64::INFINITY, f64::min);
        let (low, high) = (lowest - 0.05, highest + 0.1);
        let last = self.points.last().map_or(1, |point| point.step.max(1)) as f64;
        let mut chart = ChartBuilder::on(area)
            .margin(14)
            .margin_right(24)
            .caption(
                "Loss while training, nats per predicted character",
                theme.text(20),
            )
            .x_label_area_size(44)
            .y_label_area_size(56)
            .build_cartesian_2d(0.0..last, low..high)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(theme.paper())
            .bold_line_style(theme.faint())
            .axis_style(theme.faint())
            .label_style(theme.text(14))
            .x_desc("steps")
            .x_label_formatter(&|steps| crate::output::count(*steps as u64))
            .draw()?;
        let colors = [theme.ink(), theme.third(), theme.fourth()];
        for ((label, loss), color) in self.lines.iter().zip(colors) {
            let ends = [(0.0, *loss), (last, *loss)];
            chart
                .draw_series(DashedLineSeries::new(ends, 6, 5, color.stroke_width(1)))?
                .label(format!("{label} {loss:.4}"))
                .legend(move |(x, y)| {
                    DashedPathElement::new([(x, y), (x + 20, y)], 6, 5, color.stroke_width(1))
                });
        }
        let clip = |loss: f64| loss.min(high);
        let train = self
            .points
            .iter()
            .map(|p| (p.step as f64, clip(p.train_loss)));
        let val = self
            .points
            .iter()
            .filter_map(|p| Some((p.step as f64, clip(p.val_loss?))));
        let (first, second) = (theme.second(), theme.first());
        chart
            .draw_series(LineSeries::new(train, first.stroke_width(2)))?
            .label("train, batches")
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], first.stroke_width(2)));
        chart
            .draw_series(LineSeries::new(val, second.stroke_width(2)))?
            .label("val")
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], second.stroke_width(2)));
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::MiddleRight)
            .margin(28)
            .label_font(theme.text(15))
            .background_style(theme.paper())
            .draw()?;
        Ok(())
    }
}
