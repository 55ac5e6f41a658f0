//! An evaluation as a self-contained page: tables and plots, for light and dark colour schemes.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use nextchar::score::{GeneratedNames, ScoredName, Share};
use nextchar::{Model, Workers};

use crate::evaluation::Evaluation;
use crate::failure::Failure;
use crate::output::count;
use crate::plots::{Bars, Curves, Heat, Letters, Picture, Size, Theme};

const STYLE: &str = "
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1f2328; --faint: #d8dbe0; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16181d; --ink: #e6e8eb; --faint: #3a3f47; }
  svg.light { display: none; }
}
@media (prefers-color-scheme: light) { svg.dark { display: none; } }
body { background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif;
  max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { text-align: right; padding: .2rem .9rem .2rem 0; border-bottom: 1px solid var(--faint);
  font-variant-numeric: tabular-nums; }
th:first-child, td:first-child { text-align: left; }
figure { margin: 1.5rem 0; overflow-x: auto; } svg { max-width: 100%; height: auto; }
.name { display: inline-block; margin-right: 1rem; } small { opacity: .75; }
.names { columns: 8rem; font-family: ui-monospace, monospace; }
";

/// The whole page.
pub fn page(model: &Model, evaluation: &Evaluation, threads: &Workers) -> Result<String, Failure> {
    let wide = (900, 460);
    let breakdown = &evaluation.found.breakdown;
    let mut plots = Vec::new();
    if model.record().curve.len() > 1 {
        plots.push((
            Picture::Curves(Curves::of(model, threads, "the model")?),
            (900, 560),
        ));
    }
    let places = [
        (
            "Loss by position of the predicted character",
            "position",
            &breakdown.by_position,
        ),
        ("Loss by length of the name", "length", &breakdown.by_length),
    ];
    for (title, x_label, shares) in places {
        plots.push((Picture::Bars(by_place(title, x_label, shares)), wide));
    }
    if let Some(generated) = &evaluation.found.generated {
        plots.push((Picture::Bars(lengths(generated)), wide));
    }
    if let Some(network) = model.language_model().networks().first() {
        plots.push((
            Picture::Letters(Letters::of(network, model.vocab())),
            (900, 600),
        ));
    }
    plots.push((
        Picture::Heat(Heat::of(model.bigrams(), model.vocab())),
        (900, 930),
    ));
    let figures = plots.iter().map(|(picture, size)| figure(picture, *size));
    let figures = figures.collect::<Result<Vec<Markup>, Failure>>()?;

    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Nextchar: " (evaluation.label) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "How well a model predicts " (evaluation.label) }
                p {
                    (count(evaluation.found.report.examples)) " predicted characters, including end marks; "
                    (count(model.language_model().parameter_count() as u64)) " network parameters"
                    @if model.language_model().counts().is_some() { " and Kneser–Ney counts" } "."
                }
                (losses(evaluation))
                p { (evaluation.certainty()) "." }
                @for figure in &figures { (figure) }
                h2 { "Names, in nats per predicted character" }
                (names("Hardest", &breakdown.hardest))
                (names("Easiest", &breakdown.easiest))
                @if let Some(generated) = &evaluation.found.generated { (written(generated)) }
            }
        }
    };
    Ok(page.into_string())
}

/// A plot in light and in dark colours; the style sheet shows one of the two.
fn figure(picture: &Picture, size: Size) -> Result<Markup, Failure> {
    let drawn = |theme, class: &str| {
        let svg = picture.svg(size, theme)?;
        let named = svg.replacen("<svg ", &format!("<svg class=\"{class}\" role=\"img\" "), 1);
        Ok::<_, Failure>(PreEscaped(named))
    };
    let (light, dark) = (drawn(Theme::Light, "light")?, drawn(Theme::Dark, "dark")?);
    Ok(html! { figure { (light) (dark) } })
}

fn losses(evaluation: &Evaluation) -> Markup {
    html! {
        table {
            tr { th {} th { "nats" } th { "bits" } th { "perplexity" } }
            @for (name, loss) in evaluation.losses() {
                tr {
                    td { (name) }
                    td { (format!("{loss:.4}")) }
                    td { (format!("{:.4}", loss / std::f64::consts::LN_2)) }
                    td { (format!("{:.2}", loss.exp())) }
                }
            }
        }
    }
}

fn by_place(title: &'static str, x_label: &'static str, shares: &[Share]) -> Bars {
    // Positions that hardly any name reaches would only show noise.
    let total: u64 = shares.iter().map(|share| share.characters).sum();
    let frequent = shares
        .iter()
        .filter(|share| share.characters * 1000 >= total);
    Bars {
        title,
        x_label,
        labels: [""; 2],
        bars: frequent
            .map(|share| (share.at, [Some(share.loss), None]))
            .collect(),
    }
}

fn lengths(generated: &GeneratedNames) -> Bars {
    let shares = generated.lengths.iter();
    Bars {
        title: "Share of names by length",
        x_label: "length",
        labels: ["written by the model", "training names"],
        bars: shares
            .map(|share| (share.length, [Some(share.generated), share.data]))
            .collect(),
    }
}

fn names(title: &str, names: &[ScoredName]) -> Markup {
    html! {
        p {
            strong { (title) ": " }
            @for name in names {
                span class="name" { (name.name) " " small { (format!("{:.2}", -name.per_char)) } } " "
            }
        }
    }
}

fn written(generated: &GeneratedNames) -> Markup {
    let percent = |number: u64| {
        format!(
            "{:.1} %",
            100.0 * number as f64 / generated.names.max(1) as f64
        )
    };
    html! {
        h2 { (count(generated.names)) " names written by the model" }
        table {
            @if let Some(novelty) = generated.novelty {
                tr { td { "new" } td { (percent(novelty.new)) } }
                tr { td { "in the training names" } td { (percent(novelty.in_train)) } }
                tr { td { "in the held-out names" } td { (percent(novelty.in_held_out)) } }
            }
            tr { td { "repeat an earlier one" } td { (percent(generated.repeated)) } }
        }
        p { "The first names:" }
        p class="names" { @for name in &generated.first { (name) br; } }
    }
}
