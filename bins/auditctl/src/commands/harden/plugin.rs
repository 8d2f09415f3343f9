//! What a native plugin needs of its host, from its manifest.

use std::path::Path;

use wardkit_cli::Report;
use wardkit_harden::{Access, Family, Needs, Network, Place};
use wardkit_plugin::Manifest;

use super::sources::named;

/// Returns what a plugin asks for, as far as the host sees it: its own folder, its interpreter, and other hosts. Values
/// that it keeps, secrets and events reach it through its host, which no profile of its own has to allow.
pub(super) fn needs(file: &Path, text: &str) -> Result<Needs, Report> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let manifest = Manifest::parse(&name, text).map_err(|error| named(file, error))?;
    let asked = &manifest.permissions;
    let mut needs = Needs::default();
    let folder = std::path::absolute(file).ok();
    let folder = folder.as_deref().and_then(Path::parent).and_then(Path::to_str).unwrap_or("/");
    let place = Place::new(folder).map_err(|error| named(file, error))?;
    needs.use_file(place.tree(), Access::BROWSE);
    for system in SYSTEM.iter().filter(|_| asked.runtime.is_some()) {
        let place = Place::new(system).map_err(|error| named(file, error))?;
        needs.use_file(place.tree(), Access::LIBRARY.union(Access::BROWSE));
    }
    let network = needs.network.insert(Network::default());
    if !asked.http.is_empty() {
        // Names are looked up first.
        network.connect = asked.http.iter().flat_map(|wish| &wish.ports).copied().collect();
        network.connect.insert(DNS);
        network.families =
            ["inet", "inet6", "unix"].into_iter().filter_map(Family::named).collect();
        network.beyond_host = true;
    }
    Ok(needs)
}

/// Where interpreters and their libraries lie.
const SYSTEM: [&str; 3] = ["/usr", "/lib", "/lib64"];
const DNS: u16 = 53;
