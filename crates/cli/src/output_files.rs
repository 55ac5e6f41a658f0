//! Every file that a command writes: the only place where files are created, replaced or deleted.
//!
//! The rule: a run first names what it reads, then claims every place that it will write to, and only
//! then begins its work. A claim is refused where the place is an input of the same run (even with
//! `--force`), where it is another output of it, where a file exists that may not be replaced, and where
//! nothing can be written. Two names are one file where their links lead to the same path or the same
//! inode. A file is written beside its place, synced and renamed, so that the old or the new one is there.

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

/// A file, and what it is called in messages, such as `--out a.model`.
struct Named {
    label: String,
    place: Place,
}

/// What becomes of a file that is there already.
#[derive(Clone, Copy)]
pub enum Existing {
    /// It stays, and this says why; `--force` replaces it.
    Keep(&'static str),
    /// A model is replaced by a model; another file stays.
    ReplaceModel,
    /// It is replaced.
    Replace,
    /// The run goes on from what it holds.
    Continue,
}

impl Existing {
    /// The same, or what `--force` makes of it.
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

    /// Whether two names lead to one file.
    pub fn is_same(a: &Path, b: &Path) -> bool {
        matches!((Place::find(a), Place::find(b)), (Ok(a), Ok(b)) if a.is(&b))
    }

    /// Claims a place for a file that the run will write. `-` is refused with `why_no_dash`.
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
                .help("name a file; ./- is one of that name"));
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

    /// Refuses a place that another file of the run has.
    fn check_free(&self, label: &str, place: &Place) -> Result<(), Failure> {
        let same = |named: &&Named| named.place.is(place);
        if let Some(input) = self.inputs.iter().find(same) {
            let input = &input.label;
            return Err(Failure::misuse(format!(
                "{label}: the same file as {input}, which this run reads"
            ))
            .help("choose another name; --force does not replace what a run reads"));
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
            .help("give every output a name of its own"));
        }
        Ok(())
    }
}

/// An option with its value, as messages name it.
fn labelled(option: &str, path: &Path) -> String {
    format!("{option} {}", path.display())
}

/// A file that a run may write: its place was claimed before the work began.
#[derive(Debug)]
pub struct OutputFile {
    shown: PathBuf,
    /// Where the links lead; none for standard output.
    target: Option<PathBuf>,
}

impl OutputFile {
    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.shown
    }

    /// Whether it is no file, but `-`.
    pub fn is_stdout(&self) -> bool {
        self.target.is_none()
    }

    /// Writes beside the place, syncs, and renames: the old file or the whole new one is there. Where the
    /// program is killed meanwhile, one half-written file stays, which the next time replaces.
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
            // The rename is on the disk when the folder is; not every file system can say so.
            #[cfg(unix)]
            let _ = fs::File::open(folder(target)).and_then(|folder| folder.sync_all());
            Ok(())
        };
        write().map_err(|error: io::Error| Failure::file(&self.shown, &error))
    }

    /// Deletes the file, which this run wrote or went on from.
    pub fn delete(&self) {
        if let Some(target) = &self.target {
            let _ = fs::remove_file(target);
        }
    }
}

/// Saves a model that could not be saved in its place, in the folder for temporary files.
pub fn rescue(bytes: &[u8]) -> Option<PathBuf> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("nextchar-").suffix(".safetensors");
    let mut file = builder.tempfile().ok()?;
    file.write_all(bytes)
        .and_then(|()| file.as_file().sync_all())
        .ok()?;
    file.keep().ok().map(|(_, path)| path)
}

/// Where a file is or will be, its links followed.
struct Place {
    path: PathBuf,
    /// What is there.
    found: Option<Metadata>,
}

/// Why a path leads to no place.
enum NoPlace {
    /// It is empty, or ends in a separator or in `..`.
    NotAFileName,
    NoFolder(PathBuf),
    NotAFolder(PathBuf),
    Other(PathBuf, io::Error),
}

impl Place {
    /// Follows the links of a path, also those that lead to no file yet.
    fn find(path: &Path) -> Result<Place, NoPlace> {
        /// Links that lead to links: more are a circle.
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
        let circle = io::Error::other("its links lead in a circle");
        Err(NoPlace::Other(path, circle))
    }

    /// A path without links.
    fn at(path: PathBuf) -> Place {
        let found = fs::metadata(&path).ok();
        Place { path, found }
    }

    /// Whether both are one file: by path, or as two names of one inode.
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
                format!("there is no folder {}", folder.display()),
                "make the folder first, or choose another",
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

/// Device and number of a file on it.
#[cfg(unix)]
fn inode(found: Option<&Metadata>) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    found.map(|found| (found.dev(), found.ino()))
}

/// Elsewhere the path without links must do.
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

/// Refuses what is there but is no file.
fn check_kind(found: &Metadata) -> Result<(), Failure> {
    if found.is_file() {
        return Ok(());
    }
    let what = if found.is_dir() { "folder" } else { "device" };
    Err(Failure::misuse(format!("it is a {what}, not a file")).help("name a file"))
}

/// Refuses to replace a file that should stay.
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
    Err(Failure::misuse(why).help("choose another name, or --force to replace it"))
}

/// Why no file can be made in a folder that is there.
fn cannot_write(given: &Path, target: &Path, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::InvalidFilename {
        return Failure::misuse("the file name is too long").help("choose a shorter name");
    }
    // As it was given, where no link leads elsewhere.
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

/// What is written before it takes its place: named so that it is nobody else's.
fn partial(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".nextchar-partial");
    target.with_file_name(name)
}

/// A new file beside a place, which vanishes unless it is renamed. One that a killed program left is
/// replaced; where another program is writing it, the new file has a name that nobody has.
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
