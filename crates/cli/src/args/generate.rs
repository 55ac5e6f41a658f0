//! The options of `generate`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use nextchar::GenerateOptions;
use nextchar::rng::Seed;

use super::values::{at_least, name_length, number, threads};

#[derive(Args, Debug)]
pub struct GenerateArgs {
    /// The model file [default: one of the Indian names, part of the program]
    #[arg(short, long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// How many names
    #[arg(short = 'n', long, default_value_t = 20, value_name = "N", value_parser = at_least::<usize>(0))]
    pub count: usize,
    /// Below 1 the likely becomes likelier, above 1 the unlikely
    #[arg(long, default_value_t = 1.0, value_name = "X", value_parser = number)]
    pub temperature: f64,
    /// Draw from the K most probable characters only
    #[arg(long, value_name = "K", value_parser = at_least::<usize>(1))]
    pub top_k: Option<usize>,
    /// Draw from the fewest characters only that have this probability together
    #[arg(long, value_name = "P", value_parser = number)]
    pub top_p: Option<f64>,
    /// Shortest name
    #[arg(long, default_value_t = 1, value_name = "N", help_heading = "Conditions",
        value_parser = name_length)]
    pub min_length: usize,
    /// Longest name [default: the longest that the model was made from]
    #[arg(long, value_name = "N", help_heading = "Conditions", value_parser = name_length)]
    pub max_length: Option<usize>,
    /// How the name begins; one of them, where it is given more than once
    #[arg(long, value_name = "TEXT", help_heading = "Conditions")]
    pub prefix: Vec<String>,
    /// How the name ends; one of them, where it is given more than once
    #[arg(long, value_name = "TEXT", help_heading = "Conditions")]
    pub suffix: Vec<String>,
    /// What stands in the name; all of them, where it is given more than once
    #[arg(long, value_name = "TEXT", help_heading = "Conditions")]
    pub contains: Vec<String>,
    /// What does not stand in the name
    #[arg(long, value_name = "TEXT", help_heading = "Conditions")]
    pub exclude: Vec<String>,
    /// The letters that it is made of: characters and ranges, such as a-mz
    #[arg(long, value_name = "LETTERS", help_heading = "Conditions")]
    pub letters: Option<String>,
    /// A regular expression for the whole name; one of them, where it is given more than once
    #[arg(
        long,
        value_name = "REGEX",
        help_heading = "Conditions",
        allow_hyphen_values = true
    )]
    pub pattern: Vec<String>,
    /// Only names that are not in this list
    #[arg(long, value_name = "FILE", help_heading = "Conditions")]
    pub not_in: Vec<String>,
    /// Only names that are not in the list that the model was made from
    #[arg(long, help_heading = "Conditions")]
    pub novel: bool,
    /// No name twice
    #[arg(long, help_heading = "Conditions")]
    pub unique: bool,
    /// The most probable names that fit, the likeliest first, instead of draws
    #[arg(long, conflicts_with_all = ["unique", "temperature", "top_k", "top_p"])]
    pub most_likely: bool,
    /// What the names are drawn from: a number or any text
    #[arg(
        long,
        value_name = "SEED",
        default_value = "42",
        allow_hyphen_values = true
    )]
    pub seed: Seed,
    /// How many threads compute; the names do not depend on it [default: all]
    #[arg(long, value_name = "N", value_parser = threads)]
    pub threads: Option<NonZeroUsize>,
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

impl GenerateArgs {
    /// What they say about the names.
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
