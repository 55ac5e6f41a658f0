//! The options of `generate`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use nextchar::GenerateOptions;
use nextchar::rng::Seed;

use super::values::{at_least, name_length, number, some_time, threads};

#[derive(Args, Debug)]
pub struct GenerateArgs {
    /// The model file [default: the built-in model of Indian names]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Number of names
    #[arg(short = 'n', long, default_value_t = 20, value_name = "N", value_parser = at_least::<usize>(0))]
    pub count: usize,
    /// Values below 1 favour likely characters, values above 1 unlikely ones [default: the model's own, usually 1]
    #[arg(long, value_name = "X", value_parser = number)]
    pub temperature: Option<f64>,
    /// Draw only from the K most probable characters
    #[arg(long, value_name = "K", value_parser = at_least::<usize>(1))]
    pub top_k: Option<usize>,
    /// Draw only from the likeliest characters that together have probability P [default: the model's own, usually 1]
    #[arg(long, value_name = "P", value_parser = number)]
    pub top_p: Option<f64>,
    /// Minimum length, in characters [default: that of the shortest name that the model was made from]
    #[arg(long, value_name = "N", help_heading = "Conditions", value_parser = name_length)]
    pub min_length: Option<usize>,
    /// Maximum length, in characters [default: that of the longest name that the model was made from]
    #[arg(long, value_name = "N", help_heading = "Conditions", value_parser = name_length)]
    pub max_length: Option<usize>,
    /// The name begins with TEXT; repeat for alternatives
    #[arg(long, value_name = "TEXT", help_heading = "Conditions")]
    pub prefix: Vec<String>,
    /// The name ends with TEXT; repeat for alternatives
    #[arg(long, value_name = "TEXT", help_heading = "Conditions")]
    pub suffix: Vec<String>,
    /// The name contains TEXT; repeat to require several texts
    #[arg(long, value_name = "TEXT", help_heading = "Conditions")]
    pub contains: Vec<String>,
    /// The name does not contain TEXT; repeat to exclude several texts
    #[arg(long, value_name = "TEXT", help_heading = "Conditions")]
    pub exclude: Vec<String>,
    /// The name has only these characters: single ones and ranges, such as a-mz
    #[arg(long, value_name = "LETTERS", help_heading = "Conditions")]
    pub letters: Option<String>,
    /// The whole name matches this regular expression; repeat for alternatives
    #[arg(
        long,
        value_name = "REGEX",
        help_heading = "Conditions",
        allow_hyphen_values = true
    )]
    pub pattern: Vec<String>,
    /// Exclude the names in this list
    #[arg(long, value_name = "FILE", help_heading = "Conditions")]
    pub not_in: Vec<String>,
    /// Exclude the names in the list that the model was made from (train, val and test)
    #[arg(long, help_heading = "Conditions")]
    pub novel: bool,
    /// Write no name twice
    #[arg(long, help_heading = "Conditions")]
    pub unique: bool,
    /// Write the most probable names that meet the conditions, in order, instead of drawing names
    #[arg(long, conflicts_with_all = ["unique", "temperature", "top_k", "top_p"])]
    pub most_likely: bool,
    /// Seed of the draws: a number or any text
    #[arg(
        long,
        value_name = "SEED",
        default_value = "42",
        allow_hyphen_values = true
    )]
    pub seed: Seed,
    /// Stop after this long, such as 2s or 5m, with the names found until then; without it, the search for a name
    /// gives up after a number of draws
    #[arg(long, value_name = "TIME", value_parser = some_time, allow_hyphen_values = true)]
    pub time: Option<Duration>,
    /// Number of threads; the names do not depend on it [default: one per processor]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<NonZeroUsize>,
    /// Print one JSON object per line
    #[arg(long)]
    pub json: bool,
}

impl GenerateArgs {
    /// The library's options from these.
    pub fn options(&self) -> GenerateOptions {
        GenerateOptions {
            count: self.count,
            temperature: self.temperature,
            top_k: self.top_k,
            top_p: self.top_p,
            min_length: self.min_length,
            max_length: self.max_length,
            prefix: self.prefix.clone(),
            suffix: self.suffix.clone(),
            contains: self.contains.clone(),
            exclude: self.exclude.clone(),
            letters: self.letters.clone(),
            pattern: self.pattern.clone(),
            novel: self.novel,
            unique: self.unique,
            seed: self.seed.clone(),
        }
    }
}
