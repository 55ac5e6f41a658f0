//! Which names are learnt from: the list, how it is read, and how it is split.

use clap::Args;
use nextchar::data::Shares;
use nextchar::rng::Seed;
use nextchar::text::Alphabet;

use super::values::name_length;

/// A list, and what is held out.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Data")]
pub struct CorpusArgs {
    /// A file, - for standard input, or an embedded list (see `nextchar data`) [default: indian-names]
    #[arg(help_heading = "Arguments")]
    pub data: Option<String>,
    #[command(flatten)]
    pub read: ReadArgs,
    /// Count a name as often as it stands in the list, rather than once
    #[arg(long)]
    pub keep_duplicates: bool,
    /// A list to choose the best step by, rather than a share of DATA
    #[arg(long, value_name = "FILE")]
    pub val: Option<String>,
    /// A list to report the loss on, rather than a share of DATA
    #[arg(long, value_name = "FILE")]
    pub test: Option<String>,
    /// Shares of train, val and test
    #[arg(long, value_name = "N,N,N", default_value_t)]
    pub split: Shares,
    /// Seed of the split, which --seed does not touch
    #[arg(long, value_name = "SEED", default_value = "0")]
    pub split_seed: Seed,
}

/// How a list is read.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Data")]
pub struct ReadArgs {
    /// The column of a CSV or TSV file that holds the names
    #[arg(long, value_name = "COLUMN")]
    pub column: Option<String>,
    /// A column with an integer count for each name
    #[arg(long, value_name = "COLUMN")]
    pub weights: Option<String>,
    /// Use only the rows with this value, such as gender=f
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = parse_where)]
    pub filter: Option<(String, String)>,
    /// Refuse the list at the first line that cannot be used, rather than skip such lines
    #[arg(long)]
    pub strict: bool,
    /// Which characters names have: a–z, or all that the data has [default: what suits the list]
    #[arg(long, value_name = "az|data")]
    pub alphabet: Option<Alphabet>,
    /// Leave out names of fewer characters
    #[arg(long, value_name = "N", value_parser = name_length)]
    pub min_length: Option<usize>,
    /// Leave out names of more characters
    #[arg(long, value_name = "N", value_parser = name_length)]
    pub max_length: Option<usize>,
}

impl CorpusArgs {
    /// The command line that gives these options; those left out stay out.
    pub fn to_arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> = self.data.iter().cloned().collect();
        let mut option = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                arguments.extend([name.to_owned(), value]);
            }
        };
        let ReadArgs {
            column,
            weights,
            filter,
            strict,
            alphabet,
            min_length,
            max_length,
        } = &self.read;
        let text = |number: &Option<usize>| number.map(|number| number.to_string());
        let filter = filter
            .as_ref()
            .map(|(column, value)| format!("{column}={value}"));
        option("--column", column.clone());
        option("--weights", weights.clone());
        option("--where", filter);
        option("--alphabet", alphabet.map(|alphabet| alphabet.to_string()));
        option("--min-length", text(min_length));
        option("--max-length", text(max_length));
        option("--val", self.val.clone());
        option("--test", self.test.clone());
        let split = self.split.to_string();
        option(
            "--split",
            (split != Shares::default().to_string()).then_some(split),
        );
        let seed = self.split_seed.to_string();
        option("--split-seed", (seed != "0").then_some(seed));
        arguments.extend(strict.then(|| "--strict".to_owned()));
        arguments.extend(self.keep_duplicates.then(|| "--keep-duplicates".to_owned()));
        arguments
    }
}

fn parse_where(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((column, value)) if !column.is_empty() => Ok((column.into(), value.into())),
        _ => Err("must be COLUMN=VALUE, such as gender=f".into()),
    }
}
