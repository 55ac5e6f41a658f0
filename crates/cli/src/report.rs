//! The report of a training: the data and the network before it, the losses and their baselines after it.

use std::io::Write;

use nextchar::data::NameList;
use nextchar::score::Report;
use nextchar::train::{TrainConfig, Trained};
use nextchar::{Family, Reports, Training};

use crate::failure::Failure;
use crate::output::{self, BOLD, count, note};

/// Describes the data and the model before training.
pub fn describe(training: &Training) {
    let (corpus, plan, table) = (training.corpus(), training.plan(), training.table());
    let (parts, model) = (corpus.parts(), &plan.shape);
    let names = |list: &NameList| count(list.len() as u64);
    if let Some(counted) = corpus.given_counts() {
        anstream::eprintln!(
            "{BOLD}data{BOLD:#}     {}: counted windows with contexts of {}, {} classes",
            corpus.label(),
            counted.context_length(),
            model.vocab_size
        );
    } else {
        anstream::eprintln!(
            "{BOLD}data{BOLD:#}     {}: {}, {} classes; train {}, val {}, test {}",
            corpus.label(),
            output::plural(parts.all().count() as u64, "name"),
            model.vocab_size,
            names(&parts.train),
            names(&parts.val),
            names(&parts.test),
        );
    }
    anstream::eprintln!(
        "{BOLD}windows{BOLD:#}  {} collapse to {} unique contexts of {} ({:.1} times fewer)",
        count(table.examples()),
        count(table.len() as u64),
        model.context_length,
        table.examples() as f64 / table.len() as f64,
    );
    if plan.family == Family::KneserNey {
        anstream::eprintln!("{BOLD}counts{BOLD:#}   interpolated modified Kneser–Ney\n");
        return;
    }
    let hidden: Vec<String> = model.hidden_sizes.iter().map(usize::to_string).collect();
    let layers = match hidden.len() {
        0 => "no hidden layer".into(),
        _ => format!("hidden {} ({:?})", hidden.join(", "), model.activation).to_lowercase(),
    };
    let mut more = String::new();
    if plan.networks > 1 {
        more.push_str(&format!("; {} such networks", plan.networks));
    }
    if plan.distill {
        more.push_str("; then one that learns from them and the counts");
    }
    if plan.family == Family::Mixture {
        more.push_str("; mixed with Kneser–Ney counts");
    }
    anstream::eprintln!(
        "{BOLD}network{BOLD:#}  {} parameters: embedding {}, {layers}{more}\n",
        count(model.parameter_count().unwrap_or(0) as u64),
        model.embedding_dim,
    );
}

/// Compares the first loss with ln V.
pub fn describe_first_loss(trained: &Trained, config: &TrainConfig, vocab_size: usize) {
    let (first, uniform) = (trained.first_loss, (vocab_size as f64).ln());
    match config.init {
        nextchar::model::Init::Kaiming => anstream::eprintln!(
            "\nfirst loss {first:.4}; guessing evenly among {vocab_size} characters would give ln {vocab_size} = {uniform:.4}"
        ),
        nextchar::model::Init::Lecture => anstream::eprintln!(
            "\nfirst loss {first:.4}, far above ln {vocab_size} = {uniform:.4}: parameters drawn from N(0, 1) start out confidently wrong"
        ),
    }
}

/// Prints the losses of the model next to those of its baselines.
pub fn print_losses(
    reports: &Reports,
    out: &mut impl Write,
    random_split: bool,
) -> Result<(), Failure> {
    writeln!(
        out,
        "\n{BOLD}Loss, in nats per predicted character (including the end mark){BOLD:#}"
    )?;
    let parts = [
        ("train", Some(reports.train)),
        ("val", reports.val),
        ("test", reports.test),
    ];
    let parts: Vec<(&str, Report)> = parts
        .into_iter()
        .filter_map(|(name, r)| Some((name, r?)))
        .collect();
    let row = |name: &str, value: &dyn Fn(&Report) -> f64| {
        let values = parts.iter().map(|(_, report)| number(value(report)));
        std::iter::once(name.to_owned())
            .chain(values)
            .collect::<Vec<_>>()
    };
    let header =
        std::iter::once(String::new()).chain(parts.iter().map(|(name, _)| (*name).to_owned()));
    let or_nan = |loss: Option<f64>| loss.unwrap_or(f64::NAN);
    let best = match reports.train.baselines.best_kneser_ney_context {
        Some(length) => format!("Kneser–Ney, best context ({length})"),
        None => "Kneser–Ney, best context".into(),
    };
    output::table(
        out,
        &[
            header.collect(),
            row("this model", &|report| report.loss),
            row("Kneser–Ney, same context", &|report| {
                or_nan(report.baselines.kneser_ney)
            }),
            row(&best, &|report| or_nan(report.baselines.best_kneser_ney)),
            row("bigram counts", &|report| report.baselines.bigram),
            row("unigram counts", &|report| report.baselines.unigram),
            row("uniform", &|report| report.baselines.uniform),
        ],
    )?;
    let held_out = reports.test.or(reports.val);
    if let Some(report) = held_out {
        writeln!(
            out,
            "  held out: {:.4} bits per character, perplexity {:.2}",
            report.bits_per_char, report.perplexity
        )?;
        let counting = report.baselines.best_kneser_ney;
        warn_of_counting(report.loss, counting.or(report.baselines.kneser_ney));
        if random_split {
            note(
                "lists of names contain spelling variants, such as sandhya and sandhaya; some end up on both sides of a split and flatter held-out losses a little",
            );
        }
    }
    Ok(())
}

/// Warns about a model that is worse than counting.
pub fn warn_of_counting(network: f64, counting: Option<f64>) {
    if counting.is_some_and(|counting| network > counting) {
        note(
            "counting (Kneser–Ney) predicts these names better than this model: try --family mixture, more --steps, or more names",
        );
    }
}

/// A loss, or a dash if there is none.
fn number(loss: f64) -> String {
    match loss.is_nan() {
        true => "-".into(),
        false => format!("{loss:.4}"),
    }
}
