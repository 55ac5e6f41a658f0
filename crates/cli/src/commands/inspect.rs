//! `nextchar inspect`: what a model file holds.

use std::io::Write;

use nextchar::LanguageModel;
use nextchar::model::{Network, Params};
use nextchar::returning::Returning;
use nextchar_formats::ModelFile;
use serde_json::json;

use crate::args::InspectArgs;
use crate::failure::{DONE, Failure};
use crate::output::{self, BOLD, count};
use crate::store;

pub fn run(args: &InspectArgs) -> Result<u8, Failure> {
    let file = store::load(args.model.as_deref())?;
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
                "good_turing": file.model.returning().map(Returning::factors),
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
            "all".into(),
            String::new(),
            count(file.model.parameter_count() as u64),
        ]);
        output::table(&mut out, &rows)?;
        print_record(&mut out, &file)?;
    }
    out.flush()?;
    Ok(DONE)
}

fn print_record(out: &mut impl Write, file: &ModelFile) -> Result<(), Failure> {
    let record = &file.record;
    let characters: String = file.vocab.characters().iter().collect();
    writeln!(
        out,
        "\n{BOLD}classes{BOLD:#}    {}: _ and {characters}",
        file.vocab.len()
    )?;
    writeln!(
        out,
        "{BOLD}context{BOLD:#}    {} characters",
        file.model.characters_seen()
    )?;
    if let Some(network) = file.model.networks().first() {
        let config = network.config();
        let activation = format!("{:?}", config.activation).to_lowercase();
        let residual = if config.residual { ", residual" } else { "" };
        writeln!(out, "{BOLD}activation{BOLD:#} {activation}{residual}")?;
    }
    if let Some(counts) = file.model.counts() {
        let (length, pairs) = (counts.context_length(), counts.table().pairs());
        writeln!(
            out,
            "{BOLD}counts{BOLD:#}     Kneser–Ney, context {length}, {} different windows",
            count(pairs as u64)
        )?;
        if !file.model.networks().is_empty() {
            let weights = file.model.weights();
            writeln!(
                out,
                "{BOLD}mixture{BOLD:#}    networks^{:.3} · counts^{:.3}",
                weights.networks, weights.counts
            )?;
        }
    }
    if let Some(returning) = file.model.returning() {
        let [once, twice, more] = returning.factors().known;
        writeln!(
            out,
            "{BOLD}good-turing{BOLD:#} names seen once ×{once:.3}, twice ×{twice:.3}, more often ×{more:.3}; new ones ×{:.3}",
            returning.factors().new
        )?;
    }
    if record.losses.train.is_nan() {
        writeln!(out, "{BOLD}trained{BOLD:#}    by another program")?;
        return Ok(());
    }
    writeln!(
        out,
        "{BOLD}trained{BOLD:#}    on {} windows, {} unique contexts; step {} of {} is kept",
        count(record.examples),
        count(record.contexts),
        count(record.best_step),
        count(record.steps)
    )?;
    for (option, value) in &record.options {
        writeln!(out, "{BOLD}{option:<10}{BOLD:#} {value}")?;
    }
    let loss = |loss: Option<f64>| loss.map_or("-".into(), |loss| format!("{loss:.4}"));
    writeln!(
        out,
        "{BOLD}loss{BOLD:#}       train {}, val {}, test {} nats per predicted character",
        loss(Some(record.losses.train)),
        loss(record.losses.val),
        loss(record.losses.test)
    )?;
    match &file.names {
        Some(names) => writeln!(
            out,
            "{BOLD}names{BOLD:#}      train {}, val {}, test {}",
            count(names.train.len() as u64),
            count(names.val.len() as u64),
            count(names.test.len() as u64)
        )?,
        None => writeln!(out, "{BOLD}names{BOLD:#}      left out")?,
    }
    if let Some(split) = &record.split {
        writeln!(
            out,
            "{BOLD}split{BOLD:#}      {} with split seed {}",
            split.shares, split.seed
        )?;
    }
    writeln!(out, "{BOLD}data hash{BOLD:#}  {}", record.data_hash)?;
    Ok(())
}
