//! Manifests against their lockfiles.

use std::collections::{BTreeMap, BTreeSet};

use wardkit_audit::{Finding, Sink, Status};

use super::pins::{NODE, PYTHON, name, some};
use super::place;
use crate::{Ecosystem, Inventory, Package, Source, Wish, checks};

/// Tells of what a project asks for and its lockfile does not have.
pub(crate) fn drift(inventories: &[&Inventory], sink: &mut Sink) {
    let by_path: BTreeMap<&str, &Inventory> =
        inventories.iter().map(|one| (one.path.as_str(), *one)).collect();
    for manifest in inventories {
        let locks: &[&str] = match name(&manifest.path) {
            "Cargo.toml" => &["Cargo.lock"],
            "package.json" => &NODE,
            "Pipfile" => &["Pipfile.lock"],
            "pyproject.toml" => &PYTHON,
            "go.mod" => &["go.sum"],
            "composer.json" => &["composer.lock"],
            _ => continue,
        };
        for lock in nearest(&manifest.path, locks, &by_path) {
            compare(manifest, lock, sink);
        }
    }
}

/// Returns the lockfiles of the nearest folder that has any; workspaces have theirs above.
fn nearest<'a>(
    path: &str,
    names: &[&str],
    by_path: &BTreeMap<&str, &'a Inventory>,
) -> Vec<&'a Inventory> {
    let mut folder = path.rsplit_once('/').map(|(folder, _)| folder);
    loop {
        let at =
            |name: &&str| folder.map_or((*name).to_owned(), |folder| format!("{folder}/{name}"));
        let there: Vec<_> =
            names.iter().filter_map(|name| by_path.get(at(name).as_str()).copied()).collect();
        let Some(inner) = folder.filter(|_| there.is_empty()) else { return there };
        folder = inner.rsplit_once('/').map(|(above, _)| above);
    }
}

fn compare(manifest: &Inventory, lock: &Inventory, sink: &mut Sink) {
    let mut packages: BTreeMap<&str, Vec<&Package>> = BTreeMap::new();
    for package in &lock.packages {
        packages.entry(&package.name).or_default().push(package);
    }
    let asked: BTreeSet<&str> = lock.wishes.iter().map(|wish| wish.name.as_str()).collect();
    let is_drifted = |wish: &&Wish| {
        if wish.source == Source::Path || wish.range.starts_with("workspace:") {
            return false;
        }
        match packages.get(wish.name.as_str()) {
            None => !asked.contains(wish.name.as_str()),
            Some(there) => !there.iter().any(|one| may_be(wish, one)),
        }
    };
    let drifted: Vec<&Wish> = manifest.wishes.iter().filter(is_drifted).collect();
    if drifted.is_empty() {
        return;
    }
    let names: Vec<&str> = drifted.iter().map(|wish| wish.name.as_str()).collect();
    let current =
        format!("{} has no version that {} asks for: {}", lock.path, manifest.path, some(&names));
    let finding = Finding::new(&checks::named("dep-lock-drift"), Status::Fail, current);
    let finding = finding.about(name(&lock.path), "");
    sink.report(
        drifted
            .iter()
            .take(20)
            .fold(finding, |finding, wish| finding.at(place(manifest, wish.line))),
    );
}

/// Whether a locked version may be what a range asks for. What cannot be told is taken to be right.
fn may_be(wish: &Wish, package: &Package) -> bool {
    if wish.source != Source::Registry || package.source != Source::Registry {
        return true;
    }
    match wish.ecosystem {
        Ecosystem::Cargo => {
            let range = semver::VersionReq::parse(&wish.range);
            let version = crate::version::semantic(&package.version);
            range.ok().zip(version).is_none_or(|(range, version)| range.matches(&version))
        }
        Ecosystem::Npm => npm_may_be(&wish.range, &package.version),
        Ecosystem::PyPi if is_of_pep_440(&wish.range) => {
            let range: Option<pep440_rs::VersionSpecifiers> = wish.range.parse().ok();
            let version: Option<pep440_rs::Version> = package.version.parse().ok();
            range.zip(version).is_none_or(|(range, version)| range.contains(&version))
        }
        Ecosystem::Go => wish.range == package.version,
        _ => true,
    }
}

/// poetry has carets besides, which only it knows.
fn is_of_pep_440(range: &str) -> bool {
    range.starts_with(['=', '<', '>', '!', '~']) && !range.starts_with("~1") && !range.contains('^')
}

/// Ranges of npm as far as they are those of Cargo: alternatives, spaces for commas, an exact version without a sign.
fn npm_may_be(range: &str, version: &str) -> bool {
    let Some(version) = crate::version::semantic(version) else { return true };
    let mut is_understood = true;
    let is_met = range.split("||").any(|part| {
        let part = part.trim();
        if part.is_empty() || part == "*" || part == "latest" {
            return true;
        }
        let is_exact = part.starts_with(|first: char| first.is_ascii_digit())
            && !part.contains([' ', 'x', '*']);
        let wanted = if is_exact && part.matches('.').count() >= 2 {
            format!("={part}")
        } else if is_exact {
            format!("{part}.*")
        } else {
            joined(part)
        };
        if let Ok(wanted) = semver::VersionReq::parse(&wanted) {
            wanted.matches(&version)
        } else {
            is_understood = false;
            false
        }
    });
    is_met || !is_understood
}

/// `>= 1.0 < 2` is `>=1.0, <2`.
fn joined(range: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for word in range.split_whitespace() {
        match parts.last_mut().filter(|last| last.ends_with(['<', '>', '=', '^', '~'])) {
            Some(last) => last.push_str(word),
            None => parts.push(word.to_owned()),
        }
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_npm() {
        for (range, version, wanted) in [
            ("^4.17.0", "4.17.21", true),
            ("^4.17.0", "5.0.0", false),
            ("1.2.3", "1.2.4", false),
            ("1.2", "1.2.4", true),
            (">= 1.0 < 2", "1.5.0", true),
            (">=1.0.0 <2.0.0", "2.1.0", false),
            ("^1 || ^2", "2.3.0", true),
            ("~1.2.3", "1.3.0", false),
            ("1.x", "1.9.0", true),
            ("1 - 3", "9.0.0", true),
            ("*", "9.0.0", true),
            ("next", "9.0.0", true),
        ] {
            assert_eq!(npm_may_be(range, version), wanted, "{range} {version}");
        }
    }
}
