//! Files that are read whole: models, checkpoints, counts. They are known by their first bytes before the
//! rest is read.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use nextchar_formats::{ModelFile, check_start};

use crate::failure::Failure;

/// The model of commands that are given none: `nextchar train`, with nothing else said.
const EMBEDDED: &[u8] = include_bytes!("../model/indian-names.safetensors");

/// Reads a model, or the one that is part of the program.
pub fn load(path: Option<&Path>) -> Result<ModelFile, Failure> {
    let Some(path) = path else {
        return ModelFile::from_bytes(EMBEDDED).map_err(Failure::failed);
    };
    let bytes = read_tensors(path, LARGEST_MODEL).map_err(|failure| match path.exists() {
        true => failure,
        false => failure.help("`nextchar train` makes a model"),
    })?;
    ModelFile::from_bytes(&bytes).map_err(|error| Failure::failed(error).within(path.display()))
}

/// What a model is called in messages.
pub fn label(path: Option<&Path>) -> String {
    path.map_or("the model of the program".into(), |path| {
        path.display().to_string()
    })
}

/// Why a model may hold no names.
pub const WITHOUT_NAMES: &str = "a model holds none if it was trained with --no-names or from counts, or comes from another program";

/// No model is larger, in bytes: what is read is bounded, even from a device without an end.
pub const LARGEST_MODEL: u64 = 1 << 30;
/// A checkpoint holds five times the parameters of a network, and those of the networks before.
pub const LARGEST_CHECKPOINT: u64 = 8 << 30;

/// First bytes by which a kind of file is known: the longest that any kind needs.
const START: u64 = 16;

/// Reads a whole model or checkpoint of at most `largest` bytes.
pub fn read_tensors(path: &Path, largest: u64) -> Result<Vec<u8>, Failure> {
    read(path, largest, |start| {
        check_start(start).map_err(|error| Failure::failed(error).within(path.display()))
    })
}

/// Reads a whole file of at most `largest` bytes, once its first bytes passed the check.
pub fn read(
    path: &Path,
    largest: u64,
    check: impl FnOnce(&[u8]) -> Result<(), Failure>,
) -> Result<Vec<u8>, Failure> {
    let fault = |error: io::Error| Failure::file(path, &error);
    let too_large = || {
        Failure::failed(format!(
            "{}: larger than any file of this kind, {largest} bytes",
            path.display()
        ))
    };
    let mut file = fs::File::open(path).map_err(fault)?;
    if file.metadata().map_err(fault)?.len() > largest {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    let mut read_on = |bytes: &mut Vec<u8>, number| {
        let read = file.by_ref().take(number).read_to_end(bytes);
        read.map_err(fault)
    };
    read_on(&mut bytes, START)?;
    check(&bytes)?;
    read_on(&mut bytes, largest + 1 - START)?;
    if bytes.len() as u64 > largest {
        return Err(too_large());
    }
    Ok(bytes)
}
