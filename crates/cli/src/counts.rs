//! Counts in place of a list: `--counts`, `--val-counts` and `--test-counts`.

use nextchar::{Corpus, CountsFiles, Part};

use crate::args::TrainArgs;
use crate::failure::Failure;
use crate::output::note;

/// Whether there are counts in place of a list. Those to judge by need some to learn from; a checkpoint may
/// contain them, so nothing is required before it is read.
pub fn given(args: &TrainArgs) -> Result<bool, Failure> {
    let judged = [
        ("--val-counts", &args.val_counts),
        ("--test-counts", &args.test_counts),
    ];
    match judged.into_iter().find(|(_, files)| !files.is_empty()) {
        Some((option, _)) if args.counts.is_empty() => Err(Failure::misuse(format!(
            "{option}: counts for evaluation need counts to train on"
        ))
        .help("add --counts FILE; beside a list of names, use --val and --test")),
        _ => Ok(!args.counts.is_empty()),
    }
}

/// Reads the files, and says what counts cannot give.
pub fn read(args: &TrainArgs) -> Result<Corpus, Failure> {
    let files = CountsFiles {
        train: args.counts.clone(),
        val: args.val_counts.clone(),
        test: args.test_counts.clone(),
        alphabet: args.corpus.read.alphabet,
    };
    let corpus = files.read()?;
    let counted = corpus.given_counts().expect("counts were given");
    if let Some((shortest, longest)) = args.preset.lengths() {
        note(&format!(
            "--preset {} trains on names of {shortest} to {longest} characters, but counts contain no whole names to select: all are used",
            args.preset
        ));
    }
    if !counted.has_folds() {
        note(
            "the counts are not divided into folds (column `fold`): Kneser–Ney's discounts are computed in closed form, not cross-fitted",
        );
    }
    if !counted.has(Part::Val) {
        note("no --val-counts: the last step is kept, and no held-out loss is reported");
    }
    note("counts contain no names: --novel and verdicts will not work with this model");
    Ok(corpus)
}
