//! `nextchar inspect`: what a model file contains.

use std::io::Write;

use nextchar::LanguageModel;
use nextchar::combine::mixture::Weights;
use nextchar::combine::repeats::{Factors, Repeats};
use nextchar::data::{Split, SplitOptions};
use nextchar::model::{Network, Params};
use nextchar_formats::ModelFile;
use serde_json::json;

use crate::args::InspectArgs;
use crate::commands::next::symbols;
use crate::failure::{DONE, Failure};
use crate::output::{self, BOLD, count};
use crate::store;

pub fn run(args: &InspectArgs) -> Result<u8, Failure> {
    let model = store::load(args.model.as_deref())?;
    let file = model.as_file();
    let networks = file.model.networks();
    let infos = networks.iter().enumerate().flat_map(|(index, network)| {
        let mut infos = Params::<f32>::tensor_infos(network.config());
        if networks.len() > 1 {
            for info in &mut infos {
                info.name.insert_str(0, &format!("member.{index}."));
            }
        }
        infos
    });
    let infos: Vec<_> = infos.collect();
    let mut out = output::stdout();
    if args.json {
        let tensors: Vec<_> = infos
            .iter()
            .map(|info| json!({"name": info.name, "shape": info.shape}))
            .collect();
        let names = file.names.as_ref().map(|names| {
            json!({"train": names.train.len(), "val": names.val.len(), "test": names.test.len()})
        });
        output::json(
            &mut out,
            &json!({
                "vocab": file.vocab,
                "networks": networks.iter().map(Network::config).collect::<Vec<_>>(),
                "kneser_ney": file.model.counts().map(LanguageModel::context_length),
                "weights": file.model.weights(),
                "good_turing": file.model.repeats().map(Repeats::factors),
                "parameters": file.model.parameter_count(),
                "tensors": tensors,
                "names": names,
                "record": file.record,
            }),
        )?;
    } else {
        let mut rows = vec![["parameters", "shape", "count"].map(str::to_owned).to_vec()];
        rows.extend(infos.iter().map(|info| {
            vec![
                info.name.clone(),
                format!("{:?}", info.shape),
                count(info.len() as u64),
            ]
        }));
        rows.push(vec![
            "total".into(),
            String::new(),
            count(file.model.parameter_count() as u64),
        ]);
        output::table(&mut out, &rows)?;
        print_record(&mut out, file)?;
    }
    out.flush()?;
    Ok(DONE)
}

fn print_record(out: &mut impl Write, file: &ModelFile) -> Result<(), Failure> {
    let mut lines = about_model(file);
    lines.extend(about_training(file));
    writeln!(out)?;
    for (label, text) in lines {
        writeln!(out, "{BOLD}{label:<10}{BOLD:#} {text}")?;
    }
    Ok(())
}

type Line = (String, String);

fn line(label: &str, text: String) -> Line {
    (label.to_owned(), text)
}

/// What the model is made of.
fn about_model(file: &ModelFile) -> Vec<Line> {
    let characters = symbols(&file.vocab, usize::MAX);
    let (classes, context) = (file.vocab.len(), file.model.tokens_seen());
    let mut lines = vec![
        line("classes", format!("{classes}: _ and {characters}")),
        line("context", format!("{context} characters")),
    ];
    if let Some(network) = file.model.networks().first() {
        let config = network.config();
        let activation = format!("{:?}", config.activation).to_lowercase();
        let residual = if config.residual { ", residual" } else { "" };
        lines.push(line("activation", format!("{activation}{residual}")));
    }
    if let Some(counts) = file.model.counts() {
        let (length, pairs) = (counts.context_length(), counts.table().pairs() as u64);
        let windows = format!("{} different windows", count(pairs));
        lines.push(line(
            "counts",
            format!("Kneser–Ney, context {length}, {windows}"),
        ));
        if !file.model.networks().is_empty() {
            let Weights { networks, counts } = file.model.weights();
            let text = format!("networks^{networks:.3} · counts^{counts:.3}");
            lines.push(line("mixture", text));
        }
    }
    if let Some(repeats) = file.model.repeats() {
        let Factors {
            known: [once, twice, more],
            new,
        } = repeats.factors();
        lines.push(line("good-turing", format!(
            "names seen once ×{once:.3}, twice ×{twice:.3}, more often ×{more:.3}; new ones ×{new:.3}"
        )));
    }
    lines
}

/// How it was made, and from what.
fn about_training(file: &ModelFile) -> Vec<Line> {
    let record = &file.record;
    if record.losses.train.is_nan() {
        return vec![line("trained", "by another program".into())];
    }
    let (examples, contexts) = (count(record.examples), count(record.contexts));
    let (best, steps) = (count(record.best_step), count(record.steps));
    let mut lines = vec![line(
        "trained",
        format!(
            "on {examples} windows, {contexts} unique contexts; step {best} of {steps} was kept"
        ),
    )];
    let options = record.options.iter();
    lines.extend(options.map(|(option, value)| line(option, value.to_string())));
    let loss = |loss: Option<f64>| loss.map_or("-".into(), |loss| format!("{loss:.4}"));
    let [train, val, test] = [
        Some(record.losses.train),
        record.losses.val,
        record.losses.test,
    ]
    .map(loss);
    lines.push(line(
        "loss",
        format!("train {train}, val {val}, test {test} nats per predicted character"),
    ));
    let parts = |names: &Split| {
        let sizes = [&names.train, &names.val, &names.test].map(|part| count(part.len() as u64));
        let [train, val, test] = sizes;
        format!("train {train}, val {val}, test {test}")
    };
    let names = file.names.as_ref();
    lines.push(line("names", names.map_or("not saved".into(), parts)));
    if let Some(SplitOptions { shares, seed }) = &record.split {
        lines.push(line("split", format!("{shares} with split seed {seed}")));
    }
    lines.push(line("data hash", record.data_hash.clone()));
    lines
}
