//! The options of `export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Args, Debug)]
pub struct ExportArgs {
    /// What the model becomes
    #[arg(short, long, value_enum)]
    pub format: ExportFormat,
    /// Where it is written; a second file that belongs to it stands beside it
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// The model file [default: one of the Indian names, part of the program]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Replace files that exist
    #[arg(long)]
    pub force: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A PyTorch program (.py) and its weights (.safetensors)
    Pytorch,
    /// The same in NumPy
    Numpy,
    /// ONNX: token ids [batch, context] to logits [batch, classes]
    Onnx,
    /// The letters' vectors as word2vec's text
    Word2vec,
    /// The letters' vectors as TSV for the Embedding Projector, and their names (.metadata.tsv)
    Projector,
}
