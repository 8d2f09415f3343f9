//! Files that say what was read for a backup.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Write as _};
use std::path::Path;

use wardkit_backup::dr::{Manifest, ManifestError};
use wardkit_cli::Report;

use super::memory::chain;
use crate::commands::could_not_run;

/// Reads a manifest.
pub(super) fn read(path: &Path) -> Result<Manifest, Report> {
    let read = File::open(path).map_err(ManifestError::from);
    read.and_then(|file| Manifest::read(BufReader::new(file))).map_err(|error| failed(path, &error))
}

/// Reads the manifest of the run before; an empty one, where there was none.
pub(super) fn before(path: &Path) -> Result<Manifest, Report> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Manifest::default()),
        _ => read(path),
    }
}

/// Replaces a manifest at once: whoever looks sees the one before, or this one.
pub(super) fn keep(path: &Path, manifest: &Manifest) -> Result<(), Report> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let written = File::create(&draft).map_err(ManifestError::from).and_then(|file| {
        let mut file = BufWriter::new(file);
        manifest.write(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        Ok(fs::rename(&draft, path)?)
    });
    written.map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &ManifestError) -> Report {
    could_not_run(format!("the manifest {}: {}", path.display(), chain(error)))
}
