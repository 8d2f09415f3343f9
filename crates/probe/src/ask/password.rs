//! A password from a file, read anew for each run: whoever changes it need not tell us.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use wardkit_core::Secret;

use super::Place;

pub(super) async fn read(
    path: Option<&PathBuf>,
    place: &Place,
) -> Result<Option<Secret<String>>, String> {
    let Some(path) = path.cloned() else { return Ok(None) };
    place.block(move || first_line(&path)).await.map(Some)
}

fn first_line(path: &Path) -> Result<Secret<String>, String> {
    let refused = |reason: &str| format!("password file {}: {reason}", path.display());
    let failed = |error: std::io::Error| refused(&error.to_string());
    // Opening a named pipe would wait for somebody to write.
    let found = fs::metadata(path).map_err(failed)?;
    if !found.is_file() {
        return Err(refused("is no file"));
    }
    if found.permissions().mode() & OTHERS != 0 {
        return Err(refused("is open to every user of this machine; chmod o-rwx it"));
    }
    let most = u64::try_from(LONGEST + 1).unwrap_or(u64::MAX);
    // With room for all of it: growing would leave copies behind.
    let mut read = String::with_capacity(LONGEST + 1);
    File::open(path).map_err(failed)?.take(most).read_to_string(&mut read).map_err(failed)?;
    let text = Secret::new(read);
    if text.expose().len() > LONGEST {
        return Err(refused("is longer than 4096 bytes"));
    }
    match text.expose().lines().next() {
        Some(line) if !line.is_empty() && !line.contains('\0') => Ok(Secret::new(line.to_owned())),
        _ => Err(refused("has no password in its first line")),
    }
}

const OTHERS: u32 = 0o007;
const LONGEST: usize = 4096;
