//! The command line: commands, options and their help.

mod corpus;
mod export;
mod generate;
mod pictures;
mod train;
mod tune;
mod values;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use nextchar::rng::Seed;

pub use corpus::{CorpusArgs, ReadArgs};
pub use export::{ExportArgs, ExportFormat, PartName};
pub use generate::GenerateArgs;
pub use pictures::{NeighborsArgs, PlotArgs, PlotKind};
pub use train::TrainArgs;
pub use tune::TuneArgs;
pub use values::in_range;
use values::{at_least, number, threads};

/// Next-character prediction, complete: learn a list of names, write new ones, see every number.
#[derive(Debug, Parser)]
#[command(name = "nextchar", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Learn from a list of names and save a model
    Train(Box<TrainArgs>),
    /// Search for better options than the presets' for a list
    Tune(TuneArgs),
    /// Write new names
    Generate(GenerateArgs),
    /// Show P(next character) after a context
    Next(ContextArgs),
    /// Show the five stages of one prediction with their numbers
    Explain(ExplainArgs),
    /// Say how plausible words are as names, and why
    Score(ScoreArgs),
    /// Measure the loss on held-out or other names, beside baselines
    Evaluate(EvaluateArgs),
    /// Show what a model file holds
    Inspect(InspectArgs),
    /// Draw the loss curve, the letters in the plane, or which letter follows which
    Plot(PlotArgs),
    /// Show which letters the embedding puts side by side
    Neighbors(NeighborsArgs),
    /// Write a model in the format of another program
    Export(ExportArgs),
    /// List, show and check lists of names
    Data(DataArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

/// A context for a model.
#[derive(Args, Debug)]
pub struct ContextArgs {
    /// The characters so far; empty for the beginning of a name
    #[arg(default_value = "")]
    pub context: String,
    /// The model file [default: one of the Indian names, part of the program]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct ScoreArgs {
    /// Words to score
    #[arg(required_unless_present = "file")]
    pub words: Vec<String>,
    /// The model file [default: one of the Indian names, part of the program]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// A list to score, one word a line; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "words")]
    pub file: Option<String>,
    /// The column of a CSV or TSV that holds the words: its rows come back with the scores added
    #[arg(
        long,
        value_name = "COLUMN",
        requires = "file",
        conflicts_with = "words"
    )]
    pub column: Option<String>,
    /// Exit with 1 if a word is not plausible, and print only those
    #[arg(long)]
    pub check: bool,
    /// Share of real names that the verdict may reject
    #[arg(long, value_name = "X", default_value_t = 0.01, value_parser = number)]
    pub false_rejection: f64,
    /// How many threads compute; the result does not depend on it [default: all]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<NonZeroUsize>,
    /// Names to rank among, instead of those held out in training
    #[arg(long, value_name = "FILE")]
    pub calibrate: Option<String>,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// The characters so far; empty for the beginning of a name
    #[arg(default_value = "")]
    pub context: String,
    /// A name, letter by letter: what was likely instead, where the surprise lies
    #[arg(long, value_name = "NAME", conflicts_with = "context")]
    pub word: Option<String>,
    /// The model file [default: one of the Indian names, part of the program]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Print one JSON object with every number
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct EvaluateArgs {
    /// A file, - for standard input, or an embedded list, scored as it stands
    /// [default: the test names of the list that the model was made from]
    pub data: Option<String>,
    /// The model file [default: one of the Indian names, part of the program]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    #[command(flatten)]
    pub read: ReadArgs,
    /// How many names the model writes for the report
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = at_least::<usize>(0))]
    pub names: usize,
    /// What they are drawn from: a number or any text
    #[arg(
        long,
        value_name = "SEED",
        default_value = "42",
        allow_hyphen_values = true
    )]
    pub seed: Seed,
    /// Write the report as one page with plots, too
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Replace FILE if it exists
    #[arg(long, requires = "html")]
    pub force: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct InspectArgs {
    /// The model file [default: one of the Indian names, part of the program]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct DataArgs {
    #[command(subcommand)]
    pub command: Option<DataCommand>,
    /// Print one JSON array
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// Print an embedded list as it is
    Show {
        /// Its name, such as indian-names
        name: String,
    },
    /// Diagnose a list: counts, lengths, letters, duplicates, lines that cannot be used
    Check {
        /// A file, - for standard input, or an embedded list
        file: String,
        #[command(flatten)]
        read: ReadArgs,
        /// Print every rejected line, not only the first twenty
        #[arg(long)]
        all: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Print the lecture's rows for one name: every context and what follows it
    Windows {
        /// Any name
        name: String,
        /// Number of characters looked back
        #[arg(long, default_value_t = 3, value_name = "N", value_parser = at_least::<usize>(0))]
        context: usize,
        /// Print one JSON array
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// Which shell
    pub shell: clap_complete::Shell,
}
