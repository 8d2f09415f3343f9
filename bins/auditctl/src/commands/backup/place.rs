//! Where a repository is: a folder, a server of restic's protocol, a bucket.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use wardkit_backup::store::{Access, Address, PrunableStore, StoreError};
use wardkit_cli::Report;
use wardkit_core::Secret;

use crate::commands::could_not_run;

/// A store that anything can be done with; what a command may do with it, its role says.
pub(super) type Store = Arc<dyn PrunableStore>;

/// Makes the place of a new repository.
pub(super) fn create(address: &str) -> Result<Store, Report> {
    let (address, access) = place(address)?;
    address.create(&access).map_err(refused)
}

/// Opens the place of a repository.
pub(super) fn open(address: &str) -> Result<Store, Report> {
    let (address, access) = place(address)?;
    address.open(&access).map_err(refused)
}

/// Returns an address that means the same from everywhere.
pub(super) fn settled(address: &str) -> String {
    let path = address.strip_prefix("local:").unwrap_or(address);
    if is_remote(path) {
        return path.to_owned();
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.into());
    let real = absolute.canonicalize().unwrap_or(absolute);
    // A name that is no text cannot be said in a variable or a file either.
    real.to_str().map_or_else(|| path.to_owned(), str::to_owned)
}

/// Returns an address without the name and password that it may hold.
pub(super) fn shown(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://").filter(|_| is_remote(address)) else {
        return address.to_owned();
    };
    let host_end = rest.find('/').unwrap_or(rest.len());
    match rest[..host_end].rfind('@') {
        Some(at) => format!("{scheme}://***{}", &rest[at..]),
        None => address.to_owned(),
    }
}

/// Whether an address is none of a folder.
pub(super) fn is_remote(address: &str) -> bool {
    address.split_once(':').is_some_and(|(kind, _)| OURS.contains(&kind) || OTHERS.contains(&kind))
}

/// Where below a folder a repository lies, if it is a folder too: as the path of the folder goes on.
pub(super) fn below(address: &str, folder: &Path) -> Option<PathBuf> {
    let real = folder.canonicalize().ok()?;
    let rest = Path::new(address).strip_prefix(&real).ok().filter(|_| !is_remote(address))?;
    (!rest.as_os_str().is_empty()).then(|| folder.join(rest))
}

/// Whether a path lies within a repository, or would.
pub(super) fn is_within(address: &str, path: &Path) -> bool {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let real = absolute.ancestors().find_map(|above| above.canonicalize().ok());
    !is_remote(address) && real.is_some_and(|real| real.starts_with(address))
}

fn place(address: &str) -> Result<(Address, Access), Report> {
    let address = Address::parse(address).map_err(|error| {
        let hint = "other kinds are served by rclone: rclone serve restic REMOTE:, then --repo rest:http://127.0.0.1:8080/";
        could_not_run(error).with_hint(hint)
    })?;
    let access = if address.is_bucket() { bucket_access()? } else { Access::default() };
    Ok((address, access))
}

/// Takes the variables of AWS.
fn bucket_access() -> Result<Access, Report> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let needed = |name: &str| {
        variable(name).ok_or_else(|| could_not_run(format!("the variable {name} is not set")))
    };
    let mut access = Access::default();
    access.user = needed("AWS_ACCESS_KEY_ID")?;
    access.secret = Some(Secret::new(needed("AWS_SECRET_ACCESS_KEY")?));
    access.session_token = variable("AWS_SESSION_TOKEN").map(Secret::new);
    access.region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    Ok(access)
}

fn refused(error: StoreError) -> Report {
    let hint = matches!(error, StoreError::NoRepository { .. })
        .then(|| "make one: auditctl backup init".to_owned());
    could_not_run(error).with_hints(hint)
}

const OURS: [&str; 2] = ["rest", "s3"];
/// What restic knows besides.
const OTHERS: [&str; 6] = ["sftp", "b2", "azure", "gs", "swift", "rclone"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_addresses_are_not_shown() {
        for (address, expected) in [
            ("rest:https://me:secret@host:8000/bot/", "rest:https://***@host:8000/bot/"),
            ("rest:http://me:se@cret@host/", "rest:http://***@host/"),
            ("rest:http://host/a@b", "rest:http://host/a@b"),
            ("/srv/a@b", "/srv/a@b"),
        ] {
            assert_eq!(shown(address), expected);
        }
    }

    #[test]
    fn an_address_means_the_same_from_everywhere() {
        assert_eq!(settled("rest:http://host/"), "rest:http://host/");
        assert_eq!(settled("local:/nowhere/x"), "/nowhere/x");
        assert!(settled("nowhere").starts_with('/'));
        assert!(is_remote("s3:https://host/bucket") && !is_remote("/a:b") && !is_remote("c:d"));
    }
}
