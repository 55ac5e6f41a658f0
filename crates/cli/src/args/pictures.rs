//! The options of `plot` and `neighbors`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::{at_least, integer};
use crate::plots::Theme;

/// What can be plotted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlotKind {
    /// The loss during training, with the losses of counting for comparison
    Curves,
    /// The characters' embeddings, as a map
    Embedding,
    /// Which character follows which in the training names
    Bigrams,
}

#[derive(Args, Debug)]
pub struct PlotArgs {
    /// What to plot
    #[arg(value_enum)]
    pub kind: PlotKind,
    /// The model file [default: the built-in model of Indian names]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// The file to write, ending in .svg or .png; - writes an SVG to standard output
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Replace FILE if it exists
    #[arg(long)]
    pub force: bool,
    /// Colours for a light or a dark background
    #[arg(long, value_enum, default_value_t)]
    pub theme: Theme,
    /// Width in pixels
    #[arg(long, value_name = "N", default_value_t = 900, value_parser = integer::<u32>(200..=10_000))]
    pub width: u32,
    /// Height in pixels [default: the width for bigrams, otherwise two thirds of it]
    #[arg(long, value_name = "N", value_parser = integer::<u32>(200..=10_000))]
    pub height: Option<u32>,
}

#[derive(Args, Debug)]
pub struct NeighborsArgs {
    /// Characters to compare with the others [default: all]
    pub letters: Vec<String>,
    /// Number of neighbours to show for each
    #[arg(short = 'n', long, value_name = "N", default_value_t = 5, value_parser = at_least::<usize>(1))]
    pub count: usize,
    /// The model file [default: the built-in model of Indian names]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Print one JSON object per character
    #[arg(long)]
    pub json: bool,
}
