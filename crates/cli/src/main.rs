//! The program `nextchar`: the library's lecture as commands.

mod args;
mod checkpoint;
mod commands;
mod corpus;
mod counts;
mod evaluation;
mod failure;
mod hints;
mod html;
mod output;
mod plots;
mod progress;
mod report;
mod scoring;
mod search;
mod store;
mod threads;
mod word_picture;

use std::process::ExitCode;

use args::Command;
use failure::Failure;

fn main() -> ExitCode {
    let cli = match args::parse() {
        Ok(cli) => cli,
        Err(failure) => return failure.report(),
    };
    let result = match &cli.command {
        Command::Train(args) => commands::train::run(args),
        Command::Tune(args) => commands::tune::run(args),
        Command::Generate(args) => commands::generate::run(args),
        Command::Next(args) => commands::next::run(args),
        Command::Explain(args) => commands::explain::run(args),
        Command::Score(args) => commands::score::run(args),
        Command::Evaluate(args) => commands::evaluate::run(args),
        Command::Inspect(args) => commands::inspect::run(args),
        Command::Plot(args) => commands::plot::run(args),
        Command::Neighbors(args) => commands::neighbors::run(args),
        Command::Export(args) => commands::export::run(args),
        Command::Data(args) => commands::data::run(args),
        Command::Completions(args) => commands::shell::completions(args),
        Command::Man => commands::shell::man(),
    };
    result.map_or_else(Failure::report, ExitCode::from)
}
