//! What a unit says of its service's needs.

use super::Unit;
use crate::{Access, Capability, Family, Needs, Network, Place, Program};

pub(super) fn of(unit: &Unit) -> Needs {
    let mut needs = Needs::default();
    if let Some(Ok(program)) = unit.program().map(|path| Place::new(&path)) {
        needs.use_file(program, Access::EXECUTE);
    }
    for (key, parent) in DIRECTORIES {
        for word in unit.words(key) {
            let name = word.split(':').next().unwrap_or(&word);
            write(&mut needs, &format!("{parent}/{name}"));
        }
    }
    let named = unit.words("ReadWritePaths").into_iter();
    for word in named.chain(working_directory(unit).map(str::to_owned)) {
        write(&mut needs, word.trim_start_matches(['-', '+']));
    }
    needs.capabilities = unit
        .words("AmbientCapabilities")
        .iter()
        .filter_map(|name| Capability::named(name))
        .collect();
    needs.user = unit.last("User").and_then(|user| crate::manifest::user(user).ok());
    let families = unit.words("RestrictAddressFamilies");
    if let Some(first) = families.first()
        && !first.starts_with('~')
    {
        let families: std::collections::BTreeSet<_> =
            families.iter().filter_map(|name| Family::named(name)).collect();
        needs.network = Some(Network { families, beyond_host: true, ..Network::default() });
    }
    let started = unit.words("ExecStart");
    let starters = started.iter().filter_map(|word| word.rsplit('/').next());
    needs.writes_code = starters.into_iter().any(|name| Program::usual(name).writes_code);
    needs.makes_namespaces = unit.mentions("bwrap") || unit.mentions("unshare");
    needs
}

/// Services write where they work, unless that is a directory of the system.
fn working_directory(unit: &Unit) -> Option<&str> {
    let directory = unit.last("WorkingDirectory")?.trim_start_matches('-');
    let depth = directory.split('/').filter(|part| !part.is_empty()).count();
    let is_system = ["/usr", "/etc", "/bin", "/lib", "/sbin", "/boot", "/dev", "/proc", "/sys"]
        .into_iter()
        .any(|system| Place::new(directory).is_ok_and(|place| place.is_below(system)));
    (directory.starts_with('/') && depth > 1 && !is_system).then_some(directory)
}

/// Adds a directory that is written; specifiers are systemd's to resolve.
fn write(needs: &mut Needs, path: &str) {
    let path = path.replace("%%", "\0");
    if path.contains('%') {
        return;
    }
    if let Ok(place) = Place::new(&path.replace('\0', "%")) {
        needs.use_file(place.tree(), Access::WRITE);
    }
}

/// Directories that systemd makes and lets the service write.
pub(super) const DIRECTORIES: [(&str, &str); 4] = [
    ("StateDirectory", "/var/lib"),
    ("CacheDirectory", "/var/cache"),
    ("LogsDirectory", "/var/log"),
    ("RuntimeDirectory", "/run"),
];
