//! Many names at once, as counts: what a student network learns from beside the list.

use crate::data::{CountedWindows, END, Token, WindowCounter};
use crate::error::Error;
use crate::executor::Executor;
use crate::language_model::LanguageModel;
use crate::rng::{Purpose, Seed};

/// Names that are drawn side by side.
const CHAINS: usize = 1024;

/// The windows of `names` names drawn from a model, none longer than `max_length` (a name that would
/// be is cut there and not counted).
///
/// # Errors
/// As [`WindowCounter::new`].
pub fn sampled_windows(
    model: &dyn LanguageModel,
    names: usize,
    max_length: usize,
    seed: &Seed,
    executor: &impl Executor,
) -> Result<CountedWindows, Error> {
    let mut blocks: Vec<Vec<Vec<Token>>> = vec![Vec::new(); names.div_ceil(CHAINS)];
    executor.for_each(&mut blocks, |index, block| {
        let chains = CHAINS.min(names - index * CHAINS);
        *block = draw_block(model, chains, max_length, seed, index as u64);
    });
    let mut counter = WindowCounter::new(model.vocab_size(), model.context_length())?;
    for name in blocks.iter().flatten() {
        counter.add(name, 1);
    }
    Ok(counter.finish())
}

/// One block of names, a letter of all of them at a time.
fn draw_block(
    model: &dyn LanguageModel,
    chains: usize,
    max_length: usize,
    seed: &Seed,
    index: u64,
) -> Vec<Vec<Token>> {
    let (vocab_size, length) = (model.vocab_size(), model.context_length());
    // Stream 0 is that of `generate`.
    let mut rng = seed.stream(Purpose::Sample, index + 1);
    let mut open: Vec<Vec<Token>> = vec![vec![END; length]; chains];
    let mut done = Vec::with_capacity(chains);
    let (mut contexts, mut log_probs) = (Vec::new(), Vec::new());
    while !open.is_empty() {
        contexts.clear();
        for name in &open {
            contexts.extend_from_slice(&name[name.len() - length..]);
        }
        log_probs.resize(open.len() * vocab_size, 0.0);
        model.log_probs(&contexts, &mut log_probs);
        let mut rows = log_probs.chunks_exact(vocab_size);
        open.retain_mut(|name| {
            let row = rows.next().expect("a row for each open name");
            let mut left = rng.uniform();
            let token = row.iter().position(|log_prob| {
                left -= libm::exp(*log_prob);
                left < 0.0
            });
            // Rounding may leave a hair over: that is an end too.
            let token = token.map_or(END, |token| token as Token);
            if token == END {
                done.push(name.split_off(length));
                return false;
            }
            name.push(token);
            name.len() - length <= max_length
        });
    }
    done
}
