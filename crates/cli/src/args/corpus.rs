//! Which names to learn from: the list, how it is read, and how it is split.

use clap::Args;
use nextchar::data::{ListCase, Shares};
use nextchar::rng::Seed;
use nextchar::text::Alphabet;
use nextchar::{Choice, Tokens};

use super::values::{choice, name_length};

/// A list, and the names held out from it.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Data")]
pub struct CorpusArgs {
    /// A file, - for standard input, or an embedded list (see `nextchar data`); several are read as one
    /// [default: indian-names]
    #[arg(help_heading = "Arguments")]
    pub data: Vec<String>,
    #[command(flatten)]
    pub read: ReadArgs,
    /// The tokens of the model; lengths and conditions always count characters as a reader sees them
    #[arg(long, default_value = Tokens::default().name(), value_parser = choice::<Tokens>())]
    pub tokens: Tokens,
    /// Count every occurrence of a name, instead of each name once
    #[arg(long)]
    pub keep_duplicates: bool,
    /// A validation list for choosing the best step, instead of a share of DATA
    #[arg(long, value_name = "FILE")]
    pub val: Option<String>,
    /// A test list for reporting the loss, instead of a share of DATA
    #[arg(long, value_name = "FILE")]
    pub test: Option<String>,
    /// Shares of train, val and test
    #[arg(long, value_name = "N,N,N", default_value_t)]
    pub split: Shares,
    /// Seed of the split; --seed does not affect it
    #[arg(long, value_name = "SEED", default_value = "0")]
    pub split_seed: Seed,
}

/// How a list is read.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Data")]
pub struct ReadArgs {
    /// The column of a table (separated by , ; | or tabs; or Parquet, if built with it) or the key of JSON Lines that
    /// contains the names; '#2' is the second column, of a table that may have no header
    #[arg(long, value_name = "COLUMN")]
    pub column: Option<String>,
    /// A column with an integer count for each name
    #[arg(long, value_name = "COLUMN")]
    pub weights: Option<String>,
    /// Use only the rows with this value, such as gender=f; if it is repeated, all must hold
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = parse_where)]
    pub filter: Vec<(String, String)>,
    /// Stop at the first line that cannot be used, instead of skipping such lines
    #[arg(long)]
    pub strict: bool,
    /// Characters that names may contain: a–z, all that occur in the data, or whichever suits the list
    /// [default: auto; az with the presets lecture, part2 and kaiming]
    #[arg(long, value_name = "auto|az|data")]
    pub alphabet: Option<Alphabet>,
    /// Upper-case letters: learn them as they are, make them lower-case, or learn the rule that the list follows
    /// [default: auto; lower with the presets lecture, part2 and kaiming]
    #[arg(long, value_name = "auto|keep|lower")]
    pub case: Option<ListCase>,
    /// Skip names with fewer characters
    #[arg(long, value_name = "N", value_parser = name_length)]
    pub min_length: Option<usize>,
    /// Skip names with more characters
    #[arg(long, value_name = "N", value_parser = name_length)]
    pub max_length: Option<usize>,
}

impl CorpusArgs {
    /// The command-line arguments that give these options; those at their defaults are omitted.
    pub fn to_arguments(&self) -> Vec<String> {
        let mut arguments = self.data.clone();
        arguments.extend(self.read.to_arguments());
        let mut option = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                arguments.extend([name.to_owned(), value]);
            }
        };
        let tokens = self.tokens.to_string();
        option(
            "--tokens",
            (self.tokens != Tokens::default()).then_some(tokens),
        );
        option("--val", self.val.clone());
        option("--test", self.test.clone());
        let split = self.split.to_string();
        option(
            "--split",
            (split != Shares::default().to_string()).then_some(split),
        );
        let seed = self.split_seed.to_string();
        option("--split-seed", (seed != "0").then_some(seed));
        arguments.extend(self.keep_duplicates.then(|| "--keep-duplicates".to_owned()));
        arguments
    }
}

impl ReadArgs {
    /// The command-line arguments that give these options.
    pub fn to_arguments(&self) -> Vec<String> {
        let ReadArgs {
            column,
            weights,
            filter,
            strict,
            alphabet,
            case,
            min_length,
            max_length,
        } = self;
        let mut arguments = Vec::new();
        let mut option = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                arguments.extend([name.to_owned(), value]);
            }
        };
        let text = |number: &Option<usize>| number.map(|number| number.to_string());
        option("--column", column.clone());
        option("--weights", weights.clone());
        for (column, value) in filter {
            option("--where", Some(format!("{column}={value}")));
        }
        option("--alphabet", alphabet.map(|alphabet| alphabet.to_string()));
        option("--case", case.map(|case| case.to_string()));
        option("--min-length", text(min_length));
        option("--max-length", text(max_length));
        arguments.extend(strict.then(|| "--strict".to_owned()));
        arguments
    }
}

fn parse_where(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((column, value)) if !column.is_empty() => Ok((column.into(), value.into())),
        _ => Err("must be COLUMN=VALUE, such as gender=f".into()),
    }
}
