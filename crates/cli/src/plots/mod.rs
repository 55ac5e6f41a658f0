//! Pictures of a model, as SVG or PNG, for light and for dark backgrounds.

mod bars;
mod curves;
mod heat;
mod letters;

use std::sync::Once;

use clap::ValueEnum;
use plotters::coord::Shift;
use plotters::prelude::{
    BitMapBackend, DrawingArea, DrawingAreaErrorKind, DrawingBackend, IntoDrawingArea, RGBColor,
    SVGBackend,
};
use plotters::style::{Color, FontStyle, TextStyle, register_font};

use crate::failure::Failure;

pub use bars::Bars;
pub use curves::Curves;
pub use heat::Heat;
pub use letters::Letters;

/// What can be plotted.
pub enum Picture {
    Curves(Curves),
    Bars(Bars),
    Letters(Letters),
    Heat(Heat),
}

/// Width and height in pixels.
pub type Size = (u32, u32);

/// The background that a picture is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    #[default]
    Light,
    Dark,
}

impl Theme {
    fn choose(self, light: u32, dark: u32) -> RGBColor {
        let [_, red, green, blue] = match self {
            Theme::Light => light,
            Theme::Dark => dark,
        }
        .to_be_bytes();
        RGBColor(red, green, blue)
    }

    fn paper(self) -> RGBColor {
        self.choose(0xffffff, 0x16181d)
    }

    fn ink(self) -> RGBColor {
        self.choose(0x1f2328, 0xe6e8eb)
    }

    /// For grids and axes.
    fn faint(self) -> RGBColor {
        self.choose(0xd8dbe0, 0x3a3f47)
    }

    fn first(self) -> RGBColor {
        self.choose(0x1f5fd0, 0x7aa8ff)
    }

    fn second(self) -> RGBColor {
        self.choose(0xb45309, 0xf5a74b)
    }

    fn third(self) -> RGBColor {
        self.choose(0x0f766e, 0x5eead4)
    }

    fn fourth(self) -> RGBColor {
        self.choose(0x86198f, 0xe59cf0)
    }

    /// A mixture of paper and the first colour.
    fn shade(self, share: f64) -> RGBColor {
        let (RGBColor(a, b, c), RGBColor(x, y, z)) = (self.paper(), self.first());
        let mixed = |from: u8, to: u8| {
            (f64::from(from) + share.clamp(0.0, 1.0) * (f64::from(to) - f64::from(from))).round()
                as u8
        };
        RGBColor(mixed(a, x), mixed(b, y), mixed(c, z))
    }

    fn text(self, size: u32) -> TextStyle<'static> {
        self.text_in(size, self.ink())
    }

    fn text_in(self, size: u32, color: RGBColor) -> TextStyle<'static> {
        let mut style = TextStyle::from((FONT, size));
        style.color = color.to_backend_color();
        style
    }
}

/// In an SVG, the viewer's own font, measured as if it were the one used for a PNG.
const FONT: &str = "sans-serif";

type Drawn<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;
type Area<B> = DrawingArea<B, Shift>;

impl Picture {
    fn draw<B: DrawingBackend>(&self, area: &Area<B>, theme: Theme) -> Drawn<B> {
        area.fill(&theme.paper())?;
        match self {
            Picture::Curves(curves) => curves.draw(area, theme),
            Picture::Bars(bars) => bars.draw(area, theme),
            Picture::Letters(letters) => letters.draw(area, theme),
            Picture::Heat(heat) => heat.draw(area, theme),
        }?;
        area.present()
    }

    /// The picture as the text of an SVG.
    pub fn svg(&self, size: Size, theme: Theme) -> Result<String, Failure> {
        prepare_font();
        let mut text = String::new();
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        self.draw(&area, theme)
            .map_err(|error| Failure::failed(error.to_string()))?;
        drop(area);
        Ok(text)
    }

    /// The picture as the bytes of a PNG.
    pub fn png(&self, size: Size, theme: Theme) -> Result<Vec<u8>, Failure> {
        prepare_font();
        let mut pixels = vec![0; 3 * size.0 as usize * size.1 as usize];
        let area = BitMapBackend::with_buffer(&mut pixels, size).into_drawing_area();
        self.draw(&area, theme)
            .map_err(|error| Failure::failed(error.to_string()))?;
        drop(area);
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size.0, size.1);
        encoder.set_color(png::ColorType::Rgb);
        encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&pixels))
            .map_err(|error| Failure::failed(error.to_string()))?;
        Ok(bytes)
    }
}

fn prepare_font() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let known = register_font(FONT, FontStyle::Normal, epaint_default_fonts::UBUNTU_LIGHT);
        assert!(known.is_ok(), "the font of the crate can be read");
    });
}
