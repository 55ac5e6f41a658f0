//! The options of `export`.

use std::path::PathBuf;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use nextchar::Part;
use nextchar::export::{Export, ExportOption, FORMATS};
use nextchar::setting::Allowed;

use super::values::{at_least, in_range, number};
use crate::failure::Failure;

#[derive(Args, Debug)]
pub struct ExportArgs {
    /// The format
    #[arg(short, long, value_parser = format())]
    pub format: &'static dyn Export,
    /// The file to write; if the format has two files, the second is written beside it. - is standard output,
    /// for formats of one file
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// The model file [default: the built-in model of Indian names]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// ARPA: leave out n-grams that change the loss by less than this, in nats per character; such as 1e-7
    #[arg(long, value_name = "X", value_parser = number)]
    pub prune: Option<f64>,
    /// ARPA: use a shorter context than the model's (KenLM reads 5 unless it is built for more).
    /// Counts: characters in a context [default: the model's, at least 6]
    #[arg(long, value_name = "N", value_parser = at_least::<usize>(1))]
    pub context: Option<usize>,
    /// Counts: which names to count [default: train]
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

/// Reads the name of a format.
fn format() -> impl TypedValueParser<Value = &'static dyn Export> {
    let value = |format: &&dyn Export| PossibleValue::new(format.name()).help(format.about());
    PossibleValuesParser::new(FORMATS.iter().map(value)).map(|name| {
        let found = FORMATS.into_iter().find(|format| format.name() == name);
        found.expect("the parser knows the formats' names")
    })
}

impl ExportArgs {
    /// Refuses options that have no effect on the format, and numbers out of range.
    pub fn check(&self) -> Result<(), Failure> {
        let options = [
            ("--prune", self.prune.is_some(), ExportOption::Prune),
            ("--context", self.context.is_some(), ExportOption::Context),
            ("--part", self.part.is_some(), ExportOption::Part),
            ("--engine", self.engine.is_some(), ExportOption::Engine),
            ("--title", self.title.is_some(), ExportOption::Title),
        ];
        for (flag, given, option) in options {
            if given && !self.format.uses().contains(&option) {
                let uses = FORMATS
                    .iter()
                    .filter(|format| format.uses().contains(&option));
                let formats: Vec<_> = uses.map(|format| format.name()).collect();
                let what = format!("{flag} has no effect with --format {}", self.format.name());
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

impl From<PartName> for Part {
    fn from(name: PartName) -> Self {
        match name {
            PartName::Train => Part::Train,
            PartName::Val => Part::Val,
            PartName::Test => Part::Test,
        }
    }
}
