//! Scores millions of words: a list or a table is streamed in shards of a fixed size, which are parsed, scored
//! and rendered on all threads and written in their original order.

mod digits;
mod input;
mod render;
mod shard;
#[cfg(test)]
mod tests;
mod verdicts;

pub use input::{Input, Words, check_columns, open};
#[cfg(test)]
use input::{Lines, Rows, decoded};
pub use render::Style;
pub use verdicts::Verdicts;

use std::io::Write;

use nextchar::Executor;
use nextchar::score::WordScorer;
use nextchar::text::Vocab;

use crate::failure::Failure;
use render::Renderer;
use shard::{Letters, Shard};

/// Number of shards that are processed together: no more of a list is in memory, however long it is.
const SHARDS: usize = 16;

/// Scores all words of an input and writes the results; returns whether all are plausible.
pub fn run(
    scorer: &mut WordScorer<'_>,
    vocab: &Vocab,
    verdicts: &Verdicts<'_>,
    input: &mut dyn Input,
    style: Style,
    out: &mut impl Write,
    threads: &dyn Executor,
) -> Result<bool, Failure> {
    let letters = Letters::new(vocab);
    let renderer = Renderer {
        vocab,
        verdicts,
        style,
        header: input.header(),
    };
    out.write_all(&renderer.opening())?;
    let mut shards: Vec<Shard> = (0..SHARDS).map(|_| Shard::default()).collect();
    let mut all = true;
    loop {
        let filled = input.fill(&mut shards)?;
        if filled == 0 {
            return Ok(all);
        }
        let shards = &mut shards[..filled];
        threads.for_each(shards, |_, shard| shard.parse(&letters));
        scorer.score(shards, threads);
        threads.for_each(shards, |_, shard| renderer.render(shard));
        for shard in shards {
            all &= shard.all_plausible;
            out.write_all(&shard.out)?;
        }
        out.flush()?;
    }
}
