//! `pnpm-lock.yaml`, versions 5 to 9.

use std::collections::BTreeMap;

use crate::Ecosystem;
use crate::package::{Inventory, Package, Source, Wish};
use crate::text::outline::Entry;

pub(super) fn lock(text: &str) -> Result<Inventory, String> {
    let root = Entry::parse(text)?;
    let mut inventory = Inventory::default();
    // With workspaces there is one importer for each project.
    let importers = root.find("importers").map(|all| all.below.as_slice());
    let importers = importers.unwrap_or(std::slice::from_ref(&root));
    for importer in importers {
        for group in super::npm::GROUPS {
            inventory.wishes.extend(wishes(importer, group));
        }
    }
    // Version 9 keeps what needs what apart from what it is.
    let needs: BTreeMap<(String, String), Vec<String>> = root
        .find("snapshots")
        .map(|all| {
            all.below.iter().filter_map(|one| Some((named(&one.key)?, needs(one)))).collect()
        })
        .unwrap_or_default();
    for entry in root.find("packages").map(|all| all.below.as_slice()).unwrap_or_default() {
        let Some((name, version)) = named(&entry.key) else { continue };
        let resolution = entry.find("resolution");
        let of = |key: &str| resolution.and_then(|one| one.inline(key).or(one.value_of(key)));
        let version = entry.value_of("version").unwrap_or(&version).to_owned();
        let source = match (of("commit"), of("tarball")) {
            (Some(commit), _) => Source::Git { commit: Some(commit.to_owned()) },
            (None, Some(tarball)) => super::npm::source_of(tarball),
            (None, None) => Source::Registry,
        };
        let own = needs.get(&(name.clone(), version.clone())).cloned();
        inventory.packages.push(Package {
            is_direct: inventory.wishes.iter().any(|wish| wish.name == name),
            has_hash: of("integrity").is_some() || source != Source::Registry,
            hashes: of("integrity").map(ToOwned::to_owned).into_iter().collect(),
            has_install_script: entry.value_of("requiresBuild") == Some("true"),
            deprecated: entry.value_of("deprecated").map(ToOwned::to_owned),
            needs: own.unwrap_or_else(|| self::needs(entry)),
            source,
            ..Package::new(Ecosystem::Npm, &name, &version, entry.line)
        });
    }
    Ok(inventory)
}

/// Names of packages are `/a/1.0.0`, `/a@1.0.0(peer@2)` or `a@1.0.0`, by the version of the file.
fn named(key: &str) -> Option<(String, String)> {
    let key = key.strip_prefix('/').unwrap_or(key);
    let key = key.split('(').next().unwrap_or_default();
    // The oldest form has the version behind a slash, and peers behind an underscore.
    if let Some((name, last)) = key.rsplit_once('/') {
        let version = last.split('_').next().unwrap_or_default();
        if semver::Version::parse(version).is_ok() {
            return Some((name.to_owned(), version.to_owned()));
        }
    }
    let at = key.get(1..)?.find('@')? + 1;
    let (name, version) = (&key[..at], &key[at + 1..]);
    Some((name.to_owned(), version.to_owned()))
}

fn needs(entry: &Entry) -> Vec<String> {
    [entry.keys("dependencies"), entry.keys("optionalDependencies")].concat()
}

fn wishes(importer: &Entry, group: &str) -> Vec<Wish> {
    let below = importer.find(group).map(|group| group.below.as_slice()).unwrap_or_default();
    let specifiers = importer.find("specifiers");
    let wish = |entry: &Entry| {
        // The oldest form lists the ranges apart.
        let apart = specifiers.and_then(|all| all.value_of(&entry.key));
        let range = entry.value_of("specifier").or(apart).unwrap_or_default();
        Wish {
            ecosystem: Ecosystem::Npm,
            name: entry.key.clone(),
            range: range.to_owned(),
            line: entry.line,
            is_pinned: true,
            source: super::npm::source_of(range),
        }
    };
    below.iter().map(wish).collect()
}
