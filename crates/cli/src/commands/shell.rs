//! `nextchar completions` and `nextchar man`: the command line for shells and as a manual page.

use std::io::Write;

use clap::CommandFactory;

use crate::args::{Cli, CompletionsArgs};
use crate::failure::{DONE, Failure};
use crate::output;

pub fn completions(args: &CompletionsArgs) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "nextchar", &mut script);
    print(&script)
}

pub fn man() -> Result<u8, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    print(&page)
}

fn print(text: &[u8]) -> Result<u8, Failure> {
    let mut out = output::stdout();
    out.write_all(text)?;
    out.flush()?;
    Ok(DONE)
}
