//! A plugin as its author has it: files in a folder.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{MANIFESTS, MOST_BYTES, Package, refused};
use crate::manifest::FilePath;
use crate::{Error, Manifest};

impl Package {
    /// Takes what belongs to a plugin from its folder: the manifest, what the manifest names, and the pages `README.md`,
    /// `LICENSE` and `CHANGELOG.md`. Sources and tests stay where they are.
    ///
    /// # Errors
    ///
    /// When there is no manifest or a wrong one, or a file cannot be read. A file that the manifest names and that is
    /// not there is the validator's to tell.
    pub fn from_folder(folder: &Path) -> Result<Self, Error> {
        let mut files = Vec::new();
        for name in MANIFESTS {
            files.extend(read(folder, name)?.map(|bytes| (name.to_owned(), bytes)));
        }
        let Some((name, bytes)) = files.first() else {
            return Err(refused(format!("{} has no plugin.toml", folder.display())));
        };
        let text = std::str::from_utf8(bytes).map_err(|_| refused("its manifest is no text"))?;
        let manifest = Manifest::parse(name, text)?;
        let schemas = [&manifest.io.input_schema, &manifest.io.output_schema];
        let wanted = schemas.into_iter().flatten().chain([&manifest.plugin.entry]);
        let mut names: BTreeSet<&str> = wanted.map(FilePath::as_str).collect();
        names.extend(PAGES);
        for name in names {
            files.extend(read(folder, name)?.map(|bytes| (name.to_owned(), bytes)));
        }
        Self::from_files(files)
    }
}

/// Returns the bytes of a plain file, if there is one.
fn read(folder: &Path, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let path = folder.join(name);
    let Ok(data) = fs::symlink_metadata(&path) else { return Ok(None) };
    if !data.is_file() || data.len() > MOST_BYTES as u64 {
        return Err(refused(format!("{name} is no plain file, or too large")));
    }
    fs::read(&path)
        .map(Some)
        .map_err(|source| Error::Io { what: "read a file of the plugin", source })
}

const PAGES: [&str; 3] = ["README.md", "LICENSE", "CHANGELOG.md"];
