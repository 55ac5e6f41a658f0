//! The program `nextchar`: the library's lecture as commands.
#![deny(unsafe_code)]

mod args;
mod checkpoint;
mod command_line;
mod commands;
mod corpus;
mod counts;
mod evaluation;
mod failure;
mod hints;
mod html;
mod output;
mod output_files;
mod panics;
mod plots;
mod progress;
mod report;
mod scoring;
mod signals;
mod store;
mod threads;
mod word_picture;

use std::process::ExitCode;

use args::Command;
use failure::Failure;

fn main() -> ExitCode {
    panics::install_hook();
    let (cli, given) = match command_line::read(std::env::args_os()) {
        Ok(read) => read,
        Err(failure) => return failure.report(),
    };
    let result = match &cli.command {
        Command::Train(args) => commands::train::run(args, &given),
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
