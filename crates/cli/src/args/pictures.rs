//! The options of `plot` and `neighbors`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values::{at_least, integer};
use crate::plots::Theme;

/// What can be drawn of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlotKind {
    /// The loss while training, beside what counting reaches
    Curves,
    /// The letters in the plane
    Embedding,
    /// Which letter follows which, in the training names
    Bigrams,
}

#[derive(Args, Debug)]
pub struct PlotArgs {
    /// What to draw
    #[arg(value_enum)]
    pub kind: PlotKind,
    /// The model file [default: one of the Indian names, part of the program]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Where it is saved: the ending is .svg or .png; - writes an SVG to standard output
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Replace FILE if it exists
    #[arg(long)]
    pub force: bool,
    /// For light or dark surroundings
    #[arg(long, value_enum, default_value_t)]
    pub theme: Theme,
    /// Width in pixels
    #[arg(long, value_name = "N", default_value_t = 900, value_parser = integer::<u32>(200..=10_000))]
    pub width: u32,
    /// Height in pixels [default: as wide for bigrams, two thirds of that else]
    #[arg(long, value_name = "N", value_parser = integer::<u32>(200..=10_000))]
    pub height: Option<u32>,
}

#[derive(Args, Debug)]
pub struct NeighborsArgs {
    /// Letters to look at [default: all]
    pub letters: Vec<String>,
    /// How many neighbours of each
    #[arg(short = 'n', long, value_name = "N", default_value_t = 5, value_parser = at_least::<usize>(1))]
    pub count: usize,
    /// The model file [default: one of the Indian names, part of the program]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Print one JSON object a letter
    #[arg(long)]
    pub json: bool,
}
