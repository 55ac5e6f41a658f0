//! The options of `export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use nextchar::setting::Allowed;

use super::values::{at_least, in_range, number};
use crate::failure::Failure;

#[derive(Args, Debug)]
pub struct ExportArgs {
    /// What the model becomes
    #[arg(short, long, value_enum)]
    pub format: ExportFormat,
    /// Where it is written; a second file that belongs to it stands beside it. - is standard output, for
    /// formats of one file
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// The model file [default: one of the Indian names, part of the program]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// ARPA: leave out n-grams that matter less to the loss, in nats per character; such as 1e-7
    #[arg(long, value_name = "X", value_parser = number)]
    pub prune: Option<f64>,
    /// ARPA: look back fewer characters than the model does (KenLM reads 5 unless it is built for more).
    /// Counts: characters in a context [default: the model's, 6 at least]
    #[arg(long, value_name = "N", value_parser = at_least::<usize>(1))]
    pub context: Option<usize>,
    /// Counts: which names' windows [default: train]
    #[arg(long, value_enum)]
    pub part: Option<PartName>,
    /// HTML: the engine for browsers, engine.wasm, which web/build makes
    #[arg(long, value_name = "FILE", required_if_eq("format", "html"))]
    pub engine: Option<PathBuf>,
    /// HTML: the page's title [default: Names]
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// Replace files that exist
    #[arg(long)]
    pub force: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

impl ExportArgs {
    /// Refuses options that the format has no use for, and numbers that cannot be.
    pub fn check(&self) -> Result<(), Failure> {
        use ExportFormat::{Arpa, Counts, Html};
        let options: [(&str, bool, &[ExportFormat]); 5] = [
            ("--prune", self.prune.is_some(), &[Arpa]),
            ("--context", self.context.is_some(), &[Arpa, Counts]),
            ("--part", self.part.is_some(), &[Counts]),
            ("--engine", self.engine.is_some(), &[Html]),
            ("--title", self.title.is_some(), &[Html]),
        ];
        let name = |format: &ExportFormat| {
            let value = format.to_possible_value().expect("no format is hidden");
            value.get_name().to_owned()
        };
        for (flag, given, formats) in options {
            if given && !formats.contains(&self.format) {
                let formats: Vec<String> = formats.iter().map(name).collect();
                let what = format!("{flag} has no effect with --format {}", name(&self.format));
                let help = format!("it is an option of --format {}", formats.join(" and "));
                return Err(Failure::misuse(what).help(help));
            }
        }
        match self.prune {
            Some(threshold) => in_range("--prune", threshold, Allowed::Below(0.0, 1.0)),
            None => Ok(()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PartName {
    Train,
    Val,
    Test,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A PyTorch program (.py) and its weights (.safetensors)
    Pytorch,
    /// The same in NumPy
    Numpy,
    /// ONNX: token ids [batch, context] to logits [batch, classes]
    Onnx,
    /// An n-gram as KenLM and SRILM read it: exact for counts and short contexts, others with --prune
    Arpa,
    /// The letters' vectors as word2vec's text
    Word2vec,
    /// The counted windows of the model's names as Parquet, for train --counts
    Counts,
    /// The letters' vectors as TSV for the Embedding Projector, and their names (.metadata.tsv)
    Projector,
    /// One page that writes names in a browser, without a network: engine (--engine) and model are inside
    Html,
}
