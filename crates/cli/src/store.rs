//! Files that are read whole: models, checkpoints, counts. Their kind is checked by their first bytes before
//! the rest is read.

use std::path::Path;

use nextchar::{Model, read_file};
use nextchar_formats::check_start;

use crate::failure::Failure;

/// Reads a model file, or returns the built-in model.
pub fn load(path: Option<&Path>) -> Result<Model, Failure> {
    let Some(path) = path else {
        return Ok(Model::embedded());
    };
    Model::load(path).map_err(|error| {
        let failure = Failure::from(error);
        if path.exists() {
            return failure;
        }
        failure.help("`nextchar train` makes a model")
    })
}

/// The name of a model in messages.
pub fn label(path: Option<&Path>) -> String {
    path.map_or("the built-in model".into(), |path| {
        path.display().to_string()
    })
}

/// Why a model file may contain no names.
pub const WITHOUT_NAMES: &str = "a model contains none if it was trained with --no-names or from counts, or comes from another program";

/// A checkpoint contains five times the parameters of a network, and those of the networks before it.
pub const LARGEST_CHECKPOINT: u64 = 8 << 30;

/// Reads a whole model or checkpoint of at most `largest` bytes.
pub fn read_tensors(path: &Path, largest: u64) -> Result<Vec<u8>, Failure> {
    read_file(path, largest, |start| {
        check_start(start).map_err(|error| Failure::failed(error).within(path.display()))
    })
}
