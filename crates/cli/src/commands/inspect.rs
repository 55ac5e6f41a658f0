//! `nextchar inspect`: what a model file holds.

use std::io::Write;

use nextchar::model::Params;
use nextchar_formats::ModelFile;
use serde_json::json;

use crate::args::InspectArgs;
use crate::failure::{DONE, Failure};
use crate::output::{self, BOLD, count};
use crate::store;

pub fn run(args: &InspectArgs) -> Result<u8, Failure> {
    let file = store::load(&args.model)?;
    let infos = Params::<f32>::tensor_infos(file.network.config());
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
                "model": file.network.config(),
                "parameters": file.network.params().count(),
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
            count(file.network.params().count() as u64),
        ]);
        output::table(&mut out, &rows)?;
        print_record(&mut out, &file)?;
    }
    out.flush()?;
    Ok(DONE)
}

fn print_record(out: &mut impl Write, file: &ModelFile) -> Result<(), Failure> {
    let (record, config) = (&file.record, file.network.config());
    let characters: String = file.vocab.characters().iter().collect();
    let activation = format!("{:?}", config.activation).to_lowercase();
    writeln!(
        out,
        "\n{BOLD}classes{BOLD:#}    {}: _ and {characters}",
        file.vocab.len()
    )?;
    writeln!(
        out,
        "{BOLD}context{BOLD:#}    {} characters",
        config.context_length
    )?;
    writeln!(out, "{BOLD}activation{BOLD:#} {activation}")?;
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
