//! Migrations whose names begin with a number: two with the same number have no order.

use std::collections::BTreeMap;

use wardkit_audit::{Location, Sink};

use super::{CHECK, Whole, listed};
use crate::project::scope::is_example;
use crate::project::tell;
use crate::testcode;

pub(super) fn judge(whole: &Whole<'_>, sink: &mut Sink) {
    let mut numbers: BTreeMap<(&str, &str, u64), BTreeMap<&str, &str>> = BTreeMap::new();
    for path in whole.project.files() {
        if testcode::is_test(path) || is_example(path) {
            continue;
        }
        if let Some((folder, kind, number, stem)) = numbered(path) {
            numbers.entry((folder, kind, number)).or_default().entry(stem).or_insert(path);
        }
    }
    for ((_, _, number), files) in numbers {
        let names: Vec<&str> = files.keys().copied().collect();
        if let (true, Some(path)) = (names.len() > 1, files.values().next_back()) {
            let current =
                format!("{} migrations have the number {number}: {}.", names.len(), listed(&names));
            tell(CHECK, Location::file(*path), &names.join(" "), current, sink);
        }
    }
}

/// Returns the folder of a migration, what it is in Flyway's words, its number, and its name without the ways up and down.
fn numbered(path: &str) -> Option<(&str, &str, u64, &str)> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, end) = name.rsplit_once('.')?;
    if !matches!(end, "sql" | "js" | "ts" | "mjs" | "cjs") {
        return None;
    }
    let stem = ["up", "down", "undo", "do"]
        .iter()
        .find_map(|way| stem.strip_suffix(way)?.strip_suffix(['.', '_', '-']))
        .unwrap_or(stem);
    let kind = stem.split(|sign: char| sign.is_ascii_digit()).next()?;
    let rest = &stem[kind.len()..];
    let end = rest.find(|sign: char| !sign.is_ascii_digit())?;
    let number = rest[..end].parse().ok()?;
    let behind = &rest[end..];
    let is_flyway = matches!(kind, "V" | "v" | "U" | "u") && behind.starts_with("__");
    let is_plain = kind.is_empty()
        && behind.starts_with(['_', '-', '.'])
        && folder.to_ascii_lowercase().contains("migrat");
    // `V1_2__name` has a number in parts, which only Flyway compares.
    (is_flyway || is_plain).then_some((folder, kind, number, stem))
}
