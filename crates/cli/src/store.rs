//! Model files on disk: loading, and saving so that nothing half-written is ever left.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

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
    let bytes = read(path, LARGEST_MODEL).map_err(|failure| match path.exists() {
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

/// Reads a whole file of at most `largest` bytes.
pub fn read(path: &Path, largest: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(largest + 1).read_to_end(&mut bytes))
        .map_err(|error| Failure::file(path, &error))?;
    match bytes.len() as u64 > largest {
        true => Err(Failure::failed(format!(
            "{}: larger than any file of this kind, {largest} bytes",
            path.display()
        ))),
        false => Ok(bytes),
    }
}

/// Refuses, before any work, a place where the model could not be saved later.
pub fn check_destination(path: &Path, force: bool) -> Result<(), Failure> {
    check_place("--out", path)?;
    if path.exists() && !force && !is_model_file(&read(path, LARGEST_MODEL)?) {
        return Err(exists(path, "is not a model of this program"));
    }
    Ok(())
}

/// The same for a file of another kind: it must be new.
pub fn check_new(path: &Path, force: bool) -> Result<(), Failure> {
    check_place("--out", path)?;
    if path.exists() && !force {
        return Err(exists(path, "would be replaced"));
    }
    Ok(())
}

fn exists(path: &Path, why_not: &str) -> Failure {
    Failure::misuse(format!(
        "--out {}: the file exists and {why_not}",
        path.display()
    ))
    .help("choose another name, or --force to replace it")
}

/// Refuses a place where no file can be written, named by the option that it comes from.
pub fn check_place(option: &str, path: &Path) -> Result<(), Failure> {
    let option = format!("{option} {}", path.display());
    if let Ok(found) = fs::metadata(path)
        && !found.is_file()
    {
        let what = if found.is_dir() { "folder" } else { "device" };
        return Err(Failure::misuse(format!(
            "{option}: it is a {what}, not a file"
        )));
    }
    beside(path)
        .map(drop)
        .map_err(|error| Failure::file(folder(path), &error).within(option))
}

/// Writes beside the place, syncs, and renames: the old file or the whole new one is there. Where the
/// program is killed meanwhile, one half-written file `.partial` stays, which the next time replaces.
pub fn save(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let write = || {
        let mut file = beside(path)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        // The rename is on the disk when the folder is; not every file system can say so.
        #[cfg(unix)]
        let _ = fs::File::open(folder(path)).and_then(|folder| folder.sync_all());
        Ok(())
    };
    write().map_err(|error: io::Error| Failure::file(path, &error))
}

/// Saves a model whose place was taken away while it was made, wherever there is room.
pub fn rescue(bytes: &[u8]) -> Option<PathBuf> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("nextchar-").suffix(".safetensors");
    let mut file = builder.tempfile().ok()?;
    file.write_all(bytes)
        .and_then(|()| file.as_file().sync_all())
        .ok()?;
    file.keep().ok().map(|(_, path)| path)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A new file `PATH.partial`, which vanishes unless it is renamed. One that a killed program left is
/// replaced; where another program is writing it, the new file has a name that nobody has.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666)); // less the umask, as usual
    }
    builder.prefix(&name);
    let partial = folder(path).join(&name);
    if let Ok(left) = fs::File::open(&partial)
        && left.try_lock().is_ok()
    {
        let _ = fs::remove_file(&partial);
    }
    let file = builder.rand_bytes(0).tempfile_in(folder(path));
    match file {
        Ok(file) if file.as_file().try_lock().is_ok() => Ok(file),
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => builder.rand_bytes(6).tempfile_in(folder(path)),
    }
}
