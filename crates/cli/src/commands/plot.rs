//! `nextchar plot`: the loss curve, a map of the embedding, or which character follows which.

use std::path::Path;

use crate::args::{PlotArgs, PlotKind};
use crate::failure::{DONE, Failure};
use crate::output::{bytes, note};
use crate::output_files::{Existing, OutputFile, RunFiles};
use crate::plots::{Curves, Heat, Letters, Picture};
use crate::store;
use crate::threads::threads;

pub fn run(args: &PlotArgs) -> Result<u8, Failure> {
    let standard_output = args.out == Path::new("-");
    let extension = args
        .out
        .extension()
        .and_then(|extension| extension.to_str());
    let png = match extension.map(str::to_ascii_lowercase).as_deref() {
        _ if standard_output => false,
        Some("svg") => false,
        Some("png") => true,
        _ => {
            let out = args.out.display();
            return Err(
                Failure::misuse(format!("--out {out}: must end in .svg or .png"))
                    .help("the extension selects the format; - writes an SVG to standard output"),
            );
        }
    };
    let out_file = claim(args)?;
    let file = store::load(args.model.as_deref())?;
    let label = || store::label(args.model.as_deref());
    let picture = match args.kind {
        PlotKind::Curves => Picture::Curves(Curves::of(&file, threads(None)?, &label())?),
        PlotKind::Embedding => {
            let network = file.language_model().networks().first().ok_or_else(|| {
                Failure::failed(format!("{}: counts have no embedding", label()))
                    .help("`nextchar train --family network` makes a model with one")
            })?;
            if png && file.vocab().pieces().any(|letter| !letter.is_ascii()) {
                note("a PNG shows only the characters of its font; an SVG uses the viewer's fonts");
            }
            Picture::Letters(Letters::of(network, file.vocab()))
        }
        PlotKind::Bigrams => Picture::Heat(Heat::of(file.bigrams(), file.vocab())),
    };
    let size = (
        args.width,
        args.height.unwrap_or(match args.kind {
            PlotKind::Bigrams => args.width,
            PlotKind::Curves | PlotKind::Embedding => args.width * 2 / 3,
        }),
    );
    let image = match png {
        true => picture.png(size, args.theme)?,
        false => picture.svg(size, args.theme)?.into_bytes(),
    };
    out_file.save(&image)?;
    if !out_file.is_stdout() {
        let size = bytes(image.len() as u64);
        anstream::eprintln!("saved to {} ({size})", args.out.display());
    }
    Ok(DONE)
}

/// The path of the picture, claimed after noting the model that the run reads.
fn claim(args: &PlotArgs) -> Result<OutputFile, Failure> {
    let mut files = RunFiles::default();
    if let Some(model) = &args.model {
        files.reads("--model", model);
    }
    let existing = Existing::Keep("would be replaced").or_forced(args.force);
    files.claim_or_stdout("--out", &args.out, existing)
}
