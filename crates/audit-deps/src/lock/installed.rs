//! What is installed: the metadata of Python's packages, and dpkg's records.

use crate::Ecosystem;
use crate::package::{Inventory, Package};
use crate::text::number;

/// `*.dist-info/METADATA`: headers as mail has them, then a description.
pub(super) fn python(text: &str) -> Result<Inventory, String> {
    let head = || text.lines().take_while(|line| !line.is_empty());
    let of = |key: &str| head().find_map(|line| line.strip_prefix(key)).map(str::trim);
    let (Some(name), Some(version)) = (of("Name:"), of("Version:")) else {
        return Err("no name and version".to_owned());
    };
    let needs = head().filter_map(|line| line.strip_prefix("Requires-Dist:"));
    let needs = needs.filter(|need| !need.contains("extra =="));
    let needs = needs.filter_map(|need| super::requirements::wish(need.trim(), 1));
    let package = Package {
        needs: needs.map(|wish| wish.name).collect(),
        licence: of("License-Expression:").or(of("License:")).map(ToOwned::to_owned),
        ..Package::new(Ecosystem::PyPi, name, version, 1)
    };
    Ok(Inventory { packages: vec![package], ..Inventory::default() })
}

/// dpkg's status. Advisories of Debian are about source packages.
pub(super) fn debian(text: &str) -> Inventory {
    let mut packages: Vec<Package> = Vec::new();
    let mut line = 1;
    for paragraph in text.split("\n\n") {
        let of =
            |key: &str| paragraph.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
        let is_there = of("Status:").is_some_and(|status| status.ends_with(" installed"));
        if let (true, Some(name), Some(version)) = (is_there, of("Package:"), of("Version:")) {
            let source = of("Source:").unwrap_or(name);
            let (source, version) = match source.split_once(" (") {
                Some((source, version)) => (source, version.trim_end_matches(')')),
                None => (source, version),
            };
            if !packages
                .iter()
                .rev()
                .take(50)
                .any(|one| one.name == source && one.version == version)
            {
                packages.push(Package::new(Ecosystem::Debian(0), source, version, line));
            }
        }
        line += number(paragraph.matches('\n').count() + 2);
    }
    Inventory { packages, ..Inventory::default() }
}
