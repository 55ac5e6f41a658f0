//! Every file that a command writes: the only place where files are created, replaced or deleted.
//!
//! The rule: a run first notes what it reads, then claims every path that it will write to, and only then
//! begins its work. A claim is rejected if the path is an input of the same run (even with `--force`), if
//! it is another of its outputs, if it has a file that may not be replaced, and if it cannot be written.
//! Two paths are the same file if their links lead to the same path or the same inode. A file is written
//! next to its path, synced and renamed, so that either the old or the new one exists.

use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use nextchar_formats::is_model_file;
use tempfile::NamedTempFile;

use crate::failure::Failure;
use crate::store;

/// What a run reads and writes.
#[derive(Default)]
pub struct RunFiles {
    inputs: Vec<Named>,
    outputs: Vec<Named>,
}

/// A file, and its name in messages, such as `--out a.model`.
struct Named {
    label: String,
    place: Place,
}

/// What happens to a file that already exists.
#[derive(Clone, Copy)]
pub enum Existing {
    /// It is kept, for this reason; `--force` replaces it.
    Keep(&'static str),
    /// A model is replaced; any other file is kept.
    ReplaceModel,
    /// It is replaced.
    Replace,
    /// The run continues from its contents.
    Continue,
}

impl Existing {
    /// This, unless `--force` is given.
    pub fn or_forced(self, force: bool) -> Self {
        if force { Existing::Replace } else { self }
    }
}

impl RunFiles {
    /// Notes a file that the run reads.
    pub fn reads(&mut self, option: &str, path: &Path) {
        if path.exists()
            && let Ok(place) = Place::find(path)
        {
            let label = labelled(option, path);
            self.inputs.push(Named { label, place });
        }
    }

    /// Notes a list that the run reads: a file, `-` for standard input, or an embedded one.
    pub fn reads_list(&mut self, option: &str, list: Option<&str>) {
        match list {
            Some("-") => self
                .inputs
                .extend(redirected(io::stdin(), "standard input")),
            Some(list) => self.reads(option, Path::new(list)),
            None => {}
        }
    }

    /// Whether two paths lead to the same file.
    pub fn is_same(a: &Path, b: &Path) -> bool {
        matches!((Place::find(a), Place::find(b)), (Ok(a), Ok(b)) if a.is(&b))
    }

    /// Claims the path of a file that the run will write. `-` is rejected with the reason `why_no_dash`.
    pub fn claim(
        &mut self,
        option: &str,
        path: &Path,
        existing: Existing,
        why_no_dash: &str,
    ) -> Result<OutputFile, Failure> {
        let label = labelled(option, path);
        if path == Path::new("-") {
            return Err(Failure::misuse(format!("{label}: {why_no_dash}"))
                .help("name a file; ./- is a file called -"));
        }
        self.claim_file(&label, path, existing)
    }

    /// The same, where `-` is standard output.
    pub fn claim_or_stdout(
        &mut self,
        option: &str,
        path: &Path,
        existing: Existing,
    ) -> Result<OutputFile, Failure> {
        if path == Path::new("-") {
            return Ok(OutputFile {
                shown: path.to_owned(),
                target: None,
            });
        }
        self.claim_file(&labelled(option, path), path, existing)
    }

    fn claim_file(
        &mut self,
        label: &str,
        path: &Path,
        existing: Existing,
    ) -> Result<OutputFile, Failure> {
        let place = Place::find(path).map_err(|fault| fault.into_failure().within(label))?;
        if let Some(found) = &place.found {
            check_kind(found).map_err(|failure| failure.within(label))?;
        }
        let partial = Place::at(partial(&place.path));
        self.check_free(label, &place)?;
        self.check_free(&format!("{label}: {}", partial.path.display()), &partial)?;
        if let Some(found) = &place.found {
            check_replaceable(path, found, existing).map_err(|failure| failure.within(label))?;
        }
        beside(&place.path)
            .map_err(|error| cannot_write(path, &place.path, &error).within(label))?;
        let target = Some(place.path.clone());
        for place in [place, partial] {
            let label = label.to_owned();
            self.outputs.push(Named { label, place });
        }
        Ok(OutputFile {
            shown: path.to_owned(),
            target,
        })
    }

    /// Rejects the path of another file of the run.
    fn check_free(&self, label: &str, place: &Place) -> Result<(), Failure> {
        let same = |named: &&Named| named.place.is(place);
        if let Some(input) = self.inputs.iter().find(same) {
            let input = &input.label;
            return Err(Failure::misuse(format!(
                "{label}: the same file as {input}, which this run reads"
            ))
            .help("choose another name; --force does not replace files that the run reads"));
        }
        let streams = [
            redirected(io::stdout(), "standard output"),
            redirected(io::stderr(), "standard error"),
        ];
        let streams = streams.iter().flatten();
        if let Some(output) = self.outputs.iter().chain(streams).find(same) {
            let output = &output.label;
            return Err(Failure::misuse(format!(
                "{label}: the same file as {output}, which this run writes"
            ))
            .help("give each output its own name"));
        }
        Ok(())
    }
}

/// An option with its value, as messages name it.
fn labelled(option: &str, path: &Path) -> String {
    format!("{option} {}", path.display())
}

/// A file that a run may write: its path was claimed before the work began.
#[derive(Debug)]
pub struct OutputFile {
    shown: PathBuf,
    /// Where the links lead; `None` for standard output.
    target: Option<PathBuf>,
}

impl OutputFile {
    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.shown
    }

    /// Whether it is `-` and not a file.
    pub fn is_stdout(&self) -> bool {
        self.target.is_none()
    }

    /// Writes next to the path, syncs and renames: either the old file or the complete new one exists. If the
    /// program is killed meanwhile, one half-written file remains, which the next save replaces.
    pub fn save(&self, bytes: &[u8]) -> Result<(), Failure> {
        let Some(target) = &self.target else {
            let mut out = io::stdout().lock();
            out.write_all(bytes)?;
            return Ok(out.flush()?);
        };
        let write = || {
            let mut file = beside(target)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(target)?;
            // The rename is on the disk once the folder is; not every file system supports this.
            #[cfg(unix)]
            let _ = fs::File::open(folder(target)).and_then(|folder| folder.sync_all());
            Ok(())
        };
        write().map_err(|error: io::Error| Failure::file(&self.shown, &error))
    }

    /// Deletes the file, which this run wrote or resumed from.
    pub fn delete(&self) {
        if let Some(target) = &self.target {
            let _ = fs::remove_file(target);
        }
    }
}

/// Saves a model that could not be saved at its path in the folder for temporary files.
pub fn rescue(bytes: &[u8]) -> Option<PathBuf> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("nextchar-").suffix(".safetensors");
    let mut file = builder.tempfile().ok()?;
    file.write_all(bytes)
        .and_then(|()| file.as_file().sync_all())
        .ok()?;
    file.keep().ok().map(|(_, path)| path)
}

/// Where a file is or will be, with all links followed.
struct Place {
    path: PathBuf,
    /// The existing file, if there is one.
    found: Option<Metadata>,
}

/// Why a path cannot be used.
enum NoPlace {
    /// It is empty, or ends in a separator or in `..`.
    NotAFileName,
    NoFolder(PathBuf),
    NotAFolder(PathBuf),
    Other(PathBuf, io::Error),
}

impl Place {
    /// Follows the links of a path, including those that do not lead to a file yet.
    fn find(path: &Path) -> Result<Place, NoPlace> {
        /// The longest chain of links; more are a loop.
        const LINKS: usize = 40;
        let mut path = path.to_owned();
        for _ in 0..LINKS {
            if let Ok(found) = fs::canonicalize(&path) {
                return Ok(Place::at(found));
            }
            if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
                return Err(NoPlace::NotAFileName);
            }
            let name = path.file_name().ok_or(NoPlace::NotAFileName)?;
            let parent = folder(&path);
            let parent = fs::canonicalize(parent).map_err(|error| no_folder(parent, error))?;
            if !parent.is_dir() {
                return Err(NoPlace::NotAFolder(folder(&path).to_owned()));
            }
            let here = parent.join(name);
            match fs::read_link(&here) {
                Ok(target) => path = parent.join(target),
                Err(_) => return Ok(Place::at(here)),
            }
        }
        let circle = io::Error::other("its links form a loop");
        Err(NoPlace::Other(path, circle))
    }

    /// A path without links.
    fn at(path: PathBuf) -> Place {
        let found = fs::metadata(&path).ok();
        Place { path, found }
    }

    /// Whether both are the same file: by path, or by inode.
    fn is(&self, other: &Place) -> bool {
        let inodes = (inode(self.found.as_ref()), inode(other.found.as_ref()));
        self.path == other.path || matches!(inodes, (Some(a), Some(b)) if a == b)
    }
}

fn no_folder(folder: &Path, error: io::Error) -> NoPlace {
    let folder = folder.to_owned();
    match error.kind() {
        io::ErrorKind::NotFound => NoPlace::NoFolder(folder),
        io::ErrorKind::NotADirectory => NoPlace::NotAFolder(folder),
        _ => NoPlace::Other(folder, error),
    }
}

impl NoPlace {
    fn into_failure(self) -> Failure {
        let (what, help) = match self {
            NoPlace::NotAFileName => (
                "it is the name of a folder, not of a file".into(),
                "name a file",
            ),
            NoPlace::NoFolder(folder) => (
                format!("the folder {} does not exist", folder.display()),
                "create the folder first, or choose another",
            ),
            NoPlace::NotAFolder(folder) => (
                format!("{} is not a folder", folder.display()),
                "choose another folder",
            ),
            NoPlace::Other(path, error) => (
                Failure::file(&path, &error).to_string(),
                "choose another place",
            ),
        };
        Failure::misuse(what).help(help)
    }
}

/// The device of a file and its number there.
#[cfg(unix)]
fn inode(found: Option<&Metadata>) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    found.map(|found| (found.dev(), found.ino()))
}

/// On other systems, paths without links are compared.
#[cfg(not(unix))]
fn inode(_: Option<&Metadata>) -> Option<(u64, u64)> {
    None
}

/// The file that a standard stream is redirected to or from.
#[cfg(unix)]
fn redirected(stream: impl std::os::fd::AsFd, label: &str) -> Option<Named> {
    let handle = stream.as_fd().try_clone_to_owned().ok()?;
    let found = fs::File::from(handle).metadata().ok()?;
    found.is_file().then(|| Named {
        label: label.into(),
        place: Place {
            path: PathBuf::new(),
            found: Some(found),
        },
    })
}

#[cfg(not(unix))]
fn redirected<S>(_: S, _: &str) -> Option<Named> {
    None
}

/// Rejects what exists and is not a file.
fn check_kind(found: &Metadata) -> Result<(), Failure> {
    if found.is_file() {
        return Ok(());
    }
    let what = if found.is_dir() { "folder" } else { "device" };
    Err(Failure::misuse(format!("it is a {what}, not a file")).help("name a file"))
}

/// Rejects the replacement of a file that should be kept.
fn check_replaceable(path: &Path, found: &Metadata, existing: Existing) -> Result<(), Failure> {
    let protected = found.permissions().readonly();
    let why = match existing {
        Existing::Replace => return Ok(()),
        Existing::Continue if protected => {
            return Err(Failure::misuse("the file is write-protected")
                .help("choose another name, or make it writable"));
        }
        Existing::Continue => return Ok(()),
        _ if protected => "the file is write-protected".to_owned(),
        Existing::ReplaceModel => {
            let bytes = store::read_tensors(path, nextchar::LARGEST_MODEL).unwrap_or_default();
            if is_model_file(&bytes) {
                return Ok(());
            }
            "the file exists and is not a model of this program".into()
        }
        Existing::Keep(why) => format!("the file exists and {why}"),
    };
    Err(Failure::misuse(why).help("choose another name, or use --force to replace it"))
}

/// Why no file can be created in an existing folder.
fn cannot_write(given: &Path, target: &Path, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::InvalidFilename {
        return Failure::misuse("the file name is too long").help("choose a shorter name");
    }
    // As it was given, unless a link leads elsewhere.
    let own = fs::canonicalize(folder(given)).is_ok_and(|own| own == folder(target));
    let shown = folder(if own { given } else { target });
    let failure = Failure::file(shown, error).into_misuse();
    failure.help("choose a folder in which files can be written")
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The path of a file while it is written: its name is not that of any other file.
fn partial(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".nextchar-partial");
    target.with_file_name(name)
}

/// A new file next to a path, which is deleted unless it is renamed. One that a killed program left is
/// replaced; if another program is writing it, the new file gets a unique name.
fn beside(target: &Path) -> io::Result<NamedTempFile> {
    let partial = partial(target);
    let name = partial.file_name().unwrap_or_default();
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666)); // less the umask, as usual
    }
    builder.prefix(name);
    let is_file = fs::symlink_metadata(&partial).is_ok_and(|found| found.is_file());
    if is_file
        && let Ok(left) = fs::File::open(&partial)
        && left.try_lock().is_ok()
    {
        let _ = fs::remove_file(&partial);
    }
    let file = builder.rand_bytes(0).tempfile_in(folder(target));
    match file {
        Ok(file) if file.as_file().try_lock().is_ok() => Ok(file),
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => builder.rand_bytes(6).tempfile_in(folder(target)),
    }
}
