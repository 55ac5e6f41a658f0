//! Model files on disk: loading, and saving so that nothing half-written is ever left.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use nextchar_formats::{ModelFile, is_model_file};
use tempfile::NamedTempFile;

use crate::failure::Failure;

/// The model of commands that are given none: `nextchar train`, with nothing else said.
const EMBEDDED: &[u8] = include_bytes!("../model/indian-names.safetensors");

/// Reads a model, or the one that is part of the program.
pub fn load(path: Option<&Path>) -> Result<ModelFile, Failure> {
    let Some(path) = path else {
        return ModelFile::from_bytes(EMBEDDED).map_err(Failure::failed);
    };
    let bytes = read(path).map_err(|failure| match path.exists() {
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

/// No model is larger, in bytes: what is read is bounded, even from a device without an end.
const LARGEST: u64 = 1 << 30;

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| Failure::file(path, &error))?;
    match bytes.len() as u64 > LARGEST {
        true => Err(Failure::failed(format!(
            "{}: larger than any model, {LARGEST} bytes",
            path.display()
        ))),
        false => Ok(bytes),
    }
}

/// Refuses, before any work, a place where the model could not be saved later.
pub fn check_destination(path: &Path, force: bool) -> Result<(), Failure> {
    let ours = |path: &Path| Ok(is_model_file(&read(path)?));
    check(path, force, "is not a model of this program", ours)
}

/// The same for a file of another kind: it must be new.
pub fn check_new(path: &Path, force: bool) -> Result<(), Failure> {
    check(path, force, "would be replaced", |_| Ok(false))
}

fn check(
    path: &Path,
    force: bool,
    why_not: &str,
    may_replace: impl FnOnce(&Path) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    if let Ok(found) = fs::metadata(path) {
        if !found.is_file() {
            let what = if found.is_dir() { "folder" } else { "device" };
            return Err(Failure::misuse(format!(
                "--out {}: it is a {what}, not a file",
                path.display()
            )));
        }
        if !force && !may_replace(path)? {
            return Err(Failure::misuse(format!(
                "--out {}: the file exists and {why_not}",
                path.display()
            ))
            .help("choose another name, or --force to replace it"));
        }
    }
    beside(path).map(drop)
}

/// Writes beside the place, syncs, and renames: the old file or the whole new one is there.
pub fn save(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut file = beside(path)?;
    file.write_all(bytes)
        .and_then(|()| file.as_file().sync_all())
        .and_then(|()| file.persist(path).map_err(io::Error::from))
        .map_err(|error| Failure::file(path, &error))?;
    Ok(())
}

/// A new file in the folder of `path`, which vanishes unless it is renamed.
fn beside(path: &Path) -> Result<NamedTempFile, Failure> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".nextchar-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666)); // less the umask, as usual
    }
    builder
        .tempfile_in(folder)
        .map_err(|error| Failure::file(folder, &error).within(format!("--out {}", path.display())))
}
