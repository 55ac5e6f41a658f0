//! Generated names as counted windows: additional training data for a student network.

use crate::data::{CountedWindows, WindowCounter};
use crate::error::Error;
use crate::executor::Executor;
use crate::language_model::LanguageModel;
use crate::rng::Seed;
use crate::sample::batch::Batch;
use crate::sample::conditions::Conditions;
use crate::sample::generator::Generator;
use crate::sample::request::Request;
use crate::text::Vocab;

/// The counted windows of `names` names of 1 to `max_length` characters, drawn from a model.
///
/// # Errors
/// As [`WindowCounter::new`]; [`Error::Impossible`] if there are no such names.
pub fn sampled_windows(
    model: &dyn LanguageModel,
    vocab: &Vocab,
    names: usize,
    max_length: usize,
    seed: &Seed,
    executor: &dyn Executor,
) -> Result<CountedWindows, Error> {
    let request = Request {
        count: names,
        conditions: Conditions::default().length(1..=max_length),
        ..Request::default()
    };
    let mut counter = WindowCounter::new(model.vocab_size(), model.context_length())?;
    let mut drawn = Generator::new(model, vocab, request, seed, executor)?;
    while let Some(batches) = drawn.next_batches() {
        for name in batches.iter().flat_map(Batch::names) {
            counter.add(name, 1);
        }
    }
    Ok(counter.finish())
}
