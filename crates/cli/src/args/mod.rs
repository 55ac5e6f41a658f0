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
pub use export::ExportArgs;
pub use generate::GenerateArgs;
pub use pictures::{NeighborsArgs, PlotArgs, PlotKind};
pub use train::TrainArgs;
pub use tune::TuneArgs;
pub use values::in_range;
use values::{at_least, number, threads};

/// Complete next-character prediction: learn a list of names, write new ones, see every number.
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
    /// Search for options that suit a list better than the presets do
    Tune(TuneArgs),
    /// Write new names
    Generate(GenerateArgs),
    /// Show P(next character) after a context
    Next(ContextArgs),
    /// Show the five stages of one prediction with their numbers
    Explain(ExplainArgs),
    /// Judge how plausible words are as names, and show why
    Score(ScoreArgs),
    /// Measure the loss on held-out or other names, and compare it with baselines
    Evaluate(EvaluateArgs),
    /// Show what a model file contains
    Inspect(InspectArgs),
    /// Plot the loss curve, a map of the embedding, or which character follows which
    Plot(PlotArgs),
    /// Show which characters have similar embeddings
    Neighbors(NeighborsArgs),
    /// Export a model for other programs
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
    /// The characters so far; empty for the start of a name
    #[arg(default_value = "")]
    pub context: String,
    /// The model file [default: the built-in model of Indian names]
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
    /// The model file [default: the built-in model of Indian names]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// A list of words to score, one per line; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "words")]
    pub file: Option<String>,
    /// The column of a table or the key of JSON Lines that contains the words; '#2' is the second column. The rows
    /// of a table are printed with the scores appended
    #[arg(
        long,
        value_name = "COLUMN",
        requires = "file",
        conflicts_with = "words"
    )]
    pub column: Option<String>,
    /// Print only the words that are not plausible, and exit with 1 if there are any
    #[arg(long)]
    pub check: bool,
    /// Share of real names that the verdict may reject
    #[arg(long, value_name = "X", default_value_t = 0.01, value_parser = number)]
    pub false_rejection: f64,
    /// Number of threads; the result does not depend on it [default: one per processor]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<NonZeroUsize>,
    /// Real names to calibrate the verdict on, instead of those held out in training
    #[arg(long, value_name = "FILE")]
    pub calibrate: Option<String>,
    /// Judge the names of the model's list like other words; without it they are plausible, with the reason "known"
    #[arg(long)]
    pub judge_known: bool,
    /// Texts that stand where there is no name, one per line, instead of the built-in ones such as "unknown"
    #[arg(long, value_name = "FILE")]
    pub placeholders: Option<PathBuf>,
    /// Print one JSON object per line
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// The characters so far; empty for the start of a name
    #[arg(default_value = "")]
    pub context: String,
    /// Explain a name character by character: what was likely instead, and where the surprise is
    #[arg(long, value_name = "NAME", conflicts_with = "context")]
    pub word: Option<String>,
    /// The model file [default: the built-in model of Indian names]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Print one JSON object with every number
    #[arg(long)]
    pub json: bool,
}

#[derive(Args, Debug)]
pub struct EvaluateArgs {
    /// A file, - for standard input, or an embedded list; all of it is used, including duplicates; several are read
    /// as one [default: the test names in the model file]
    pub data: Vec<String>,
    /// The model file [default: the built-in model of Indian names]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    #[command(flatten)]
    pub read: ReadArgs,
    /// Number of names to generate for the report
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = at_least::<usize>(0))]
    pub names: usize,
    /// Seed of these names: a number or any text
    #[arg(
        long,
        value_name = "SEED",
        default_value = "42",
        allow_hyphen_values = true
    )]
    pub seed: Seed,
    /// Also write the report as an HTML page with plots
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
    /// The model file [default: the built-in model of Indian names]
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
        /// The name of the list, such as indian-names
        name: String,
    },
    /// Diagnose a list: counts, lengths, characters, duplicates, lines that cannot be used
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
    /// Print the lecture's rows for a name: every context and the character that follows it
    Windows {
        /// Any name
        name: String,
        /// Context length, in characters
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
