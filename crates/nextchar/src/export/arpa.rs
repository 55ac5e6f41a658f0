//! ARPA: an n-gram in back-off form, exact for counts and for models with a short context, otherwise pruned.

use nextchar_core::LanguageModel;
use nextchar_core::counts::{BackoffNgram, every_context};
use nextchar_core::rng::Seed;
use nextchar_core::sample::sampled_windows;
use nextchar_formats::export::arpa;

use super::{
    Dropped, Export, ExportError, ExportOption, ExportOptions, Exported, Note, USUAL_ORDER, dropped,
};
use crate::door::{Error, Model};

/// The most n-grams that are written without pruning.
const MOST_NGRAMS: usize = 2_000_000;

/// Names that are drawn to find out which contexts matter.
const DRAWN_NAMES: usize = 200_000;

pub struct Arpa;

impl Export for Arpa {
    fn name(&self) -> &'static str {
        "arpa"
    }

    fn about(&self) -> &'static str {
        "An n-gram model that KenLM and SRILM read: exact for counts and short contexts, otherwise pruned"
    }

    fn uses(&self) -> &'static [ExportOption] {
        &[ExportOption::Prune, ExportOption::Context]
    }

    fn export(&self, model: &Model, options: &ExportOptions) -> Result<Exported, Error> {
        let mut notes = Vec::from_iter(Note::of_case(model));
        let ngram = ngram(model, options, &mut notes)?;
        if ngram.order() > USUAL_ORDER {
            notes.push(Note::HighOrder(ngram.order()));
        }
        Ok(Exported {
            files: vec![arpa::text(model.vocab(), &ngram).into()],
            notes,
        })
    }
}

/// The model in back-off form; a note says what an approximation costs.
fn ngram(
    model: &Model,
    options: &ExportOptions,
    notes: &mut Vec<Note>,
) -> Result<BackoffNgram, Error> {
    let whole = model.language_model();
    let (classes, own) = (whole.vocab_size(), whole.context_length());
    let longest = options.context.unwrap_or(own);
    if longest == 0 || longest > own {
        let wanted = longest;
        return Err(ExportError::Context { wanted, own }.into());
    }
    let threshold = options.prune.unwrap_or(0.0);
    if !(0.0..1.0).contains(&threshold) {
        return Err(ExportError::Prune(threshold).into());
    }
    let exact = longest == own && options.prune.is_none();
    if let ([], Some(counts), None) = (whole.networks(), whole.counts(), whole.repeats())
        && exact
    {
        return Ok(BackoffNgram::from(counts));
    }
    let all = classes.checked_pow(own as u32 + 1);
    let all = all.filter(|&all| all <= MOST_NGRAMS);
    if all.is_none() && options.prune.is_none() {
        let context = own;
        return Err(ExportError::TooManyNgrams { context, classes }.into());
    }
    let (seed, workers) = (Seed::from(0), options.workers);
    let mut contexts = sampled_windows(
        whole,
        model.vocab(),
        DRAWN_NAMES,
        model.longest_name(),
        &seed,
        workers,
    )?;
    if all.is_some() {
        contexts = contexts.merged(&every_context(classes, own)?);
    }
    let ngram = BackoffNgram::approximate(whole, &contexts, longest, threshold, workers);
    if !exact {
        let kept = Dropped::Ngrams(ngram.sizes().iter().sum());
        notes.push(dropped(kept, model, &ngram, options)?);
    }
    Ok(ngram)
}
