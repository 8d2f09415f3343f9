//! `yarn.lock`, of the first yarn and of its successors.

use super::npm::{is_local, shown, source_of};
use crate::Ecosystem;
use crate::package::{Inventory, Package, Remark, RemarkKind, Source};
use crate::text::outline::Entry;

pub(super) fn lock(text: &str) -> Result<Inventory, String> {
    let root = Entry::parse(text)?;
    let mut inventory = Inventory::default();
    for entry in root.below.iter().filter(|entry| entry.key != "__metadata") {
        let Some(version) = entry.value_of("version") else { continue };
        let resolution = entry.value_of("resolution");
        // Several ranges may stand before the colon; the name is the same in all.
        let wanted = resolution.unwrap_or(&entry.key).trim_start_matches('"');
        let Some((name, range)) = name_and_range(wanted) else { continue };
        let resolved = entry.value_of("resolved").unwrap_or_default();
        if resolved.starts_with("http://") && !is_local(resolved) {
            let (line, text) = (entry.line, format!("{name} from {}", shown(resolved)));
            inventory.remarks.push(Remark { kind: RemarkKind::Insecure, line, text });
        }
        let source = if resolution.is_some() { of_resolution(range) } else { source_of(resolved) };
        let integrity = entry.value_of("integrity").or(entry.value_of("checksum"));
        inventory.packages.push(Package {
            has_hash: integrity.is_some() || source != Source::Registry || resolved.contains('#'),
            hashes: integrity
                .filter(|one| one.contains('-'))
                .map(ToOwned::to_owned)
                .into_iter()
                .collect(),
            needs: [entry.keys("dependencies"), entry.keys("optionalDependencies")].concat(),
            source,
            ..Package::new(Ecosystem::Npm, name, version, entry.line)
        });
    }
    Ok(inventory)
}

/// Splits `name@range` and `@scope/name@range`; an alias `a@npm:b@1` is the package `b`.
pub(super) fn name_and_range(wanted: &str) -> Option<(&str, &str)> {
    let at = wanted.get(1..)?.find('@')? + 1;
    let (name, range) = (&wanted[..at], &wanted[at + 1..]);
    let alias =
        range.strip_prefix("npm:").and_then(|rest| Some((rest, rest.get(1..)?.find('@')? + 1)));
    match alias {
        Some((rest, at)) => Some((&rest[..at], &rest[at + 1..])),
        None => Some((name, range)),
    }
}

fn of_resolution(range: &str) -> Source {
    let is_plain =
        range.starts_with("npm:") || range.starts_with(|first: char| first.is_ascii_digit());
    if is_plain || range.starts_with("patch:") || range.starts_with("virtual:") {
        Source::Registry
    } else if let Some((_, commit)) = range.split_once("commit=") {
        Source::Git { commit: Some(commit.to_owned()) }
    } else {
        source_of(range)
    }
}
