//! Model files on disk: loading, and saving so that nothing half-written is ever left.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use nextchar_formats::{ModelFile, is_model_file};
use tempfile::NamedTempFile;

use crate::failure::Failure;

/// Reads a model.
pub fn load(path: &Path) -> Result<ModelFile, Failure> {
    let bytes = fs::read(path).map_err(|error| {
        let failure = Failure::file(path, &error);
        match error.kind() {
            io::ErrorKind::NotFound => failure.help("`nextchar train` makes a model"),
            _ => failure,
        }
    })?;
    ModelFile::from_bytes(&bytes).map_err(|error| Failure::failed(error).within(path.display()))
}

/// Refuses, before any work, a place where the model could not be saved later.
pub fn check_destination(path: &Path, force: bool) -> Result<(), Failure> {
    if path.is_dir() {
        return Err(Failure::misuse(format!(
            "--out {}: it is a folder, not a file",
            path.display()
        )));
    }
    if !force && path.exists() {
        let bytes = fs::read(path).map_err(|error| Failure::file(path, &error))?;
        if !is_model_file(&bytes) {
            return Err(Failure::misuse(format!(
                "--out {}: the file exists and is not a model of this program",
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
