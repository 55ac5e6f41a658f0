//! `nextchar tune`: searches for better options in a given time, by val alone.

use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use nextchar::search::{Job, Search, Trial, best_first, next_job};
use nextchar::{Preset, Tokens, TrainOptions};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::args::TuneArgs;
use crate::command_line;
use crate::corpus::{note_inputs, read_corpus};
use crate::failure::{DONE, Failure, INTERRUPTED};
use crate::output::{self, BOLD, count, note, plural};
use crate::output_files::{Existing, OutputFile, RunFiles};
use crate::progress::{Watcher, styled_bar};
use crate::signals::{self, interrupted};
use crate::threads::threads;

pub fn run(args: &TuneArgs) -> Result<u8, Failure> {
    let started = Instant::now();
    let deadline = started + args.time;
    signals::catch();
    let trials_file = claim(args)?;
    let corpus = read_corpus(&args.corpus, Preset::default())?;
    let digest = corpus.parts().train.digest();
    let mut trials = kept_trials(args, &digest)?;
    let search = Search::new(corpus, args.seed.clone(), threads(args.threads)?)?;
    let kneser_ney = search.kneser_ney()?;
    let bar = styled_bar(args.time.as_secs(), "{bar:30} {pos}/{len} s  {msg}");
    while !interrupted() {
        let begun = Instant::now();
        let left = deadline.saturating_duration_since(begun);
        let Some(job) = next_job(&trials, left.as_secs_f64()) else {
            break;
        };
        // The first trial may exceed the time: there must be something to report.
        let end = (!trials.is_empty()).then_some(deadline);
        let val_loss = search.run(job, &mut Watcher::quiet(end))?;
        if interrupted() || end.is_some_and(|end| Instant::now() > end) {
            break;
        }
        trials.push(Trial {
            job,
            val_loss,
            seconds: begun.elapsed().as_secs_f64(),
        });
        if let Some(file) = &trials_file {
            save_trials(file, args, &digest, &trials)?;
        }
        let best = best_first(&trials)[0];
        bar.set_position(started.elapsed().as_secs());
        bar.set_message(format!(
            "{}, best val {:.4}",
            plural(trials.len() as u64, "trial"),
            best.val_loss
        ));
    }
    bar.finish_and_clear();
    if trials.is_empty() {
        note("interrupted before the first trial finished: nothing was compared");
        return Ok(INTERRUPTED);
    }
    report(args, &search, &trials, kneser_ney)?;
    Ok(if interrupted() { INTERRUPTED } else { DONE })
}

/// The file of the trials, claimed beside the lists that the run reads.
fn claim(args: &TuneArgs) -> Result<Option<OutputFile>, Failure> {
    let mut files = RunFiles::default();
    note_inputs(&args.corpus, &mut files);
    let why = "the trials are saved again and again, which standard output does not allow";
    let claim = |path: &PathBuf| files.claim("--trials", path, Existing::Continue, why);
    args.trials.as_ref().map(claim).transpose()
}

/// The words of a training's command line, without the program's name.
fn arguments(args: &TuneArgs, options: &TrainOptions) -> Vec<String> {
    let mut arguments = vec!["train".to_owned()];
    arguments.extend(args.corpus.to_arguments());
    arguments.extend(options.to_arguments());
    arguments
}

fn report(
    args: &TuneArgs,
    search: &Search,
    trials: &[Trial],
    kneser_ney: f64,
) -> Result<(), Failure> {
    let ranked = best_first(trials);
    let best = ranked.first().map_or(f64::INFINITY, |best| best.val_loss);
    let winner = search.winner(trials, kneser_ney);
    let command = command_line::shown(arguments(args, &winner));
    let mut out = output::stdout();
    if args.json {
        let shown = |trial: &&Trial| {
            json!({
                "options": arguments(args, &trial.job.options(&args.seed))[1..].join(" "),
                "val_loss": trial.val_loss,
                "seconds": trial.seconds,
            })
        };
        let result = json!({
            "tried": trials.len(),
            "trials": ranked.iter().map(shown).collect::<Vec<_>>(),
            "folds": search.folds(),
            "val_loss": best.min(kneser_ney),
            "kneser_ney": kneser_ney,
            "command": command,
        });
        output::json(&mut out, &result)?;
        return Ok(out.flush()?);
    }
    let judged_on = match search.folds() {
        1 => "val".to_owned(),
        folds => format!("{folds} folds of train and val"),
    };
    writeln!(
        out,
        "{BOLD}{}{BOLD:#}, nats per predicted character on {judged_on}; the test names were not used",
        plural(trials.len() as u64, "trial")
    )?;
    output::table(&mut out, &rows(args, &ranked, kneser_ney))?;
    writeln!(out, "\n{BOLD}To train the best model{BOLD:#}\n  {command}")?;
    out.flush()?;
    if best >= kneser_ney {
        note(
            "no network is better than Kneser–Ney on these names, so the command trains Kneser–Ney",
        );
    }
    Ok(())
}

/// The best trials, below Kneser–Ney and the names of the options.
fn rows(args: &TuneArgs, ranked: &[&Trial], kneser_ney: f64) -> Vec<Vec<String>> {
    let words = |trial: &Trial| trial.job.chosen(&args.seed).to_arguments();
    let mut header = ["", "loss", "steps", "seconds"].map(str::to_owned).to_vec();
    let any = Job {
        candidate: 1,
        ..Job::FIRST
    };
    let names = any.chosen(&args.seed).to_arguments();
    header.extend(names.iter().step_by(2).map(|name| name[2..].to_owned()));
    let mut rows = vec![
        header,
        vec!["Kneser–Ney".into(), format!("{kneser_ney:.4}")],
    ];
    for (place, &trial) in ranked.iter().take(args.show).enumerate() {
        let mut row = vec![
            format!("{}", place + 1),
            format!("{:.4}", trial.val_loss),
            count(trial.job.steps()),
            format!("{:.1}", trial.seconds),
        ];
        match trial.job.candidate {
            0 => row.push("the default preset".into()),
            _ => row.extend(words(trial).into_iter().skip(1).step_by(2)),
        }
        rows.push(row);
    }
    rows
}

/// The file of `--trials`.
#[derive(Serialize, Deserialize)]
struct Kept {
    data_hash: String,
    seed: String,
    #[serde(default)]
    tokens: Tokens,
    trials: Vec<Trial>,
}

/// No search does a million trials.
const LARGEST_TRIALS: u64 = 100 << 20;
const OTHER_FILE: &str = "use another file for another search";

fn kept_trials(args: &TuneArgs, digest: &str) -> Result<Vec<Trial>, Failure> {
    let Some(path) = args.trials.as_deref().filter(|path| path.exists()) else {
        return Ok(Vec::new());
    };
    let text = nextchar::read_file(path, LARGEST_TRIALS, |_| Ok::<(), Failure>(()))?;
    let kept: Kept = serde_json::from_slice(&text).map_err(|error| {
        Failure::misuse(format!(
            "--trials {}: not a file of trials: {error}",
            path.display()
        ))
        .help(OTHER_FILE)
    })?;
    let differs = |what| {
        Failure::misuse(format!("--trials {}: made {what}", path.display())).help(OTHER_FILE)
    };
    if kept.data_hash != digest {
        return Err(differs("from other training names"));
    }
    if kept.seed != args.seed.to_string() {
        return Err(differs("with another --seed"));
    }
    if kept.tokens != args.corpus.tokens {
        return Err(differs("with other --tokens"));
    }
    note(&format!(
        "resuming with {} from {}",
        plural(kept.trials.len() as u64, "earlier trial"),
        path.display()
    ));
    Ok(kept.trials)
}

fn save_trials(
    file: &OutputFile,
    args: &TuneArgs,
    digest: &str,
    trials: &[Trial],
) -> Result<(), Failure> {
    let kept = Kept {
        data_hash: digest.to_owned(),
        seed: args.seed.to_string(),
        tokens: args.corpus.tokens,
        trials: trials.to_vec(),
    };
    file.save(&serde_json::to_vec(&kept)?)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    #[test]
    fn the_command_that_is_shown_has_the_options_that_were_tried() {
        let line = [
            "nextchar",
            "tune",
            "finnish-names",
            "--seed",
            "7",
            "--split",
            "70,15,15",
            "--tokens",
            "graphemes",
        ];
        let Command::Tune(args) = Cli::parse_from(line).command else {
            unreachable!("the words say `tune`");
        };
        for candidate in 0..20 {
            let options = Job { candidate, rung: 1 }.options(&args.seed);
            let line = std::iter::once("nextchar".to_owned()).chain(arguments(&args, &options));
            let Command::Train(shown) = Cli::parse_from(line).command else {
                unreachable!("the words say `train`");
            };
            assert_eq!(shown.options(), options);
            assert_eq!(shown.corpus.to_arguments(), args.corpus.to_arguments());
        }
    }
}
