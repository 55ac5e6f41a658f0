//! The options of `tune`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use nextchar::rng::Seed;

use super::CorpusArgs;
use super::values::{at_least, some_time, threads};

#[derive(Args, Clone, Debug)]
pub struct TuneArgs {
    #[command(flatten)]
    pub corpus: CorpusArgs,
    /// How long to search, such as 60s or 10m
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = some_time,
        allow_hyphen_values = true)]
    pub time: Duration,
    /// Save the trials in this file, and resume from those that it contains
    #[arg(long, value_name = "FILE")]
    pub trials: Option<PathBuf>,
    /// Number of the best trials to show
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = at_least::<usize>(0))]
    pub show: usize,
    /// Number of threads [default: one per processor]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<NonZeroUsize>,
    /// Seed of the candidates and their trainings: a number or any text
    #[arg(
        long,
        value_name = "SEED",
        default_value = "42",
        allow_hyphen_values = true
    )]
    pub seed: Seed,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
